"""Requests that wait for a person: the identical call finds its request again by digest."""

import hmac
import json
from datetime import timedelta
from hashlib import sha256

from django.conf import settings

from access.actor import Actor
from foundation.db.clock import database_now
from foundation.db.ids import public_id
from foundation.errors import Denied, QuotaExceeded
from leases.lookups import leases_of
from leases.models import Lease, LeaseState
from leases.serializers import holder_name
from tenants.notifications import notify_of_decision, notify_of_request

REMEMBERED = timedelta(minutes=15)
MOST_WAITING = 20
MOST_MAILS, MAILS_PER = 10, timedelta(hours=1)
APPROVAL_LASTS = timedelta(hours=1)


def pending_request(actor: Actor, lease: Lease) -> tuple[Lease, bool]:
    """The request this lease is: the open one with the same digest, or a new one (then True).

    Bound to tenant, holder, client, agent, credential version, purpose and TTL. Denied for a while
    after a person refused the same request.
    """
    lease.request_digest = _digest(lease)
    same = Lease.objects.of(actor).filter(request_digest=lease.request_digest)
    waiting = (
        same.locked()
        .filter(state=LeaseState.PENDING_APPROVAL)
        .select_related("credential", "version")
    )
    open_one = waiting.first()
    if open_one is not None and not is_stale(open_one):
        return open_one, False
    if open_one is not None:
        open_one.state = LeaseState.WITHDRAWN
        open_one.ended_reason = "approval not used in time"
        open_one.save(update_fields=["state", "ended_reason"])
    refused = same.filter(
        state=LeaseState.DENIED, decided_at__gt=database_now() - REMEMBERED
    ).first()
    if refused is not None:
        raise Denied(f"A person refused this request: {refused.decision_reason or 'no reason'}.")
    _require_few_open(actor)
    # The identical call may come in twice at the same moment: one row wins, both wait for it.
    Lease.objects.bulk_create([lease], ignore_conflicts=True)
    kept = waiting.get()
    return kept, kept.pk == lease.pk


def approval_address(lease: Lease) -> str:
    """Where a person decides on this request."""
    return f"{settings.PUBLIC_URL}/approvals/{public_id('lease', lease.pk)}"


def notify_deciders(actor: Actor, lease: Lease) -> None:
    """Write the mails about a new request; not about every one of somebody who asks on and on."""
    recent = Lease.objects.of(actor).filter(
        leases_of(actor), request_digest__isnull=False, requested_at__gt=database_now() - MAILS_PER
    )
    if recent.count() <= MOST_MAILS:
        notify_of_request(
            actor, asker=holder_name(lease), wish=_wish(lease), link=approval_address(lease)
        )


def notify_requester(actor: Actor, lease: Lease) -> None:
    """Write the mail about a decision; a service account gets none, its next call is answered."""
    if lease.person_id is not None:
        notify_of_decision(
            actor,
            lease.person_id,
            approved=lease.state != LeaseState.DENIED,
            wish=_wish(lease),
            link=approval_address(lease),
        )


def _wish(lease: Lease) -> str:
    return f"a lease on {lease.credential.key}"


def _require_few_open(actor: Actor) -> None:
    """An agent that keeps asking must not bury the people who decide."""
    waiting = Lease.objects.of(actor).filter(
        leases_of(actor), agent_id=actor.agent_id, state=LeaseState.PENDING_APPROVAL
    )
    if waiting.count() >= MOST_WAITING:
        raise QuotaExceeded(
            f"{MOST_WAITING} requests of this agent wait for approval already.", retryAfter=60
        )


def is_stale(lease: Lease) -> bool:
    """Whether an approval was not used in its hour, and is worth nothing any more."""
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
