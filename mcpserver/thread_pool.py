"""Threads for synchronous work beside the event loop, with one database connection each."""

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
    """Runs functions off the event loop; refuses work when the queue is full."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="mcp")
        self._running = 0

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`; Unavailable at once when the queue is full."""
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
        """Wait for running work; queued work is dropped."""
        self._executor.shutdown(wait=True, cancel_futures=True)


def _with_connection(work: Callable[[], T]) -> T:
    """Close stale connections as Django's request signals would; none fires here."""
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()
