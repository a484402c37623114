"""`GET /metrics` for Prometheus: never public. Without VAULTSITE_METRICS_TOKEN it does not exist.

Counters are of the process that answers, so every web process is scraped by itself; the figures of
the database and the list of processes are the installation's.
"""

import hmac
import time
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from audit.processes import running_processes
from foundation.db.pool import answers_within
from foundation.outgoing.slots import slots, use_slots
from identity.sign_in.security_emails import letters_outstanding
from tenants.notifications import notices_outstanding
from vaultsite.celery import HEARTBEAT

ANSWER_SECONDS = 3.0
HELP = {
    "leases_active": "Leases that can be read now.",
    "approvals_waiting": "Leases that wait for an approval.",
    "access_requests_waiting": "Requests for access that wait for a decision.",
    "rotation_windows_open": "Rotation windows that are open.",
    "tenants": "Tenants.",
    "audit_entries_estimated": "Rows of the audit log, as the planner estimates them.",
    "oldest_due_seconds": "How long the oldest due row waits for the worker.",
}


class InstallationCollector:
    """What is read at each scrape."""

    def collect(self) -> Iterable[Metric]:
        yield from self._of_this_process()
        try:
            with answers_within(ANSWER_SECONDS):
                yield from self._of_the_database()
        except (DatabaseError, InterfaceError):
            yield _gauge("vault_database_up", "Whether the database answers.", 0)
        else:
            yield _gauge("vault_database_up", "Whether the database answers.", 1)

    def describe(self) -> Iterable[Metric]:
        """Nothing is read when the collector is registered."""
        return ()

    def _of_this_process(self) -> Iterator[Metric]:
        calls = GaugeMetricFamily(
            "vault_outgoing_calls", "Calls to other servers in flight.", labels=["kind"]
        )
        calls.add_metric(["provider"], slots.in_use())
        calls.add_metric(["destination"], use_slots.in_use())
        yield calls
        yield from _pool()
        beat = cache.get(HEARTBEAT, 0)
        age = time.time() - beat if beat else float("inf")
        yield _gauge(
            "vault_heartbeat_age_seconds", "Since a task came through beat and worker.", age
        )
        up = int(getattr(cache, "is_shared", False))
        yield _gauge("vault_redis_up", "Whether Redis answers.", up)

    def _of_the_database(self) -> Iterator[Metric]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, figure FROM installation_figures()")
            for name, figure in cursor.fetchall():
                yield _gauge(f"vault_{name}", HELP[name], figure)
        mail = {"notices": notices_outstanding(), "letters": letters_outstanding()}
        waiting = GaugeMetricFamily(
            "vault_mail_overdue", "Mails that wait for more than ten minutes.", labels=["queue"]
        )
        failed = GaugeMetricFamily(
            "vault_mail_given_up", "Mails given up in the last 24 hours.", labels=["queue"]
        )
        for queue, outstanding in mail.items():
            waiting.add_metric([queue], outstanding.overdue)
            failed.add_metric([queue], outstanding.given_up)
        yield waiting
        yield failed
        yield _processes()


def _pool() -> Iterator[Metric]:
    """The pool of database connections of this process."""
    pool = connection.pool  # type: ignore[attr-defined]  # the stubs are of a Django without pools
    if pool is not None:
        stats = pool.get_stats()
        in_use = stats["pool_size"] - stats["pool_available"]
        waiting = stats.get("requests_waiting", 0)
        yield _gauge("vault_database_pool_in_use", "Database connections in use.", in_use)
        yield _gauge("vault_database_pool_waiting", "Requests that wait for one.", waiting)


def _processes() -> Metric:
    seen = GaugeMetricFamily(
        "vault_process_silent_seconds",
        "How long ago each web process and worker showed that it runs.",
        labels=["kind", "host", "pid"],
    )
    for process, seconds in running_processes():
        seen.add_metric([process.kind, process.host, str(process.pid)], seconds)
    return seen


def _gauge(name: str, description: str, value: float) -> Metric:
    return GaugeMetricFamily(name, description, value=value)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics in Prometheus's text format, for whoever has the token."""
    token = settings.ENVIRONMENT.metrics_token
    if token is None:
        raise Http404
    given = request.headers.get("Authorization", "")
    expected = f"Bearer {token.get_secret_value()}"
    if not hmac.compare_digest(given.encode(), expected.encode()):
        answer = HttpResponse("A token is needed.\n", status=401, content_type="text/plain")
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_PLAIN_0_0_4)


REGISTRY.register(InstallationCollector())
