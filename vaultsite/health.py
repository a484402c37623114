"""Whether the process lives (/livez) and whether it can serve (/readyz)."""

import time
from collections.abc import Callable
from functools import cache
from typing import cast

from django.core.cache import cache as django_cache
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from credentials.envelope import require_openable_keys
from foundation.db.pool import answers_within
from foundation.db.roles import UnsafeDatabaseRole, require_restricted_role
from foundation.errors import VaultError
from identity.sign_in.security_emails import letters_outstanding
from tenants.mail_queue import mail_is_configured
from tenants.notifications import notices_outstanding
from vaultsite.cache import FallbackRedisCache
from vaultsite.celery import HEARTBEAT, HEARTBEAT_SECONDS
from vaultsite.database_problems import connection_problem
from vaultsite.root_key_gate import gate

OK = "ok"
WITHOUT_DATABASE = "unknown while the database is out of reach"
WITHOUT_REDIS = "unknown while Redis is out of reach"
ANSWER_SECONDS = 3.0
SILENT_AFTER = 4 * HEARTBEAT_SECONDS


@require_safe
def livez(_: HttpRequest) -> HttpResponse:
    """200 while the process responds."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(_: HttpRequest) -> JsonResponse:
    """200 `ready`, or `degraded` while leases and reads go on without Redis or worker; 503
    `unready` when a secret could not be read. `checks` names every part and the cause of its
    trouble: what cannot be known without another part says so.
    """
    with answers_within(ANSWER_SECONDS):
        checks = {"database": database()}
        has_database = checks["database"] == OK
        for name, check in NEEDED.items():
            checks[name] = check() if has_database else WITHOUT_DATABASE
        checks["redis"] = redis()
        checks["worker"] = worker()
        if OK not in (checks["redis"], checks["worker"]):
            checks["worker"] = WITHOUT_REDIS
        checks["mail"] = _known_or_lost(mail)() if has_database else WITHOUT_DATABASE
    ready = all(checks[name] == OK for name in ("database", *NEEDED))
    whole = set(checks.values()) == {OK}
    status = ("ready" if whole else "degraded") if ready else "unready"
    return JsonResponse({"status": status, "checks": checks}, status=200 if ready else 503)


def database() -> str:
    """The application's own connection works."""
    try:
        connection.cursor().execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        connection.close()
        return connection_problem()
    return OK


def migrations() -> str:
    """Every known migration is applied."""
    missing = _known_migrations() - set(MigrationRecorder(connection).applied_migrations())
    return "run: python3 manage.py migrate --database owner" if missing else OK


def role() -> str:
    """Row-level security binds the application's role."""
    try:
        require_restricted_role()
    except UnsafeDatabaseRole as error:
        return error.detail or "unsafe role"
    return OK


def keys() -> str:
    """The root key opens what it wrapped."""
    if not gate.check():
        return "the root key is not the one of this installation; put the right key file back"
    try:
        require_openable_keys()
    except VaultError:
        return "a tenant's key does not open; restore its row from a backup"
    return OK


def redis() -> str:
    """Limits are shared between processes and live pages are live."""
    shared = cast(FallbackRedisCache, django_cache)
    return OK if shared.is_shared else "out of reach"


def worker() -> str:
    """A recent task passed through beat, broker and worker."""
    beat = django_cache.get(HEARTBEAT, 0)
    return OK if time.time() - beat < SILENT_AFTER else "no heartbeat"


def mail() -> str:
    """A mail server is configured and accepts mail."""
    notices, letters = notices_outstanding(), letters_outstanding()
    overdue = notices.overdue + letters.overdue
    given_up = notices.given_up + letters.given_up
    troubles = [
        "" if mail_is_configured() else "not configured",
        f"{overdue} waiting" if overdue else "",
        f"{given_up} given up in the last 24 hours" if given_up else "",
    ]
    return "; ".join(filter(None, troubles)) or OK


def _known_or_lost(check: Callable[[], str]) -> Callable[[], str]:
    """The check, for a database that is lost between two of them."""

    def attempt() -> str:
        try:
            return check()
        except (DatabaseError, InterfaceError):
            return WITHOUT_DATABASE

    return attempt


# What needs the database, besides the connection itself.
NEEDED: dict[str, Callable[[], str]] = {
    check.__name__: _known_or_lost(check) for check in (migrations, role, keys)
}


@cache
def _known_migrations() -> set[tuple[str, str]]:
    return set(MigrationLoader(None).disk_migrations)
