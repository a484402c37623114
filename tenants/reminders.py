"""Mail 30, 7 and 1 days before something ends.

Each end is announced once per stage. A run that comes late, because no worker ran, announces the
nearest stage only. What was set up within a stage is not announced at that stage: whoever creates a
token for a week need not hear a moment later that it ends in a week.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from access.actor import Actor, system_actor
from access.levels import Role
from access.tenancy import tenant_transaction
from foundation.db.clock import database_now
from tenants.models import Membership, Notice, Reminder, Tenant
from tenants.notifications import NoticeKind

log = logging.getLogger(__name__)

STAGES = (1, 7, 30)  # days before the end
HORIZON = timedelta(days=STAGES[-1])
BATCH = 200
MOST_LINES = 50  # of one mail

# Of two runs at a time the second waits for the first, and then changes nothing.
_CLAIM = """
    INSERT INTO reminder AS r (id, tenant_id, subject_id, kind, ends_at, days)
    VALUES (gen_random_uuid(), %s, %s, %s, %s, %s)
    ON CONFLICT (tenant_id, subject_id, kind, ends_at)
        DO UPDATE SET days = excluded.days WHERE r.days > excluded.days
    RETURNING 1
"""


@dataclass(frozen=True, slots=True)
class UpcomingEnd:
    """Something that ends `at`, and exists `since`. `name` is what people call it, `path` the page
    where they see to it; `recipients` are people, empty for the tenant's owners and admins.
    """

    subject_id: UUID
    kind: str
    name: str
    path: str
    since: datetime
    at: datetime
    recipients: Collection[UUID]

    def stage(self, now: datetime) -> int | None:
        """The nearest stage that has come; None while there is none, and after the end."""
        for days in STAGES:
            begin = self.at - timedelta(days=days)
            if self.since < begin <= now < self.at:
                return days
        return None


# Gives what ends in the actor's tenant before a time; called in a transaction of the tenant.
FindEnds = Callable[[Actor, datetime], Iterable[UpcomingEnd]]


def remind_of_ends(find: FindEnds) -> None:
    """Write the reminders that are due, of every tenant; safe to run twice.

    A tenant in which it fails does not hold up the others. Only the error's type is logged, because
    its text may quote a row.
    """
    with transaction.atomic():
        tenants = list(Tenant.objects.filter(suspended_at=None).values_list("pk", flat=True))
    for tenant_id in tenants:
        try:
            _remind_tenant(system_actor("reminders", tenant_id), find)
        except (DatabaseError, ValueError) as error:
            log.error("reminders: %s: %s", tenant_id, type(error).__name__)


def _remind_tenant(actor: Actor, find: FindEnds) -> None:
    with tenant_transaction(actor.tenant_id):
        now = database_now()
        Reminder.objects.of(actor).filter(ends_at__lt=now).delete()
        due = _due(actor, find(actor, now + HORIZON), now)
    rest = iter(due)
    while batch := list(islice(rest, BATCH)):
        with tenant_transaction(actor.tenant_id):
            _write(actor, [(end, days) for end, days in batch if _claim(actor, end, days)])


def _due(actor: Actor, ends: Iterable[UpcomingEnd], now: datetime) -> list[tuple[UpcomingEnd, int]]:
    """The ends with a stage that was not announced yet, the first to end first."""
    rows = Reminder.objects.of(actor).values_list("subject_id", "kind", "ends_at", "days")
    announced = {tuple(key): days for *key, days in rows}
    found = [
        (end, days)
        for end in ends
        if (days := end.stage(now))
        and days < announced.get((end.subject_id, end.kind, end.at), STAGES[-1] + 1)
    ]
    return sorted(found, key=lambda one: (one[0].at, one[0].name))


def _claim(actor: Actor, end: UpcomingEnd, days: int) -> bool:
    """Whether this run announces the stage."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [actor.tenant_id, end.subject_id, end.kind, end.at, days])
        return cursor.fetchone() is not None


def _write(actor: Actor, announced: Sequence[tuple[UpcomingEnd, int]]) -> None:
    """One mail to each recipient, however much ends; nobody who is suspended or left gets one."""
    members = Membership.objects.filter(
        tenant_id=actor.tenant_id, suspended_at=None, person__is_active=True
    )
    roles = dict(members.values_list("person_id", "role"))
    admins = {person for person, role in roles.items() if Role(role).is_admin}
    lines: dict[UUID, list[str]] = defaultdict(list)
    for end, _ in announced:
        for person in roles.keys() & set(end.recipients) if end.recipients else admins:
            lines[person].append(_line(end))
    Notice.objects.bulk_create(
        Notice(
            tenant_id=actor.tenant_id,
            person_id=person,
            kind=NoticeKind.ENDS_APPROACH,
            facts={"count": str(len(own)), "ends": _text(own)},
        )
        for person, own in lines.items()
    )


def _line(end: UpcomingEnd) -> str:
    return f"- {end.at:%Y-%m-%d %H:%M} UTC: {end.name}\n  {settings.PUBLIC_URL}/{end.path}"


def _text(lines: Sequence[str]) -> str:
    more = len(lines) - MOST_LINES
    return "\n".join([*lines[:MOST_LINES], *([f"- and {more} more"] if more > 0 else [])])
