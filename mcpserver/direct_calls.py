"""Ordinary tool calls, answered without the SDK (docs/decisions/0019-speed.md).

The SDK's classes for one message cost more than the operation. A `tools/call` of the 2026 revision
that has nothing but a name, arguments and the usual metadata is therefore answered here, with the
bytes that the SDK would send; a test compares them. Everything else goes to the SDK: other methods
and revisions, headers that disagree, clients that can ask their person.
"""

import json
from typing import Any

from mcp.shared.inbound import (
    MCP_METHOD_HEADER,
    MCP_NAME_HEADER,
    MCP_PARAM_HEADER_PREFIX,
    MCP_PROTOCOL_VERSION_HEADER,
)
from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    PROTOCOL_VERSION_META_KEY,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from starlette.datastructures import Headers

from mcpserver.jsonrpc import TOOL_USE_META_KEY, RpcMessage
from mcpserver.server_info import SERVER_INFO
from mcpserver.tool_calls import ToolResult

ORDINARY_MEMBERS = {"name", "arguments", "_meta"}
ORDINARY_META = {
    PROTOCOL_VERSION_META_KEY,
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    TOOL_USE_META_KEY,
}
PARAM_PREFIX = MCP_PARAM_HEADER_PREFIX.lower()
_compact = json.JSONEncoder(separators=(",", ":")).encode
_META = _compact({"io.modelcontextprotocol/serverInfo": SERVER_INFO})


def is_ordinary(headers: Headers, message: RpcMessage) -> bool:
    """Whether this call of a known tool needs nothing that only the SDK does."""
    meta, params = message.meta, message.params
    version = headers.get(MCP_PROTOCOL_VERSION_HEADER)
    return (
        version in MODERN_PROTOCOL_VERSIONS
        and meta.get(PROTOCOL_VERSION_META_KEY) == version
        and headers.get(MCP_METHOD_HEADER) == message.method
        and headers.get(MCP_NAME_HEADER) == message.tool
        and params.keys() <= ORDINARY_MEMBERS
        and isinstance(params.get("arguments", {}), dict)
        and meta.keys() <= ORDINARY_META
        and _is_plain_client(meta)
        and "application/json" in headers.get("accept", "")
        and not any(name.startswith(PARAM_PREFIX) for name in headers)
    )


def _is_plain_client(meta: Any) -> bool:
    """No capabilities are declared, and what the client says of itself has its proper form."""
    info = meta.get(CLIENT_INFO_META_KEY, {"name": "", "version": ""})
    return (
        meta.get(CLIENT_CAPABILITIES_META_KEY) == {}
        and isinstance(info, dict)
        and info.keys() == {"name", "version"}
        and all(isinstance(value, str) for value in info.values())
    )


def response_body(message: RpcMessage, result: ToolResult) -> bytes:
    """The JSON-RPC response, byte for byte as the SDK writes it."""
    content = f'[{{"text":{json.dumps(result.text)},"type":"text"}}]'
    structured = _compact(result.content)
    return (
        f'{{"jsonrpc":"2.0","id":{json.dumps(message.id)},"result":{{"content":{content},'
        f'"isError":{"true" if result.is_error else "false"},"resultType":"complete",'
        f'"structuredContent":{structured},"_meta":{_META}}}}}'
    ).encode()
