"""Leases that wait for a person's approval; the identical call finds its request by a digest."""

import hmac
import json
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.db.models import Q

from access.actions import Action
from access.actor import Actor
from credentials.context import CredentialContext
from foundation.db.clock import database_now
from foundation.db.ids import public_id
from foundation.errors import ApprovalPending, Denied, QuotaExceeded
from leases.models import Lease, LeaseQuerySet, LeaseState, held_by
from tenants import decisions
from tenants.decisions import HISTORY, Requests, deciding_level, decision_url

REFUSAL_LASTS = timedelta(minutes=15)
MOST_WAITING = 20
APPROVAL_LASTS = timedelta(hours=1)
WAITING = Q(state=LeaseState.PENDING_APPROVAL, decided_at=None)


def pending_request(actor: Actor, lease: Lease) -> tuple[Lease, bool]:
    """The request for this lease: the open one with the same digest, or a new one (then True).

    The digest covers tenant, holder, client, agent, credential version, purpose and TTL. Denied
    for a while after a person refused the same request.
    """
    lease.request_digest = _digest(lease)
    same = Lease.objects.of(actor).filter(request_digest=lease.request_digest)
    waiting = (
        same.locked()
        .filter(state=LeaseState.PENDING_APPROVAL)
        .select_related("credential", "version")
    )
    earlier = waiting.first()
    if earlier is not None and not is_stale(earlier):
        return earlier, False
    if earlier is not None:
        earlier.state = LeaseState.WITHDRAWN
        earlier.ended_reason = "approval not used in time"
        earlier.save(update_fields=["state", "ended_reason"])
    refused = same.filter(
        state=LeaseState.DENIED, decided_at__gt=database_now() - REFUSAL_LASTS
    ).first()
    if refused is not None:
        raise Denied(f"A person refused this request: {refused.decision_reason or 'no reason'}.")
    _require_few_waiting(actor)
    # Identical calls may arrive at the same moment: one row wins, and both calls wait for it.
    Lease.objects.bulk_create([lease], ignore_conflicts=True)
    kept = waiting.get()
    return kept, kept.pk == lease.pk


def _require_few_waiting(actor: Actor) -> None:
    """An agent that keeps asking must not bury the people who decide."""
    waiting = (
        Lease.objects.of(actor)
        .of_holder(actor)
        .filter(agent_id=actor.agent_id, state=LeaseState.PENDING_APPROVAL)
    )
    if waiting.count() >= MOST_WAITING:
        raise QuotaExceeded(
            f"{MOST_WAITING} requests of this agent already wait for approval.", retryAfter=60
        )


def approval_pending(lease: Lease) -> ApprovalPending:
    """What the agent is answered while its request waits."""
    url = decision_url("lease", lease.pk)
    return ApprovalPending(
        "A person has to approve this lease first.",
        hint=f"Tell the person who runs you that an owner or admin of the tenant has to approve "
        f"it at {url}, then make the identical call again.",
        approvalId=public_id("lease", lease.pk),
        approvalUrl=url,
    )


def requests_for_leases(context: CredentialContext) -> Requests[Lease]:
    """The requests for leases in the tenant, as this actor may see and decide them."""
    actor = context.actor
    level = deciding_level(Action.DECIDE_LEASE)
    decidable = context.permissions.at_least(level, "credential__")
    return Requests(request_rows(actor), held_by(actor), decidable, WAITING)


def request_rows(actor: Actor) -> LeaseQuerySet:
    """Leases that a person was asked for; a limited token sees those on its credentials only."""
    rows = Lease.objects.of(actor).with_names().filter(request_digest__isnull=False)
    if actor.allowed_credentials is None:
        return rows
    return rows.filter(credential_id__in=actor.allowed_credentials)


def earlier_requests(actor: Actor, lease: Lease) -> list[Lease]:
    """The newest earlier requests of the same holder for the same credential."""
    rows = request_rows(actor).filter(
        person=lease.person,
        service_account=lease.service_account,
        credential_id=lease.credential_id,
        pk__lt=lease.pk,
    )
    return list(rows.order_by("-pk")[:HISTORY])


def notify_deciders(actor: Actor, lease: Lease) -> None:
    """Write the mails about a new request."""
    requests = Lease.objects.of(actor).of_holder(actor).filter(request_digest__isnull=False)
    decisions.notify_deciders(
        actor,
        requests,
        requester=lease.holder_name,
        subject=_subject(lease),
        link=decision_url("lease", lease.pk),
    )


def notify_requester(actor: Actor, lease: Lease) -> None:
    """Write the mail about a decision; a service account learns of it by its next call."""
    if lease.person_id is not None:
        decisions.notify_requester(
            actor,
            lease.person_id,
            approved=lease.state != LeaseState.DENIED,
            subject=_subject(lease),
            link=decision_url("lease", lease.pk),
        )


def _subject(lease: Lease) -> str:
    return f"a lease on {lease.credential.key}"


def is_stale(lease: Lease) -> bool:
    """Whether the lease was approved but not used within an hour, so the approval has lapsed."""
    return lease.decided_at is not None and lease.decided_at < database_now() - APPROVAL_LASTS


def _digest(lease: Lease) -> bytes:
    facts = [
        lease.tenant_id,
        lease.holder_id,
        lease.client_id,
        lease.agent_id,
        lease.credential_id,
        lease.version_id,
        lease.purpose,
        lease.ttl,
    ]
    key = settings.ENVIRONMENT.handle_key.get_secret_value().encode()
    return hmac.digest(key, b"approval\0" + json.dumps(facts, default=str).encode(), sha256)
