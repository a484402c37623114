"""Audit entries as shapes: public ids, and the names that belong to them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from access.actor import Actor
from audit.models import Entry
from foundation.db.ids import public_id
from foundation.db.prepared import PreparedText, execute
from tenants.shapes.audit import ActedOut, EntryOut

_EMAILS = PreparedText("SELECT id, email FROM person WHERE id = ANY(%(people)s::uuid[])")
_ACCOUNTS = PreparedText(
    "SELECT id, name FROM service_account"
    " WHERE tenant_id = %(tenant)s AND id = ANY(%(accounts)s::uuid[])"
)
ERASED = "a person who was erased"
PREFIXES = {
    "agent_id": "agent",
    "client_id": "client",
    "credential_id": "cred",
    "lease_id": "lease",
}
TEXTS = {
    "role": "role",
    "agent": "agent_name",
    "token_id": "token_id",
    "purpose": "purpose",
    "key": "credential_key",
    "address": "address",
    "request_id": "request_id",
}


class ActorNames:
    """The actors of some entries; all names are read in one round trip."""

    def __init__(self, actor: Actor, entries: Sequence[Entry]) -> None:
        people = [entry.person_id for entry in entries if entry.person_id]
        accounts = [entry.service_account_id for entry in entries if entry.service_account_id]
        emails, names = execute(
            _EMAILS(people=people), _ACCOUNTS(tenant=actor.tenant_id, accounts=accounts)
        )
        self._people: dict[UUID, str] = dict(emails)
        self._accounts: dict[UUID, str] = dict(names)

    def of(self, entry: Entry) -> ActedOut:
        """The service account, the person or the part of the system that acted."""
        if entry.service_account_id:
            name = self._accounts.get(entry.service_account_id, "a service account that is gone")
            public = public_id("sa", entry.service_account_id)
            return ActedOut(kind="service_account", id=public, name=name)
        if entry.person_id:
            name = self._people.get(entry.person_id, ERASED)
            return ActedOut(kind="person", id=public_id("person", entry.person_id), name=name)
        kind = "machinery" if entry.machinery else "nobody"
        return ActedOut.model_validate(
            {"kind": kind, "id": None, "name": entry.machinery or "nobody"}
        )


def entries_out(actor: Actor, entries: Sequence[Entry]) -> list[EntryOut]:
    """The entries as shapes, in their order."""
    actors = ActorNames(actor, entries)
    return [EntryOut.model_validate(entry_fields(entry, actors)) for entry in entries]


def entry_fields(entry: Entry, actors: ActorNames) -> dict[str, Any]:
    """The members of an entry's shape."""
    ids = {name: getattr(entry, name) for name in PREFIXES}
    return {
        "entry_id": public_id("entry", entry.pk),
        "at": entry.at,
        "event": entry.event,
        "outcome": entry.outcome,
        "door": entry.door,
        "actor": actors.of(entry),
        "version": entry.version,
        "claimed": entry.claimed,
        "details": entry.details,
        **{name: getattr(entry, column) or None for name, column in TEXTS.items()},
        **{
            name: public_id(PREFIXES[name], value) if value else None for name, value in ids.items()
        },
    }
