"""To whom something can be given: a person, a group or a service account of the tenant."""

from dataclasses import dataclass, replace
from typing import Literal, Protocol
from uuid import UUID

from access.actor import Actor
from access.endings import Ended
from access.errors import Invalid, NotFound
from access.ids import parse_public_id, public_id
from credentials.models import Grant
from credentials.shapes import SubjectOut
from tenants.models import Group, GroupMember, Membership, ServiceAccount, ServiceAccountState
from tenants.standing import hold_membership, hold_service_account

SubjectWord = Literal["person", "group", "service_account"]
PREFIXES: dict[SubjectWord, str] = {"person": "person", "group": "group", "service_account": "sa"}


class NamesOne(Protocol):
    """A shape with the three ways to name a subject."""

    @property
    def person_id(self) -> str | None: ...
    @property
    def group_id(self) -> str | None: ...
    @property
    def service_account_id(self) -> str | None: ...


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """A person, a group or a service account by its id."""

    kind: SubjectWord
    id: UUID

    @property
    def lookup(self) -> dict[str, UUID]:
        """The condition for rows that are this subject's."""
        return {f"{self.kind}_id": self.id}

    @property
    def public_id(self) -> str:
        """The id as it leaves the house."""
        return public_id(PREFIXES[self.kind], self.id)


def named(request: NamesOne) -> Subject | None:
    """The one subject that the shape names, or None; Invalid when it names more than one."""
    given: list[tuple[SubjectWord, str | None]] = [
        ("person", request.person_id),
        ("group", request.group_id),
        ("service_account", request.service_account_id),
    ]
    found = [Subject(kind, parse_public_id(PREFIXES[kind], one)) for kind, one in given if one]
    if len(found) > 1:
        raise Invalid(
            "At most one of personId, groupId or serviceAccountId may be given.", "personId"
        )
    return found[0] if found else None


def require_named(request: NamesOne) -> Subject:
    """The one subject that the shape names; Invalid when there is none."""
    subject = named(request)
    if subject is None:
        raise Invalid("One of personId, groupId or serviceAccountId must be given.", "personId")
    return subject


def living(actor: Actor) -> dict[Subject, str]:
    """Everybody whom something can be given to, with their names: people first, then groups."""
    members = Membership.objects.filter(
        tenant_id=actor.tenant_id, suspended_at=None, person__is_active=True
    )
    people = members.order_by("person__email").values_list("person_id", "person__email")
    groups = Group.objects.of(actor).order_by("name").values_list("pk", "name")
    accounts = ServiceAccount.objects.of(actor).exclude(state=ServiceAccountState.REMOVED)
    return {
        **{Subject("person", one): email for one, email in people},
        **{Subject("group", one): name for one, name in groups},
        **{
            Subject("service_account", one): name
            for one, name in accounts.order_by("name").values_list("pk", "name")
        },
    }


def require_living(actor: Actor, subject: Subject) -> SubjectOut:
    """The subject with its name; NotFound when the tenant has none such."""
    name = living(actor).get(subject)
    if name is None:
        raise NotFound(f"There is no such {WORDS[subject.kind]}.")
    return SubjectOut(kind=subject.kind, id=subject.public_id, name=name)


def hold(actor: Actor, subject: Subject) -> None:
    """Lock the subject, so that its leases are issued before or after what follows; NotFound when
    the tenant has none such.
    """
    if not _held(actor, subject):
        raise NotFound(f"There is no such {WORDS[subject.kind]}.")


WORDS: dict[SubjectWord, str] = {
    "person": "member",
    "group": "group",
    "service_account": "service account",
}


def _held(actor: Actor, subject: Subject) -> bool:
    if subject.kind == "person":
        return hold_membership(actor, subject.id) is not None
    if subject.kind == "group":
        group = Group.objects.of(actor).locked().filter(pk=subject.id).first()
        for person_id in _members(actor, subject.id) if group else []:
            hold_membership(actor, person_id)
        return group is not None
    account = hold_service_account(actor, subject.id)
    return account is not None and account.state != ServiceAccountState.REMOVED


def endings(actor: Actor, grant: Grant, reason: str, *, by_time: bool = False) -> list[Ended]:
    """What ends with a grant: whatever its subject, or each member of it, has leased by it."""
    subject = subject_of(grant)
    ended = Ended(
        reason=reason,
        credential_id=grant.credential_id,
        folder_path=grant.folder.path if grant.folder else None,
        by_time=by_time,
    )
    if subject.kind == "group":
        return [replace(ended, person_id=one) for one in _members(actor, subject.id)]
    if subject.kind == "person":
        return [replace(ended, person_id=subject.id)]
    return [replace(ended, service_account_id=subject.id)]


def subject_of(grant: Grant) -> Subject:
    """Whom a grant is given to."""
    if grant.person_id:
        return Subject("person", grant.person_id)
    if grant.group_id:
        return Subject("group", grant.group_id)
    assert grant.service_account_id
    return Subject("service_account", grant.service_account_id)


def subject_out(grant: Grant) -> SubjectOut:
    """The subject with its name; needs the row behind it at hand."""
    name = ""
    if grant.person:
        name = grant.person.email
    elif grant.group:
        name = grant.group.name
    elif grant.service_account:
        name = grant.service_account.name
    subject = subject_of(grant)
    return SubjectOut(kind=subject.kind, id=subject.public_id, name=name)


def _members(actor: Actor, group_id: UUID) -> list[UUID]:
    rows = GroupMember.objects.of(actor).filter(group_id=group_id).order_by("person_id")
    return list(rows.values_list("person_id", flat=True))
