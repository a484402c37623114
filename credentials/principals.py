"""Who can be granted access: a person, a group or a service account of the tenant."""

from dataclasses import dataclass, replace
from typing import Literal, Protocol
from uuid import UUID

from access.actor import Actor
from access.levels import Role
from access.revocation import AccessRevoked
from credentials.models import Grant
from credentials.shapes.grants import SubjectOut
from foundation.db.ids import parse_public_id, public_id
from foundation.errors import Conflict, Invalid, NotFound
from tenants.memberships import NO_GRANTS, lock_membership, lock_service_account
from tenants.models import Group, GroupMember, Membership, ServiceAccount, ServiceAccountState

SubjectWord = Literal["person", "group", "service_account"]
PREFIXES: dict[SubjectWord, str] = {"person": "person", "group": "group", "service_account": "sa"}
NAMES: dict[SubjectWord, str] = {
    "person": "member",
    "group": "group",
    "service_account": "service account",
}


class NamesPrincipal(Protocol):
    """A shape with the three ways to name a subject."""

    @property
    def person_id(self) -> str | None: ...
    @property
    def group_id(self) -> str | None: ...
    @property
    def service_account_id(self) -> str | None: ...


@dataclass(frozen=True, slots=True, order=True)
class Principal:
    """A person, a group or a service account by its id."""

    kind: SubjectWord
    id: UUID

    @property
    def lookup(self) -> dict[str, UUID]:
        """The condition for the rows of this subject."""
        return {f"{self.kind}_id": self.id}

    @property
    def public_id(self) -> str:
        """The id as answers show it."""
        return public_id(PREFIXES[self.kind], self.id)

    def is_actor(self, actor: Actor) -> bool:
        """Whether the actor is this person or service account."""
        return self.id in {actor.person_id, actor.service_account_id}


def named_principal(request: NamesPrincipal) -> Principal | None:
    """The one subject that the shape names, or None; Invalid when it names more than one."""
    given: list[tuple[SubjectWord, str | None]] = [
        ("person", request.person_id),
        ("group", request.group_id),
        ("service_account", request.service_account_id),
    ]
    found = [Principal(kind, parse_public_id(PREFIXES[kind], text)) for kind, text in given if text]
    if len(found) > 1:
        raise Invalid(
            "At most one of personId, groupId or serviceAccountId may be given.", "personId"
        )
    return found[0] if found else None


def require_one_principal(request: NamesPrincipal) -> Principal:
    """The one subject that the shape names; Invalid when there is none."""
    subject = named_principal(request)
    if subject is None:
        raise Invalid("One of personId, groupId or serviceAccountId must be given.", "personId")
    return subject


def active_principals(actor: Actor) -> dict[Principal, str]:
    """Everybody who can be granted access, with their names: people, groups, service accounts."""
    members = Membership.objects.filter(
        tenant_id=actor.tenant_id, suspended_at=None, person__is_active=True
    ).exclude(role=Role.AUDITOR)
    people = members.order_by("person__email").values_list("person_id", "person__email")
    groups = Group.objects.of(actor).order_by("name").values_list("pk", "name")
    accounts = ServiceAccount.objects.of(actor).exclude(state=ServiceAccountState.REMOVED)
    return {
        **{Principal("person", pk): email for pk, email in people},
        **{Principal("group", pk): name for pk, name in groups},
        **{
            Principal("service_account", pk): name
            for pk, name in accounts.order_by("name").values_list("pk", "name")
        },
    }


def require_active_principal(actor: Actor, subject: Principal) -> SubjectOut:
    """The subject with its name; NotFound when the tenant has no such subject."""
    name = active_principals(actor).get(subject)
    if name is None:
        raise NotFound(f"There is no such {NAMES[subject.kind]}.")
    return SubjectOut(kind=subject.kind, id=subject.public_id, name=name)


def lock_principal(actor: Actor, subject: Principal) -> None:
    """Lock the subject, so that its leases are issued either before or after what follows.

    NotFound when the tenant has no such subject.
    """
    if not _lock(actor, subject):
        raise NotFound(f"There is no such {NAMES[subject.kind]}.")


def _lock(actor: Actor, subject: Principal) -> bool:
    if subject.kind == "person":
        member = lock_membership(actor, subject.id)
        if member is not None and member.role == Role.AUDITOR:
            raise Conflict(NO_GRANTS)
        return member is not None
    if subject.kind == "group":
        group = Group.objects.of(actor).locked().filter(pk=subject.id).first()
        for person_id in _members(actor, subject.id) if group else []:
            lock_membership(actor, person_id)
        return group is not None
    account = lock_service_account(actor, subject.id)
    return account is not None and account.state != ServiceAccountState.REMOVED


def revocations_of(
    actor: Actor, grant: Grant, reason: str, *, by_time: bool = False
) -> list[AccessRevoked]:
    """What ends with a grant: the leases that its subject, or each of its members, has by it."""
    subject = principal_of(grant)
    ended = AccessRevoked(
        reason=reason,
        credential_id=grant.credential_id,
        folder_path=grant.folder.path if grant.folder else None,
        by_time=by_time,
    )
    if subject.kind == "group":
        return [replace(ended, person_id=member) for member in _members(actor, subject.id)]
    if subject.kind == "person":
        return [replace(ended, person_id=subject.id)]
    return [replace(ended, service_account_id=subject.id)]


def principal_of(grant: Grant) -> Principal:
    """The subject that a grant is given to."""
    if grant.person_id:
        return Principal("person", grant.person_id)
    if grant.group_id:
        return Principal("group", grant.group_id)
    assert grant.service_account_id
    return Principal("service_account", grant.service_account_id)


def principal_out(grant: Grant) -> SubjectOut:
    """The subject of a grant with its name; needs the subject's row."""
    name = ""
    if grant.person:
        name = grant.person.email
    elif grant.group:
        name = grant.group.name
    elif grant.service_account:
        name = grant.service_account.name
    subject = principal_of(grant)
    return SubjectOut(kind=subject.kind, id=subject.public_id, name=name)


def _members(actor: Actor, group_id: UUID) -> list[UUID]:
    rows = GroupMember.objects.of(actor).filter(group_id=group_id).order_by("person_id")
    return list(rows.values_list("person_id", flat=True))
