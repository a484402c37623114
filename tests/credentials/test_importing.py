"""Importing: what other tools keep becomes credentials, row by row, and nothing else happens."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import PrivateFormat
from django.core.management import CommandError, call_command

from access.tenancy import tenant_transaction
from audit.events import Event
from audit.models import Entry
from credentials.importers import READERS
from credentials.importers.rows import MAXIMUM_FILE, MAXIMUM_ROWS, Rows
from credentials.operations import describe_credential, import_credentials, list_credentials
from credentials.shapes.credentials import DescribeCredential, ListCredentials
from credentials.shapes.imports import ImportCredentials, ImportOut, RowOut
from foundation.errors import Denied, Invalid, TooLarge
from tests.audit_trail import trail
from tests.credentials import exports
from tests.credentials.exports import SECRET
from tests.credentials.values import pem
from tests.people import Somebody, grant, lease, read, store


def bring(who: Somebody, content: str, form: str = "env", **more: Any) -> ImportOut:
    data = {"format": form, "content": content, "mode": "best-effort", **more}
    return import_credentials(who.console, ImportCredentials.parse(data))


def rows(result: ImportOut) -> dict[str, RowOut]:
    return {row.name: row for row in result.rows}


def keys(who: Somebody) -> list[str]:
    page = list_credentials(who.console, ListCredentials(limit=200))
    return [one.key for one in page.credentials]


def value(who: Somebody, key: str) -> Any:
    return read(who.agent, lease(who.agent, key).lease_handle)


def test_a_dotenv_file_becomes_credentials(owner: Somebody) -> None:
    result = bring(owner, exports.DOTENV, folderPath="shop")

    found = rows(result)
    assert (result.created, result.skipped, result.failed) == (4, 2, 1)
    assert (found["STRIPE_API_KEY"].type, found["DATABASE_URL"].type) == ("api-key", "database-url")
    assert found["STRIPE_API_KEY"].folder_path == "shop"
    assert (found["EMPTY"].outcome, found["line 6"].outcome) == ("skipped", "failed")
    assert [row.outcome for row in result.rows if row.name == "TWICE"] == ["skipped", "created"]
    assert value(owner, "STRIPE_API_KEY").value.get_secret_value() == SECRET
    assert value(owner, "PLAIN").value.get_secret_value() == "hello"
    assert value(owner, "TWICE").value.get_secret_value() == "second"


def test_a_file_is_read_only_for_those_who_may_import_it(
    owner: Somebody, member: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading 8 MiB takes seconds, which a member without `manager` must not cost."""
    files: list[str] = []

    def read_nothing(content: str) -> Rows:
        files.append(content)
        return []

    monkeypatch.setattr("credentials.importers.READERS", dict.fromkeys(READERS, read_nothing))

    for form in READERS:
        with pytest.raises(Denied):
            bring(member, "not even a file", form)
    assert files == []
    (entry, *_) = trail(owner.console.tenant_id, event="credential.imported", outcome="denied")
    assert entry.person_id == member.person.pk
    assert bring(owner, "A=1").created == 0
    assert files == ["A=1"]


