"""The check of pooled connections before they are used."""

import time
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

TRUSTED_SECONDS = 1.0


class CheckedConnection(Connection[Any]):
    """A connection that knows when it was last found to work."""

    checked_at = float("-inf")


def check_connection(connection: CheckedConnection) -> None:
    """Ask the server only when the connection was not checked within the last second.

    A round trip before each request would cost as much as the request's own. When the server has
    just gone, a request on such a connection is answered as unavailable, as it would be anyway.
    """
    now = time.monotonic()
    if now - connection.checked_at < TRUSTED_SECONDS:
        return
    ConnectionPool.check_connection(connection)
    connection.checked_at = now
