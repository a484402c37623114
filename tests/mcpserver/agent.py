"""An agent that speaks raw HTTP, so that tests can also say what no library would send."""

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
class Agent:
    """One token and one revision of the protocol."""

    http: httpx2.Client
    token: str
    version: str = MODERN
    meta: dict[str, Any] = field(default_factory=dict)

    def headers(self, message: dict[str, Any]) -> dict[str, str]:
        """What a right request carries."""
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
        """A right request."""
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
        """Post a message; `headers` (with underscores) replace the right ones."""
        given = self.headers(message) | {k.replace("_", "-"): v for k, v in headers.items()}
        kept = {name: value for name, value in given.items() if name not in without}
        return self.http.post(PATH, json=message, headers=kept)

    def post(self, body: bytes, **headers: str) -> httpx2.Response:
        """Post any bytes with the headers of a right tools/list."""
        given = self.headers(self.message("tools/list"))
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(PATH, content=body, headers=given)

    def ask(self, method: str, params: dict[str, Any] | None = None) -> httpx2.Response:
        """A right request for any method."""
        return self.send(self.message(method, params))

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The result of a tool call."""
        answer = self.ask("tools/call", {"name": tool, "arguments": arguments})
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()["result"]
        return result

    def answer(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured content of a call that was not refused."""
        result = self.call(tool, **arguments)
        assert not result["isError"], result["content"]
        content: dict[str, Any] = result["structuredContent"]
        return content

    def refusal(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The problem of a call that was refused."""
        result = self.call(tool, **arguments)
        assert result["isError"], "the call was not refused"
        problem: dict[str, Any] = result["structuredContent"]
        return problem
