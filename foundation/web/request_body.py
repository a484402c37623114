"""Reading a request's body with a limit; Content-Length may be missing or wrong.

All bodies that are arriving in this process share `ARRIVING`, so that many slow senders cannot fill
its memory.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from foundation.errors import RequestTimeout, TooLarge, Unavailable
from foundation.schema.strict_json import MAXIMUM_BODY

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class ClientDisconnected(Exception):
    """The client disconnected before its request was complete."""


class ArrivingBytes:
    """How many bytes of incomplete bodies this process holds; used by one event loop."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0

    def take(self, count: int) -> None:
        """Count further bytes; Unavailable when they are too many in all."""
        if self.held + count > self.most:
            raise Unavailable("Too many request bodies are arriving at once; try again.")
        self.held += count

    def release(self, count: int) -> None:
        """Forget bytes whose request is complete or refused."""
        self.held -= count


ARRIVING = ArrivingBytes(64 * 1024 * 1024)


async def read_body(
    announced: str, receive: Receive, *, seconds: float, most: int = MAXIMUM_BODY
) -> bytes:
    """The body of an ASGI request. TooLarge as soon as it exceeds the limit, or is announced to;
    RequestTimeout when it is not complete after `seconds`; Unavailable when too many bytes of all
    requests are arriving.

    `announced` is its Content-Length header, empty when there is none.
    """
    too_large = TooLarge(f"A body may have at most {most} bytes.")
    if len(announced) > 9 or (announced.isdecimal() and int(announced) > most):
        raise too_large
    body = bytearray()
    taken = 0
    try:
        async with asyncio.timeout(seconds):
            while await _received(receive, body):
                if len(body) > most:
                    raise too_large
                ARRIVING.take(len(body) - taken)
                taken = len(body)
    except TimeoutError:
        raise RequestTimeout(f"A body has to arrive within {seconds} seconds.") from None
    finally:
        ARRIVING.release(taken)
    if len(body) > most:
        raise too_large
    return bytes(body)


async def _received(receive: Receive, body: bytearray) -> bool:
    """Take the next part; returns whether more will come."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnected
    body += message.get("body", b"")
    return bool(message.get("more_body", False))


def replay_body(body: bytes, receive: Receive) -> Receive:
    """A receive channel that repeats the body and then passes on what follows."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
