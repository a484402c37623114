"""Why the database cannot be reached, in words for an operator."""

from typing import Any

import psycopg
from django.conf import settings

CONNECT_SECONDS = 2
IN_USE = "all connections of this process are in use"
# What libpq and the server say, which names hosts and roles, and what is answered instead.
CAUSES = {
    "password authentication failed": "refuses the user or password of VAULTSITE_DATABASE_URL",
    "no pg_hba.conf entry": "does not accept connections of this user from here",
    "does not exist": "the database or role of VAULTSITE_DATABASE_URL does not exist",
    "too many": "has no connection left; see max_connections",
    "remaining connection slots": "has no connection left; see max_connections",
    "starting up": "is starting",
    "shutting down": "is shutting down",
    "not yet accepting": "is starting",
    "could not translate host name": "the host of VAULTSITE_DATABASE_URL is unknown",
    "resolve host": "the host of VAULTSITE_DATABASE_URL is unknown",
    "refused": "out of reach: connection refused",
    "timeout": "does not answer",
    "unsupported startup parameter": "a connection pooler in between refuses `options`;"
    " connect to PostgreSQL itself (docs/operations.md)",
    "certificate": "its certificate is not accepted",
}


def connection_problem() -> str:
    """What a new connection runs into: the pool says only that it got none."""
    limits: dict[str, Any] = {**settings.DATABASE_LIMITS, "connect_timeout": CONNECT_SECONDS}
    try:
        psycopg.connect(str(settings.ENVIRONMENT.database_url), **limits).close()
    except psycopg.Error as error:
        said = str(error)
        return next((cause for words, cause in CAUSES.items() if words in said), "out of reach")
    return IN_USE
