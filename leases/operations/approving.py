"""A person decides on a lease that waits for approval."""

from access.actions import Action
from access.actor import Actor
from access.errors import Conflict, Denied, Invalid
from access.tenancy import database_now
from access.text import require_visible
from audit.events import Event
from audit.recording import audited
from credentials.rights import require_level, rights
from leases.endings import describe
from leases.holding import is_holder, lease_by_id
from leases.models import Lease, LeaseState
from leases.presenting import lease_state
from leases.shapes import LeaseState as LeaseStateOut
from tenants.standing import Standing, standing


def decide_lease(
    actor: Actor, request_id: str, *, approve: bool, reason: str = ""
) -> LeaseStateOut:
    """Approve or deny a waiting request; whoever asked may not, unless the tenant allows it.

    Needs `admin` on the credential. After an approval the identical call gets the handle, and the
    TTL starts then.
    """
    if len(require_visible(reason, "reason")) > 500:
        raise Invalid("reason: at most 500 characters.", "reason")
    event = Event.ACCESS_APPROVED if approve else Event.ACCESS_DENIED
    with audited(actor, Action.DECIDE_LEASE, event) as entry:
        stands = standing(actor)
        lease = lease_by_id(actor, request_id)
        describe(entry, lease)
        held = rights(actor, stands).on(lease.credential)
        require_level(Action.DECIDE_LEASE, held, lease.credential.key)
        _require_open(actor, stands, lease)
        lease.decided_by_id = actor.person_id
        lease.decided_at = database_now()
        lease.decision_reason = reason
        if not approve:
            lease.state = LeaseState.DENIED
        lease.save()
        entry.detail(reason=reason, requester=str(lease.holder_id))
        return lease_state(lease)


def _require_open(actor: Actor, stands: Standing, lease: Lease) -> None:
    if is_holder(actor, lease) and not stands.tenant.self_approval:
        raise Denied("Somebody else than the person who asked has to decide.")
    if lease.state != LeaseState.PENDING_APPROVAL or lease.decided_at:
        raise Conflict("This request was decided already.")
