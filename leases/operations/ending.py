"""Ending leases: given back, revoked, or over."""

from uuid import UUID

from access.actions import Action
from access.actor import Actor
from access.tenancy import database_now
from audit.events import Event
from audit.recording import Draft, audited, record
from credentials.rights import is_over, require_level, rights
from leases.choosing import chosen
from leases.endings import NO_LONGER, describe, end
from leases.holding import is_holder, lease_by_id, own_lease
from leases.models import Lease
from leases.models import LeaseState as State
from leases.presenting import lease_state
from leases.shapes import LeaseState, ReleaseLease, RevokedOut, RevokeLeases
from tenants.standing import standing


def release_lease(actor: Actor, request: ReleaseLease) -> LeaseState:
    """Give one's own lease back before its time. Idempotent (L4)."""
    with audited(actor, Action.RELEASE_LEASE, Event.LEASE_REVOKED) as entry:
        standing(actor)
        lease = own_lease(actor, request.lease_handle)
        describe(entry, lease)
        _revoke(entry, lease, "released by its holder")
    return lease_state(lease)


def revoke_lease(actor: Actor, lease_id: str) -> LeaseState:
    """Revoke somebody's lease; `manager` on its credential, or its own holder. Idempotent (L4).

    After the answer every read by it fails, everywhere, at once (L2).
    """
    with audited(actor, Action.REVOKE_LEASE, Event.LEASE_REVOKED) as entry:
        stands = standing(actor)
        lease = lease_by_id(actor, lease_id)
        describe(entry, lease)
        if not is_holder(actor, lease):
            held = rights(actor, stands).on(lease.credential)
            require_level(Action.REVOKE_LEASE, held, lease.credential.key)
        _revoke(entry, lease, "revoked")
    return lease_state(lease)


def revoke_leases(actor: Actor, request: RevokeLeases) -> RevokedOut:
    """Revoke many leases at once, in one transaction, with one entry each; answers how many.

    Everybody may end their own; `manager` those on a credential; owners and admins any.
    """
    with audited(actor, Action.REVOKE_LEASES, Event.LEASE_REVOKED) as entry:
        rows = chosen(actor, standing(actor), Action.REVOKE_LEASES, request, entry)
        living = rows.filter(state__in=list(NO_LONGER)).locked().order_by("pk")
        revoked = 0
        for lease in living.select_related("credential", "version"):
            own = Draft(Event.LEASE_REVOKED)
            describe(own, lease)
            end(own, lease, None, "revoked with others")
            record(actor, own)
            revoked += own.event is Event.LEASE_REVOKED
        entry.drop()
    return RevokedOut(revoked=revoked)


def _revoke(entry: Draft, lease: Lease, reason: str) -> None:
    if lease.state not in NO_LONGER:
        entry.drop()
        return
    end(entry, lease, None, reason)


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
        noted = lease is not None and is_over(lease.expires_at, database_now())
        if lease is None or not noted:
            entry.drop()
        else:
            describe(entry, lease)
            end(entry, lease, State.EXPIRED, "time over")
    return noted
