"""Beat's scheduler: it asks the database which background tasks have something to do and sends only
those, so that workers sleep while nothing is due.
"""

import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any, LiteralString

import psycopg
from celery.beat import PersistentScheduler, ScheduleEntry
from django.conf import settings
from psycopg import sql

from foundation.db.pool import CheckedConnection

log = logging.getLogger(__name__)

SWEEP = "vaultsite.sweep"  # the entry of the schedule that stands for all of DUE
# What tells that a task has something to do, by database time. Each is an index lookup.
DUE: dict[str, LiteralString] = {
    "leases.expire_due_leases": "EXISTS (SELECT FROM leases_due(1))",
    "credentials.close_due_rotations": "EXISTS (SELECT FROM rotations_due(1))",
    "credentials.expire_due_grants": "EXISTS (SELECT FROM grants_due(1))",
    "credentials.rewrap_due_keys": "EXISTS (SELECT FROM keys_due(1))",
    "tenants.send_notices": "EXISTS (SELECT FROM notices_due(1))",
    "identity.send_letters": "EXISTS (SELECT FROM identity_letter"
    " WHERE state = 'waiting' AND next_attempt_at <= clock_timestamp())",
    "audit.record_dead_processes": "EXISTS (SELECT FROM process"
    " WHERE ended_at IS NULL AND seen_at < clock_timestamp() - interval '60 seconds')",
    "restapi.forget_answers": "EXISTS (SELECT FROM kept_answers_due(1))",
}
_QUESTION = sql.SQL("SELECT {}").format(sql.SQL(", ").join(map(sql.SQL, DUE.values())))


class DueTasks:
    """Asks the database what is due, over one connection that stays open and has a deadline."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[Any] | None = None

    def names(self) -> list[str]:
        """The tasks that have something to do; none while the database is out of reach."""
        try:
            found = self._ask()
        except psycopg.Error as error:
            self.close()
            log.warning("the database is out of reach: %s", type(error).__name__)
            return []
        return [name for name, is_due in zip(DUE, found, strict=True) if is_due]

    @property
    def is_connected(self) -> bool:
        """Whether the connection is open."""
        return self._connection is not None and not self._connection.closed

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _ask(self) -> tuple[bool, ...]:
        if self._connection is None:
            limits: dict[str, Any] = settings.DATABASE_LIMITS
            self._connection = CheckedConnection.connect(self._url, autocommit=True, **limits)
        row: tuple[bool, ...] | None = self._connection.execute(_QUESTION).fetchone()
        assert row is not None  # a SELECT without FROM has one row
        return row


class DueScheduler(PersistentScheduler):
    """Beat's scheduler, with the entry SWEEP replaced by the tasks that are due."""

    # Celery connects when it reads this, where an error would end beat; `apply_entry` connects.
    producer = None  # type: ignore[assignment]  # the stubs know no scheduler without one

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._sender: Any = None
        self._due = DueTasks(str(settings.ENVIRONMENT.database_url))
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """The entries begin as due, so that a new beat shows at once that it works."""
        super().setup_schedule()
        for name in (SWEEP, settings.HEARTBEAT_TASK):
            entry = self.schedule[name]
            entry.last_run_at = entry.default_now() - timedelta(days=1)

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        """Send what the entry stands for. A broker that is away costs one line a minute; what
        could not be sent is due again at the next sweep.
        """
        del producer
        names = self._due.names() if entry.name == SWEEP else [entry.task]
        try:
            for name in names:
                self._sender = self._sender or self.app.amqp.Producer(
                    self._ensure_connected(), auto_declare=False
                )
                self.send_task(name, producer=self._sender, **(entry.options or {}))
        except Exception as error:  # noqa: BLE001  # the broker's errors are its libraries'
            self._disconnect()
            log.warning("the broker is out of reach: %s", type(error).__name__)

    def _disconnect(self) -> None:
        """Connect anew at the next try."""
        self._sender = None
        connection = self.__dict__.pop("connection", None)
        if connection is not None:
            with suppress(Exception):
                connection.release()

    def _ensure_connected(self) -> Any:
        """One attempt: beat itself tries again at the next entry."""
        return self.connection.ensure_connection(max_retries=1, timeout=2)
