"""Members and their roles. A tenant always keeps an owner."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Q

from access.actions import Action
from access.actor import Actor
from access.left_behind import find_left_behind
from access.levels import Role
from access.revocation import AccessRevoked, announce_revoked
from audit.events import Event, Outcome
from audit.models import Entry
from audit.recording import EntryDraft
from foundation.db.ids import parse_public_id, public_id
from foundation.db.paging import page
from foundation.errors import Conflict, Denied, Invalid, NotFound
from tenants.context import TenantContext, operation
from tenants.memberships import lock_membership
from tenants.models import (
    Agent,
    AgentState,
    GroupMember,
    Invitation,
    InvitationState,
    Membership,
    Person,
)
from tenants.shapes.fields import Listing, RoleWord
from tenants.shapes.members import (
    ChangeRole,
    GroupRefOut,
    LeftBehindItemOut,
    LeftBehindOut,
    MemberOut,
    MemberPageOut,
    RemoveMember,
)


@operation(Action.LIST_MEMBERS)
def list_members(context: TenantContext, request: Listing) -> MemberPageOut:
    """The tenant's members with their roles and groups, by e-mail."""
    actor = context.actor
    rows = Membership.objects.filter(tenant_id=actor.tenant_id).select_related("person")
    keys = {"person__email": str, "pk": UUID}
    members, next_cursor = page(rows, keys, limit=request.limit, cursor=request.cursor)
    groups = groups_of_members(actor, [member.person_id for member in members])
    return MemberPageOut(
        members=[member_out(member, groups[member.person_id]) for member in members],
        next_cursor=next_cursor,
    )


@operation(Action.ADD_MEMBER, Event.MEMBER_JOINED)
def add_member(context: TenantContext, person: Person, role: RoleWord) -> MemberOut:
    """Make an existing person a member; Conflict when they are one. Only owners make owners."""
    actor = context.actor
    context.entry.add_details(person=str(person.pk), role=role)
    require_owner_for(actor, role)
    return member_out(join(actor, person, role), [])


def join(actor: Actor, person: Person, role: str) -> Membership:
    """The new membership of a person in the actor's tenant; Conflict when there is one."""
    if lock_membership(actor, person.pk):
        raise _already_member()
    try:
        membership = Membership.objects.create(tenant_id=actor.tenant_id, person=person, role=role)
    except IntegrityError:  # somebody added them at the same moment
        raise _already_member() from None
    membership.refresh_from_db(fields=["joined_at"])
    return membership


def _already_member() -> Conflict:
    return Conflict("This person is a member already.")


@operation(Action.CHANGE_MEMBER, Event.MEMBER_ROLE_CHANGED)
def change_role(context: TenantContext, request: ChangeRole) -> MemberOut:
    """Give a member another role. The last owner stays owner; only owners make owners.

    To or from `auditor`, everything that the member held ends as on removal, and what lives by the
    membership, such as tokens, ends with the row: a new one takes its place.
    """
    actor, entry = context.actor, context.entry
    person_id = parse_public_id("person", request.person_id)
    entry.add_details(person=str(person_id), role=request.role)
    member = lock_member(actor, person_id)
    require_owner_for(actor, member.role, request.role)
    if member.role == Role.OWNER and request.role != Role.OWNER.value:
        require_another_owner(member)
    before, after = Role(member.role), Role(request.role)
    replaced = before is not after and Role.AUDITOR in {before, after}
    lowered = before.is_admin and not after.is_admin
    member.role = request.role
    withdraw_invitations(entry, member, after)
    if replaced:
        member = _replace_membership(actor, member)
    else:
        member.save(update_fields=["role"])
    if lowered or replaced:
        revoked = AccessRevoked(
            reason="role lowered" if lowered else "role changed",
            person_id=person_id,
            leaves=replaced,
            account_secrets=lowered and not request.keep_account_proofs,
        )
        announce_revoked(actor, revoked)
    return member_out(member, groups_of_members(actor, [person_id])[person_id])


def _replace_membership(actor: Actor, member: Membership) -> Membership:
    """A new row for the same person; their agents are removed and their groups are left."""
    _leave_groups_and_agents(actor, member.person_id)
    person, suspended_at, joined_at = member.person, member.suspended_at, member.joined_at
    member.delete()
    return Membership.objects.create(
        tenant_id=actor.tenant_id,
        person=person,
        role=member.role,
        joined_at=joined_at,
        suspended_at=suspended_at,
    )


def _leave_groups_and_agents(actor: Actor, person_id: UUID) -> None:
    Agent.objects.of(actor).filter(person_id=person_id).update(state=AgentState.REMOVED)
    GroupMember.objects.of(actor).filter(person_id=person_id).delete()


