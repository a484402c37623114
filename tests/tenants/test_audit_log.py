"""The audit log: filtered, shown to owners and admins, exported, and each query recorded."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from access.actor import Actor
from access.tenancy import tenant_transaction
from audit.events import Event
from audit.models import Entry
from audit.recording import record_separately
from credentials.operations import describe_credential
from credentials.shapes.credentials import DescribeCredential
from foundation.db.ids import public_id
from tenants.audit_export import audit_file
from tenants.operations import audit_log, export_audit, query_audit, show_audit_entry
from tenants.shapes.audit import EntryOut, ExportAudit, QueryAudit
from tests.audit_trail import new_entries, told, trail
from tests.console.pages import page_text, signed_in
from tests.machines import new_account
from tests.people import PURPOSE, Somebody, grant, lease, read, store
from tests.refusals import code_of, refusal
from tests.storage import owner_sql


def found(who: Somebody, **asked: Any) -> list[EntryOut]:
    return query_audit(who.console, QueryAudit.parse(asked)).entries


def events(who: Somebody, **asked: Any) -> list[str]:
    return [one.event for one in found(who, **asked)]


@pytest.fixture
def used(owner: Somebody, member: Somebody) -> Somebody:
    """The member leased and read a credential; another one was refused to them."""
    store(owner)
    store(owner, "other-key")
    grant(owner, member, "user", key="stripe-api-key")
    read(member.agent, lease(member.agent).lease_handle)
    refusal(lambda: lease(member.agent, "other-key"))
    return member


def test_the_newest_stands_first_and_says_who_did_what(owner: Somebody, used: Somebody) -> None:
    refused, read_entry, leased, *_ = found(owner)

    assert [refused.event, read_entry.event, leased.event] == [
        "lease.denied",
        "credential.read",
        "lease.created",
    ]
    assert (refused.outcome, leased.outcome) == ("denied", "ok")
    assert (leased.actor.kind, leased.actor.id, leased.actor.name) == (
        "person",
        used.id,
        "marc@example.org",
    )
    assert (leased.agent, leased.key, leased.purpose) == ("Claude Code", "stripe-api-key", PURPOSE)
    assert leased.lease_id == read_entry.lease_id


def test_it_is_found_by_its_parts(owner: Somebody, used: Somebody) -> None:
    agent_id = used.agent.agent_id
    assert agent_id
    leased = found(owner, event="lease.created")[0]

    assert events(owner, event="lease") == ["lease.denied", "lease.created"]
    assert events(owner, outcome="denied") == ["lease.denied"]
    assert events(owner, outcome="failed") == []
    assert events(owner, key="other-key") == ["lease.denied", "credential.created"]
    assert events(owner, personId=used.id, event="credential") == ["credential.read"]
    assert events(owner, agentId=public_id("agent", agent_id), event="lease.created") == [
        "lease.created"
    ]
    assert events(owner, leaseId=leased.lease_id) == ["credential.read", "lease.created"]
    assert events(owner, since=(leased.at + timedelta(hours=1)).isoformat()) == []
    until = leased.at.isoformat()
    assert "lease.created" not in events(owner, until=until)
    assert "lease.created" in events(owner, since=until)


def test_a_service_account_is_named(owner: Somebody) -> None:
    account = new_account(owner, "nightly pipeline")
    actor = Actor(tenant_id=owner.console.tenant_id, channel=owner.agent.channel)
    row = owner_sql("SELECT id FROM service_account")[0][0]
    record_separately(Actor(**{**_fields(actor), "service_account_id": row}), Event.TOKEN_ISSUED)

    (entry,) = found(owner, serviceAccountId=account)

    assert (entry.actor.kind, entry.actor.id, entry.actor.name) == (
        "service_account",
        account,
        "nightly pipeline",
    )


def _fields(actor: Actor) -> dict[str, Any]:
    return {"tenant_id": actor.tenant_id, "channel": actor.channel}


def test_pages_go_on_where_the_one_before_ended(owner: Somebody, used: Somebody) -> None:
    whole = [one.entry_id for one in found(owner, until=_now())]
    paged: list[str] = []
    asked: dict[str, Any] = {"limit": 2, "until": _now()}
    while True:
        page = query_audit(owner.console, QueryAudit.parse(asked))
        paged += [one.entry_id for one in page.entries]
        if page.next_cursor is None:
            break
        asked = {"limit": 2, "cursor": page.next_cursor, "until": asked["until"]}

    # What was looked at meanwhile stands in the log, too, but after `until` of the first question.
    assert [one for one in paged if one in whole] == whole
    assert len(set(paged)) == len(paged)


def _now() -> str:
    return datetime.now(UTC).isoformat()


@pytest.mark.parametrize(
    "wrong",
    [
        {"event": "lease.borrowed"},
        {"event": "lease."},
        {"event": "LEASE"},
        {"outcome": "maybe"},
        {"key": ""},
        {"key": "a\x00b"},
        {"since": "yesterday"},
        {"since": "2026-01-01T00:00:00"},
        {"until": 5},
        {"limit": 201},
        {"cursor": "nonsense"},
        {"cursor": "WyIyMDI2LTAxLTAxIiwgIngiXQ"},
        {"where": "true"},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any], owner: Somebody) -> None:
    assert code_of(partial(found, owner, **wrong)) == "input/invalid"


def test_only_who_governs_sees_it(owner: Somebody, used: Somebody, outsider: Somebody) -> None:
    entry = found(owner)[0]
    for look in (
        lambda: found(used),
        lambda: show_audit_entry(used.console, entry.entry_id),
        lambda: list(export_audit(used.console, ExportAudit())),
    ):
        assert code_of(look) == "access/permission-denied"
    assert code_of(lambda: show_audit_entry(outsider.console, entry.entry_id)) == (
        "resource/not-found"
    )
    assert found(outsider, personId=used.id) == []
    assert entry.entry_id not in "".join(export_audit(outsider.console, ExportAudit()))


# -- looking at it is an entry (A7) -------------------------------------------------------------


def test_a_look_is_an_entry_that_says_what_was_asked(owner: Somebody, used: Somebody) -> None:
    with new_entries(owner.console.tenant_id) as entries:
        found(owner, event="lease", personId=used.id)

    assert told(entries) == [("audit.read", "ok")]
    assert entries[0].details["asked"] == {"event": "lease", "personId": used.id}


def test_the_same_look_within_a_minute_is_one_entry(owner: Somebody, used: Somebody) -> None:
    found(owner, key="other-key")
    with new_entries(owner.console.tenant_id) as entries:
        found(owner, key="other-key")
        assert entries == []
        found(owner, key="stripe-api-key")

    assert told(entries) == [("audit.read", "ok")]


def test_after_a_minute_it_is_another(owner: Somebody) -> None:
    found(owner)
    owner_sql("UPDATE audit_entry SET at = at - interval '61 seconds'")
    with new_entries(owner.console.tenant_id) as entries:
        found(owner)

    assert told(entries) == [("audit.read", "ok")]


def test_a_secret_that_was_typed_as_a_key_is_not_kept(owner: Somebody) -> None:
    found(owner, key="sk_live_pasted_by_mistake")

    (look,) = trail(owner.console.tenant_id, event="audit.read")
    assert look.details["asked"] == {"key": True}
    assert "pasted" not in json.dumps(owner_sql("SELECT row_to_json(e) FROM audit_entry e"))


def test_one_entry_says_whether_it_is_genuine(owner: Somebody, used: Somebody) -> None:
    entry = found(owner, event="lease.created")[0]

    with new_entries(owner.console.tenant_id) as entries:
        assert show_audit_entry(owner.console, entry.entry_id).genuine
    assert told(entries) == [("audit.read", "ok")]
    assert entries[0].details["entry"] == entry.entry_id

    owner_sql("UPDATE audit_entry SET purpose = 'something harmless' WHERE event = 'lease.created'")
    assert not show_audit_entry(owner.console, entry.entry_id).genuine


@pytest.fixture
def forged(owner: Somebody, used: Somebody) -> str:
    """The id of an entry that was changed by SQL."""
    entry = found(owner, event="lease.created")[0]
    owner_sql("UPDATE audit_entry SET purpose = 'something harmless' WHERE event = 'lease.created'")
    return entry.entry_id


def test_lists_and_files_mark_a_forged_entry(owner: Somebody, forged: str) -> None:
    assert {one.entry_id for one in found(owner) if not one.genuine} == {forged}
    lines = "".join(export_audit(owner.console, ExportAudit())).splitlines()
    marked = [one for one in map(json.loads, lines) if not one["genuine"]]
    assert [one["entryId"] for one in marked] == [forged]
    table = "".join(export_audit(owner.console, ExportAudit(format="csv"))).splitlines()
    assert sum(row.endswith(",False") for row in table) == 1
    assert "tampered" in page_text(signed_in(owner).get("/admin/audit/"))


def test_a_forged_entry_is_in_no_trail_of_a_credential(owner: Somebody, forged: str) -> None:
    shown = describe_credential(owner.console, DescribeCredential(key="stripe-api-key"))
    assert "lease.created" not in {line.event for line in shown.recent_audit}


def test_a_command_finds_a_forged_entry(owner: Somebody, forged: str) -> None:
    said, wrong = StringIO(), StringIO()
    with pytest.raises(CommandError, match="1 entries"):
        call_command("verify_audit", stdout=said, stderr=wrong)
    assert wrong.getvalue() == f"acme: {forged} does not verify\n"
    assert "installation: " in said.getvalue()
    (entry,) = trail(owner.console.tenant_id, event="audit.verified")
    assert entry.details["wrong"] == 1


def test_a_command_finds_nothing_wrong_in_what_nobody_touched(
    owner: Somebody, used: Somebody
) -> None:
    said = StringIO()
    call_command("verify_audit", "--tenant", "acme", stdout=said)
    assert said.getvalue().startswith("acme: ")
    assert said.getvalue().endswith(" 0 wrong\n")
    with pytest.raises(CommandError, match="no such tenant"):
        call_command("verify_audit", "--tenant", "nowhere")


# -- files --------------------------------------------------------------------------------------


def test_lines_are_entries(owner: Somebody, used: Somebody, monkeypatch: Any) -> None:
    monkeypatch.setattr(audit_log, "BATCH", 2)
    expected = [str(one.pk.hex) for one in reversed(trail(owner.console.tenant_id))]

    with new_entries(owner.console.tenant_id) as entries:
        parts = list(export_audit(owner.console, ExportAudit()))

    lines = [json.loads(line) for line in "".join(parts).splitlines()]
    assert [one["entryId"].removeprefix("entry_") for one in lines] == expected
    assert len(parts) == -(-len(lines) // 2)
    assert told(entries) == [("audit.exported", "ok")]
    assert entries[0].details == {"asked": {}, "format": "ndjson"}


def test_the_entry_is_there_before_the_first_line(owner: Somebody) -> None:
    parts = export_audit(owner.console, ExportAudit())

    assert told(trail(owner.console.tenant_id))[-1] == ("audit.exported", "ok")
    assert "audit.exported" not in next(parts)


def test_an_export_ends_with_the_right_to_it(
    owner: Somebody, used: Somebody, monkeypatch: Any
) -> None:
    monkeypatch.setattr(audit_log, "BATCH", 2)
    parts = export_audit(owner.console, ExportAudit())
    next(parts)

    owner_sql("UPDATE membership SET role = 'member' WHERE person_id = %s", owner.person.pk)

    assert code_of(partial(next, parts)) == "access/permission-denied"


def test_a_table_has_a_line_for_each_entry(owner: Somebody, used: Somebody) -> None:
    asked = ExportAudit.parse({"event": "lease.created", "format": "csv"})

    rows = list(csv.DictReader(io.StringIO("".join(export_audit(owner.console, asked)))))

    assert [(one["event"], one["actor"], one["key"]) for one in rows] == [
        ("lease.created", "marc@example.org", "stripe-api-key")
    ]
    assert rows[0]["purpose"] == PURPOSE


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_cell_is_never_a_formula(start: str, owner: Somebody, used: Somebody) -> None:
    (entry,) = found(owner, event="lease.created")
    hostile = entry.model_copy(
        update={"purpose": f'{start}HYPERLINK("http://x","y")', "agent": "=1"}
    )

    table = "".join(audit_file("csv", [[hostile]]))

    row = list(csv.reader(io.StringIO(table, newline="")))[1]
    assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    assert f"'{start}HYPERLINK" in table.replace('""', '"')


# -- indexes ------------------------------------------------------------------------------------


INDEXED: list[tuple[dict[str, Any], str]] = [
    ({}, "audit_newest"),
    ({"since": "2026-01-01T00:00:00Z"}, "audit_newest"),
    ({"event": "lease.created"}, "audit_event"),
    ({"outcome": "denied"}, "audit_denied"),
    ({"outcome": "failed"}, "audit_failed"),
    ({"key": "rare-key"}, "audit_key"),
    ({"personId": f"person_{'1' * 32}"}, "audit_person"),
    ({"agentId": f"agent_{'1' * 32}"}, "audit_agent"),
    ({"serviceAccountId": f"sa_{'1' * 32}"}, "audit_service_account"),
    ({"leaseId": f"lease_{'1' * 32}"}, "audit_lease"),
]


def test_each_filter_has_its_index_under_row_level_security(
    owner: Somebody, subtests: pytest.Subtests
) -> None:
    _many_entries(owner)
    for asked, index in INDEXED:
        plan = _plan(owner, QueryAudit.parse(asked))
        with subtests.test(asked=asked):
            used = f"using {index} on" in plan or f"Bitmap Index Scan on {index}" in plan
            assert used, plan


def _plan(owner: Somebody, request: QueryAudit) -> str:
    with tenant_transaction(owner.console.tenant_id), connection.cursor() as cursor:
        rows = audit_log._matching(owner.console, request).order_by("-at", "-id")
        sql, parameters = rows[:51].query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", parameters)
        return "\n".join(line for (line,) in cursor.fetchall())


def _many_entries(owner: Somebody) -> None:
    """Enough for the planner to care, none of which the rarer filters match."""
    with tenant_transaction(owner.console.tenant_id):
        Entry.objects.bulk_create(
            Entry(
                tenant_id=owner.console.tenant_id,
                at=datetime(2026, 1, 2, tzinfo=UTC) + timedelta(seconds=number),
                event="credential.read",
                outcome="ok",
                door="mcp",
                credential_key="usual-key",
                person_id=owner.person.pk,
                agent_id=owner.agent.agent_id,
                lease_id=owner.person.pk,
                mac=b"",
            )
            for number in range(3000)
        )
    owner_sql("ANALYZE audit_entry")
