"""The MCP client of the tests: asserts where a test only needs the good answer."""

from typing import Any

import httpx2

from devtools.client.mcp import (
    CAPABILITIES_KEY,
    CLIENT_KEY,
    ERAS,
    LEGACY,
    MODERN,
    PATH,
    VERSION_KEY,
    McpClient,
)

__all__ = [
    "CAPABILITIES_KEY",
    "CLIENT_KEY",
    "ERAS",
    "LEGACY",
    "MODERN",
    "PATH",
    "VERSION_KEY",
    "Agent",
]


class Agent(McpClient):
    """An agent of a person, connected as any client connects."""

    def post(self, body: bytes, **headers: str) -> httpx2.Response:
        """Post any bytes with the headers of a correct tools/list."""
        given = self.headers(self.message("tools/list"))
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(PATH, content=body, headers=given)

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The result of a tool call."""
        answer = self.ask_tool(tool, arguments)
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
