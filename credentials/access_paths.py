"""By which rules somebody reaches something: all of them, for many at once in a few queries.

`rights` decides for one actor; this explains for anybody. Both follow one rule, and a test
compares them.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Q

from access.actor import Actor
from access.levels import Level, Role
from credentials.grant_terms import terms_of
from credentials.grants import terms_out, with_names
from credentials.models import Credential, Folder, Grant
from credentials.permissions import Permissions, ancestors, in_force, path_of
from credentials.principals import Principal, principal_of
from credentials.shapes.access_reports import RouteOut, RuleWord
from foundation.db.ids import public_id
from tenants.models import GroupMember, Membership, Tenant

# What a grant is on: a credential's id or a folder's path.
Place = UUID | str


@dataclass(frozen=True, slots=True)
class AccessPath:
    """One rule that gives a level: a role, the baseline, a grant, a grant to a group."""

    rule: RuleWord
    level: Level
    role: Role | None = None
    grant: Grant | None = None

    def is_own(self, place: Place) -> bool:
        """Whether it is a grant to the subject itself and on that very place."""
        return self.rule == "grant" and self.grant is not None and place_of(self.grant) == place


@dataclass(frozen=True)
class AccessPaths:
    """What gives some subjects anything in the tenant at this moment."""

    baseline: Level
    roles: dict[UUID, Role]
    groups: dict[UUID, list[Principal]]
    grants: dict[Principal, dict[Place, Grant]]

    def to(self, subject: Principal, thing: Credential | Folder) -> list[AccessPath]:
        """Every rule by which the subject reaches the thing; the highest level first."""
        places: list[Place] = [*ancestors(path_of(thing))]
        if isinstance(thing, Credential):
            places = [thing.pk, *places]
        found = [
            AccessPath(
                "grant" if receiver == subject else "group", Level.of(grant.level), grant=grant
            )
            for receiver in self._receivers(subject)
            for place in places
            if (grant := self.grants.get(receiver, {}).get(place))
        ]
        return sorted([*self._standing(subject), *found], key=lambda one: -one.level)

    def rights(self, subject: Principal) -> Permissions:
        """What the subject holds, in the form that lists are made by."""
        folders: dict[str, Level] = {}
        credentials: dict[UUID, Level] = {}
        for receiver in self._receivers(subject):
            for place, grant in self.grants.get(receiver, {}).items():
                level = Level.of(grant.level)
                if isinstance(place, UUID):
                    credentials[place] = max(level, credentials.get(place, Level.NONE))
                else:
                    folders[place] = max(level, folders.get(place, Level.NONE))
        return Permissions(self._floor(subject), folders, credentials)

    def through(self, agent_id: UUID) -> "AccessPaths":
        """Without the grants that are limited to other agents."""
        return replace(
            self,
            grants={
                receiver: {
                    place: grant
                    for place, grant in given.items()
                    if grant.agents is None or agent_id in grant.agents
                }
                for receiver, given in self.grants.items()
            },
        )

    def _standing(self, subject: Principal) -> list[AccessPath]:
        """What membership alone gives."""
        role = self.roles.get(subject.id)
        if role is None or not self._floor(subject):
            return []
        return [
            AccessPath("role" if role.is_admin else "baseline", self._floor(subject), role=role)
        ]

    def _floor(self, subject: Principal) -> Level:
        role = self.roles.get(subject.id)
        if role is None:
            return Level.NONE
        return Level.ADMIN if role.is_admin else self.baseline

    def _receivers(self, subject: Principal) -> list[Principal]:
        return [subject, *self.groups.get(subject.id, [])]


def read_access_paths(
    actor: Actor, subjects: Collection[Principal], things: Q | None = None
) -> AccessPaths:
    """Read once what gives these subjects anything; `things` narrows the grants to look at."""
    people = {one.id for one in subjects if one.kind == "person"}
    members = Membership.objects.filter(tenant_id=actor.tenant_id, person_id__in=people)
    groups: dict[UUID, list[Principal]] = defaultdict(list)
    for one in GroupMember.objects.of(actor).filter(person_id__in=people):
        groups[one.person_id].append(Principal("group", one.group_id))
    receivers = {*subjects, *(group for its in groups.values() for group in its)}
    return AccessPaths(
        baseline=Level.of(Tenant.objects.get(pk=actor.tenant_id).baseline_level),
        roles={one.person_id: Role(one.role) for one in members},
        groups=groups,
        grants=_grants(actor, receivers, things or Q()),
    )


def _grants(
    actor: Actor, receivers: Collection[Principal], things: Q
) -> dict[Principal, dict[Place, Grant]]:
    given = Q(pk=None)
    for kind in {one.kind for one in receivers}:
        given |= Q(**{f"{kind}_id__in": [one.id for one in receivers if one.kind == kind]})
    found: dict[Principal, dict[Place, Grant]] = defaultdict(dict)
    for grant in with_names(Grant.objects.of(actor).filter(given, in_force(), things)):
        found[principal_of(grant)][place_of(grant)] = grant
    return found


def place_of(it: Credential | Folder | Grant) -> Place:
    """How a grant finds the thing that it is on."""
    if isinstance(it, Credential):
        return it.pk
    if isinstance(it, Folder):
        return it.path
    return it.credential_id or (it.folder.path if it.folder else "")


def access_path_out(route: AccessPath, place: Place) -> RouteOut:
    """The route as a shape, as seen from `place`."""
    told: dict[str, object] = {"rule": route.rule, "level": route.level.word, "role": route.role}
    grant = route.grant
    if grant is not None:
        inherited = place_of(grant) != place
        told |= {
            "group": grant.group.name if grant.group else None,
            "inherited_from": grant.folder.path if inherited and grant.folder else None,
            "grant_id": public_id("grant", grant.pk),
            **_limits(grant),
        }
    return RouteOut.model_validate(told)


def _limits(grant: Grant) -> dict[str, object]:
    terms = terms_out(terms_of(grant))
    return terms.model_dump(include={"expires_at", "agents"}) if terms else {}
