"""Suspending a member: their access ends at once, and can be given back."""

from access.actions import Action
from access.levels import Role
from access.revocation import AccessRevoked, announce_revoked
from audit.events import Event
from foundation.db.clock import database_now
from foundation.db.ids import parse_public_id
from foundation.errors import Conflict
from tenants.context import TenantContext, operation
from tenants.operations.members import (
    groups_of_members,
    lock_member,
    member_out,
    require_another_owner,
    require_owner_for,
    withdraw_invitations,
)
from tenants.shapes.members import MemberOut, SuspendMember


@operation(Action.SUSPEND_MEMBER, Event.MEMBER_SUSPENDED)
def suspend_member(context: TenantContext, request: SuspendMember) -> MemberOut:
    """Suspend a member: console, agents, tokens and leases end at once; their grants and groups
    are kept for when they are resumed.

    Nobody suspends themselves, and the last owner stays.
    """
    actor, entry = context.actor, context.entry
    person_id = parse_public_id("person", request.person_id)
    entry.add_details(person=str(person_id))
    member = lock_member(actor, person_id)
    require_owner_for(actor, member.role)
    if person_id == actor.person_id:
        raise Conflict("You cannot suspend yourself; another owner or admin can.")
    if member.role == Role.OWNER:
        require_another_owner(member)
    if member.suspended_at is not None:
        entry.discard()
    else:
        member.suspended_at = database_now()
        member.save(update_fields=["suspended_at"])
        withdraw_invitations(entry, member, None)
        revoked = AccessRevoked(
            reason="member suspended",
            person_id=person_id,
            account_secrets=not request.keep_account_proofs,
        )
        announce_revoked(actor, revoked)
    return member_out(member, groups_of_members(actor, [person_id])[person_id])


@operation(Action.RESUME_MEMBER, Event.MEMBER_RESUMED)
def resume_member(context: TenantContext, person_id: str) -> MemberOut:
    """End a member's suspension. Leases, secrets and invitations that ended stay ended."""
    actor, entry = context.actor, context.entry
    wanted = parse_public_id("person", person_id)
    entry.add_details(person=str(wanted))
    member = lock_member(actor, wanted)
    require_owner_for(actor, member.role)
    if member.suspended_at is None:
        entry.discard()
    else:
        member.suspended_at = None
        member.save(update_fields=["suspended_at"])
    return member_out(member, groups_of_members(actor, [wanted])[wanted])
