"""The WebSocket of one page, from the handshake to its end (RFC 6455).

The client sends nothing but its session cookie, which decides the tenant whose updates it gets. A
message from the client ends the connection.
"""

import json
import re
from typing import Any

from django.conf import settings
from django.http import parse_cookie
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from console.live.connections import (
    SIGNED_OUT,
    TOO_MANY,
    ConnectionRefused,
    LiveConnection,
    LiveConnections,
)
from foundation.call_limits import CallLimit
from foundation.web.allowed_origins import allowed_origins
from foundation.web.client_ip import address_of_scope, network_of_address

PATH = "/ws/live/"
# What the session store makes; anything else is refused without asking the database.
SESSION_KEY = re.compile("[a-z0-9]{32}")
# Sessions of one network that the database did not know, at once and then each second.
REFUSED, REFUSED_PER_SECOND = 200, 2
POLICY = 1008


class LiveSocket:
    """The ASGI application for WebSockets."""

    def __init__(self, pages: LiveConnections) -> None:
        given = settings.ENVIRONMENT
        self._pages = pages
        self._refusals = CallLimit(burst=REFUSED, per_second=REFUSED_PER_SECOND)
        self._origins = allowed_origins(given.public_url, (), development=given.development)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        headers = Headers(scope=scope)
        if scope["path"] != PATH or not self._is_ours(headers):
            await send({"type": "websocket.close", "code": POLICY})  # HTTP 403: not accepted
            return
        await send({"type": "websocket.accept"})
        try:
            page = await self._open(scope, headers, send)
        except ConnectionRefused as refusal:
            await send({"type": "websocket.close", "code": refusal.code})
            return
        try:
            if (await receive())["type"] != "websocket.disconnect":
                await send({"type": "websocket.close", "code": POLICY})
        finally:
            self._pages.leave(page)

    async def _open(self, scope: Scope, headers: Headers, send: Send) -> LiveConnection:
        """The page of the session. Raises ConnectionRefused; without a query where that is sure."""
        session_key, network = _session_key(headers), _network(scope, headers)
        if not SESSION_KEY.fullmatch(session_key):
            raise ConnectionRefused(SIGNED_OUT)
        if not self._refusals.has_left(network):
            raise ConnectionRefused(TOO_MANY)
        try:
            return await self._pages.open(session_key, _text(send), _end(send))
        except ConnectionRefused:
            self._refusals.spend(network)
            raise

    def _is_ours(self, headers: Headers) -> bool:
        """Our pages send exactly one Origin; with cookies alone any site's page could connect."""
        origins = headers.getlist("origin")
        return len(origins) == 1 and origins[0] in self._origins


def _session_key(headers: Headers) -> str:
    cookies = parse_cookie("; ".join(headers.getlist("cookie")))
    return cookies.get(settings.SESSION_COOKIE_NAME, "")


def _network(scope: Scope, headers: Headers) -> str:
    forwarded = headers.getlist("x-forwarded-for")
    address = address_of_scope(scope, forwarded, settings.ENVIRONMENT.trusted_proxies)
    return network_of_address(address)


def _text(send: Send) -> Any:
    async def text(message: dict[str, Any]) -> None:
        await send({"type": "websocket.send", "text": json.dumps(message)})

    return text


def _end(send: Send) -> Any:
    async def end(code: int) -> None:
        await send({"type": "websocket.close", "code": code})

    return end