@operation(Action.REMOVE_MEMBER, Event.MEMBER_REMOVED)
def remove_member(context: TenantContext, request: RemoveMember) -> LeftBehindOut:
    """Remove a person from the tenant: membership, groups, agents, grants and leases end at once,
    and their pending invitations are withdrawn. The answer lists what they leave behind.

    What they owned passes to the heir, who must be a member; without one they are only struck off
    its owners.
    """
    actor, entry = context.actor, context.entry
    person_id = parse_public_id("person", request.person_id)
    entry.add_details(person=str(person_id))
    member = lock_member(actor, person_id)
    require_owner_for(actor, member.role)
    if member.role == Role.OWNER:
        require_another_owner(member)
    heir_id = _heir(actor, request, person_id)
    if heir_id is not None:
        entry.add_details(heir=str(heir_id))
    _leave_groups_and_agents(actor, person_id)
    revoked = AccessRevoked(
        reason="member removed",
        person_id=person_id,
        leaves=True,
        account_secrets=not request.keep_account_proofs,
        heir_id=heir_id,
    )
    announce_revoked(actor, revoked)
    withdraw_invitations(entry, member, None)
    member.delete()
    return _left_behind(actor, person_id)


@operation(Action.SHOW_LEFT_BEHIND)
def show_left_behind(context: TenantContext, person_id: str) -> LeftBehindOut:
    """What a person, who may have left already, set up or learned in the tenant."""
    actor, wanted = context.actor, parse_public_id("person", person_id)
    members = Membership.objects.filter(tenant_id=actor.tenant_id, person_id=wanted)
    removed = Entry.objects.of(actor).filter(
        event=Event.MEMBER_REMOVED, outcome=Outcome.OK, details__person=str(wanted)
    )
    if not members.exists() and not removed.exists():
        raise NotFound("There is no such member.")
    return _left_behind(actor, wanted)


def _left_behind(actor: Actor, person_id: UUID) -> LeftBehindOut:
    items = [
        LeftBehindItemOut(kind=item.kind, id=item.id, name=item.name, ends=item.ends)
        for item in find_left_behind(actor, person_id)
    ]
    return LeftBehindOut(person_id=public_id("person", person_id), left_behind=items)


def withdraw_invitations(entry: EntryDraft, member: Membership, role: Role | None) -> None:
    """Withdraw the invitations that a member may no longer send; otherwise an invitation to
    another address of theirs would be a way back. `role` is the role that they keep.
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
        raise Invalid("heirId: somebody other than the member who leaves.", "heirId")
    heir = lock_membership(actor, heir_id)
    if heir is None:
        raise NotFound("There is no such member.")
    if heir.role == Role.AUDITOR:
        raise Invalid("heirId: an auditor owns no credentials.", "heirId")
    return heir_id


def lock_member(actor: Actor, person_id: UUID) -> Membership:
    """The membership of a person, locked; NotFound when there is none."""
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
    ownership = Membership.objects.filter(
        tenant_id=actor.tenant_id, person_id=actor.person, role=Role.OWNER
    )
    if not ownership.exists():
        raise Denied("Only an owner can make, change or remove an owner.")


def require_another_owner(member: Membership) -> None:
    """Refuse to take the last owner away."""
    others = Membership.objects.filter(
        tenant_id=member.tenant_id, role=Role.OWNER, suspended_at=None, person__is_active=True
    ).exclude(pk=member.pk)
    if not others.exists():
        raise Conflict("A tenant keeps at least one owner; make somebody else an owner first.")


def groups_of_members(actor: Actor, people: Iterable[UUID]) -> dict[UUID, list[GroupRefOut]]:
    """The groups of each of these people."""
    rows = GroupMember.objects.of(actor).filter(person_id__in=list(people))
    groups: dict[UUID, list[GroupRefOut]] = defaultdict(list)
    for row in rows.select_related("group").order_by("group__name"):
        group = GroupRefOut(group_id=public_id("group", row.group_id), name=row.group.name)
        groups[row.person_id].append(group)
    return groups


def member_out(member: Membership, groups: list[GroupRefOut]) -> MemberOut:
    """The member as a shape."""
    return MemberOut.model_validate(
        {
            "person_id": public_id("person", member.person_id),
            "email": member.person.email,
            "name": member.person.name,
            "address_proven": member.person.address_proven,
            "role": member.role,
            "joined_at": member.joined_at,
            "suspended_at": member.suspended_at,
            "groups": groups,
        }
    )
