"""Ending leases, by themselves or with what they depend on, in the same transaction (L6)."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from access.actor import Actor
from access.revocation import AccessRevoked
from audit.events import Event
from audit.recording import EntryDraft, record
from credentials.permissions import below
from foundation.db.clock import database_now, is_past
from leases.models import Lease, LeaseState

NARROWING = (
    "person_id",
    "service_account_id",
    "agent_id",
    "client_id",
    "credential_id",
    "version_id",
)
# What a lease that has not ended yet becomes when it is taken away.
STATE_WHEN_ENDED = {
    LeaseState.ACTIVE: LeaseState.REVOKED,
    LeaseState.PENDING_APPROVAL: LeaseState.WITHDRAWN,
}


def end_leases(actor: Actor, ended: AccessRevoked, **_: Any) -> None:
    """Receiver of `access_revoked`: end the leases that depended on it, one entry per lease."""
    rows = Lease.objects.of(actor).filter(_condition(ended), state__in=list(STATE_WHEN_ENDED))
    for lease in rows.locked().select_related("credential", "version").order_by("pk"):
        expires = ended.by_time and lease.state == LeaseState.ACTIVE
        entry = EntryDraft(Event.LEASE_REVOKED)
        end_lease(entry, lease, LeaseState.EXPIRED if expires else None, ended.reason)
        describe(entry, lease)
        record(actor, entry)


def end_lease(entry: EntryDraft, lease: Lease, state: LeaseState | None, reason: str) -> None:
    """End one locked lease that has not ended yet: revoked or withdrawn unless `state` is given.

    One whose time was over had expired before; that is final and only recorded now.
    """
    now = database_now()
    if lease.state == LeaseState.ACTIVE and is_past(lease.expires_at, now):
        state, reason = LeaseState.EXPIRED, "time over"
    if state == LeaseState.EXPIRED:
        entry.event = Event.LEASE_EXPIRED
    lease.state = state or STATE_WHEN_ENDED[LeaseState(lease.state)]
    lease.ended_at = now
    lease.ended_reason = reason
    lease.save(update_fields=["state", "ended_at", "ended_reason"])
    entry.add_details(reason=reason, holder=str(lease.holder_id))


def describe(entry: EntryDraft, lease: Lease) -> None:
    """Name a lease and its credential in an entry."""
    entry.set_fields(
        lease_id=lease.pk,
        purpose=lease.purpose,
        credential_id=lease.credential_id,
        credential_key=lease.credential.key,
        version=lease.version.number,
    )


def count_by_agent(actor: Actor, agent_ids: Iterable[UUID]) -> dict[UUID, int]:
    """The number of live leases per agent; agents without any are left out."""
    live = Lease.objects.of(actor).live().filter(agent_id__in=list(agent_ids))
    return dict(live.values_list("agent_id").annotate(Count("pk")))


def count_ending(actor: Actor, ended: AccessRevoked, **_: Any) -> int:
    """Receiver of `ending_lease_count`: the live leases that `ended` would end."""
    return Lease.objects.of(actor).live().filter(_condition(ended)).count()


def _condition(ended: AccessRevoked) -> Q:
    """Everything that is set narrows down; nothing set matches nothing."""
    condition = Q()
    for name in NARROWING:
        value = getattr(ended, name)
        if value is not None:
            condition &= Q(**{name: value})
    if ended.folder_path is not None:
        condition &= below("credential__folder__path", ended.folder_path)
    if ended.own_disclosures is not None:
        named = [word for word in ended.own_disclosures if word is not None]
        of_these = Q(credential__disclosure__in=named)
        if None in ended.own_disclosures:
            of_these |= Q(credential__disclosure=None)
        condition &= of_these
    if not condition:
        return Q(pk=None)
    return condition & Q(agent_id__isnull=False) if ended.agents_only else condition
