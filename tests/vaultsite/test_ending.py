"""Every process ends: at once when it cannot serve, and on SIGTERM whatever it waits for."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.alone import database_url, environment
from tests.vaultsite.frozen import FreezableServer, FrozenServer

DEADLINE = 60.0
WEB = ("uvicorn", "vaultsite.asgi:application", "--port")
WORKER = ("celery", "-A", "vaultsite.celery", "worker")
BEAT = ("celery", "-A", "vaultsite.beat", "beat", "--pidfile=", "--schedule")


def start(program: Sequence[str], **changes: str) -> subprocess.Popen[str]:
    """A process as the guide starts it, on this test's database."""
    return subprocess.Popen(
        [sys.executable, "-m", *program],
        env=environment(**changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code and what it printed; it is killed when it does not end by itself."""
    try:
        output, _ = process.communicate(timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        pytest.fail("the process does not end")
    return process.returncode, output


@pytest.fixture
def frozen() -> Iterator[FrozenServer]:
    """A Redis that hangs."""
    server = FrozenServer()
    yield server
    server.close()


def test_a_web_process_on_an_occupied_port_ends_with_one_line(database: None) -> None:
    with socket.socket() as occupied:
        occupied.bind(("127.0.0.1", 0))
        occupied.listen()
        code, output = ended(start((*WEB, str(occupied.getsockname()[1]))))
    assert code != 0
    assert output.count("address already in use") == 1
    assert "Traceback" not in output


@pytest.mark.parametrize("program", [WEB, WORKER, BEAT], ids=["web", "worker", "beat"])
def test_sigterm_ends_a_process_while_redis_hangs(
    database: None, frozen: FrozenServer, tmp_path: Path, program: Sequence[str]
) -> None:
    last = {WEB: ("0",), BEAT: (str(tmp_path / "schedule"),)}.get(tuple(program), ())
    process = start((*program, *last), VAULTSITE_REDIS_URL=frozen.url)
    if program is WEB:
        _await_line(process, "startup complete")
    else:
        _await(lambda: bool(frozen.taken))
    process.send_signal(signal.SIGTERM)
    _, output = ended(process)
    assert "Traceback" not in output


def test_sigterm_ends_beat_while_the_database_hangs(database: None, tmp_path: Path) -> None:
    postgres = FreezableServer(database_url())
    postgres.runs.clear()
    program = (*BEAT, str(tmp_path / "schedule"))
    process = start(program, VAULTSITE_DATABASE_URL=postgres.url)
    _await(lambda: bool(postgres.relayed))
    process.send_signal(signal.SIGTERM)
    ended(process)
    postgres.close()


def _await(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def _await_line(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    assert any(words in line for line in process.stdout)
