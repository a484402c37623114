"""By which rules subjects reach credentials and folders: all of them, read in a few queries.

`permissions` decides for one actor in one query; this explains for anybody. A test compares them.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Q

from access.actor import Actor
from access.levels import Level, Role
from credentials.grant_terms import Terms
from credentials.grants import terms_out, with_names
from credentials.models import Credential, Folder, Grant
from credentials.permissions import Permissions, ancestors, in_force, path_of
from credentials.principals import Principal, principal_of
from credentials.shapes.access_reports import RouteOut, RuleWord
from foundation.db.ids import public_id
from tenants.memberships import base_level
from tenants.models import GroupMember, Membership, Tenant

# What a grant is on: a credential's id or a folder's path.
Place = UUID | str


@dataclass(frozen=True, slots=True)
class AccessPath:
    """One rule that gives a level: a role, the baseline, a grant, or a grant to a group."""

    rule: RuleWord
    level: Level
    role: Role | None = None
    grant: Grant | None = None

    def is_own(self, place: Place) -> bool:
        """Whether it is a grant to the subject itself and on that very place."""
        return self.rule == "grant" and self.grant is not None and place_of(self.grant) == place


@dataclass(frozen=True)
class AccessPaths:
    """Everything that gives some subjects access in the tenant at this moment."""

    baseline: Level
    roles: dict[UUID, Role]
    groups: dict[UUID, list[Principal]]
    grants: dict[Principal, dict[Place, Grant]]

    def to(self, subject: Principal, target: Credential | Folder) -> list[AccessPath]:
        """Every rule by which the subject reaches the target; the highest level first."""
        places: list[Place] = [*ancestors(path_of(target))]
        if isinstance(target, Credential):
            places = [target.pk, *places]
        found = [
            AccessPath(
                "grant" if receiver == subject else "group", Level.of(grant.level), grant=grant
            )
            for receiver in self._receivers(subject)
            for place in places
            if (grant := self.grants.get(receiver, {}).get(place))
        ]
        return sorted([*self._by_membership(subject), *found], key=lambda path: -path.level)

    def permissions(self, subject: Principal) -> Permissions:
        """What the subject may do."""
        grants = (
            grant
            for receiver in self._receivers(subject)
            for grant in self.grants.get(receiver, {}).values()
        )
        return Permissions.of_grants(self._base_level(subject), grants)

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

    def _by_membership(self, subject: Principal) -> list[AccessPath]:
        role, level = self.roles.get(subject.id), self._base_level(subject)
        if role is None or not level:
            return []
        return [AccessPath("role" if role.is_admin else "baseline", level, role=role)]

    def _base_level(self, subject: Principal) -> Level:
        role = self.roles.get(subject.id)
        if role is None:
            return Level.NONE
        return base_level(role, self.baseline)

    def _receivers(self, subject: Principal) -> list[Principal]:
        return [subject, *self.groups.get(subject.id, [])]


def read_access_paths(
    actor: Actor, subjects: Collection[Principal], condition: Q | None = None
) -> AccessPaths:
    """Read what gives these subjects access; `condition` narrows the grants to look at."""
    people = {subject.id for subject in subjects if subject.kind == "person"}
    members = Membership.objects.filter(tenant_id=actor.tenant_id, person_id__in=people)
    groups: dict[UUID, list[Principal]] = defaultdict(list)
    for member in GroupMember.objects.of(actor).filter(person_id__in=people):
        groups[member.person_id].append(Principal("group", member.group_id))
    receivers = {*subjects, *(group for joined in groups.values() for group in joined)}
    return AccessPaths(
        baseline=Level.of(Tenant.objects.get(pk=actor.tenant_id).baseline_level),
        roles={member.person_id: Role(member.role) for member in members},
        groups=groups,
        grants=_grants(actor, receivers, condition or Q()),
    )


def _grants(
    actor: Actor, receivers: Collection[Principal], condition: Q
) -> dict[Principal, dict[Place, Grant]]:
    given = Q(pk=None)
    for kind in {receiver.kind for receiver in receivers}:
        ids = [receiver.id for receiver in receivers if receiver.kind == kind]
        given |= Q(**{f"{kind}_id__in": ids})
    found: dict[Principal, dict[Place, Grant]] = defaultdict(dict)
    for grant in with_names(Grant.objects.of(actor).filter(given, in_force(), condition)):
        found[principal_of(grant)][place_of(grant)] = grant
    return found


def place_of(row: Credential | Folder | Grant) -> Place:
    """A credential's id or a folder's path: the row's own, or of what a grant is on."""
    if isinstance(row, Credential):
        return row.pk
    if isinstance(row, Folder):
        return row.path
    return row.credential_id or (row.folder.path if row.folder else "")


def access_path_out(path: AccessPath, place: Place) -> RouteOut:
    """The path as a shape, as seen from `place`."""
    members: dict[str, object] = {"rule": path.rule, "level": path.level.word, "role": path.role}
    grant = path.grant
    if grant is not None:
        inherited = place_of(grant) != place
        terms = terms_out(Terms.of(grant))
        members |= {
            "group": grant.group.name if grant.group else None,
            "inherited_from": grant.folder.path if inherited and grant.folder else None,
            "grant_id": public_id("grant", grant.pk),
            **(terms.model_dump(include={"expires_at", "agents"}) if terms else {}),
        }
    return RouteOut.model_validate(members)
