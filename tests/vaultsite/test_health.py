"""/livez and /readyz: what an operator's probe sees."""

import time
from collections.abc import Iterator

import httpx2
import pytest
from django.core.cache import cache
from django.db import connections
from django.test import override_settings

from foundation.db.roles import UnsafeDatabaseRole
from tests.oauth_client import reach
from tests.people import Somebody, store
from tests.storage import owner_sql
from tests.tenants.test_mail_queue import QUEUES, Queue
from vaultsite.cache import FallbackRedisCache
from vaultsite.celery import HEARTBEAT, send_heartbeat

PARTS = {"database", "migrations", "role", "keys", "redis", "worker", "mail"}


@pytest.fixture
def http(server: str, database: None) -> Iterator[httpx2.Client]:
    """A connection to the running product."""
    with reach(server) as connection:
        yield connection


def ready(http: httpx2.Client) -> tuple[int, str, set[str]]:
    """Status, word, and the parts in trouble."""
    answer = http.get("/readyz")
    document = answer.json()
    assert set(document["checks"]) == PARTS
    troubled = {part for part, said in document["checks"].items() if said != "ok"}
    return answer.status_code, document["status"], troubled


def test_a_living_process_says_so(http: httpx2.Client) -> None:
    answer = http.get("/livez")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_with_a_heartbeat_all_is_ready(http: httpx2.Client) -> None:
    send_heartbeat()
    assert ready(http) == (200, "ready", set())


def test_without_a_worker_reading_goes_on(http: httpx2.Client) -> None:
    assert ready(http) == (200, "degraded", {"worker"})
    cache.set(HEARTBEAT, int(time.time()) - 60)
    assert ready(http) == (200, "degraded", {"worker"})


def test_without_redis_reading_goes_on(
    http: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FallbackRedisCache, "is_shared", False)
    send_heartbeat()
    assert ready(http) == (200, "degraded", {"redis"})


def test_without_a_mail_server_reading_goes_on(http: httpx2.Client) -> None:
    send_heartbeat()
    with override_settings(EMAIL_BACKEND="vaultsite.mail.NoMailServer"):
        assert ready(http) == (200, "degraded", {"mail"})
        assert http.get("/readyz").json()["checks"]["mail"] == "not configured"


@pytest.mark.parametrize("queue", QUEUES.values(), ids=QUEUES)
def test_mail_that_waits_or_was_given_up_is_counted(
    http: httpx2.Client, owner: Somebody, member: Somebody, queue: Queue
) -> None:
    send_heartbeat()
    queue.fill(owner, member)
    assert ready(http) == (200, "ready", set())
    owner_sql(f"UPDATE {queue.table} SET created_at = now() - interval '1 hour'")
    one = f"(SELECT id FROM {queue.table} LIMIT 1)"
    owner_sql(f"UPDATE {queue.table} SET state = 'failed', failed_at = now() WHERE id = {one}")

    assert ready(http) == (200, "degraded", {"mail"})
    said = http.get("/readyz").json()["checks"]["mail"]
    assert said == "1 waiting; 1 given up in the last 24 hours"


def test_a_root_key_that_opens_nothing_is_not_ready(http: httpx2.Client, owner: Somebody) -> None:
    store(owner)
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE tenant_key SET wrapped = wrapped || '\\x00'")
    status, word, troubled = ready(http)
    assert (status, word) == (503, "unready")
    assert "keys" in troubled


def test_a_missing_migration_is_not_ready(http: httpx2.Client) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET app = 'x' || app WHERE app = 'leases'")
    try:
        assert ready(http)[0] == 503
        assert "migrations" in ready(http)[2]
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("UPDATE django_migrations SET app = 'leases' WHERE app = 'xleases'")
    assert ready(http)[0] == 200


def test_an_unsafe_role_is_not_ready(http: httpx2.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise UnsafeDatabaseRole

    monkeypatch.setattr("vaultsite.health.require_restricted_role", refuse)
    assert ready(http)[0] == 503
    assert "role" in ready(http)[2]
