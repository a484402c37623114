"""Requests for leases: listed, shown, decided by a person, and withdrawn by the requester."""

from access.actions import Action
from audit.events import Event
from credentials.context import CredentialContext, operation
from credentials.policies import longest_ttl, usual_ttl
from foundation.db.clock import database_now
from foundation.db.ids import parse_public_id
from foundation.errors import Conflict, Invalid, NotFound
from leases.approvals import (
    earlier_requests,
    notify_requester,
    request_rows,
    requests_for_leases,
)
from leases.models import Lease, LeaseState
from leases.policy import lock_lease
from leases.revocation import describe, end_lease
from leases.serializers import approvals_out, lease_state
from leases.shapes import (
    ApprovalDetailOut,
    ApprovalPageOut,
    DecideLease,
    LeaseStateOut,
    ListApprovals,
)
from tenants.decisions import list_requests, require_not_own


@operation(Action.LIST_APPROVALS)
def list_approvals(context: CredentialContext, request: ListApprovals) -> ApprovalPageOut:
    """Requests for leases that one made oneself or could decide on, newest first."""
    shown, waiting_for_me, cursor = list_requests(
        context, Action.DECIDE_LEASE, requests_for_leases(context), request
    )
    return ApprovalPageOut(
        approvals=approvals_out(context, shown), waiting_for_me=waiting_for_me, next_cursor=cursor
    )


@operation(Action.SHOW_APPROVAL)
def show_approval(context: CredentialContext, request_id: str) -> ApprovalDetailOut:
    """One request with the limits that apply to it and earlier requests of the same kind.

    Visible to its requester and to anyone with `admin` on the credential.
    """
    tenant = context.membership.tenant
    rows = request_rows(context.actor)
    lease = rows.filter(pk=parse_public_id("lease", request_id)).first()
    if lease is None:
        raise NotFound("There is no such request.")
    context.entry.set_fields(lease_id=lease.pk, credential_id=lease.credential_id)
    if not lease.is_held_by(context.actor):
        context.require(lease.credential)
    (shown,) = approvals_out(context, [lease])
    return ApprovalDetailOut(
        **shown.model_dump(),
        usual_ttl_seconds=usual_ttl(tenant, lease.credential),
        maximum_ttl_seconds=longest_ttl(tenant, lease.credential),
        tenant_usual_ttl_seconds=tenant.default_ttl,
        tenant_maximum_ttl_seconds=tenant.max_ttl,
        max_uses=lease.max_uses,
        history=approvals_out(context, earlier_requests(context.actor, lease)),
    )


def _decision_event(request: DecideLease) -> Event:
    return Event.ACCESS_APPROVED if request.approve else Event.ACCESS_DENIED


@operation(Action.DECIDE_LEASE, _decision_event)
def decide_lease(context: CredentialContext, request: DecideLease) -> LeaseStateOut:
    """Approve or deny a waiting request; not one's own, unless the tenant allows it.

    Needs `admin` on the credential. An approval is for the requested time or less. After it the
    identical call gets the handle, and the TTL starts then.
    """
    lease = lock_lease(context, request.request_id)
    describe(context.entry, lease)
    context.require(lease.credential)
    require_not_own(context.membership.tenant, own=lease.is_held_by(context.actor))
    if lease.state != LeaseState.PENDING_APPROVAL or lease.decided_at:
        raise Conflict("This request was decided already.")
    lease.decided_by_id = context.actor.person_id
    lease.decided_at = database_now()
    lease.decision_reason = request.reason
    lease.approved_ttl = _approved_ttl(lease, request)
    if not request.approve:
        lease.state = LeaseState.DENIED
    lease.save()
    notify_requester(context.actor, lease)
    context.entry.add_details(
        reason=request.reason, requester=str(lease.holder_id), approved_ttl=lease.approved_ttl
    )
    return lease_state(lease)


def _approved_ttl(lease: Lease, request: DecideLease) -> int | None:
    """The approved seconds, never more than were requested."""
    ttl: int | None = request.ttl
    if not request.approve:
        if ttl is not None:
            raise Invalid("ttl: a refusal has none.", "ttl")
        return None
    if ttl is not None and ttl > lease.ttl:
        raise Invalid(f"ttl: at most the {lease.ttl} s that were asked for.", "ttl")
    return ttl or lease.ttl


@operation(Action.WITHDRAW_LEASE, Event.ACCESS_WITHDRAWN)
def withdraw_lease(context: CredentialContext, request_id: str) -> LeaseStateOut:
    """Withdraw one's own request before its handle was issued, decided or not."""
    context.require_membership()
    own = Lease.objects.of(context.actor).of_holder(context.actor).locked()
    rows = own.filter(pk=parse_public_id("lease", request_id), request_digest__isnull=False)
    lease = rows.select_related("credential", "version").first()
    if lease is None:
        raise NotFound("There is no such request.")
    describe(context.entry, lease)
    if lease.state == LeaseState.WITHDRAWN:
        context.entry.discard()
    elif lease.state == LeaseState.PENDING_APPROVAL:
        end_lease(context.entry, lease, None, "withdrawn by who asked")
    else:
        raise Conflict(f"This request is {lease.state}; only a waiting one can be withdrawn.")
    return lease_state(lease)
