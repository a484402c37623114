"""The agent of the self-check: it discovers, registers, is consented to and calls MCP tools."""

from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx2

from devtools.client.browser import Browser, away, form_with
from devtools.client.http import new_http
from devtools.client.mcp import CLIENT_KEY, McpClient
from devtools.client.oauth import Endpoints, PublicClient
from devtools.exit_codes import LaunchError
from devtools.ports import free_port
from devtools.ready_file import Person

NAME = "self-check"


@dataclass(frozen=True)
class ToolAnswer:
    """What a tool answered: its structured content, or the code of its refusal."""

    content: dict[str, Any]
    refused: str | None


class Agent:
    """A public OAuth client that finds everything it needs from the address of the MCP endpoint."""

    def __init__(self, public_url: str, mcp_url: str) -> None:
        self._http = new_http(timeout=20)
        self._public_url = public_url
        self._issuer = ""
        redirect = f"http://localhost:{free_port()}/callback"
        self._oauth = PublicClient(self._http, redirect, "Vault self-check", mcp_url)
        client = {CLIENT_KEY: {"name": NAME, "version": "1"}}
        self._mcp = McpClient(self._http, "", meta=client, endpoint=mcp_url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def discover(self) -> None:
        """Follows the challenge of RFC 9728 to the authorization server's metadata (RFC 8414)."""
        mcp_url = self._oauth.resource
        challenge = self._http.post(mcp_url, json={})
        if challenge.status_code != 401:
            raise _unexpected("the MCP endpoint without a token", challenge)
        resource = self._json(f"{self._public_url}/.well-known/oauth-protected-resource/api/mcp")
        _require(resource["resource"] == mcp_url, "the protected resource names itself")
        self._issuer = resource["authorization_servers"][0]
        metadata = self._json(f"{self._issuer}/.well-known/oauth-authorization-server")
        _require(metadata["issuer"] == self._issuer, "the authorization server names itself")
        self._oauth.endpoints = Endpoints.from_metadata(metadata)

    def register(self) -> None:
        """Registers dynamically (RFC 7591) as a native app with a loopback redirect."""
        answer = self._oauth.register(grant_types=["authorization_code"], scope=None)
        if answer.status_code != 201:
            raise _unexpected("client registration", answer)

    def connect(self, person: Person, name: str = NAME) -> None:
        """Signs the person in, lets them consent, and redeems the code for a token."""
        with Browser(self._public_url) as browser:
            _sign_in(browser, person)
            page = browser.open(self._oauth.authorize_url())
            form = form_with(page, "agent")
            answer = browser.submit(page, form, agent=name, decision="allow")
        redeemed = self._oauth.redeem(self._code(answer))
        if redeemed.status_code != 200:
            raise _unexpected("the token endpoint", redeemed)
        self._mcp.token = redeemed.json()["access_token"]

    def call(self, tool: str, **arguments: object) -> ToolAnswer:
        """Calls one tool over Streamable HTTP. Raises LaunchError when it is not answered."""
        answer = self._mcp.ask_tool(tool, arguments)
        if answer.status_code != 200 or "result" not in answer.json():
            raise _unexpected(tool, answer)
        result = answer.json()["result"]
        content = result.get("structuredContent") or {}
        refused = str(content.get("code", "unknown")) if result.get("isError") else None
        return ToolAnswer(content, refused)

    def tool_request(
        self, tool: str, arguments: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """The message and the headers of a tool call, for a client that sends them itself."""
        message = self._mcp.message("tools/call", {"name": tool, "arguments": arguments})
        return message, self._mcp.headers(message)

    def disconnect(self) -> None:
        """Revokes the token (RFC 7009)."""
        answer = self._oauth.revoke(self._mcp.token)
        if answer.status_code != 200:
            raise _unexpected("revocation", answer)

    def _code(self, answer: httpx2.Response) -> str:
        """The code from the redirect; nothing listens there, so it is not followed."""
        target = away(answer) or ""
        if not target.startswith(f"{self._oauth.redirect_uri}?"):
            raise _unexpected("the consent page", answer)
        query = parse_qs(urlsplit(target).query)
        _require(query.get("state") == [self._oauth.state], "the redirect carries our state")
        _require(query.get("iss") == [self._issuer], "the redirect carries the issuer")
        if "code" not in query:
            raise LaunchError(f"consent was answered with {query.get('error', ['no code'])[0]}")
        return query["code"][0]

    def _json(self, address: str) -> dict[str, Any]:
        answer = self._http.get(address)
        if answer.status_code != 200:
            raise _unexpected(urlsplit(address).path, answer)
        document: dict[str, Any] = answer.json()
        return document


def _sign_in(browser: Browser, person: Person) -> None:
    page = browser.open("/account/login/")
    form = form_with(page, "password")
    answer = browser.submit(page, form, login=person.email, password=person.password)
    if answer.status_code >= 400 or answer.url.path.startswith("/account/login"):
        raise LaunchError(f"{person.email} cannot sign in (HTTP {answer.status_code})")


def _require(condition: bool, claim: str) -> None:
    if not condition:
        raise LaunchError(f"this is not the case: {claim}")


def _unexpected(where: str, answer: httpx2.Response) -> LaunchError:
    """Status and error code alone: a body may quote what must not be shown."""
    try:
        content = answer.json()
        code = content.get("code") or content.get("error") or ""
        code = code.get("code", "") if isinstance(code, dict) else code
    except (ValueError, AttributeError):
        code = ""
    return LaunchError(f"{where} answered HTTP {answer.status_code} {code}".rstrip())
