"""Whether a lease may be given or read now; by database time, after the lease was locked."""

from datetime import datetime

from django.db import connection
from django.db.models import Count, Q

from access.actions import Action
from access.actor import Actor
from access.levels import Level
from credentials.models import Credential, Rotation, RotationState, State, Version, VersionState
from credentials.permissions import require_level
from foundation.db.clock import DatabaseClock, is_past
from foundation.errors import (
    Conflict,
    CredentialNotFound,
    Denied,
    LeaseConsumed,
    LeaseExpired,
    LeaseRevoked,
    QuotaExceeded,
)
from leases.lookups import leases_of
from leases.models import Lease, LeaseState
from tenants.models import Tenant

AGAIN = "Call vault.lease_credential again for a fresh lease."


def require_living(lease: Lease, now: datetime) -> None:
    """Say which way the caller's own lease ended (L5); time counts, not the sweep (I3)."""
    if lease.state == LeaseState.REVOKED:
        raise LeaseRevoked("This lease was revoked.", hint=AGAIN)
    if lease.state == LeaseState.CONSUMED:
        raise LeaseConsumed("All uses of this lease are spent.", hint=AGAIN)
    if lease.state != LeaseState.ACTIVE or is_past(lease.expires_at, now):
        raise LeaseExpired("The time of this lease is over.", hint=AGAIN)
    if is_past(lease.max_expires_at, now):
        raise LeaseExpired("The time of this lease is over.", hint=AGAIN)


def require_readable(version: Version, now: datetime) -> None:
    """The current version, or the previous one while its window is open (R5)."""
    if version.credential.state != State.ACTIVE:
        raise LeaseRevoked(f"The credential is {version.credential.state}.")
    if version.state == VersionState.CURRENT:
        return
    if version.state == VersionState.PREVIOUS:
        window = Rotation.objects.filter(previous=version, state=RotationState.OPEN).first()
        if window is not None and not is_past(window.closes_at, now):
            return
    raise LeaseExpired("The value this lease was for is no longer valid.", hint=AGAIN)


def require_held(action: Action, held: Level, key: str) -> None:
    """A lease outlives no right: what was lost since is refused at the read."""
    try:
        require_level(action, held, key)
    except CredentialNotFound:
        raise LeaseRevoked("You no longer have access to this credential.") from None


def require_policy(actor: Actor, credential: Credential) -> None:
    """The credential's own list of agents; deny wins."""
    if credential.agents is not None and actor.agent_id not in credential.agents:
        raise Denied(
            "The policy of this credential does not list your agent.",
            hint="A person with the level admin on it can add the agent to its policy.",
        )


def require_active(credential: Credential) -> None:
    """Only active credentials are lent."""
    if credential.state != State.ACTIVE:
        raise Conflict(f"This credential is {credential.state}; it cannot be leased.")


def require_quota(actor: Actor, tenant: Tenant, credential: Credential) -> None:
    """Living leases, counted by time (L7).

    The credential's limit is exact: its leasers take turns. The limits per person and agent are
    counted without a lock and may be passed by requests of the same instant.
    """
    if credential.max_active_leases is not None:
        _take_turn(credential)
    on_it = Q(credential=credential)
    mine = leases_of(actor)
    agent = Q(agent_id=actor.agent_id) if actor.agent_id else Q(pk=None)
    living = Lease.objects.of(actor).filter(
        on_it | mine, state=LeaseState.ACTIVE, expires_at__gt=DatabaseClock()
    )
    counts = living.aggregate(
        on_it=Count("pk", filter=on_it),
        mine=Count("pk", filter=mine),
        agent=Count("pk", filter=mine & agent),
        others=Count("credential", filter=mine & agent & ~on_it, distinct=True),
    )
    _require_below(counts["on_it"], credential.max_active_leases, "this credential")
    _require_below(counts["mine"], tenant.max_leases_per_person, "one person")
    _require_below(counts["agent"], tenant.max_leases_per_agent, "one agent")
    if counts["others"] >= tenant.max_credentials_per_agent:
        raise QuotaExceeded(
            f"One agent may hold {tenant.max_credentials_per_agent} different credentials at a "
            "time; release the leases you no longer need.",
            retryAfter=30,
        )


def _require_below(count: int, limit: int | None, whose: str) -> None:
    if limit is not None and count >= limit:
        raise QuotaExceeded(
            f"There may be {limit} living leases for {whose}; wait for one to end or release one.",
            retryAfter=30,
        )


def _take_turn(credential: Credential) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(credential.pk)]
        )
