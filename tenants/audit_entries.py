"""Audit entries as shapes: public ids, and the names that belong to them."""

from collections.abc import Sequence
from typing import Any

from access.actor import Actor
from audit.models import Entry
from audit.verification import is_genuine
from foundation.db.ids import public_id
from tenants.audit_names import Names
from tenants.audit_summaries import summary_of
from tenants.shapes.audit import EntryOut

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


def entries_out(actor: Actor, entries: Sequence[Entry]) -> list[EntryOut]:
    """The entries as shapes, in their order."""
    names = Names.of_entries(actor, entries)
    return [EntryOut.model_validate(entry_fields(entry, names)) for entry in entries]


def entry_fields(entry: Entry, names: Names) -> dict[str, Any]:
    """The members of an entry's shape."""
    ids = {name: getattr(entry, name) for name in PREFIXES}
    return {
        "entry_id": public_id("entry", entry.pk),
        "at": entry.at,
        "event": entry.event,
        "outcome": entry.outcome,
        "door": entry.door,
        "actor": names.actor(entry),
        "summary": summary_of(entry, names),
        "version": entry.version,
        "claimed": entry.claimed,
        "details": entry.details,
        "genuine": is_genuine(entry),
        **{name: getattr(entry, column) or None for name, column in TEXTS.items()},
        **{
            name: public_id(PREFIXES[name], value) if value else None for name, value in ids.items()
        },
    }
