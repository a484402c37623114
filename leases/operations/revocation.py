"""Ending leases: given back, revoked, or over."""

from uuid import UUID

from access.actions import Action
from access.actor import Actor
from audit.events import Event
from audit.recording import EntryDraft, audited, record
from credentials.permissions import read_permissions, require_level
from foundation.db.clock import database_now, is_past
from leases.lookups import is_holder, lease_by_id, own_lease
from leases.models import Lease
from leases.models import LeaseState as State
from leases.revocation import NO_LONGER, describe, end_lease
from leases.selection import selected_leases
from leases.serializers import lease_state
from leases.shapes import LeaseStateOut, ReleaseLease, RevokedOut, RevokeLeases
from tenants.memberships import active_membership


def release_lease(actor: Actor, request: ReleaseLease) -> LeaseStateOut:
    """Give one's own lease back before its time. Idempotent (L4)."""
    with audited(actor, Action.RELEASE_LEASE, Event.LEASE_REVOKED) as entry:
        active_membership(actor)
        lease = own_lease(actor, request.lease_handle)
        describe(entry, lease)
        _revoke(entry, lease, "released by its holder")
    return lease_state(lease)


def revoke_lease(actor: Actor, lease_id: str) -> LeaseStateOut:
    """Revoke somebody's lease; `manager` on its credential, or its own holder. Idempotent (L4).

    After the answer every read by it fails, everywhere, at once (L2).
    """
    with audited(actor, Action.REVOKE_LEASE, Event.LEASE_REVOKED) as entry:
        stands = active_membership(actor)
        lease = lease_by_id(actor, lease_id)
        describe(entry, lease)
        if not is_holder(actor, lease):
            held = read_permissions(actor, stands).on(lease.credential)
            require_level(Action.REVOKE_LEASE, held, lease.credential.key)
        _revoke(entry, lease, "revoked")
    return lease_state(lease)


def revoke_leases(actor: Actor, request: RevokeLeases) -> RevokedOut:
    """Revoke many leases at once, in one transaction, with one entry each; answers how many.

    Everybody may end their own; `manager` those on a credential; owners and admins any.
    """
    with audited(actor, Action.REVOKE_LEASES, Event.LEASE_REVOKED) as entry:
        rows = selected_leases(
            actor, active_membership(actor), Action.REVOKE_LEASES, request, entry
        )
        living = rows.filter(state__in=list(NO_LONGER)).locked().order_by("pk")
        revoked = 0
        for lease in living.select_related("credential", "version"):
            own = EntryDraft(Event.LEASE_REVOKED)
            describe(own, lease)
            end_lease(own, lease, None, "revoked with others")
            record(actor, own)
            revoked += own.event is Event.LEASE_REVOKED
        entry.discard()
    return RevokedOut(revoked=revoked)


def _revoke(entry: EntryDraft, lease: Lease, reason: str) -> None:
    if lease.state not in NO_LONGER:
        entry.discard()
        return
    end_lease(entry, lease, None, reason)


def expire_due_lease(actor: Actor, lease_id: UUID) -> bool:
    """Note that a lease's time is over; reading was refused since then anyway. True if noted."""
    noted = False
    with audited(actor, Action.EXPIRE_DUE_LEASE, Event.LEASE_EXPIRED) as entry:
        lease = (
            Lease.objects.of(actor)
            .select_for_update(of=("self",), skip_locked=True)
            .filter(pk=lease_id, state=State.ACTIVE)
            .select_related("credential", "version")
            .first()
        )
        noted = lease is not None and is_past(lease.expires_at, database_now())
        if lease is None or not noted:
            entry.discard()
        else:
            describe(entry, lease)
            end_lease(entry, lease, State.EXPIRED, "time over")
    return noted
