"""The pages of the audit log: filters, one entry, and the export; for owners and admins only."""

import json
from typing import Any

import pytest

from tests.audit_trail import new_entries, told, trail
from tests.console.pages import page, page_text, signed_in
from tests.people import PURPOSE, Somebody, grant, lease, store
from tests.storage import owner_sql

LOG = "/admin/audit/"


@pytest.fixture
def leased(owner: Somebody, member: Somebody) -> str:
    """The member's agent leased a credential: the id of its entry."""
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    lease(member.agent)
    (entry,) = trail(owner.console.tenant_id, event="lease.created")
    return f"entry_{entry.pk.hex}"


def test_what_happened_stands_there(owner: Somebody, leased: str) -> None:
    shown = page(signed_in(owner).get(LOG)).text

    for fact in ("lease.created", "stripe-api-key", PURPOSE, "marc@example.org", "Claude Code"):
        assert fact in shown


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ("event=lease", True),
        ("event=lease.created&outcome=ok&key=stripe-api-key", True),
        ("event=credential", False),
        ("outcome=denied", False),
        ("key=other", False),
        ("who=sa_unknown", False),
        ("agent=agent_unknown", False),
        ("lease=lease_unknown", False),
        ("since=2100-01-01", False),
        ("until=2100-01-01", True),
        ("until=2001-01-01", False),
    ],
)
def test_filters_stand_in_the_address(
    asked: str, there: bool, owner: Somebody, leased: str
) -> None:
    answer = signed_in(owner).get(f"{LOG}?{asked}")

    assert answer.status_code == 200
    assert (leased in page_text(answer)) == there


def test_a_person_is_found_by_their_own_entries(
    owner: Somebody, member: Somebody, leased: str
) -> None:
    shown = page_text(signed_in(owner).get(f"{LOG}?who={member.id}&event=lease"))

    assert leased in shown
    assert leased not in page_text(signed_in(owner).get(f"{LOG}?who={owner.id}&event=lease"))


def test_a_filter_that_makes_no_sense_is_said_beside_the_field(owner: Somebody) -> None:
    answer = signed_in(owner).get(f"{LOG}?since=yesterday&event=tea")

    assert answer.status_code == 422
    assert set(page(answer).errors) == {"since", "event"}


def test_pages_keep_their_filters(owner: Somebody, leased: str) -> None:
    for number in range(55):
        store(owner, f"key-{number}")
    browser = signed_in(owner)
    first = page(browser.get(f"{LOG}?event=credential.created"))
    (further,) = [at["href"] for tag, at in first.tags if tag == "a" and at.get("rel") == "next"]

    second = page(browser.get(LOG + further))

    assert "event=credential.created" in further
    assert "key-0" in second.text
    assert "lease.created" not in second.text.partition("Outcome")[2].partition("When")[2]


def test_a_live_page_fetches_the_list_alone_and_hears_no_echo(owner: Somebody, leased: str) -> None:
    browser = signed_in(owner)
    assert 'hx-trigger="vault:audit from:body' in page_text(browser.get(LOG))

    part = browser.get(LOG, headers={"HX-Request": "true"})

    assert leased in page_text(part)
    assert "<html" not in page_text(part)


def test_one_entry_has_all_of_it(owner: Somebody, leased: str) -> None:
    shown = page(signed_in(owner).get(f"{LOG}{leased}/")).text

    assert "verified" in shown
    for fact in (leased, "mcp", PURPOSE, "All of this lease", "version 1"):
        assert fact in shown


def test_an_entry_that_was_changed_says_so(owner: Somebody, leased: str) -> None:
    owner_sql("UPDATE audit_entry SET purpose = 'harmless'")

    assert "tampered" in page(signed_in(owner).get(f"{LOG}{leased}/")).text


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_a_file_holds_what_the_filters_name(form: str, owner: Somebody, leased: str) -> None:
    browser = signed_in(owner)

    with new_entries(owner.console.tenant_id) as entries:
        answer = browser.post(f"{LOG}export", {"event": "lease", "format": form})
        written = page_text(answer)

    assert answer["Content-Disposition"].startswith('attachment; filename="vault-audit-acme-')
    assert leased in written
    assert "credential.created" not in written
    if form == "ndjson":
        assert [json.loads(line)["event"] for line in written.splitlines()] == ["lease.created"]
    assert told(entries) == [("audit.exported", "ok")]


@pytest.mark.parametrize("wrong", [{"format": "xml"}, {"format": "csv", "since": "x"}, {}])
def test_a_file_that_makes_no_sense_is_refused(wrong: dict[str, Any], owner: Somebody) -> None:
    browser = signed_in(owner)
    assert browser.post(f"{LOG}export", wrong).status_code == 422
    assert browser.get(f"{LOG}export").status_code == 405


def test_members_and_outsiders_see_nothing(
    member: Somebody, outsider: Somebody, leased: str
) -> None:
    inside, outside = signed_in(member), signed_in(outsider)
    for address in (LOG, f"{LOG}{leased}/"):
        assert inside.get(address).status_code == 403
    assert inside.post(f"{LOG}export", {"format": "csv"}).status_code == 403
    assert outside.get(f"{LOG}{leased}/").status_code == 404
    assert leased not in page_text(outside.get(LOG))
    assert leased not in page_text(outside.post(f"{LOG}export", {"format": "ndjson"}))
