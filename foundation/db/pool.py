"""Pooled connections, and when they are checked before they are used."""

import time
from typing import Any

from psycopg import AsyncConnection, Connection, Cursor
from psycopg_pool import AsyncConnectionPool

TRUSTED_SECONDS = 1.0


class CheckedConnection(Connection[Any]):
    """A connection that answers the pool's check by itself if it worked a moment ago.

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
        cursor = super().execute(query, params, **options)
        self._checked_at = now
        return cursor


class CheckedAsyncConnection(AsyncConnection[Any]):
    """A connection for the event loop; `require_working` is its pool's check."""

    _checked_at = float("-inf")

    async def require_working(self) -> None:
        """Raise if the server has gone, unless the connection worked a moment ago."""
        now = time.monotonic()
        if now - self._checked_at >= TRUSTED_SECONDS:
            await AsyncConnectionPool.check_connection(self)
            self._checked_at = now
