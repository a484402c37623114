"""Where synchronous work runs: a few threads beside the event loop, one connection each."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import close_old_connections

from foundation.errors import Unavailable

THREADS = 16
WAITING = 512

T = TypeVar("T")


class WorkerThreads:
    """Runs functions off the event loop; refuses when too many wait, instead of growing."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="mcp")
        self._running = 0

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` answers or raises; Unavailable at once when the queue is full."""
        if self._running >= THREADS + WAITING:
            raise Unavailable("Too many requests at this moment.")
        self._running += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._executor, _with_connection, work
            )
        finally:
            self._running -= 1

    def stop(self) -> None:
        """Let what runs come to its end; what still waits is not begun."""
        self._executor.shutdown(wait=True, cancel_futures=True)


def _with_connection(work: Callable[[], T]) -> T:
    """No request signal fires here, so Django's care for connections is taken by hand."""
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()
