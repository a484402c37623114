"""Files as people bring them: every secret of each is stored, or its row says why it is not."""

from pathlib import Path
from typing import Any

import pytest

from credentials.operations import import_credentials
from credentials.shapes.imports import ImportCredentials, ImportOut, RowOut
from foundation.errors import Invalid
from tests.people import Somebody, lease, read

FILES = Path(__file__).parent / "import_files"


def bring(who: Somebody, name: str, **more: Any) -> ImportOut:
    content = (FILES / name).read_text("utf-8")
    data = {"content": content, "mode": "best-effort", **more}
    return import_credentials(who.console, ImportCredentials.parse(data))


def outcome(row: RowOut) -> tuple[str, str]:
    return row.name, row.outcome


def stored(who: Somebody, key: str | None) -> str:
    """The value and all secret fields, as a lease reads them."""
    assert key
    secret = read(who.agent, lease(who.agent, key).lease_handle)
    fields = [one.get_secret_value() for one in secret.secret_fields.values()]
    return "\n".join([secret.value.get_secret_value(), *fields])


# The secrets of each file; what is left out of it (trash, cards) is named by its row.
SECRETS = {
    "aws-01-credentials.ini": ["exampleSecret/Key+with=chars", "exampleSecret2"],
    "bw-01-individual.json": ["in-field", "otpauth://totp/x", "pw-d1", "pw-zw"],
    "bw-08.csv": ["12", "a\nsecond line of multi", "line1\nline2", 'p,w"q', "field-only"],
    "doppler-01.json": ["sk_test_x", "postgres://u:p@db.example/x"],
    "env-09-dup-empty.env": ["second"],
    "env-20-sqlalchemy.env": ["postgresql+psycopg://u:p%40ss@db.example:5432/app", "p@ss#1"],
    "gcp-01.json": ["BEGIN PRIVATE KEY"],
    "infisical-01.json": ["sk_test_x"],
    "kp-01-keepass2.csv": ["pw-kp"],
    "kube-01.yaml": ["tkn"],
    "lp-01-lastpass.csv": ["pw-lp", "NoteType:SSH Key\nPrivate Key:x"],
    "op-01.csv": ["pw-1", "JBSWY3DPEHPK3PXP", 'p"w,3'],
    "vaultkv-01.json": ["u", "p"],
}


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_of_a_file_is_read_again(name: str, owner: Somebody) -> None:
    result = bring(owner, name)

    kept = "\n".join(stored(owner, row.key) for row in result.rows if row.outcome == "created")
    assert [secret for secret in SECRETS[name] if secret not in kept] == []
    assert all(row.reason for row in result.rows if row.outcome != "created")


def test_of_a_repeated_name_both_lines_have_a_row(owner: Somebody) -> None:
    result = bring(owner, "env-09-dup-empty.env")

    assert [outcome(row) for row in result.rows] == [
        ("DUP", "skipped"), ("DUP", "created"), ("EMPTY", "skipped"), ("EMPTYQ", "skipped"),
        ("line 5", "failed"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["env-12-bash-quote.env", "env-15-unclosed.env"])
def test_all_or_nothing_stores_nothing_when_a_line_cannot_be_read(
    name: str, owner: Somebody
) -> None:
    result = bring(owner, name, mode="all-or-nothing")

    assert result.created == 0
    assert result.failed
    assert {row.outcome for row in result.rows} == {"failed", "not_created"}


def test_a_wrong_choice_of_format_is_refused_by_the_right_ones_name(owner: Somebody) -> None:
    with pytest.raises(Invalid, match="keepass-csv") as refusal:
        bring(owner, "kp-01-keepass2.csv", format="env")

    assert "pw-kp" not in str(refusal.value.as_problem())


@pytest.mark.parametrize("naming", [{"nameAfterFolder": True}, {}])
def test_one_name_in_two_folders(naming: dict[str, Any], owner: Somebody) -> None:
    result = bring(owner, "bw-13-same-name-two-folders.json", **naming)

    if naming:
        assert [row.key for row in result.rows] == ["Prod-Database", "Staging-Database"]
        assert result.created == 2
    else:
        assert "prefix" in str(result.rows[1].reason)


def test_two_environments_are_imported_by_prefixes(owner: Somebody) -> None:
    first = bring(owner, "doppler-01.json", prefix="prod-")
    second = bring(owner, "doppler-01.json", prefix="test-")

    assert (first.created, second.created) == (2, 2)
    again = bring(owner, "doppler-01.json", prefix="test-")
    assert all("prefix" in str(row.reason) for row in again.rows)


def test_a_guess_that_does_not_fit_falls_back_and_says_so(owner: Somebody) -> None:
    by_name = {row.name: row for row in bring(owner, "env-20-sqlalchemy.env").rows}

    assert by_name["UNENC"].type == "generic-secret"
    assert "no database-url" in str(by_name["UNENC"].reason)
    for name in ("SQLA", "MYSQL2", "ASYNC", "MARIA", "JDBC", "COCKROACH", "EMPTYHOST"):
        assert (by_name[name].type, by_name[name].reason) == ("database-url", None), name
    assert by_name["AMQP"].outcome == "created"


@pytest.mark.parametrize(
    ("name", "key", "word"),
    [("sops-01.env", "STRIPE_KEY", "SOPS"), ("dotenvx-01.env", "HELLO", "dotenvx")],
)
def test_a_ciphertext_is_no_value(name: str, key: str, word: str, owner: Somebody) -> None:
    (row,) = [row for row in bring(owner, name).rows if row.name == key]

    assert row.outcome == "failed"
    assert word in str(row.reason)
