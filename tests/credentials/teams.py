"""A tenant with somebody of every kind, and grants put there as rows: what is asked is how they
are read, so any mixture may stand there, expired ones too.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from access.actor import Actor
from access.levels import Role
from access.scopes import Scope
from access.tenancy import tenant_transaction
from credentials.models import Credential, Folder, Grant
from credentials.principals import Principal
from foundation.db.clock import database_now
from foundation.db.ids import parse_public_id
from tenants.models import Group, GroupMember
from tests.machines import new_account
from tests.people import Somebody, join, new_agent, new_person, store

# What credentials lie in; a group of names that begin alike.
FOLDERS = ["", "a", "a/b", "a0"]


@dataclass(frozen=True)
class Given:
    """A grant to be: to the receiver and on the place with these numbers."""

    receiver: int
    place: int
    level: str
    agents: str = "any"
    over: bool = False


@dataclass(frozen=True)
class Team:
    """`actors` are everybody who can act, `receivers` everybody whom something can be given to."""

    owner: Somebody
    actors: dict[Principal, list[Actor]]
    receivers: list[Principal]

    @property
    def tenant_id(self) -> UUID:
        """The tenant."""
        return self.owner.console.tenant_id

    def places(self) -> list[Credential | Folder]:
        """Every folder and credential, in one order."""
        tenant = self.owner.console
        folders = Folder.objects.of(tenant).order_by("path")
        keys = Credential.objects.of(tenant).select_related("folder").order_by("key")
        return [*folders, *keys]

    def put(self, grants: Iterable[Given]) -> None:
        """The grants as rows; the first for a receiver on a place counts."""
        places = self.places()
        seen: set[tuple[int, int]] = set()
        for one in grants:
            where = (one.receiver % len(self.receivers), one.place % len(places))
            if where not in seen:
                seen.add(where)
                self._row(self.receivers[where[0]], places[where[1]], one).save()

    def _row(self, receiver: Principal, place: Credential | Folder, given: Given) -> Grant:
        actors = self.actors.get(receiver) or [one for its in self.actors.values() for one in its]
        agents = {
            "any": None,
            "none": [],
            "first": [one.agent_id for one in actors if one.agent_id][:1],
        }[given.agents]
        return Grant(
            tenant_id=self.tenant_id,
            credential=place if isinstance(place, Credential) else None,
            folder=place if isinstance(place, Folder) else None,
            level=given.level,
            agents=agents,
            expires_at=database_now() + timedelta(seconds=-1 if given.over else 3600),
            **receiver.lookup,
        )


def assemble(owner: Somebody) -> Team:
    """An owner, an admin, two members with two agents each, two groups, a service account."""
    people = [owner, join(owner, new_person("ada"), Role.ADMIN)]
    people += [join(owner, new_person(name)) for name in ("mia", "nora")]
    for number, path in enumerate(FOLDERS):
        store(owner, f"key-{number}", folderPath=path)
    actors = {
        Principal("person", one.person.pk): [
            one.console,
            one.agent,
            new_agent(one.console, "Another"),
        ]
        for one in people
    }
    account = parse_public_id("sa", new_account(owner))
    actors[Principal("service_account", account)] = [_account_actor(owner, account)]
    groups = _groups(owner, people[2:])
    return Team(owner, actors, [*actors, *groups])


def _account_actor(owner: Somebody, account: UUID) -> Actor:
    return replace(
        owner.agent,
        person_id=None,
        agent_id=None,
        role=None,
        service_account_id=account,
        scopes=frozenset({str(Scope.READ)}),
    )


def _groups(owner: Somebody, people: list[Somebody]) -> list[Principal]:
    """One with the first of the people, one with all of them."""
    tenant_id = owner.console.tenant_id
    made = []
    with tenant_transaction(tenant_id):
        for name, members in (("Few", people[:1]), ("Many", people)):
            group = Group.objects.create(tenant_id=tenant_id, name=name)
            for one in members:
                GroupMember.objects.create(tenant_id=tenant_id, group=group, person=one.person)
            made.append(Principal("group", group.pk))
    return made
