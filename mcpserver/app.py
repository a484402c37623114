"""The MCP endpoint as one ASGI application, running as long as the web server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from django.conf import settings
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import ASGIApp

from foundation.db.loop import LoopDatabase
from foundation.schema.strict_json import MAXIMUM_BODY
from mcpserver.guard import Guard
from mcpserver.server import make_server
from mcpserver.thread_pool import WorkerThreads
from mcpserver.tool_calls import ToolCalls
from mcpserver.tool_names import with_underscores

# Where the setting says that threads use no pool.
CONNECTIONS = 8


@asynccontextmanager
async def serving() -> AsyncIterator[ASGIApp]:
    """Serve tool calls while the block runs. Stateless: no session outlives its request, so revoked
    access is refused at the next one.
    """
    threads = WorkerThreads()
    try:
        async with LoopDatabase(settings.ENVIRONMENT.database_pool or CONNECTIONS) as database:
            calls = ToolCalls(threads, database)
            dotted, plain = (
                _manager(make_server(calls, str)),
                _manager(make_server(calls, with_underscores)),
            )
            async with dotted.run(), plain.run():
                yield Guard(dotted.asgi_app, plain.asgi_app, threads, calls)
    finally:
        threads.stop()


def _manager(server: Server[Any]) -> StreamableHTTPSessionManager:
    return StreamableHTTPSessionManager(
        server, json_response=True, stateless=True, max_request_body_size=MAXIMUM_BODY
    )
