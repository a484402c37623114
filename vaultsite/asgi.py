"""The web process: /api/mcp goes to the MCP endpoint, WebSockets to the live pages, everything else
to Django.

The MCP endpoint is mounted in front of Django's ASGI handler, which costs more per request than the
rest of a call (docs/decisions/0005-mcp.md).
"""

import asyncio
import json
import os
from typing import cast

from django.conf import settings
from django.core.asgi import get_asgi_application
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from foundation.db.ids import uuid7
from foundation.errors import RequestTimeout, TooLarge, Unavailable, VaultError
from foundation.schema.strict_json import MAXIMUM_BODY, MAXIMUM_IMPORT
from foundation.web.request_body import (
    ARRIVING,
    ClientDisconnected,
    read_body,
    replay_body,
)
from vaultsite.allowed_origins import CrossOrigin

MCP_PATHS = ("/api/mcp", "/api/mcp/")
IMPORT_PATH = "/api/v1/imports"
PROBES = ("/livez", "/readyz", "/metrics")


class Application:
    """Dispatches requests; the MCP endpoint runs as long as the server."""

    def __init__(self, django: ASGIApp) -> None:
        from vaultsite.root_key_gate import gate

        self._gate = gate
        self._django = django
        self._mcp: ASGIApp | None = None
        self._pages: ASGIApp = _refuse_websocket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._serve(receive, send)
        elif not self._gate.is_open and not await self._is_served(scope):
            await _refuse_all(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._pages(scope, receive, send)
        elif scope["path"] in MCP_PATHS and self._mcp is not None:
            await self._mcp(scope, receive, send)
        else:
            await self._answer(scope, receive, send)

    async def _is_served(self, scope: Scope) -> bool:
        """Whether a request passes although the gate was closed a moment ago."""
        return scope["path"] in PROBES or await asyncio.to_thread(self._gate.check)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Django's answer. Django itself would write a body of any size to disk first."""
        announced = dict(scope["headers"]).get(b"content-length", b"").decode("latin-1")
        environment = settings.ENVIRONMENT
        most, seconds = MAXIMUM_BODY, environment.request_body_seconds
        if scope["path"] == IMPORT_PATH and not _is_small(announced):
            if not await _is_authenticated(scope):
                # Django answers 401 without any of the body.
                await self._django(_measured(scope, b""), replay_body(b"", receive), closing(send))
                return
            most, seconds = MAXIMUM_IMPORT, environment.import_body_seconds
        try:
            body = await read_body(announced, receive, seconds=seconds, most=most)
        except (TooLarge, RequestTimeout, Unavailable) as error:
            await _refuse(error, send)
        except ClientDisconnected:
            return
        else:
            await self._django(_measured(scope, body), replay_body(body, receive), send)

    async def _serve(self, receive: Receive, send: Send) -> None:
        """Start, wait for shutdown, stop. An unsafe start ends the server at once."""
        from audit.processes import this_process
        from console.live.connections import watching
        from console.live.socket import LiveSocket
        from mcpserver.app import serving
        from vaultsite.celery import app
        from vaultsite.startup_checks import (
            UnsafeStart,
            close_database,
            harden_process,
            require_safe_database,
        )

        await receive()
        app.set_default()
        harden_process()
        try:
            await asyncio.to_thread(require_safe_database)
            await asyncio.to_thread(self._gate.check)
        except UnsafeStart as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        if self._gate.is_open:
            await asyncio.to_thread(this_process.start, "web")
        async with serving() as self._mcp, watching() as pages:
            self._pages = LiveSocket(pages)
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await asyncio.to_thread(this_process.stop)
        self._mcp, self._pages = None, _refuse_websocket
        await asyncio.to_thread(close_database)
        await send({"type": "lifespan.shutdown.complete"})


def _is_small(announced: str) -> bool:
    """Whether a body is announced to be within the usual limit; without a length it is not."""
    return announced.isdecimal() and len(announced) <= 9 and int(announced) <= MAXIMUM_BODY


async def _is_authenticated(scope: Scope) -> bool:
    """Whether the head has a token that is in force: only then is a large body taken at all."""
    from restapi.authentication import has_valid_token

    headers = [
        value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"
    ]
    return await asyncio.to_thread(has_valid_token, headers)


def closing(send: Send) -> Send:
    """Answers on it close the connection, whose request is not read to its end."""

    async def send_and_close(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        await send(message)

    return send_and_close


def _measured(scope: Scope, body: bytes) -> Scope:
    """The scope with the body's length, without which Django assumes an empty body, and with the
    scheme that clients use.

    TLS ends at the proxy, so this process always sees `http`. Django decides by the scheme whether
    to send HSTS, to check the Referer, and which Origin is its own.
    """
    headers = [pair for pair in scope["headers"] if pair[0] != b"content-length"]
    if body:
        headers.append((b"content-length", str(len(body)).encode()))
    scheme = settings.PUBLIC_URL.partition(":")[0]
    return {**scope, "headers": headers, "scheme": scheme}


async def _refuse_all(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await _refuse_websocket(scope, receive, send)
    else:
        await _refuse(Unavailable(), send)


async def _refuse(error: VaultError, send: Send) -> None:
    """The problem that the channels would answer, with the same headers."""
    identifier = uuid7().hex
    body = json.dumps(error.as_problem(identifier)).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"cache-control", b"no-store"),
        (b"x-request-id", identifier.encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _refuse_websocket(_: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1001})


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vaultsite.settings")
ARRIVING.most = settings.ENVIRONMENT.arriving_mebibytes * 1024 * 1024
application = CrossOrigin(Application(cast(ASGIApp, get_asgi_application())))
