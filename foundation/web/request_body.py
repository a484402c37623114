"""A request's body, read whole and counted as it comes: a Content-Length may be missing or lie."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from foundation.errors import RequestTimeout, TooLarge
from foundation.schema.strict_json import MAXIMUM_BODY

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class ClientDisconnected(Exception):
    """The client went away before its request was whole."""


async def read_body(
    announced: str, receive: Receive, *, seconds: float, most: int = MAXIMUM_BODY
) -> bytes:
    """The body of an ASGI request; TooLarge at the first byte over the limit, or before any;
    RequestTimeout when it is not whole after `seconds`.

    `announced` is its Content-Length header, empty when there is none.
    """
    too_large = TooLarge(f"A body may have at most {most} bytes.")
    if len(announced) > 9 or (announced.isdecimal() and int(announced) > most):
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while await _received(receive, body):
                if len(body) > most:
                    raise too_large
    except TimeoutError:
        raise RequestTimeout(f"A body has to arrive within {seconds} seconds.") from None
    if len(body) > most:
        raise too_large
    return bytes(body)


async def _received(receive: Receive, body: bytearray) -> bool:
    """Take the next part; whether more will come."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnected
    body += message.get("body", b"")
    return bool(message.get("more_body", False))


def replay_body(body: bytes, receive: Receive) -> Receive:
    """The body once more for whoever comes next, then whatever comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
