"""Background work: what is due is sent, nothing else, and workers keep their connections."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery.beat import ScheduleEntry
from django.conf import settings
from django.test import override_settings
from psycopg.conninfo import make_conninfo

from foundation.db.due_rows import due_rows
from tests.alone import environment
from tests.people import Somebody, lease, store
from tests.storage import owner_sql
from tests.tenants.test_mail_queue import QUEUES, Queue
from vaultsite.celery import app
from vaultsite.due_scheduler import DUE, SWEEP, DueScheduler, DueTasks

TASKS = 40
POOL = 4
DEADLINE = 60.0


@pytest.fixture
def due(database: None) -> Iterator[DueTasks]:
    """Beat's question, to this test's database."""
    url = make_conninfo(
        str(settings.ENVIRONMENT.database_url), dbname=settings.DATABASES["default"]["NAME"]
    )
    tasks = DueTasks(url)
    yield tasks
    tasks.close()


def test_every_task_is_scheduled_or_sent_when_it_is_due() -> None:
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    assert ours == set(DUE) | (set(settings.CELERY_BEAT_SCHEDULE) - {SWEEP})


def test_every_kind_of_due_row_is_asked_for(database: None) -> None:
    functions = {
        name
        for (name,) in owner_sql(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " AND proname LIKE '%\\_due'"
        )
    }
    asked = set(re.findall(r"\w+_due\b", " ".join(DUE.values())))
    assert functions == asked


def test_nothing_is_due_at_rest(due: DueTasks, owner: Somebody) -> None:
    store(owner)
    lease(owner.agent)
    assert due.names() == []


def test_an_expired_lease_is_due(due: DueTasks, owner: Somebody) -> None:
    store(owner)
    lease(owner.agent, ttl=1)
    end = time.monotonic() + DEADLINE
    while not due_rows("leases_due") and time.monotonic() < end:
        time.sleep(0.05)
    assert due.names() == ["leases.expire_due_leases"]


@pytest.mark.parametrize("queue", QUEUES.values(), ids=QUEUES)
def test_waiting_mail_is_due(
    due: DueTasks, owner: Somebody, member: Somebody, queue: Queue
) -> None:
    queue.fill(owner, member)
    assert len(due.names()) == 1
    owner_sql(f"UPDATE {queue.table} SET next_attempt_at = now() + interval '1 hour'")
    assert due.names() == []


def test_without_a_database_nothing_is_sent_and_the_next_question_connects_again(
    due: DueTasks, owner: Somebody
) -> None:
    assert due.names() == []
    owner_sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = 'vault_app' AND query LIKE 'SELECT EXISTS (SELECT FROM leases_due%'"
    )
    assert due.names() == []
    assert due.is_connected


class RefusingScheduler(DueScheduler):
    """Its broker is away."""

    def send_task(self, *_: object, **__: object) -> None:
        raise ConnectionRefusedError


def test_a_broker_that_is_away_is_no_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scheduler = RefusingScheduler(app, schedule_filename=str(tmp_path / "schedule"))
    entry: ScheduleEntry = scheduler.schedule["identity.purge"]
    with override_settings(CELERY_BROKER_URL=settings.REDIS_URL):
        scheduler.apply_entry(entry)
    scheduler.close()
    assert [record.getMessage() for record in caplog.records] == [
        "the broker is out of reach: ConnectionRefusedError"
    ]
    assert caplog.records[0].exc_info is None


@pytest.fixture
def worker(database: None) -> Iterator[subprocess.Popen[bytes]]:
    """A worker as the guide starts it, on this test's database."""
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "vaultsite.celery", "worker", "--loglevel=ERROR"],
        env=environment(),
    )
    yield process
    process.terminate()
    process.wait(30)


@pytest.mark.usefixtures("worker")
def test_the_tasks_of_a_worker_share_its_connections() -> None:
    """Each task opened a pool of its own, which was closed when it ended."""
    before, done = _sessions(), 0
    for _ in range(TASKS):
        app.send_task("leases.expire_due_leases")
    end = time.monotonic() + DEADLINE
    while done < TASKS and time.monotonic() < end:
        stats = app.control.inspect(timeout=1).stats() or {}
        done = sum(sum(worker["total"].values()) for worker in stats.values())
    assert done >= TASKS
    assert _sessions() - before <= 2 * POOL


def _sessions() -> int:
    """How many connections were ever made to this test's database."""
    (row,) = owner_sql("SELECT sessions FROM pg_stat_database WHERE datname = current_database()")
    count: int = row[0]
    return count
