"""Issuing and renewing leases: by key, with a purpose, for a limited time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from access.actions import Action
from access.actor import Actor
from access.disclosure import Disclosure
from audit.events import Event
from credentials.context import CredentialContext, operation
from credentials.disclosed_values import refuse_disclosed
from credentials.disclosures import effective_disclosure
from credentials.models import Credential, Rotation, Version, VersionState
from credentials.permissions import credential_with_key, found_credential
from credentials.policies import longest_ttl, usual_ttl
from foundation.db.clock import database_now
from foundation.db.ids import public_id
from foundation.db.prepared import (
    Parameter,
    PreparedQuery,
    PreparedText,
    Statement,
    insert_instance,
)
from foundation.errors import Conflict
from leases.approvals import approval_pending, notify_deciders, pending_request
from leases.handles import make_handle, own_lease
from leases.models import Lease, LeaseState
from leases.policy import require_active, require_live, require_policy, require_use
from leases.quotas import require_quota
from leases.revocation import describe
from leases.serializers import lease_state
from leases.shapes import LeaseCredential, LeaseOut, LeaseStateOut, RenewLease
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Term:
    """How long a lease lasts, in seconds; `capped` when that is less than was asked for."""

    ttl: int
    longest: int
    capped: bool


# Shared locks: leases are issued side by side; archiving, rotating and removing wait for them.
SHARE_FOR_PERSON = PreparedText(
    "SELECT FROM membership, credential WHERE membership.tenant_id = %(tenant)s"
    " AND membership.person_id = %(subject)s AND credential.tenant_id = %(tenant)s"
    " AND credential.key = %(key)s AND credential.state <> 'deleted' FOR SHARE"
)
SHARE_FOR_ACCOUNT = PreparedText(
    "SELECT FROM service_account, credential WHERE service_account.tenant_id = %(tenant)s"
    " AND service_account.id = %(subject)s AND credential.tenant_id = %(tenant)s"
    " AND credential.key = %(key)s AND credential.state <> 'deleted' FOR SHARE"
)


def _with_version_and_lease() -> QuerySet[Credential]:
    """The credential with its current version, and whether the agent has a lease on it already."""
    version = Version.objects.filter(credential=OuterRef("pk"), state=VersionState.CURRENT)
    agents = Lease.objects.live().filter(
        tenant_id=Parameter("tenant"), credential=OuterRef("pk"), agent_id=Parameter("agent")
    )
    return credential_with_key().annotate(
        current_id=Subquery(version.values("pk")[:1]),
        current_number=Subquery(version.values("number")[:1]),
        agent_has_lease=Exists(agents),
    )


CREDENTIAL_TO_LEASE = PreparedQuery(_with_version_and_lease)


def _facts(actor: Actor, request: LeaseCredential) -> tuple[Statement[Any], ...]:
    """The membership and the credential are locked (shared) before anything is read."""
    share = SHARE_FOR_ACCOUNT if actor.service_account_id else SHARE_FOR_PERSON
    named = {"tenant": actor.tenant_id, "key": request.key}
    return (
        share(subject=actor.subject, **named),
        CREDENTIAL_TO_LEASE(agent=actor.agent_id, **named),
        *CredentialContext.opening(actor),
    )


@operation(Action.LEASE_CREDENTIAL, Event.LEASE_CREATED, facts=_facts, on_loop=True)
def lease_credential(context: CredentialContext, request: LeaseCredential) -> LeaseOut:
    """Lend a credential by key for a time and a declared purpose; answers a signed handle.

    The TTL is the request's, else the credential's, else the tenant's. It is capped to the
    maximum; then `capped` is true. Raises CredentialNotFound, Denied, Conflict (not active, or no
    open window for `previous`), QuotaExceeded, and ApprovalPending when a person has to approve
    first; then the identical call asks again.
    """
    refuse_disclosed(context.actor, purpose=request.purpose)
    context.entry.set_fields(purpose=request.purpose)
    _, credentials, *opening = context.entry.facts
    context.take_opening(opening)
    context.entry.at = context.read_at
    tenant = context.membership.tenant
    credential = found_credential(credentials, context.entry)
    context.require(credential)
    require_active(credential)
    require_policy(context.actor, credential)
    version, window_end = _version(credential, request)
    require_quota(context.actor, tenant, credential)
    term = resolve_term(tenant, credential, request)
    lease = _prepare(context.actor, credential, version, request, term)
    if credential.approval == "required":
        lease = _approved_request(context, lease)
    capped = _issue(context, lease, term, window_end)
    describe(context.entry, lease)
    context.entry.add_details(ttl=lease.times.seconds, capped=capped, max_uses=lease.max_uses)
    return _lease_out(lease, capped, effective_disclosure(tenant, credential))


def resolve_term(tenant: Tenant, credential: Credential, request: LeaseCredential) -> Term:
    """Request → credential → tenant, capped to the credential's and the tenant's maximum."""
    longest = longest_ttl(tenant, credential)
    wanted: int = request.ttl or usual_ttl(tenant, credential)
    return Term(min(wanted, longest), longest, wanted > longest)


def _version(credential: Credential, request: LeaseCredential) -> tuple[Version, datetime | None]:
    """The version to lease, and the end of its window if it is the previous one."""
    if request.version == "current":
        columns: Any = credential  # with those of CREDENTIAL_TO_LEASE
        current = Version(
            pk=columns.current_id, number=columns.current_number, credential=credential
        )
        return current, None
    windows = Rotation.objects.filter(credential=credential).open()
    window = windows.select_related("previous").first()
    if window is None:
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


def _approved_request(context: CredentialContext, lease: Lease) -> Lease:
    """The request for this lease once it is approved; until then ApprovalPending."""
    request, is_new = pending_request(context.actor, lease)
    if request.decided_at:
        return request
    context.entry.event = Event.ACCESS_REQUESTED
    describe(context.entry, request)
    if is_new:
        notify_deciders(context.actor, request)
    else:
        context.entry.discard()
    raise approval_pending(request)


def _issue(
    context: CredentialContext, lease: Lease, term: Term, window_end: datetime | None
) -> bool:
    """Save the lease as active from now on; True when it ends earlier than was asked for.

    Neither the end of a window nor the time that a person approved can be exceeded by renewing.
    """
    now = context.read_at
    longest = term.longest if lease.approved_ttl is None else min(term.longest, lease.approved_ttl)
    latest = now + timedelta(seconds=longest)
    if window_end is not None:
        latest = min(latest, window_end)
    wanted = now + timedelta(seconds=lease.ttl)
    lease.state = LeaseState.ACTIVE
    lease.issued_at = now
    lease.expires_at = min(wanted, latest)
    lease.max_expires_at = latest
    if lease.request_digest is None:
        context.entry.writes.append(insert_instance(lease))
    else:
        lease.save()  # the request that was approved
    return term.capped or wanted > latest


def _lease_out(lease: Lease, capped: bool, disclosure: Disclosure) -> LeaseOut:
    return LeaseOut(
        lease_id=public_id("lease", lease.pk),
        lease_handle=make_handle(lease),
        key=lease.credential.key,
        version=lease.version.number,
        issued_at=lease.times.issued_at,
        expires_at=lease.times.expires_at,
        ttl_seconds=lease.times.seconds,
        capped=capped,
        uses_left=lease.max_uses,
        disclosure=disclosure.value,
    )


@operation(Action.RENEW_LEASE, Event.LEASE_RENEWED)
def renew_lease(context: CredentialContext, request: RenewLease) -> LeaseStateOut:
    """Let a lease end `ttl` seconds from now, at most at its fixed maximum (L3).

    Only its holder may renew it, and renewing never shortens it. Raises what reading raises.
    """
    lease = own_lease(context.actor, request.lease_handle)
    tenant = context.membership.tenant
    now = database_now()
    version = Version.objects.select_related("credential__folder").get(pk=lease.version_id)
    lease.version, lease.credential = version, version.credential
    describe(context.entry, lease)
    require_live(lease, now)
    require_use(context, version)
    ttl: int = request.ttl or usual_ttl(tenant, lease.credential)
    wanted = min(now + timedelta(seconds=ttl), lease.times.max_expires_at)
    lease.expires_at = max(wanted, lease.times.expires_at)
    lease.renewed_at = now
    lease.save(update_fields=["expires_at", "renewed_at"])
    context.entry.add_details(ttl=ttl, expires_at=lease.expires_at.isoformat())
    return lease_state(lease)
