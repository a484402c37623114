"""Issuing leases: by key, with a purpose, for a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from access.actions import Action
from access.actor import Actor
from audit.events import Event
from audit.recording import audited
from credentials.models import (
    Credential,
    Rotation,
    RotationState,
    State,
    Version,
    VersionState,
)
from credentials.permissions import find_credential, require_permission
from credentials.policies import longest_ttl, usual_ttl
from foundation.db.clock import database_now, is_past
from foundation.db.ids import public_id
from foundation.errors import ApprovalPending, Conflict
from leases.approvals import approval_address, notify_deciders, pending_request
from leases.handles import make_handle
from leases.models import Lease, LeaseState
from leases.policy import require_active, require_policy, require_quota
from leases.revocation import describe
from leases.shapes import LeaseCredential, LeaseOut
from tenants.memberships import active_membership
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Term:
    """How long a lease lasts, in seconds; `capped` when less than was asked for."""

    ttl: int
    longest: int
    capped: bool


def lease_credential(actor: Actor, request: LeaseCredential) -> LeaseOut:
    """Lend a credential by key for a time, for a declared purpose; answers a signed handle.

    The TTL is the request's, else the credential's, else the tenant's, and never over the maximum:
    then it is capped and `capped` says so. Raises CredentialNotFound, Denied, Conflict (not
    active, or no open window for `previous`), QuotaExceeded, and ApprovalPending when a person has
    to approve first: the identical call is the way to ask again.
    """
    waiting: Lease | None = None
    with audited(actor, Action.LEASE_CREDENTIAL, Event.LEASE_CREATED) as entry:
        entry.set_fields(purpose=request.purpose)
        stands = active_membership(actor, keep=True)
        _keep_credential(actor, request.key)
        credential = find_credential(actor, request.key, entry)
        require_permission(actor, stands, credential, Action.LEASE_CREDENTIAL)
        require_active(credential)
        require_policy(actor, credential)
        version, window_end = _version(credential, request)
        require_quota(actor, stands.tenant, credential)
        term = resolve_term(stands.tenant, credential, request)
        lease = _prepare(actor, credential, version, request, term)
        if credential.approval == "required":
            lease, is_new = pending_request(actor, lease)
            waiting = None if lease.decided_at else lease
        if waiting is None:
            lease, capped = _issue(lease, term, window_end)
            describe(entry, lease)
            entry.add_details(ttl=_seconds(lease), capped=capped, max_uses=lease.max_uses)
        else:
            entry.event = Event.ACCESS_REQUESTED
            describe(entry, waiting)
            if is_new:
                notify_deciders(actor, waiting)
            else:
                entry.discard()
    if waiting is not None:
        raise _pending(waiting)
    return _lease_out(lease, capped)


def resolve_term(tenant: Tenant, credential: Credential, request: LeaseCredential) -> Term:
    """Request → credential → tenant, capped to the credential's and the tenant's maximum."""
    longest = longest_ttl(tenant, credential)
    wanted: int = request.ttl or usual_ttl(tenant, credential)
    return Term(min(wanted, longest), longest, wanted > longest)


def _keep_credential(actor: Actor, key: str) -> None:
    """A shared lock: leasers take it side by side, whoever archives or rotates waits for them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM credential WHERE tenant_id = %s AND key = %s AND state <> %s FOR SHARE",
            [actor.tenant_id, key, State.DELETED],
        )


def _version(credential: Credential, request: LeaseCredential) -> tuple[Version, datetime | None]:
    if request.version == "current":
        return credential.versions.get(state=VersionState.CURRENT), None
    window = (
        Rotation.objects.filter(credential=credential, state=RotationState.OPEN)
        .select_related("previous")
        .first()
    )
    if window is None or is_past(window.closes_at, database_now()):
        raise Conflict("No rotation window is open, so there is no previous value to lease.")
    return window.previous, window.closes_at


def _prepare(
    actor: Actor, credential: Credential, version: Version, request: LeaseCredential, term: Term
) -> Lease:
    return Lease(
        tenant_id=actor.tenant_id,
        person_id=None if actor.service_account_id else actor.person,
        service_account_id=actor.service_account_id,
        client_id=actor.client_id,
        agent_id=actor.agent_id,
        credential=credential,
        version=version,
        purpose=request.purpose,
        ttl=term.ttl,
        max_uses=credential.max_uses,
        state=LeaseState.PENDING_APPROVAL,
    )


def _issue(lease: Lease, term: Term, window_end: datetime | None) -> tuple[Lease, bool]:
    """The clock starts now, when the handle is handed out.

    The end of a window caps what is on it, and so does what a person approved: renewing must not
    lead past either.
    """
    now = database_now()
    longest = term.longest if lease.approved_ttl is None else min(term.longest, lease.approved_ttl)
    latest = now + timedelta(seconds=longest)
    if window_end is not None:
        latest = min(latest, window_end)
    wanted = now + timedelta(seconds=lease.ttl)
    lease.state = LeaseState.ACTIVE
    lease.issued_at = now
    lease.expires_at = min(wanted, latest)
    lease.max_expires_at = latest
    lease.save()
    return lease, term.capped or wanted > latest


def _pending(lease: Lease) -> ApprovalPending:
    address = approval_address(lease)
    return ApprovalPending(
        "A person has to approve this lease first.",
        hint=f"Tell the person who runs you that an owner or admin of the tenant has to approve "
        f"it at {address}, then make the identical call again.",
        approvalId=public_id("lease", lease.pk),
        approvalUrl=address,
    )


def _seconds(lease: Lease) -> int:
    assert lease.issued_at is not None
    assert lease.expires_at is not None
    return round((lease.expires_at - lease.issued_at).total_seconds())


def _lease_out(lease: Lease, capped: bool) -> LeaseOut:
    assert lease.issued_at is not None
    assert lease.expires_at is not None
    return LeaseOut(
        lease_id=public_id("lease", lease.pk),
        lease_handle=make_handle(lease),
        key=lease.credential.key,
        version=lease.version.number,
        issued_at=lease.issued_at,
        expires_at=lease.expires_at,
        ttl_seconds=_seconds(lease),
        capped=capped,
        uses_left=lease.max_uses,
    )
