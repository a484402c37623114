"""The audit block: what it records, when it refuses, and that every entry's MAC verifies."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest
from django.db import DatabaseError, connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access.actions import Action, Channel
from access.actor import Actor, system_actor
from access.tenancy import tenant_transaction
from audit.events import Event, Outcome
from audit.models import Entry
from audit.recording import (
    INSTALLATION,
    audited,
    entry_mac,
    read_only,
    record_in_transaction,
    record_separately,
)
from foundation.db.clock import database_now
from foundation.errors import (
    Conflict,
    Denied,
    Invalid,
    NotFound,
    QuotaExceeded,
    Unavailable,
    VaultError,
)
from tests.audit_trail import new_entries, told, trail
from tests.people import Somebody, lease, read, store
from tests.storage import no_entry_can_be_written, owner_sql


def attempt(actor: Actor, error: Exception | None = None) -> None:
    """An operation that renames the tenant and then succeeds or fails."""
    with audited(actor, Action.CHANGE_SETTINGS, Event.TENANT_SETTINGS_UPDATED) as entry:
        entry.add_details(step=1)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE tenant SET name = 'changed'")
        if error:
            raise error


def name() -> str:
    return str(owner_sql("SELECT name FROM tenant")[0][0])


def test_change_and_entry_are_one_transaction(owner: Somebody) -> None:
    with new_entries(owner.console.tenant_id) as entries:
        attempt(owner.console)

    assert name() == "changed"
    assert told(entries) == [("tenant.settings_updated", "ok")]
    assert entries[0].details == {"step": 1}
    assert not connection.in_atomic_block


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (Denied("no"), "denied", "access/permission-denied"),
        (NotFound(), "denied", "resource/not-found"),
        (QuotaExceeded(), "denied", "quota/exceeded"),
        (Invalid("bad", "x"), "failed", "input/invalid"),
        (Conflict("no"), "failed", "state/conflict"),
        (Unavailable(), "failed", "service/unavailable"),
        (RuntimeError("canary"), "failed", "internal/error"),
    ],
)
def test_what_goes_wrong_is_undone_and_written_down(
    owner: Somebody, error: Exception, outcome: str, code: str
) -> None:
    with new_entries(owner.console.tenant_id) as entries, pytest.raises(type(error)):
        attempt(owner.console, error)

    assert name() == "Acme"
    assert told(entries) == [("tenant.settings_updated", outcome)]
    assert entries[0].details == {"step": 1, "code": code}


def test_what_the_database_refuses_is_503_without_its_words(
    owner: Somebody, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        new_entries(owner.console.tenant_id) as entries,
        pytest.raises(Unavailable) as caught,
        audited(owner.console, Action.CHANGE_SETTINGS, Event.TENANT_SETTINGS_UPDATED),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT 'canary'::uuid")

    assert told(entries) == [("tenant.settings_updated", "failed")]
    assert "canary" not in str(caught.value.as_problem()) + caplog.text


def test_an_operation_inside_another_is_an_error(owner: Somebody) -> None:
    with (
        pytest.raises(RuntimeError, match="durable"),
        audited(owner.console, Action.CHANGE_SETTINGS, Event.TENANT_SETTINGS_UPDATED),
    ):
        store(owner)


def test_what_changes_nothing_may_drop_its_entry(owner: Somebody) -> None:
    with (
        new_entries(owner.console.tenant_id) as entries,
        audited(owner.console, Action.CHANGE_SETTINGS, Event.TENANT_SETTINGS_UPDATED) as entry,
    ):
        entry.discard()

    assert entries == []


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (None, []),
        (Denied("no"), [("access.denied", "denied")]),
        (NotFound(), [("access.denied", "denied")]),
        (Invalid("bad", "x"), []),
    ],
)
def test_looking_leaves_an_entry_only_when_refused(
    owner: Somebody, error: VaultError | None, expected: list[tuple[str, str]]
) -> None:
    def look() -> None:
        with read_only(owner.console, Action.LIST_CREDENTIALS):
            if error:
                raise error

    with new_entries(owner.console.tenant_id) as entries:
        if error:
            with pytest.raises(type(error)):
                look()
        else:
            look()

    assert told(entries) == expected


def test_a_refused_look_that_cannot_be_written_down_is_503(owner: Somebody) -> None:
    def look() -> None:
        with read_only(owner.console, Action.LIST_CREDENTIALS):
            raise Denied("no")

    with no_entry_can_be_written(), pytest.raises(Unavailable):
        look()


# -- joined and alone ---------------------------------------------------------------------------


def test_a_joined_entry_shares_its_transactions_fate(owner: Somebody) -> None:
    join = partial(record_in_transaction, owner.console, Event.TOKEN_ISSUED, consent="c")

    with new_entries(owner.console.tenant_id) as entries:
        with tenant_transaction(owner.console.tenant_id):
            join()
        with pytest.raises(KeyError), tenant_transaction(owner.console.tenant_id):
            join()
            raise KeyError

    assert told(entries) == [("token.issued", "ok")]
    assert entries[0].details == {"consent": "c"}


def test_a_joined_entry_needs_a_transaction_to_join(owner: Somebody) -> None:
    with pytest.raises(RuntimeError):
        record_in_transaction(owner.console, Event.TOKEN_ISSUED)


def test_the_installation_has_a_log_of_its_own(owner: Somebody) -> None:
    door = system_actor("sign-in", INSTALLATION)

    record_separately(door, Event.SESSION_FAILED, outcome=Outcome.DENIED, reason="unknown")

    assert told(trail(INSTALLATION)) == [("session.failed", "denied")]
    assert "session.failed" not in {entry.event for entry in trail(owner.console.tenant_id)}


# -- the entry itself ---------------------------------------------------------------------------


def test_every_entry_carries_a_mac_that_its_row_proves(owner: Somebody) -> None:
    store(owner)
    who = replace(
        owner.agent,
        claimed={"client": "Claüde", "toolUseId": "t"},
        request_id="r",
        token_id="t" * 64,
        address="2001:db8::1",
    )
    read(who, lease(who).lease_handle)

    entries = trail(owner.console.tenant_id)

    assert len(entries) == 4
    for entry in entries:
        assert bytes(entry.mac) == entry_mac(entry)
        assert len(entry.mac) == 32


CHANGES: dict[str, object] = {
    "at": datetime(2026, 1, 1, tzinfo=UTC),
    "version": 2,
    "claimed": {"client": "other"},
    "details": {"ttl": 1},
}


@pytest.mark.parametrize(
    "column",
    [field.attname for field in Entry._meta.concrete_fields if field.attname != "mac"],
)
def test_no_column_can_be_changed_without_breaking_the_mac(owner: Somebody, column: str) -> None:
    store(owner)
    lease(owner.agent)
    entry = trail(owner.console.tenant_id, event="lease.created")[0]
    other = UUID(int=1) if column.endswith("id") else "another"

    setattr(entry, column, CHANGES.get(column, other))

    assert bytes(entry.mac) != entry_mac(entry)


def test_the_mac_is_keyed_from_outside_the_database(
    owner: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = trail(owner.console.tenant_id)[0]
    monkeypatch.setattr("audit.recording._mac_key", lambda: b"another key")

    assert bytes(entry.mac) != entry_mac(entry)


@given(
    purpose=st.text(st.characters(exclude_categories=["C"]), max_size=500),
    claim=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200),
    number=st.one_of(st.integers(-(2**63), 2**63), st.booleans(), st.none()),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_written_reads_back_as_it_was_signed(
    owner: Somebody, purpose: str, claim: str, number: int | bool | None
) -> None:
    who = replace(owner.console, claimed={"client": claim})
    with audited(who, Action.CHANGE_SETTINGS, Event.TENANT_SETTINGS_UPDATED) as draft:
        draft.set_fields(purpose=purpose)
        draft.add_details(number=number, text=claim)

    entry = trail(owner.console.tenant_id)[-1]

    assert (entry.purpose, entry.claimed, entry.details) == (
        purpose,
        {"client": claim},
        {"number": number, "text": claim},
    )
    assert bytes(entry.mac) == entry_mac(entry)


def test_times_are_the_databases_and_after_what_they_tell_of(owner: Somebody) -> None:
    before = database_now()
    store(owner)
    after = database_now()

    (entry,) = trail(owner.console.tenant_id, event="credential.created")
    assert before < entry.at < after


def test_a_broken_connection_is_503_and_the_next_request_works(owner: Somebody) -> None:
    def cut() -> None:
        with audited(owner.console, Action.CHANGE_SETTINGS, Event.TENANT_SETTINGS_UPDATED):
            connection.connection.close()
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")

    with pytest.raises(Unavailable):
        cut()
    connection.close()

    attempt(owner.console)
    assert name() == "changed"


def test_the_vocabulary_has_one_grammar() -> None:
    for event in Event:
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", event), event
        assert len(event) <= 40
    for door in Channel:
        assert len(door) <= 8


def test_the_database_takes_no_entry_without_its_columns(owner: Somebody) -> None:
    with pytest.raises(DatabaseError), tenant_transaction(owner.console.tenant_id):
        Entry.objects.create(tenant_id=owner.console.tenant_id, event="x", outcome="ok", door="mcp")
