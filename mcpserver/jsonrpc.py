"""One JSON-RPC message per body, read strictly before the SDK sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mcp_types import (
    CLIENT_INFO_META_KEY,
    HEADER_MISMATCH,
    INVALID_REQUEST,
    PARSE_ERROR,
    PROTOCOL_VERSION_META_KEY,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from foundation.errors import Malformed
from foundation.schema.strict_json import parse_strict

MEMBERS = {"jsonrpc", "id", "method", "params"}
MAXIMUM_ID = 256
MAXIMUM_METHOD = 128
TOOL_USE_META_KEY = "claudecode/toolUseId"
CLAIM_LENGTH = 200


class InvalidMessage(Exception):
    """The body is not one acceptable message; `code` is JSON-RPC's or the protocol's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class RpcMessage:
    """A request, or a notification when `id` is None."""

    method: str
    id: str | int | None
    params: Mapping[str, Any]

    @property
    def meta(self) -> Mapping[str, Any]:
        """The request's `_meta`, empty when it has none."""
        meta = self.params.get("_meta")
        return meta if isinstance(meta, dict) else {}

    @property
    def tool(self) -> str | None:
        """The name of the called tool, if this is a tool call."""
        name = self.params.get("name")
        called = self.method == "tools/call" and self.id is not None
        return name if called and isinstance(name, str) else None

    def require_version_header(self, header: str | None) -> None:
        """A message of the 2026 era must declare it in its header too; otherwise the SDK would take
        it for an older one. Source: MCP 2026-07-28, Streamable HTTP, protocol version header.
        """
        declared = self.meta.get(PROTOCOL_VERSION_META_KEY, header)
        if header != declared and header not in MODERN_PROTOCOL_VERSIONS:
            raise InvalidMessage(
                HEADER_MISMATCH,
                "The MCP-Protocol-Version header does not match the request's _meta.",
            )

    def claims(self, user_agent: str) -> dict[str, str]:
        """What the client says about itself; logged only."""
        info = self.meta.get(CLIENT_INFO_META_KEY)
        if self.method == "initialize":
            info = self.params.get("clientInfo")
        named = info if isinstance(info, dict) else {}
        facts = {
            "client": named.get("name"),
            "clientVersion": named.get("version"),
            "userAgent": user_agent,
            "toolUseId": self.meta.get(TOOL_USE_META_KEY),
        }
        return {
            name: _clean(fact) for name, fact in facts.items() if isinstance(fact, str) and fact
        }


def parse_message(body: bytes) -> RpcMessage:
    """The message in `body`; InvalidMessage names the broken rule and never quotes the body."""
    try:
        message = parse_strict(body)
    except Malformed as error:
        raise InvalidMessage(PARSE_ERROR, f"Parse error: {error.detail}") from None
    if not isinstance(message, dict):
        raise InvalidMessage(INVALID_REQUEST, "The body must be one JSON-RPC message, not a batch.")
    if message.get("jsonrpc") != "2.0" or not message.keys() <= MEMBERS:
        raise InvalidMessage(INVALID_REQUEST, "The body must be a JSON-RPC 2.0 request.")
    return RpcMessage(_method(message), _id(message), _params(message))


def _method(message: dict[str, Any]) -> str:
    method = message.get("method")
    if not isinstance(method, str) or not 0 < len(method) <= MAXIMUM_METHOD:
        raise InvalidMessage(INVALID_REQUEST, "method: a short string.")
    return method


def _id(message: dict[str, Any]) -> str | int | None:
    if "id" not in message:
        return None
    identifier = message["id"]
    if isinstance(identifier, str) and len(identifier) <= MAXIMUM_ID:
        return identifier
    if type(identifier) is int and abs(identifier) < 1 << 63:
        return identifier
    raise InvalidMessage(INVALID_REQUEST, "id: a short string or an integer.")


def _params(message: dict[str, Any]) -> Mapping[str, Any]:
    params = message.get("params", {})
    if not isinstance(params, dict):
        raise InvalidMessage(INVALID_REQUEST, "params: an object.")
    return params


def _clean(fact: str) -> str:
    return "".join(filter(str.isprintable, fact[: 2 * CLAIM_LENGTH]))[:CLAIM_LENGTH]