def test_nothing_is_interpolated(owner: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSIDE", "the server's own")

    bring(owner, 'A="${INSIDE}"\nB="$(id)"')

    assert value(owner, "A").value.get_secret_value() == "${INSIDE}"
    assert value(owner, "B").value.get_secret_value() == "$(id)"


def test_bitwarden_keeps_folders_and_custom_fields(owner: Somebody) -> None:
    result = bring(owner, exports.BITWARDEN, "bitwarden-json", folderPath="from-bitwarden")

    found = rows(result)
    assert (result.created, result.skipped) == (3, 3)
    assert (found["Stripe (live)"].key, found["Stripe (live)"].type) == ("Stripe-live", "api-key")
    assert found["Stripe (live)"].folder_path == "from-bitwarden/Payments/Live-mode"
    assert found["Shop database"].type == "database-url"
    assert found["Licence"].type == "generic-secret"
    stripe = value(owner, "Stripe-live")
    fields = {name: one.get_secret_value() for name, one in stripe.secret_fields.items()}
    assert stripe.value.get_secret_value() == SECRET
    assert fields == {"notes": "call Anna", "totp": "otpauth://x", "Webhook-secret": SECRET}
    told = describe_credential(owner.console, DescribeCredential(key="Stripe-live")).metadata
    assert told == {"username": "ops@example.org", "url": "https://dashboard.stripe.com"}


@pytest.mark.parametrize(
    ("form", "content", "expected"),
    [
        ("bitwarden-csv", exports.BITWARDEN_CSV, {"Stripe": "api-key", "A note": "generic-secret"}),
        (
            "1password-csv",
            exports.ONEPASSWORD_CSV,
            {"GitHub": "oauth-token", "Old one": None, "Only a note": "generic-secret"},
        ),
        (
            "1password-1pif",
            exports.ONEPASSWORD_1PIF,
            {"Stripe": "api-key", "Bare": "api-key", "Card": None, "Gone": None},
        ),
    ],
)
def test_the_other_formats(
    form: str, content: str, expected: dict[str, str | None], owner: Somebody
) -> None:
    result = bring(owner, content, form)

    assert {row.name: row.type for row in result.rows} == expected
    for row in result.rows:
        if row.type:
            assert row.key
            assert value(owner, row.key).value.get_secret_value() == SECRET


@pytest.mark.parametrize("form", READERS)
def test_no_answer_and_no_entry_holds_a_value(form: str, owner: Somebody) -> None:
    result = bring(owner, exports.EXPORTS[form], form)

    with tenant_transaction(owner.console.tenant_id):
        entries = [str(one.__dict__) for one in Entry.objects.all()]
    assert result.created
    assert SECRET not in f"{result!r}{result.wire()}{entries}"


@pytest.mark.parametrize("form", READERS)
def test_every_format_is_detected(form: str, owner: Somebody) -> None:
    assert bring(owner, exports.EXPORTS[form], "detect", dryRun=True).format == form


@pytest.mark.parametrize("chosen", READERS)
@pytest.mark.parametrize("form", READERS)
def test_a_wrong_choice_of_format_shows_nothing_of_the_content(
    form: str, chosen: str, owner: Somebody
) -> None:
    """Whatever was chosen, the answer has names that are no values."""
    try:
        said = str(bring(owner, exports.EXPORTS[form], chosen, dryRun=True).wire())
    except Invalid as error:
        said = str(error.as_problem())

    assert SECRET not in said


def test_a_dry_run_stores_nothing(owner: Somebody) -> None:
    result = bring(owner, exports.DOTENV, dryRun=True)

    assert result.created == 0
    assert rows(result)["STRIPE_API_KEY"].outcome == "would_create"
    assert keys(owner) == []
    assert _events(owner) == {Event.CREDENTIAL_IMPORTED: 1}


def test_a_dry_run_finds_what_would_fail(owner: Somebody) -> None:
    store(owner, "A")

    result = bring(owner, "A=1\nB=2", dryRun=True)

    assert [row.outcome for row in result.rows] == ["failed", "would_create"]


def test_all_or_nothing(owner: Somebody) -> None:
    store(owner, "A")

    result = bring(owner, "B=2\nA=1\nC=3", mode="all-or-nothing")

    assert [row.outcome for row in result.rows] == ["not_created", "failed", "not_created"]
    assert (result.created, result.failed) == (0, 1)
    assert keys(owner) == ["A"]


def test_best_effort_stores_the_others(owner: Somebody) -> None:
    store(owner, "A")

    result = bring(owner, "B=2\nA=1\nC=3")

    assert [row.outcome for row in result.rows] == ["created", "failed", "created"]
    assert sorted(keys(owner)) == ["A", "B", "C"]
    assert _events(owner)[Event.CREDENTIAL_CREATED] == 3


def test_the_caller_decides_row_by_row(owner: Somebody) -> None:
    choices = [
        {"row": 1, "type": "generic-secret", "key": "renamed", "folderPath": "there"},
        {"row": 2, "leaveOut": True},
    ]

    result = bring(owner, "API_KEY=1\nB=2", rows=choices)

    first, second = result.rows
    assert (first.key, first.type, first.folder_path) == ("renamed", "generic-secret", "there")
    assert second.outcome == "skipped"


def test_a_type_that_does_not_fit_fails_its_row(owner: Somebody) -> None:
    result = bring(owner, "A=1\nB=2", rows=[{"row": 1, "type": "ssh-key"}])

    assert [row.outcome for row in result.rows] == ["failed", "created"]
    assert result.rows[0].reason


def test_a_private_key_and_a_certificate_are_recognised(owner: Somebody) -> None:
    key = pem(Ed25519PrivateKey.generate(), PrivateFormat.OpenSSH)

    result = bring(owner, f'DEPLOY="{key}"')

    assert result.rows[0].type == "ssh-key"
    assert value(owner, "DEPLOY").value.get_secret_value().startswith("-----BEGIN OPENSSH")


def test_two_rows_with_one_key(owner: Somebody) -> None:
    content = json.dumps(
        {
            "items": [
                {"type": 2, "name": "a b", "notes": "1"},
                {"type": 2, "name": "a  b", "notes": "2"},
                {"type": 2, "name": "（）", "notes": "3"},
            ]
        }
    )

    result = bring(owner, content, "bitwarden-json")

    assert [row.outcome for row in result.rows] == ["created", "failed", "failed"]


BROKEN = {
    "env": "",
    "1password-csv": 'Title,Password\n"open,1\n',
    "1password-1pif": "not json\nat all",
    "bitwarden-json": '{"encrypted": true, "items": []}',
    "bitwarden-csv": "a,b\n1,2\n",
}


@pytest.mark.parametrize("form", [form for form in BROKEN if BROKEN[form]])
def test_what_is_no_such_file_is_refused(form: str, owner: Somebody) -> None:
    with pytest.raises(Invalid):
        bring(owner, BROKEN[form], form)


@pytest.mark.parametrize("form", READERS)
@pytest.mark.parametrize("content", ["", "\0", "[" * 50_000, '"' * 20_000, "\ud800", "{}", "null"])
def test_hostile_files_are_answered(form: str, content: str, owner: Somebody) -> None:
    try:
        result = bring(owner, content, form)
    except Invalid:
        return
    assert result.created == 0


def test_too_much_is_refused(owner: Somebody) -> None:
    with pytest.raises(TooLarge):
        bring(owner, "x" * (MAXIMUM_FILE + 1), "bitwarden-csv")
    with pytest.raises(Invalid):
        bring(owner, "\n".join(f"K{n}=1" for n in range(MAXIMUM_ROWS + 1)))
    with pytest.raises(Invalid):
        bring(owner, "A=1", rows=[{"row": 7}])


def test_a_member_needs_manager_where_rows_go(owner: Somebody, member: Somebody) -> None:
    store(owner, "there", folderPath="desk")
    with pytest.raises(Denied):
        bring(member, "A=1", folderPath="desk")
    grant(owner, member, "manager", folderPath="desk")

    result = bring(member, "A=1\nB=2", folderPath="desk", rows=[{"row": 2, "folderPath": "else"}])

    assert [row.outcome for row in result.rows] == ["created", "failed"]


def test_the_command_imports_with_a_members_rights(owner: Somebody, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(exports.DOTENV)
    out = StringIO()

    call_command(
        "import_credentials", str(file), format="env", tenant="acme", email=owner.person.email,
        stdout=out, best_effort=True,
    )  # fmt: skip

    assert "STRIPE_API_KEY" in keys(owner)
    assert "4 created, 2 skipped, 1 failed." in out.getvalue()
    assert SECRET not in out.getvalue()


def test_the_command_knows_members_only(
    owner: Somebody, outsider: Somebody, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1")

    with pytest.raises(CommandError):
        call_command(
            "import_credentials", str(file), format="env", tenant="acme",
            email=outsider.person.email,
        )  # fmt: skip


def _events(who: Somebody) -> dict[str, int]:
    with tenant_transaction(who.console.tenant_id):
        names = [
            entry.event for entry in Entry.objects.all() if entry.event.startswith("credential.")
        ]
    return {name: names.count(name) for name in names}
