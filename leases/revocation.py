"""What ends takes its leases with it, in the same transaction (rule L6)."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from access.actor import Actor
from access.revocation import AccessRevoked
from audit.events import Event
from audit.recording import EntryDraft, record
from credentials.permissions import below
from foundation.db.clock import DatabaseClock, database_now, is_past
from leases.models import Lease, LeaseState

NARROWING = (
    "person_id",
    "service_account_id",
    "agent_id",
    "client_id",
    "credential_id",
    "version_id",
)
NO_LONGER = {
    LeaseState.ACTIVE: LeaseState.REVOKED,
    LeaseState.PENDING_APPROVAL: LeaseState.WITHDRAWN,
}


def end_leases(actor: Actor, ended: AccessRevoked, **_: Any) -> None:
    """Receiver of `access_revoked`: revoke what lived by it, one entry per lease."""
    rows = Lease.objects.of(actor).filter(_condition(ended), state__in=list(NO_LONGER))
    for lease in rows.locked().select_related("credential", "version").order_by("pk"):
        expires = ended.by_time and lease.state == LeaseState.ACTIVE
        entry = EntryDraft(Event.LEASE_REVOKED)
        end_lease(entry, lease, LeaseState.EXPIRED if expires else None, ended.reason)
        describe(entry, lease)
        record(actor, entry)


def end_lease(entry: EntryDraft, lease: Lease, state: LeaseState | None, reason: str) -> None:
    """End one locked lease that has not ended yet: revoked or withdrawn unless `state` is given.

    One whose time was over had ended by itself before: that is final, it is only noted now.
    """
    now = database_now()
    if lease.state == LeaseState.ACTIVE and is_past(lease.expires_at, now):
        state, reason = LeaseState.EXPIRED, "time over"
    if state == LeaseState.EXPIRED:
        entry.event = Event.LEASE_EXPIRED
    lease.state = state or NO_LONGER[LeaseState(lease.state)]
    lease.ended_at = now
    lease.ended_reason = reason
    lease.save(update_fields=["state", "ended_at", "ended_reason"])
    entry.add_details(reason=reason, holder=str(lease.holder_id))


def describe(entry: EntryDraft, lease: Lease) -> None:
    """Name a lease and what it is on in an entry."""
    entry.set_fields(
        lease_id=lease.pk,
        purpose=lease.purpose,
        credential_id=lease.credential_id,
        credential_key=lease.credential.key,
        version=lease.version.number,
    )


def count_living(credential_id: UUID) -> int:
    """Leases on a credential that could be read now, by database time."""
    return Lease.objects.filter(
        credential_id=credential_id, state=LeaseState.ACTIVE, expires_at__gt=DatabaseClock()
    ).count()


def count_by_agent(actor: Actor, agent_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Living leases by the agent that holds them, by database time; none: not listed."""
    living = Lease.objects.of(actor).filter(
        agent_id__in=list(agent_ids), state=LeaseState.ACTIVE, expires_at__gt=DatabaseClock()
    )
    return dict(living.values_list("agent_id").annotate(Count("pk")))


def count_ending(actor: Actor, ended: AccessRevoked) -> int:
    """Living leases that `ended` would end, by database time."""
    rows = Lease.objects.of(actor).filter(_condition(ended), state=LeaseState.ACTIVE)
    return rows.filter(expires_at__gt=DatabaseClock()).count()


def _condition(ended: AccessRevoked) -> Q:
    """All that is set narrows down; nothing set means nothing."""
    condition = Q()
    for name in NARROWING:
        value = getattr(ended, name)
        if value is not None:
            condition &= Q(**{name: value})
    if ended.folder_path is not None:
        condition &= below("credential__folder__path", ended.folder_path)
    return condition or Q(pk=None)
