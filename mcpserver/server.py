"""The SDK's low-level server with the table of tools; the SDK follows the protocol's revisions."""

import logging
from collections.abc import Callable
from typing import Any, cast

import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, METHOD_NOT_FOUND
from starlette.requests import Request

from foundation.errors import ApprovalPending, Unauthenticated
from mcpserver.elicitation import ask_person, may_ask
from mcpserver.guard import ACTOR, ENDED
from mcpserver.instructions import INSTRUCTIONS
from mcpserver.server_info import SERVER_INFO
from mcpserver.tool_calls import ToolCalls, refusal
from mcpserver.tool_schemas import described
from mcpserver.tools import TOOLS, find_tool

FRESH = CacheHint(ttl_ms=300_000, scope="private")

Context = ServerRequestContext[Any, Any]


Spelling = Callable[[str], str]


def make_server(calls: ToolCalls, spelling: Spelling) -> Server[Any]:
    """A server whose handlers find the actor that the guard put into the request's scope.

    `spelling` is applied to every text that names tools.
    """
    handlers = Handlers(calls, spelling)
    server: Server[Any] = Server(
        SERVER_INFO["name"],
        version=SERVER_INFO["version"],
        title=SERVER_INFO["title"],
        instructions=spelling(INSTRUCTIONS),
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        cache_hints={"tools/list": FRESH, "server/discover": FRESH},
        get_tool_input_schema=lambda _: None,  # no argument is mirrored in a header
    )
    # Replaces the SDK's tracing, which writes exceptions' text into spans.
    server.middleware[:] = [_without_echo]
    # At lower levels the SDK logs several lines per request, with text that clients sent.
    logging.getLogger("mcp").setLevel(logging.WARNING)
    return server


class Handlers:
    """The handlers of tools/list and tools/call."""

    def __init__(self, calls: ToolCalls, spelling: Spelling) -> None:
        self._calls = calls
        self._listing = types.ListToolsResult(tools=[described(tool, spelling) for tool in TOOLS])

    async def list_tools(
        self, _: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """All tools in a fixed order, whatever the scopes: clients see what to request."""
        if params is not None and params.cursor is not None:
            raise MCPError(INVALID_PARAMS, "There is one page only.")
        return self._listing

    async def call_tool(
        self, context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        """The operation's answer, computed in a worker thread.

        An approval is requested through the client where the client supports it.
        """
        tool = find_tool(params.name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, "There is no such tool; see tools/list.")
        scope = cast(Request, context.request).scope
        arguments, asking = params.arguments or {}, may_ask(context, params)
        try:
            result = await self._calls.run(tool, arguments, scope[ACTOR], may_ask=asking)
        except ApprovalPending as error:
            return ask_person(error)
        except Unauthenticated as error:
            scope[ENDED] = error  # the guard answers HTTP 401 instead of this
            result = refusal(error, scope[ACTOR])
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=result.text)],
            structured_content=result.content,
            is_error=result.is_error,
        )


async def _without_echo(ctx: Context, call_next: CallNext) -> HandlerResult:
    """The SDK echoes the name of an unknown method; nothing that was sent may be repeated."""
    try:
        return await call_next(ctx)
    except MCPError as error:
        if error.code == METHOD_NOT_FOUND:
            raise MCPError(METHOD_NOT_FOUND, "There is no such method.") from None
        raise
