"""Members: who joins, who rules, who leaves; somebody always owns."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Q

from access.actions import Action
from access.actor import Actor
from access.levels import Role
from access.revocation import AccessRevoked, announce_revoked
from audit.events import Event
from audit.recording import EntryDraft, audited, read_only
from foundation.db.ids import parse_public_id, public_id
from foundation.db.paging import page
from foundation.errors import Conflict, Denied, Invalid, NotFound
from tenants.memberships import active_membership, lock_membership
from tenants.models import (
    Agent,
    AgentState,
    GroupMember,
    Invitation,
    InvitationState,
    Membership,
    Person,
)
from tenants.shapes.tenants import (
    ChangeRole,
    GroupRefOut,
    Listing,
    MemberOut,
    MemberPageOut,
    RemoveMember,
    RoleWord,
)


def list_members(actor: Actor, request: Listing) -> MemberPageOut:
    """The tenant's members with their roles and groups, by e-mail."""
    with read_only(actor, Action.LIST_MEMBERS):
        active_membership(actor).require(Action.LIST_MEMBERS)
        rows = Membership.objects.filter(tenant_id=actor.tenant_id).select_related("person")
        keys = {"person__email": str, "pk": UUID}
        found, more = page(rows, keys, limit=request.limit, cursor=request.cursor)
        groups = _groups(actor, [one.person_id for one in found])
        return MemberPageOut(
            members=[member_out(one, groups[one.person_id]) for one in found], next_cursor=more
        )


def add_member(actor: Actor, person: Person, role: RoleWord) -> MemberOut:
    """Make an existing person a member; Conflict when they are one, only owners make owners."""
    with audited(actor, Action.ADD_MEMBER, Event.MEMBER_JOINED) as entry:
        active_membership(actor).require(Action.ADD_MEMBER)
        entry.add_details(person=str(person.pk), role=role)
        require_owner_for(actor, role)
        return member_out(join(actor, person, role), [])


def join(actor: Actor, person: Person, role: str) -> Membership:
    """The new membership of a person in the actor's tenant; Conflict when there is one."""
    if lock_membership(actor, person.pk):
        raise _member_already()
    try:
        membership = Membership.objects.create(tenant_id=actor.tenant_id, person=person, role=role)
    except IntegrityError:  # somebody added them at the same moment
        raise _member_already() from None
    membership.refresh_from_db(fields=["joined_at"])
    return membership


def _member_already() -> Conflict:
    return Conflict("This person is a member already.")


def change_role(actor: Actor, request: ChangeRole) -> MemberOut:
    """Give a member another role; the last owner stays one, and only owners make owners."""
    person_id = parse_public_id("person", request.person_id)
    with audited(actor, Action.CHANGE_MEMBER, Event.MEMBER_ROLE_CHANGED) as entry:
        active_membership(actor).require(Action.CHANGE_MEMBER)
        entry.add_details(person=str(person_id), role=request.role)
        member = _member(actor, person_id)
        require_owner_for(actor, member.role, request.role)
        if member.role == Role.OWNER and request.role != Role.OWNER.value:
            _require_another_owner(member)
        lowered = Role(member.role).is_admin and not Role(request.role).is_admin
        member.role = request.role
        member.save(update_fields=["role"])
        _take_back_invitations(entry, member, Role(request.role))
        if lowered:
            announce_revoked(actor, AccessRevoked(reason="role lowered", person_id=person_id))
        return member_out(member, _groups(actor, [person_id])[person_id])


