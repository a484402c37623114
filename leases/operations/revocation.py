"""Ending leases: released, revoked, or expired."""

from uuid import UUID

from access.actions import Action
from audit.events import Event
from audit.recording import EntryDraft, record
from credentials.context import CredentialContext, operation
from foundation.db.clock import database_now, is_past
from leases.handles import own_lease
from leases.models import Lease, LeaseState
from leases.policy import RELEASED, chosen_leases, lock_lease
from leases.revocation import STATE_WHEN_ENDED, describe, end_lease
from leases.serializers import lease_state
from leases.shapes import LeaseStateOut, ReleaseLease, RevokedOut, RevokeLeases


@operation(Action.RELEASE_LEASE, Event.LEASE_REVOKED)
def release_lease(context: CredentialContext, request: ReleaseLease) -> LeaseStateOut:
    """Give one's own lease back before its time. Idempotent (L4)."""
    context.require_membership()
    lease = own_lease(context.actor, request.lease_handle)
    describe(context.entry, lease)
    _revoke(context.entry, lease, RELEASED)
    return lease_state(lease)


@operation(Action.REVOKE_LEASE, Event.LEASE_REVOKED)
def revoke_lease(context: CredentialContext, lease_id: str) -> LeaseStateOut:
    """Revoke a lease: as its holder, or with `manager` on its credential. Idempotent (L4).

    After the answer every read with it fails, everywhere, at once (L2).
    """
    lease = lock_lease(context, lease_id)
    describe(context.entry, lease)
    if not lease.is_held_by(context.actor):
        context.require(lease.credential)
    _revoke(context.entry, lease, "revoked")
    return lease_state(lease)


@operation(Action.REVOKE_LEASES, Event.LEASE_REVOKED)
def revoke_leases(context: CredentialContext, request: RevokeLeases) -> RevokedOut:
    """Revoke many leases at once, in one transaction, with one entry each; answers how many.

    Everybody may end their own and those on what they manage.
    """
    rows = chosen_leases(context, request).filter(state__in=list(STATE_WHEN_ENDED))
    revoked = 0
    for lease in rows.locked().select_related("credential", "version").order_by("pk"):
        entry = EntryDraft(Event.LEASE_REVOKED)
        describe(entry, lease)
        end_lease(entry, lease, None, "revoked with others")
        record(context.actor, entry)
        revoked += entry.event is Event.LEASE_REVOKED
    context.entry.discard()
    return RevokedOut(revoked=revoked)


def _revoke(entry: EntryDraft, lease: Lease, reason: str) -> None:
    if lease.state in STATE_WHEN_ENDED:
        end_lease(entry, lease, None, reason)
    else:
        entry.discard()


@operation(Action.EXPIRE_DUE_LEASE, Event.LEASE_EXPIRED)
def expire_due_lease(context: CredentialContext, lease_id: UUID) -> bool:
    """Record that a lease has expired; reads were refused before. True if it was recorded."""
    lease = (
        Lease.objects.of(context.actor)
        .select_for_update(of=("self",), skip_locked=True)
        .filter(pk=lease_id, state=LeaseState.ACTIVE)
        .select_related("credential", "version")
        .first()
    )
    if lease is None or not is_past(lease.expires_at, database_now()):
        context.entry.discard()
        return False
    describe(context.entry, lease)
    end_lease(context.entry, lease, LeaseState.EXPIRED, "time over")
    return True
