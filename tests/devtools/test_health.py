"""The start is waited for as long as its processes make progress, and no longer."""

import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from devtools import health
from devtools.exit_codes import LaunchError
from devtools.health import Health, await_ready
from devtools.processes import ProcessGroup, Program

UNREADY = Health(ready=False, failing=["the web process does not answer"])


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, _seconds: float) -> None:
        self.now += 10


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(health, "time", made)
    return made


def _ready_after(polls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def answers() -> Iterator[Health]:
        yield from [UNREADY] * polls
        while True:
            yield Health(ready=True, failing=[])

    found = answers()
    monkeypatch.setattr(health, "read_health", lambda _url: next(found))


def test_a_slow_start_that_moves_is_waited_for(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ready_after(30, monkeypatch)
    moving = count()

    await_ready("http://localhost", lambda: None, progress=lambda: next(moving))

    assert clock.now == 300


def test_a_start_that_stands_still_is_given_up(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ready_after(30, monkeypatch)

    with pytest.raises(LaunchError, match="nothing has moved"):
        await_ready("http://localhost", lambda: None)
    assert clock.now == 100


def test_no_start_is_waited_for_without_end(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    _ready_after(1000, monkeypatch)
    moving = count()

    with pytest.raises(LaunchError):
        await_ready("http://localhost", lambda: None, progress=lambda: next(moving))
    assert clock.now < 1000


def test_a_process_that_ended_is_not_waited_for(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ready_after(30, monkeypatch)

    def watch() -> None:
        raise LaunchError("web ended")

    with pytest.raises(LaunchError, match="web ended"):
        await_ready("http://localhost", watch)
    assert clock.now == 0


def test_a_working_program_makes_progress(tmp_path: Path) -> None:
    with ProcessGroup(tmp_path) as programs:
        busy = [sys.executable, "-c", "while True: pass"]
        programs.start(Program(name="busy", arguments=busy, environment={}))
        first = programs.progress()
        for _ in range(500):
            if programs.progress() != first:
                break
            time.sleep(0.02)
        assert programs.progress() != first
