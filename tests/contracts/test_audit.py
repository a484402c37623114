"""Every operation leaves exactly its entry: done, refused or failed; and without one nothing is."""

import re
from collections.abc import Callable
from dataclasses import replace
from string import Formatter

import pytest

from access.actions import RULES, SYSTEM
from access.actor import Actor, system_actor
from access.levels import Level
from audit.events import REFUSED, Event
from audit.models import Entry
from foundation.errors import Unavailable, VaultError
from tenants.audit_sentences import SENTENCES
from tenants.audit_summaries import NOUNS
from tenants.operations import query_audit
from tenants.shapes.audit import QueryAudit
from tests.audit_trail import new_entries, told
from tests.contracts.acme import Acme
from tests.contracts.cases import CASES
from tests.contracts.full_acme import FullAcme
from tests.contracts.operations import Operation, operations
from tests.people import CANARY, Somebody
from tests.storage import everything_but_the_log, no_entry_can_be_written, owner_sql

# It joins the transaction of the consent, which records what becomes of it (tests/identity).
JOINED = {"connect_agent"}
BARE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}|_[0-9a-f]{32}")
GENERAL = re.compile(r"\b(somebody|a removed|erased|a (credential|folder|group|client))\b")


def _every(choose: Callable[[Operation], bool]) -> pytest.MarkDecorator:
    chosen = {name: one for name, one in operations().items() if choose(one)}
    return pytest.mark.parametrize("operation", chosen.values(), ids=chosen)


def _changes(operation: Operation) -> bool:
    return bool(CASES[operation.name].adds) and operation.name not in JOINED


def _actor(operation: Operation, who: Somebody) -> Actor:
    if RULES[operation.action].channels == SYSTEM:
        return system_actor("worker", who.console.tenant_id)
    return who.console


@_every(lambda _: True)
def test_what_works_leaves_its_entry_and_no_other(operation: Operation, owner: Somebody) -> None:
    things = Acme(owner).things(owner, *CASES[operation.name].needs)
    actor = replace(_actor(operation, owner), request_id="request-1", address="192.0.2.1")

    with new_entries(owner.console.tenant_id) as entries:
        CASES[operation.name].call(actor, things)

    assert told(entries) == [(event, "ok") for event in CASES[operation.name].adds]
    for entry in entries:
        _require_attributed(entry, actor)
    _require_names(owner)


def _require_names(owner: Somebody) -> None:
    """The sentence of every entry so far names what it is about, and no bare id."""
    for entry in query_audit(owner.console, QueryAudit(limit=50)).entries:
        sentence = "".join(part.text for part in entry.summary)
        assert not BARE.search(sentence), sentence
        assert not GENERAL.search(sentence), sentence


@pytest.mark.parametrize("event", Event)
def test_every_event_has_a_sentence(event: Event) -> None:
    nouns = {noun for _, noun, _, _ in Formatter().parse(SENTENCES[event]) if noun}
    assert nouns <= NOUNS.keys()


def _require_attributed(entry: Entry, actor: Actor) -> None:
    assert entry.door == actor.channel
    assert entry.role == (actor.role or "")
    assert (entry.person_id, entry.machinery) == (actor.person_id, actor.system)
    assert (entry.request_id, entry.address) == ("request-1", "192.0.2.1")


@_every(lambda operation: operation.name not in JOINED)
def test_what_is_refused_leaves_one_entry_that_says_so(
    operation: Operation, full_acme: FullAcme
) -> None:
    owner, things = full_acme.owner, full_acme.needed(operation.name)
    powerless = replace(_actor(operation, owner), scopes=frozenset())
    before = everything_but_the_log()

    with new_entries(owner.console.tenant_id) as entries, pytest.raises(VaultError) as caught:
        CASES[operation.name].call(powerless, things)

    assert told(entries) == [(_refused_event(operation), "denied")]
    assert entries[0].details["code"] == caught.value.code
    assert everything_but_the_log() == before


@_every(lambda one: (RULES[one.action].level or Level.NONE) > Level.VIEWER and _changes(one))
def test_what_somebody_holds_too_little_for_is_refused_on_the_credential(
    operation: Operation, owner: Somebody, member: Somebody
) -> None:
    """A viewer is refused; the entry names the person and, where there is one, the credential."""
    things = Acme(owner).things(
        owner if {"handle", "sendable_handle"} & set(CASES[operation.name].needs) else member,
        *(CASES[operation.name].needs),
    )
    before = everything_but_the_log()

    with new_entries(owner.console.tenant_id) as entries, pytest.raises(VaultError):
        CASES[operation.name].call(member.console, things)

    assert told(entries) == [(_refused_event(operation), "denied")]
    assert entries[0].person_id == member.person.pk
    if "key" in things or "rotated" in things:
        key = things.get("key", things.get("rotated"))
        assert entries[0].credential_key == key
        rows = owner_sql("SELECT id FROM credential WHERE key = %s", key)
        assert [(entries[0].credential_id,)] == rows
    assert everything_but_the_log() == before


@_every(_changes)
def test_what_fails_is_undone_and_leaves_one_entry_that_says_so(
    operation: Operation, full_acme: FullAcme
) -> None:
    owner, things = full_acme.owner, full_acme.needed(operation.name)
    before = everything_but_the_log()

    with (
        new_entries(owner.console.tenant_id) as entries,
        no_entry_can_be_written("ok"),
        pytest.raises(Unavailable) as caught,
    ):
        CASES[operation.name].call(_actor(operation, owner), things)

    assert told(entries) == [(_refused_event(operation), "failed")]
    assert CANARY not in str(caught.value.as_problem())
    assert everything_but_the_log() == before


@_every(_changes)
def test_without_an_entry_nothing_happens(operation: Operation, full_acme: FullAcme) -> None:
    owner, things = full_acme.owner, full_acme.needed(operation.name)
    before = everything_but_the_log()

    with (
        new_entries(owner.console.tenant_id) as entries,
        no_entry_can_be_written(),
        pytest.raises(Unavailable),
    ):
        CASES[operation.name].call(_actor(operation, owner), things)

    assert entries == []
    assert everything_but_the_log() == before


def _refused_event(operation: Operation) -> Event:
    events = CASES[operation.name].adds
    if not events:
        return Event.ACCESS_DENIED
    return REFUSED.get(events[-1], events[-1])  # its own entry is the last it writes
