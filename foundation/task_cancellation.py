"""Ending background tasks of an event loop when the process stops."""

import asyncio
import logging

log = logging.getLogger(__name__)

ATTEMPTS = 5
ATTEMPT_SECONDS = 1.0


async def cancel_task(task: asyncio.Task[None]) -> None:
    """Cancel a task until it ends, for at most five seconds.

    Libraries swallow a cancellation that arrives while they connect or clean up; waiting for such a
    task would keep the process from ever ending.
    """
    for _ in range(ATTEMPTS):
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=ATTEMPT_SECONDS)
        if done:
            return
    log.warning("a background task does not end; the process stops without it")
