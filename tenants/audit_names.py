"""The present names of what audit entries name by id, read in one round trip."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self
from uuid import UUID

from access.actor import Actor
from audit.models import Entry
from foundation.db.ids import public_id
from foundation.db.prepared import PreparedText, execute
from tenants.shapes.audit import ActedOut

ERASED = "a person who was erased"
_PEOPLE = PreparedText("SELECT id, email, name FROM person WHERE id = ANY(%(ids)s::uuid[])")
_OTHERS = PreparedText(
    "SELECT 'service_account', id, name FROM service_account"
    " WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s::uuid[])"
    " UNION ALL SELECT 'group', id, name FROM people_group"
    " WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s::uuid[])"
    " UNION ALL SELECT 'agent', id, name FROM agent"
    " WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s::uuid[])"
)
ACTOR_COLUMNS = ("agent_id", "person_id", "service_account_id")
PREFIXES = {"person": "person", "service_account": "sa", "group": "group", "agent": "agent"}


class Names:
    """The names behind some ids of people, service accounts, groups and agents."""

    @classmethod
    def of_entries(cls, actor: Actor, entries: Sequence[Entry]) -> Self:
        """Of all that the entries name."""
        return cls(actor, _ids(entries))

    @classmethod
    def of_actors(cls, actor: Actor, rows: Iterable[Mapping[str, Any]]) -> Self:
        """Of the actors in rows with an entry's columns."""
        return cls(actor, (row[column] for row in rows for column in ACTOR_COLUMNS if row[column]))

    def __init__(self, actor: Actor, named: Iterable[UUID]) -> None:
        ids = list(set(named))
        people, others = execute(_PEOPLE(ids=ids), _OTHERS(tenant=actor.tenant_id, ids=ids))
        self._emails: dict[UUID, str] = {row[0]: row[1] for row in people}
        self._people: dict[UUID, str] = {row[0]: row[2] or row[1] for row in people}
        self._others: dict[UUID, tuple[str, str]] = {row[1]: (row[0], row[2]) for row in others}

    def who(self, row: Mapping[str, Any]) -> str:
        """The service account, else the person's e-mail address."""
        account = self._others.get(row["service_account_id"])
        return account[1] if account else self._emails.get(row["person_id"], ERASED)

    def agent(self, row: Mapping[str, Any]) -> str:
        """The agent's present name; empty when none acted."""
        return self._others.get(row["agent_id"], ("", ""))[1]

    def actor(self, entry: Entry) -> ActedOut:
        """The service account, the person or the part of the system that acted."""
        if entry.service_account_id:
            found = self._others.get(entry.service_account_id)
            name = found[1] if found else "a service account that is gone"
            public = public_id("sa", entry.service_account_id)
            return ActedOut(kind="service_account", id=public, name=name)
        if entry.person_id:
            name = self._emails.get(entry.person_id, ERASED)
            return ActedOut(kind="person", id=public_id("person", entry.person_id), name=name)
        kind = "machinery" if entry.machinery else "nobody"
        return ActedOut.model_validate(
            {"kind": kind, "id": None, "name": entry.machinery or "nobody"}
        )

    def principal(self, found: UUID, kind: str = "person") -> tuple[str, str, str]:
        """Kind, public id and name of a person, group, service account or agent.

        `kind` is what it was when it is gone.
        """
        gone = ERASED if kind == "person" else f"a removed {kind.replace('_', ' ')}"
        kind, name = self._others.get(found, (kind, self._people.get(found, gone)))
        return kind, public_id(PREFIXES[kind], found), name

    def of(self, public: str) -> str:
        """The name behind a public id; empty when there is none."""
        found = _uuid(public)
        if found is None:
            return ""
        return self._others[found][1] if found in self._others else self._people.get(found, "")


def _ids(entries: Iterable[Entry]) -> Iterator[UUID]:
    """All ids of the entries' actors and details."""
    for entry in entries:
        texts = (text for text in entry.details.values() if isinstance(text, str))
        given = (entry.person_id, entry.service_account_id, *map(_uuid, texts))
        yield from (found for found in given if found is not None)


def _uuid(text: str) -> UUID | None:
    """The id in a bare or public form."""
    try:
        return UUID(text.rpartition("_")[2])
    except ValueError:
        return None