def remove_member(actor: Actor, request: RemoveMember) -> None:
    """Take a person out of the tenant: membership, groups, agents, grants and leases end at once,
    and what they invited waits no more.

    What they owned goes to the heir, who must be a member too; without one it has no such owner.
    """
    person_id = parse_public_id("person", request.person_id)
    with audited(actor, Action.REMOVE_MEMBER, Event.MEMBER_REMOVED) as entry:
        active_membership(actor).require(Action.REMOVE_MEMBER)
        entry.add_details(person=str(person_id))
        member = _member(actor, person_id)
        require_owner_for(actor, member.role)
        if member.role == Role.OWNER:
            _require_another_owner(member)
        heir_id = _heir(actor, request, person_id)
        if heir_id is not None:
            entry.add_details(heir=str(heir_id))
        Agent.objects.of(actor).filter(person_id=person_id).update(state=AgentState.REMOVED)
        GroupMember.objects.of(actor).filter(person_id=person_id).delete()
        ended = AccessRevoked(
            reason="member removed", person_id=person_id, leaves=True, heir_id=heir_id
        )
        announce_revoked(actor, ended)
        _take_back_invitations(entry, member, None)
        member.delete()


def _take_back_invitations(entry: EntryDraft, member: Membership, role: Role | None) -> None:
    """What somebody asked for stands no longer than they may ask for it, or an invitation to
    another address of theirs would be the way back. `role` is the one that they keep.
    """
    if role is Role.OWNER:
        return
    waiting = Invitation.objects.filter(
        tenant_id=member.tenant_id, invited_by_id=member.person_id, state=InvitationState.WAITING
    )
    if role is Role.ADMIN:
        waiting = waiting.filter(role=Role.OWNER)
    if count := waiting.update(state=InvitationState.WITHDRAWN):
        entry.add_details(invitations_withdrawn=count)


def _heir(actor: Actor, request: RemoveMember, leaver: UUID) -> UUID | None:
    if request.heir_id is None:
        return None
    heir_id = parse_public_id("person", request.heir_id)
    if heir_id == leaver:
        raise Invalid("heirId: somebody else than the member who leaves.", "heirId")
    if lock_membership(actor, heir_id) is None:
        raise NotFound("There is no such member.")
    return heir_id


def _member(actor: Actor, person_id: UUID) -> Membership:
    # All owner rows are locked in one order, so that two owners cannot remove each other at once.
    list(
        Membership.objects.select_for_update()
        .filter(Q(role=Role.OWNER) | Q(person_id=person_id), tenant_id=actor.tenant_id)
        .order_by("pk")
    )
    member = lock_membership(actor, person_id)
    if member is None:
        raise NotFound("There is no such member.")
    return member


def require_owner_for(actor: Actor, *roles: str) -> None:
    """Refuse an admin who would make, change or remove an owner."""
    if Role.OWNER not in roles or actor.is_system:
        return
    mine = Membership.objects.filter(
        tenant_id=actor.tenant_id, person_id=actor.person, role=Role.OWNER
    )
    if not mine.exists():
        raise Denied("Only an owner can make, change or remove an owner.")


def _require_another_owner(member: Membership) -> None:
    others = Membership.objects.filter(
        tenant_id=member.tenant_id, role=Role.OWNER, suspended_at=None, person__is_active=True
    ).exclude(pk=member.pk)
    if not others.exists():
        raise Conflict("A tenant keeps at least one owner; make somebody else an owner first.")


def _groups(actor: Actor, people: Iterable[UUID]) -> dict[UUID, list[GroupRefOut]]:
    rows = GroupMember.objects.of(actor).filter(person_id__in=list(people))
    groups: dict[UUID, list[GroupRefOut]] = defaultdict(list)
    for one in rows.select_related("group").order_by("group__name"):
        ref = GroupRefOut(group_id=public_id("group", one.group_id), name=one.group.name)
        groups[one.person_id].append(ref)
    return groups


def member_out(member: Membership, groups: list[GroupRefOut]) -> MemberOut:
    """The member as a shape."""
    return MemberOut.model_validate(
        {
            "person_id": public_id("person", member.person_id),
            "email": member.person.email,
            "name": member.person.name,
            "role": member.role,
            "joined_at": member.joined_at,
            "suspended_at": member.suspended_at,
            "groups": groups,
        }
    )
