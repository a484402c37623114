"""`manage.py migrate` beside running processes, which it never blocks for long.

Django's command, with a limit on how long a statement waits for a lock. A migration that exceeds it
is rolled back as a whole, the transactions behind it continue, and it is run again after a pause.
"""

import re
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.errors import DeadlockDetected, LockNotAvailable

# Seconds. Below PostgreSQL's deadlock_timeout (1 s), so that in a deadlock the migration gives
# up and no request fails.
LOCK_TIMEOUT = 0.5
PATIENCE = 300.0
LONGEST_PAUSE = 10.0

HOLDERS = """
    SELECT DISTINCT l.pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.granted AND l.pid <> pg_backend_pid() AND c.relname = ANY(%s)
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY l.pid
"""


class Command(migrate.Command):
    help = (
        "Bring the schema up to date. A migration that cannot have its locks at once is rolled "
        "back and tried again, so that running processes never wait long."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-timeout",
            type=float,
            default=LOCK_TIMEOUT,
            help="seconds that a statement waits for a lock (default: %(default)s)",
        )
        parser.add_argument(
            "--patience",
            type=float,
            default=PATIENCE,
            help="seconds in which a migration that had to wait is tried again (%(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        deadline = time.monotonic() + options["patience"]
        pause = 1.0
        while True:
            statement = FailedStatement()
            try:
                with (
                    lock_timeout(connection, options["lock_timeout"]),
                    connection.execute_wrapper(statement),
                ):
                    super().handle(*args, **options)
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
                    raise
            else:
                return
            reason = _reason(connection, statement.text)
            if time.monotonic() + pause > deadline:
                raise CommandError(f"{reason} {_next_step(options['patience'])}")
            self.stderr.write(f"{reason} Trying again in {pause:.0f} s.")
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


class FailedStatement:
    """An execute wrapper that remembers the statement that failed; parameters are left out."""

    text = ""

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        try:
            return execute(sql, params, many, context)
        except OperationalError:
            self.text = str(sql)
            raise


@contextmanager
def lock_timeout(connection: BaseDatabaseWrapper, seconds: float) -> Iterator[None]:
    """Limit each wait for a lock on this connection; reset afterwards."""
    _execute(connection, f"SET lock_timeout = {int(seconds * 1000)}")
    try:
        yield
    finally:
        _execute(connection, "RESET lock_timeout")


def _execute(connection: BaseDatabaseWrapper, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _reason(connection: BaseDatabaseWrapper, statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(HOLDERS, [re.findall(r'"(\w+)"', statement)])
        sessions = ", ".join(str(pid) for (pid,) in cursor.fetchall())
    holders = f" (database sessions {sessions})" if sessions else ""
    return (
        f"Other transactions{holders} use what this statement changes: "
        f"{textwrap.shorten(statement, 120, placeholder=' …')} "
        "Its migration was rolled back; those before it are applied."
    )


def _next_step(patience: float) -> str:
    return (
        f"Gave up after {patience:.0f} s. Let those transactions end, or stop what runs them, and "
        "run the same command again: it continues where it stopped. See docs/upgrading.md."
    )
