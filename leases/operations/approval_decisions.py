"""A person decides on a lease that waits for approval; who asked may take the request back."""

from access.actions import Action
from access.actor import Actor
from audit.events import Event
from audit.recording import audited
from credentials.permissions import read_permissions, require_level
from foundation.db.clock import database_now
from foundation.db.ids import parse_public_id
from foundation.errors import Conflict, Denied, Invalid, NotFound
from leases.approvals import notify_requester
from leases.lookups import is_holder, lease_by_id, leases_of
from leases.models import Lease, LeaseState
from leases.revocation import describe, end_lease
from leases.serializers import lease_state
from leases.shapes import DecideLease, LeaseStateOut
from tenants.memberships import ActiveMembership, active_membership


def decide_lease(actor: Actor, request: DecideLease) -> LeaseStateOut:
    """Approve or deny a waiting request; whoever asked may not, unless the tenant allows it.

    Needs `admin` on the credential. An approval is for the time that was asked for, or for less.
    After it the identical call gets the handle, and the TTL starts then.
    """
    event = Event.ACCESS_APPROVED if request.approve else Event.ACCESS_DENIED
    with audited(actor, Action.DECIDE_LEASE, event) as entry:
        stands = active_membership(actor)
        lease = lease_by_id(actor, request.request_id)
        describe(entry, lease)
        held = read_permissions(actor, stands).on(lease.credential)
        require_level(Action.DECIDE_LEASE, held, lease.credential.key)
        _require_open(actor, stands, lease)
        lease.decided_by_id = actor.person_id
        lease.decided_at = database_now()
        lease.decision_reason = request.reason
        lease.approved_ttl = _approved(lease, request)
        if not request.approve:
            lease.state = LeaseState.DENIED
        lease.save()
        notify_requester(actor, lease)
        entry.add_details(
            reason=request.reason, requester=str(lease.holder_id), approved_ttl=lease.approved_ttl
        )
        return lease_state(lease)


def withdraw_lease(actor: Actor, request_id: str) -> LeaseStateOut:
    """Take one's own request back before its handle was handed out, decided or not."""
    with audited(actor, Action.WITHDRAW_LEASE, Event.ACCESS_WITHDRAWN) as entry:
        active_membership(actor)
        own = Lease.objects.of(actor).locked().filter(leases_of(actor))
        rows = own.filter(pk=parse_public_id("lease", request_id), request_digest__isnull=False)
        lease = rows.select_related("credential", "version").first()
        if lease is None:
            raise NotFound("There is no such request.")
        describe(entry, lease)
        if lease.state == LeaseState.WITHDRAWN:
            entry.discard()
        elif lease.state == LeaseState.PENDING_APPROVAL:
            end_lease(entry, lease, None, "withdrawn by who asked")
        else:
            raise Conflict(f"This request is {lease.state}; only a waiting one can be withdrawn.")
        return lease_state(lease)


def _require_open(actor: Actor, stands: ActiveMembership, lease: Lease) -> None:
    if is_holder(actor, lease) and not stands.tenant.self_approval:
        raise Denied("Somebody else than the person who asked has to decide.")
    if lease.state != LeaseState.PENDING_APPROVAL or lease.decided_at:
        raise Conflict("This request was decided already.")


def _approved(lease: Lease, request: DecideLease) -> int | None:
    """The seconds that are approved; never more than were asked for."""
    ttl: int | None = request.ttl
    if not request.approve:
        if ttl is not None:
            raise Invalid("ttl: a refusal has none.", "ttl")
        return None
    if ttl is not None and ttl > lease.ttl:
        raise Invalid(f"ttl: at most the {lease.ttl} s that were asked for.", "ttl")
    return ttl or lease.ttl
