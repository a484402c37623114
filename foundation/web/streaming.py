"""Sending an answer while it is read."""

from collections.abc import AsyncIterator, Iterator
from functools import partial

from asgiref.sync import sync_to_async


async def iterate_in_thread(parts: Iterator[str]) -> AsyncIterator[str]:
    """The parts, each read in the thread that holds the database connection."""
    further = sync_to_async(partial(next, parts, None))
    while (part := await further()) is not None:
        yield part
