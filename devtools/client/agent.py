"""An agent for the self-check: it discovers, registers, is consented to and calls MCP tools."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2

from devtools.client.browser import Browser, away, form_with
from devtools.exit_codes import LaunchError
from devtools.ports import free_port
from devtools.ready_file import Person

NAME = "self-check"
PROTOCOL = "2026-07-28"
SCOPES = "vault:read vault:write"


@dataclass(frozen=True)
class ToolAnswer:
    """What a tool answered: its structured content, or the code of its refusal."""

    content: dict[str, Any]
    refused: str | None


class Agent:
    """A public OAuth client that finds everything it needs from the address of the MCP endpoint."""

    def __init__(self, public_url: str, mcp_url: str) -> None:
        self._http = httpx2.Client(trust_env=False, timeout=20)
        self._public_url = public_url
        self._mcp_url = mcp_url
        self._redirect = f"http://localhost:{free_port()}/callback"
        self._server: dict[str, Any] = {}
        self._client_id = ""
        self._token = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def discover(self) -> None:
        """Follows the challenge of RFC 9728 to the authorization server's metadata (RFC 8414)."""
        challenge = self._http.post(self._mcp_url, json={})
        if challenge.status_code != 401:
            raise _unexpected("the MCP endpoint without a token", challenge)
        resource = self._json(f"{self._public_url}/.well-known/oauth-protected-resource/api/mcp")
        _require(resource["resource"] == self._mcp_url, "the protected resource names itself")
        issuer = resource["authorization_servers"][0]
        self._server = self._json(f"{issuer}/.well-known/oauth-authorization-server")
        _require(self._server["issuer"] == issuer, "the authorization server names itself")

    def register(self) -> None:
        """Registers dynamically (RFC 7591) as a native app with a loopback redirect."""
        answer = self._http.post(
            self._server["registration_endpoint"],
            json={
                "client_name": "Vault self-check",
                "redirect_uris": [self._redirect],
                "grant_types": ["authorization_code"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
                "application_type": "native",
            },
        )
        if answer.status_code != 201:
            raise _unexpected("client registration", answer)
        self._client_id = answer.json()["client_id"]

    def connect(self, person: Person) -> None:
        """Signs the person in, lets them consent, and redeems the code for a token."""
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        with Browser(self._public_url) as browser:
            _sign_in(browser, person)
            page = browser.open(self._authorization_address(verifier, state))
            form = form_with(page, "agent")
            answer = browser.submit(page, form, agent=NAME, decision="allow")
        self._redeem(self._code(answer, state), verifier)

    def call(self, tool: str, **arguments: object) -> ToolAnswer:
        """Calls one tool over Streamable HTTP. Raises CannotContinue when it is not answered."""
        answer = self._http.post(
            self._mcp_url,
            headers={
                "Authorization": f"Bearer {self._token}",
                "Accept": "application/json, text/event-stream",
                "MCP-Protocol-Version": PROTOCOL,
                "Mcp-Method": "tools/call",
                "Mcp-Name": tool,
            },
            json=_tool_call(tool, arguments),
        )
        if answer.status_code != 200 or "result" not in answer.json():
            raise _unexpected(tool, answer)
        result = answer.json()["result"]
        content = result.get("structuredContent") or {}
        refused = str(content.get("code", "unknown")) if result.get("isError") else None
        return ToolAnswer(content, refused)

    def disconnect(self) -> None:
        """Revokes the token (RFC 7009)."""
        form = {"token": self._token, "client_id": self._client_id}
        answer = self._http.post(self._server["revocation_endpoint"], data=form)
        if answer.status_code != 200:
            raise _unexpected("revocation", answer)

    def _authorization_address(self, verifier: str, state: str) -> str:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect,
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "state": state,
            "scope": SCOPES,
            "resource": self._mcp_url,
        }
        return f"{self._server['authorization_endpoint']}?{urlencode(query)}"

    def _code(self, answer: httpx2.Response, state: str) -> str:
        """The code out of the redirect; nothing listens there, so it is not followed."""
        target = away(answer) or ""
        if not target.startswith(f"{self._redirect}?"):
            raise _unexpected("the consent page", answer)
        query = parse_qs(urlsplit(target).query)
        _require(query.get("state") == [state], "the redirect carries our state")
        _require(query.get("iss") == [self._server["issuer"]], "the redirect carries the issuer")
        if "code" not in query:
            raise LaunchError(f"consent was answered with {query.get('error', ['no code'])[0]}")
        return query["code"][0]

    def _redeem(self, code: str, verifier: str) -> None:
        answer = self._http.post(
            self._server["token_endpoint"],
            data={
                "grant_type": "authorization_code",
                "client_id": self._client_id,
                "code": code,
                "code_verifier": verifier,
                "redirect_uri": self._redirect,
                "resource": self._mcp_url,
            },
        )
        if answer.status_code != 200:
            raise _unexpected("the token endpoint", answer)
        self._token = answer.json()["access_token"]

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


def _tool_call(tool: str, arguments: dict[str, object]) -> dict[str, Any]:
    meta = {
        "io.modelcontextprotocol/protocolVersion": PROTOCOL,
        "io.modelcontextprotocol/clientInfo": {"name": NAME, "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": tool, "arguments": arguments, "_meta": meta}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


def _require(holds: bool, claim: str) -> None:
    if not holds:
        raise LaunchError(f"it does not hold that {claim}")


def _unexpected(where: str, answer: httpx2.Response) -> LaunchError:
    """Status and error code alone: a body may quote what must not be shown."""
    try:
        content = answer.json()
        code = content.get("code") or content.get("error") or ""
        code = code.get("code", "") if isinstance(code, dict) else code
    except (ValueError, AttributeError):
        code = ""
    return LaunchError(f"{where} answered HTTP {answer.status_code} {code}".rstrip())
