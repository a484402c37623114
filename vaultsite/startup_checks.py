"""Checks and hardening before web and worker serve: no core dumps, no debugger, a bound role."""

import ctypes
import logging
import resource
import sys
from typing import cast

from django.db import DatabaseError, connections
from django.db.backends.postgresql.base import DatabaseWrapper

from foundation.db.roles import UnsafeDatabaseRole, require_restricted_role
from foundation.db.statement_logs import find_logging_settings
from vaultsite.database_problems import connection_problem

log = logging.getLogger(__name__)

PR_SET_DUMPABLE = 4  # prctl(2)


class UnsafeStart(Exception):
    """The process must not serve; the message is one line."""


def harden_process() -> None:
    """Keep keys and plaintexts in memory out of core files and away from other processes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def require_safe_database() -> None:
    """Raise UnsafeStart when the database is out of reach or its role is not bound."""
    try:
        require_restricted_role()
        _warn_of_logged_values()
    except UnsafeDatabaseRole as error:
        raise UnsafeStart(f"vault: {error.detail}") from None
    except DatabaseError as error:
        name = type(error).__name__
        raise UnsafeStart(f"vault: the database: {connection_problem()} ({name})") from None
    finally:
        close_database()


def _warn_of_logged_values() -> None:
    """Warn, in one line, when PostgreSQL logs values of statements."""
    if names := find_logging_settings():
        log.warning(
            "PostgreSQL logs statements with their values by %s; see docs/operations.md",
            ", ".join(names),
        )


def close_database() -> None:
    """Close connections and pool, because a worker forks after this."""
    connections.close_all()
    cast(DatabaseWrapper, connections["default"]).close_pool()
