"""Pooled connections: when they are checked before they are used, and how long they may be silent.

The server ends a statement that takes too long (`statement_timeout`), but a server that hangs, for
example on its storage, does not even do that. So each wait for it has a deadline here too.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from psycopg import AsyncConnection, Connection, Cursor, OperationalError
from psycopg.abc import RV, PQGen
from psycopg.errors import _WaitTimeout
from psycopg_pool import AsyncConnectionPool

TRUSTED_SECONDS = 1.0
ANSWER_SECONDS = 20.0  # longer than `statement_timeout`, whose error says more
CHECK_SECONDS = 3.0
INTERVAL = 0.1  # psycopg's own; how often a wait looks at the clock

_most_seconds: ContextVar[float] = ContextVar("most_seconds", default=ANSWER_SECONDS)


def answer_seconds() -> float:
    """How long the database may take for an answer here."""
    return _most_seconds.get()


@contextmanager
def answers_within(seconds: float) -> Iterator[None]:
    """Let the database take this long for each answer instead of ANSWER_SECONDS."""
    token = _most_seconds.set(seconds)
    try:
        yield
    finally:
        _most_seconds.reset(token)


class ServerSilent(OperationalError):
    """The server did not answer in time; its connection is closed."""


class CheckedConnection(Connection[Any]):
    """A connection with a deadline for each answer, which answers the pool's check by itself if it
    worked a moment ago.

    The pool sends an empty query before it lends a connection (`ConnectionPool.check_connection`).
    That round trip would cost as much as the request's own. When the server has just gone, a
    request on such a connection is answered as unavailable, as it would be anyway.
    """

    _checked_at = float("-inf")

    def execute(self, query: Any, params: Any = None, **options: Any) -> Cursor[Any]:
        if query:
            return super().execute(query, params, **options)
        now = time.monotonic()
        if now - self._checked_at < TRUSTED_SECONDS:
            return self.cursor()
        with answers_within(min(CHECK_SECONDS, answer_seconds())):
            cursor = super().execute(query, params, **options)
        self._checked_at = now
        return cursor

    def wait(self, gen: PQGen[RV], interval: float = INTERVAL, timeout: float | None = None) -> RV:
        most = answer_seconds()
        try:
            return super().wait(gen, interval, most if timeout is None else min(timeout, most))
        except _WaitTimeout:
            self.close()
            raise ServerSilent("the database does not answer") from None


class CheckedAsyncConnection(AsyncConnection[Any]):
    """A connection for the event loop; `require_working` is its pool's check."""

    _checked_at = float("-inf")

    async def require_working(self) -> None:
        """Raise if the server has gone, unless the connection worked a moment ago."""
        now = time.monotonic()
        if now - self._checked_at >= TRUSTED_SECONDS:
            async with asyncio.timeout(CHECK_SECONDS):
                await AsyncConnectionPool.check_connection(self)
            self._checked_at = now
