"""Many at the same moment: threads with connections of their own, let go together."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

from django.db import connection, connections

PATIENCE = 60.0


class Crew:
    """A fixed number of threads whose connections stay open from race to race."""

    def __init__(self, size: int, pool: ThreadPoolExecutor) -> None:
        self._size = size
        self._pool = pool

    def race(self, calls: Sequence[Callable[[], object]]) -> list[Any]:
        """Run one call per thread, all let go at once; what each answered or raised, in order."""
        assert len(calls) == self._size
        line = Barrier(self._size)
        futures = [self._pool.submit(_run, line, call) for call in calls]
        return [future.result(PATIENCE) for future in futures]


@contextmanager
def crew(size: int) -> Iterator[Crew]:
    """A crew that leaves no connection behind."""
    with ThreadPoolExecutor(size) as pool:
        racers = Crew(size, pool)
        racers.race([connection.ensure_connection] * size)
        try:
            yield racers
        finally:
            racers.race([connections.close_all] * size)


def race(*calls: Callable[[], object]) -> list[Any]:
    """One race of these calls."""
    with crew(len(calls)) as racers:
        return racers.race(calls)


def _run(line: Barrier, call: Callable[[], object]) -> object:
    line.wait(PATIENCE)
    try:
        return call()
    except Exception as error:  # noqa: BLE001  # the race's outcome, judged by the test
        return error
