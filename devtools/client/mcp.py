"""A scripted MCP client over raw HTTP, which can also send what no library would send."""

from dataclasses import dataclass, field
from typing import Any

import httpx2

PATH = "/api/mcp"
MODERN = "2026-07-28"
LEGACY = "2025-11-25"
ERAS = (MODERN, LEGACY)

VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
CLIENT_KEY = "io.modelcontextprotocol/clientInfo"


@dataclass
class McpClient:
    """One token and one revision of the protocol; `endpoint` is a path below `http`'s base."""

    http: httpx2.Client
    token: str
    version: str = MODERN
    meta: dict[str, Any] = field(default_factory=dict)
    endpoint: str = PATH

    def headers(self, message: dict[str, Any]) -> dict[str, str]:
        """The headers of a correct request."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/json, text/event-stream",
            "Content-Type": "application/json",
            "MCP-Protocol-Version": self.version,
        }
        if self.version == MODERN:
            headers["Mcp-Method"] = message["method"]
            if message["method"] == "tools/call":
                headers["Mcp-Name"] = message["params"]["name"]
        return headers

    def message(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """A correct request."""
        params = dict(params or {})
        if self.version == MODERN:
            own = {VERSION_KEY: self.version, CAPABILITIES_KEY: {}}
            params["_meta"] = {**own, **self.meta}
        elif self.meta:
            params["_meta"] = self.meta
        return {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}

    def send(
        self, message: dict[str, Any], without: tuple[str, ...] = (), **headers: str
    ) -> httpx2.Response:
        """Post a message; `headers` (with underscores) replace the correct ones."""
        given = self.headers(message) | {k.replace("_", "-"): v for k, v in headers.items()}
        kept = {name: value for name, value in given.items() if name not in without}
        return self.http.post(self.endpoint, json=message, headers=kept)

    def ask(self, method: str, params: dict[str, Any] | None = None) -> httpx2.Response:
        """A correct request for any method."""
        return self.send(self.message(method, params))

    def ask_tool(self, tool: str, arguments: dict[str, Any]) -> httpx2.Response:
        """A correct tool call."""
        return self.ask("tools/call", {"name": tool, "arguments": arguments})
