"""The series and lists of an overview; each reads a range of an index, none the whole log."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count
from django.db.models.functions import TruncDay, TruncHour

from access.actor import Actor
from audit.events import Event, Outcome
from audit.models import Entry
from foundation.db.ids import earliest_id
from leases.models import Lease
from leases.shapes import CountOut, EventOut, ReadsOut
from tenants.models import Agent, Person, ServiceAccount

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURS, DAYS, MOST_READERS, NEWEST = 24, 14, 8, 10
# A lease's id is as old as its request, and the approval may have come later.
APPROVALS_TAKE = DAY
ERASED = "a person who was erased"


def leases_given(actor: Actor, now: datetime) -> list[CountOut]:
    """Leases handed out in each of the last 24 hours."""
    start = now.replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * HOUR
    rows = (
        Lease.objects.of(actor)
        .filter(pk__gte=earliest_id(start - APPROVALS_TAKE), issued_at__gte=start)
        .annotate(slot=TruncHour("issued_at"))
    )
    return _series(start, HOUR, HOURS, rows.values("slot").annotate(count=Count("pk")))


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
    """One count a slot, slots without a row included."""
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
    names = Names(actor, readers)
    return [
        ReadsOut(name=names.agent(one) or names.who(one), of=names.who(one), count=one["count"])
        for one in readers
    ]


def newest_entries(actor: Actor) -> list[EventOut]:
    """The last ten lines of the log."""
    columns = ("at", "event", "outcome", "credential_key", "purpose", "machinery")
    ids = ("agent_id", "person_id", "service_account_id")
    rows = list(Entry.objects.of(actor).order_by("-at", "-id").values(*columns, *ids)[:NEWEST])
    names = Names(actor, rows)
    return [
        EventOut(
            at=row["at"],
            event=row["event"],
            actor=row["machinery"] or names.who(row),
            agent=names.agent(row),
            key=row["credential_key"],
            purpose=row["purpose"],
            outcome=row["outcome"],
        )
        for row in rows
    ]


class Names:
    """The names behind the ids of some rows: the log itself keeps ids only."""

    def __init__(self, actor: Actor, rows: Sequence[Mapping[str, Any]]) -> None:
        people = {row["person_id"] for row in rows}
        self.people: dict[UUID, str] = dict(
            Person.objects.filter(pk__in=people).values_list("pk", "email")
        )
        accounts = {row["service_account_id"] for row in rows}
        self.accounts: dict[UUID, str] = dict(
            ServiceAccount.objects.of(actor).filter(pk__in=accounts).values_list("pk", "name")
        )
        agents = {row["agent_id"] for row in rows}
        self.agents: dict[UUID, str] = dict(
            Agent.objects.of(actor).filter(pk__in=agents).values_list("pk", "name")
        )

    def who(self, row: Mapping[str, Any]) -> str:
        """The service account, else the person."""
        account = self.accounts.get(row["service_account_id"])
        return account or self.people.get(row["person_id"], ERASED)

    def agent(self, row: Mapping[str, Any]) -> str:
        """The agent as it is called now; empty when none acted."""
        return self.agents.get(row["agent_id"], "")
