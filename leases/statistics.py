"""The numbers, series and lists of an overview; each reads a range of an index."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncDay, TruncHour

from access.actor import Actor
from audit.events import Event, Outcome
from audit.models import Entry
from foundation.db.ids import earliest_id
from leases.models import Lease
from leases.shapes import CountOut, ReadsOut
from tenants.audit_entries import entries_out
from tenants.audit_names import Names
from tenants.shapes.audit import EntryOut

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURS, DAYS, MOST_READERS, NEWEST = 24, 14, 8, 15
# A lease's id is as old as its request; the approval may have taken until later.
LONGEST_APPROVAL = DAY


def leases_given(actor: Actor, now: datetime) -> list[CountOut]:
    """Leases issued in each of the last 24 hours."""
    start = now.replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * HOUR
    rows = (
        Lease.objects.of(actor)
        .filter(pk__gte=earliest_id(start - LONGEST_APPROVAL), issued_at__gte=start)
        .annotate(slot=TruncHour("issued_at"))
    )
    return _series(start, HOUR, HOURS, rows.values("slot").annotate(count=Count("pk")))


def reads_since(actor: Actor, start: datetime) -> int:
    """How often a value was read."""
    reads = Entry.objects.of(actor).filter(event=Event.CREDENTIAL_READ, outcome=Outcome.OK)
    return reads.filter(at__gte=start).count()


def denials(actor: Actor, now: datetime) -> list[CountOut]:
    """Refusals on each of the last 14 days."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    start = today - (DAYS - 1) * DAY
    rows = (
        Entry.objects.of(actor)
        .filter(outcome=Outcome.DENIED, at__gte=start)
        .annotate(slot=TruncDay("at"))
    )
    return _series(start, DAY, DAYS, rows.values("slot").annotate(count=Count("pk")))


def _series(
    start: datetime, step: timedelta, length: int, rows: Iterable[Mapping[str, Any]]
) -> list[CountOut]:
    """One count per slot, slots without a row included."""
    counts = {row["slot"]: row["count"] for row in rows}
    slots = [start + number * step for number in range(length)]
    return [CountOut(at=slot, count=counts.get(slot, 0)) for slot in slots]


def reads_by_agent(actor: Actor, now: datetime) -> list[ReadsOut]:
    """Who read most in the last 7 days: agents, service accounts, and people at the console."""
    rows = (
        Entry.objects.of(actor)
        .filter(event=Event.CREDENTIAL_READ, outcome=Outcome.OK, at__gte=now - 7 * DAY)
        .values("agent_id", "person_id", "service_account_id")
        .annotate(count=Count("pk"))
        .order_by("-count")
    )
    readers = list(rows[:MOST_READERS])
    names = Names.of_actors(actor, readers)
    return [
        ReadsOut(name=names.agent(row) or names.who(row), of=names.who(row), count=row["count"])
        for row in readers
    ]


def newest_entries(actor: Actor) -> list[EntryOut]:
    """The newest entries of the audit log."""
    return entries_out(actor, list(Entry.objects.of(actor).order_by("-at", "-id")[:NEWEST]))
