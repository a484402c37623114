"""Whether the process lives (/livez) and whether it can serve (/readyz)."""

import time
from collections.abc import Callable
from functools import cache
from typing import cast

from django.core.cache import cache as django_cache
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from credentials.envelope import require_openable_keys
from foundation.db.roles import require_restricted_role
from foundation.errors import VaultError
from identity.sign_in.security_emails import letters_outstanding
from tenants.mail_queue import mail_is_configured
from tenants.notifications import notices_outstanding
from vaultsite.cache import FallbackRedisCache
from vaultsite.celery import HEARTBEAT, HEARTBEAT_SECONDS

OK = "ok"
SILENT_AFTER = 4 * HEARTBEAT_SECONDS


@require_safe
def livez(_: HttpRequest) -> HttpResponse:
    """200 while the process responds."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(_: HttpRequest) -> JsonResponse:
    """200 `ready`, or `degraded` while leases and reads go on without Redis or worker; 503
    `unready` when a secret could not be read. `checks` names every part.
    """
    needed = {name: check() for name, check in NEEDED.items()}
    useful = {name: check() for name, check in USEFUL.items()}
    ready = set(needed.values()) == {OK}
    whole = set(useful.values()) == {OK}
    status = ("ready" if whole else "degraded") if ready else "unready"
    return JsonResponse({"status": status, "checks": needed | useful}, status=200 if ready else 503)


def database() -> str:
    """The application's own connection works."""
    return _attempt(lambda: connection.cursor().execute("SELECT 1"), "out of reach")


def migrations() -> str:
    """Every known migration is applied."""

    def require_applied() -> None:
        missing = _known_migrations() - set(MigrationRecorder(connection).applied_migrations())
        if missing:
            raise DatabaseError

    return _attempt(require_applied, "run: python3 manage.py migrate --database owner")


def role() -> str:
    """Row-level security binds the application's role."""
    return _attempt(require_restricted_role, "unsafe role or out of reach")


def keys() -> str:
    """The root key opens what it wrapped."""
    return _attempt(
        require_openable_keys,
        "the root key does not open the tenants' keys; put the right key file back",
    )


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
    try:
        notices, letters = notices_outstanding(), letters_outstanding()
    except DatabaseError:
        return "unknown while the database is out of reach"
    overdue = notices.overdue + letters.overdue
    given_up = notices.given_up + letters.given_up
    troubles = [
        "" if mail_is_configured() else "not configured",
        f"{overdue} waiting" if overdue else "",
        f"{given_up} given up in the last 24 hours" if given_up else "",
    ]
    return "; ".join(filter(None, troubles)) or OK


NEEDED: dict[str, Callable[[], str]] = {
    "database": database,
    "migrations": migrations,
    "role": role,
    "keys": keys,
}
USEFUL: dict[str, Callable[[], str]] = {"redis": redis, "worker": worker, "mail": mail}


@cache
def _known_migrations() -> set[tuple[str, str]]:
    return set(MigrationLoader(None).disk_migrations)


def _attempt(check: Callable[[], object], trouble: str) -> str:
    try:
        check()
    except (DatabaseError, VaultError):
        return trouble
    return OK
