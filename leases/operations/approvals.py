"""Requests that wait for a person, as those see them who asked and those who decide."""

from uuid import UUID

from django.db.models import Q

from access.actions import RULES, Action
from access.actor import Actor
from access.levels import Level
from access.tenancy import TenantQuerySet
from audit.recording import read_only
from credentials.permissions import Permissions, read_permissions, require_level
from credentials.policies import longest_ttl, usual_ttl
from foundation.db.ids import parse_public_id
from foundation.db.paging import page
from foundation.errors import NotFound
from leases.approval_serializers import approvals_out
from leases.lookups import is_holder, leases_of
from leases.models import Lease, LeaseState
from leases.serializers import with_names
from leases.shapes import ApprovalDetailOut, ApprovalPageOut, ListApprovals
from tenants.memberships import active_membership

HISTORY = 10
WAITING = Q(state=LeaseState.PENDING_APPROVAL, decided_at=None)


def list_approvals(actor: Actor, request: ListApprovals) -> ApprovalPageOut:
    """Requests for leases that one made oneself or could decide on, newest first."""
    with read_only(actor, Action.LIST_APPROVALS):
        stands = active_membership(actor)
        held = read_permissions(actor, stands)
        rows = _requests(actor).filter(leases_of(actor) | _decidable(held))
        waiting = rows.filter(WAITING, _decidable(held))
        if not stands.tenant.self_approval:
            waiting = waiting.exclude(leases_of(actor))
        if request.state != "any":
            rows = rows.filter(WAITING if request.state == "waiting" else ~WAITING)
        shown, cursor = page(
            with_names(rows),
            {"pk": UUID},
            limit=request.limit,
            cursor=request.cursor,
            newest_first=True,
        )
        return ApprovalPageOut(
            approvals=approvals_out(actor, stands, held, shown),
            waiting_for_me=waiting.count() if _may_decide_here(actor) else 0,
            next_cursor=cursor,
        )


def show_approval(actor: Actor, request_id: str) -> ApprovalDetailOut:
    """One request with the limits it is held against and like requests before it.

    Who asked sees it, and who holds `admin` on the credential.
    """
    with read_only(actor, Action.SHOW_APPROVAL) as entry:
        stands = active_membership(actor)
        rows = with_names(_requests(actor)).filter(pk=parse_public_id("lease", request_id))
        lease = rows.first()
        if lease is None:
            raise NotFound("There is no such request.")
        entry.set_fields(lease_id=lease.pk, credential_id=lease.credential_id)
        held = read_permissions(actor, stands)
        if not is_holder(actor, lease):
            require_level(Action.SHOW_APPROVAL, held.on(lease.credential), lease.credential.key)
        (shown,) = approvals_out(actor, stands, held, [lease])
        return ApprovalDetailOut(
            **shown.model_dump(),
            usual_ttl_seconds=usual_ttl(stands.tenant, lease.credential),
            maximum_ttl_seconds=longest_ttl(stands.tenant, lease.credential),
            tenant_usual_ttl_seconds=stands.tenant.default_ttl,
            tenant_maximum_ttl_seconds=stands.tenant.max_ttl,
            max_uses=lease.max_uses,
            history=approvals_out(actor, stands, held, _like(actor, lease)),
        )


def _requests(actor: Actor) -> TenantQuerySet[Lease]:
    """Leases that a person was asked for; a narrowed token sees those on its credentials only."""
    rows = Lease.objects.of(actor).filter(request_digest__isnull=False)
    return (
        rows
        if actor.allowed_credentials is None
        else rows.filter(credential_id__in=actor.allowed_credentials)
    )


def _decidable(held: Permissions) -> Q:
    return held.at_least(RULES[Action.DECIDE_LEASE].level or Level.ADMIN, "credential__")


def _may_decide_here(actor: Actor) -> bool:
    return actor.channel in RULES[Action.DECIDE_LEASE].channels


def _like(actor: Actor, lease: Lease) -> list[Lease]:
    """The newest requests of the same holder for the same credential before this one."""
    holder = (
        Q(service_account_id=lease.service_account_id)
        if lease.person_id is None
        else Q(person_id=lease.person_id)
    )
    rows = _requests(actor).filter(holder, credential_id=lease.credential_id, pk__lt=lease.pk)
    return list(with_names(rows).order_by("-pk")[:HISTORY])
