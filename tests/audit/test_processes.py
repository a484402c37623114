"""A process that was killed is found and its end recorded; one that ends in order says so (I2)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from access.tenancy import tenant_transaction
from audit.events import Event
from audit.models import Entry, Process
from audit.processes import RunningProcess, this_process
from audit.recording import INSTALLATION
from audit.tasks import record_dead_processes
from tests.alone import environment
from tests.environment import free_port
from tests.people import Somebody, lease, read, store
from tests.storage import owner_sql

DEADLINE = 60.0


def ended() -> list[dict[str, object]]:
    """What the installation's log says of ended processes."""
    with tenant_transaction(INSTALLATION):
        found = Entry.objects.filter(tenant_id=INSTALLATION, event=Event.PROCESS_ENDED)
        return [entry.details for entry in found]


@pytest.fixture
def process(database: None) -> Iterator[RunningProcess]:
    """A process that runs."""
    running = RunningProcess()
    running.start("web")
    yield running
    running.stop()


def grow_silent(process: RunningProcess) -> None:
    """As if nothing had been heard of it for a while."""
    owner_sql(
        "UPDATE process SET seen_at = now() - interval '61 seconds' WHERE id = %s", process.id
    )


def test_a_running_process_is_not_recorded(process: RunningProcess) -> None:
    record_dead_processes()
    assert ended() == []


def test_a_silent_process_is_recorded_once(process: RunningProcess) -> None:
    grow_silent(process)
    record_dead_processes()
    record_dead_processes()
    (details,) = ended()
    assert (details["process"], details["pid"]) == (process.id, os.getpid())


def test_a_process_that_stood_still_goes_on_as_another(process: RunningProcess) -> None:
    before = process.id
    grow_silent(process)
    record_dead_processes()
    process.show_life()
    assert process.id != before
    record_dead_processes()
    assert [details["process"] for details in ended()] == [before]


def test_a_process_that_ends_in_order_needs_no_entry(process: RunningProcess) -> None:
    process.stop()
    grow_silent(process)
    record_dead_processes()
    assert ended() == []


def test_the_entry_of_a_read_names_its_process(owner: Somebody) -> None:
    store(owner)
    read(owner.agent, lease(owner.agent).lease_handle)
    with tenant_transaction(owner.console.tenant_id):
        entry = Entry.objects.get(event=Event.CREDENTIAL_READ)
    assert entry.details["process"] == this_process.id


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
def test_a_web_process_that_is_killed_leaves_a_row_and_one_that_is_stopped_ends_it(
    database: None, signal_number: signal.Signals
) -> None:
    command = ["-m", "uvicorn", "vaultsite.asgi:application", "--port", str(free_port())]
    web = subprocess.Popen([sys.executable, *command], env=environment())
    end = time.monotonic() + DEADLINE
    while not Process.objects.filter(pid=web.pid).exists() and time.monotonic() < end:
        time.sleep(0.1)
    web.send_signal(signal_number)
    web.wait(DEADLINE)
    is_open = Process.objects.get(pid=web.pid).ended_at is None
    assert is_open == (signal_number is signal.SIGKILL)
    owner_sql("UPDATE process SET seen_at = now() - interval '61 seconds'")
    record_dead_processes()
    found = [details["pid"] for details in ended()]
    assert (web.pid in found) == (signal_number is signal.SIGKILL)
