"""The control: the MCP SDK's own server with a tool that does nothing, behind a token check.

The token is verified as Vault verifies it: the signature once, then a memory of verified tokens.
Served by uvicorn as `bench.sdk_noop:application`; `BENCH_JWKS` is the address of the key set.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import httpx2
import jwt
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

TOOL = types.Tool(name="noop", description="Does nothing.", input_schema={"type": "object"})
ANSWER = {"ok": True}


async def _list_tools(_: Any, __: Any) -> types.ListToolsResult:
    return types.ListToolsResult(tools=[TOOL])


async def _call_tool(_: Any, __: Any) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=json.dumps(ANSWER))],
        structured_content=ANSWER,
        is_error=False,
    )


class Control:
    """The ASGI application: token check, then the SDK."""

    def __init__(self) -> None:
        server: Server[Any] = Server(
            "noop",
            version="1",
            on_list_tools=_list_tools,
            on_call_tool=_call_tool,
            get_tool_input_schema=lambda _: None,
        )
        server.middleware[:] = []  # no tracing, as in Vault
        self._manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True)
        self._keys: dict[str, jwt.PyJWK] = {}
        self._verified: dict[bytes, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._serve(receive, send)
        elif self._is_authenticated(Headers(scope=scope)):
            await self._manager.asgi_app(scope, receive, send)
        else:
            await Response(status_code=401)(scope, receive, send)

    async def _serve(self, receive: Receive, send: Send) -> None:
        await receive()
        key_set = await asyncio.to_thread(httpx2.get, os.environ["BENCH_JWKS"])
        self._keys = {key["kid"]: jwt.PyJWK(key) for key in key_set.json()["keys"]}
        async with self._running():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        async with self._manager.run():
            yield

    def _is_authenticated(self, headers: Headers) -> bool:
        token = headers.get("authorization", "").removeprefix("Bearer ")
        digest = sha256(token.encode()).digest()
        if self._verified.get(digest, 0) > time.time():
            return True
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(token, key, algorithms=["ES256"], options={"verify_aud": False})
        except (jwt.PyJWTError, KeyError):
            return False
        self._verified[digest] = claims["exp"]
        return True


application = Control()
