"""CORS: pages of listed origins call what an MCP client in a browser has to call; others do not."""

import asyncio

import httpx2
import pytest
from django.conf import settings
from django.test import override_settings
from starlette.responses import PlainTextResponse

from vaultsite.allowed_origins import FOR_LISTED, CrossOrigin

LISTED, OTHER = "http://localhost:6274", "https://evil.example"
PUBLIC = (
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource/api/mcp",
    "/api/v1/.well-known/oauth-protected-resource",
    "/oauth/jwks",
)
OWN_PAGES = ("/", "/oauth/authorize", "/oauth/introspect", "/api/v1/credentials", "/account/login/")
SENT = "authorization, content-type, mcp-method, mcp-name, mcp-protocol-version"


def ask(method: str, path: str, origin: str, **headers: str) -> httpx2.Response:
    """The answer in front of an application that answers everything with a challenge."""
    challenge = PlainTextResponse("no", 401, {"WWW-Authenticate": "Bearer"})
    changed = settings.ENVIRONMENT.model_copy(update={"allowed_origins": (LISTED,)})

    async def answered() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=CrossOrigin(challenge))
        async with httpx2.AsyncClient(transport=transport, base_url="http://here") as http:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            return await http.request(method, path, headers={"Origin": origin, **given})

    with override_settings(ENVIRONMENT=changed):
        return asyncio.run(answered())


def preflight(path: str, origin: str, method: str = "POST") -> httpx2.Response:
    """What a browser asks before a call."""
    asked = {
        "Access_Control_Request_Method": method,
        "Access_Control_Request_Headers": SENT,
    }
    return ask("OPTIONS", path, origin, **asked)


@pytest.mark.parametrize("path", sorted(FOR_LISTED))
def test_a_listed_origin_may_call_and_read(path: str) -> None:
    before = preflight(path, LISTED)
    assert before.status_code == 200
    assert before.headers["access-control-allow-origin"] == LISTED
    assert set(SENT.split(", ")) <= set(
        before.headers["access-control-allow-headers"].lower().split(", ")
    )
    answer = ask("POST", path, LISTED)
    assert answer.headers["access-control-allow-origin"] == LISTED
    assert "WWW-Authenticate" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("path", sorted(FOR_LISTED))
def test_another_origin_may_not(path: str) -> None:
    assert preflight(path, OTHER).status_code == 400
    for answer in (preflight(path, OTHER), ask("POST", path, OTHER)):
        assert "access-control-allow-origin" not in answer.headers
        assert "evil" not in answer.text


@pytest.mark.parametrize("path", PUBLIC)
def test_everybody_may_read_what_is_published(path: str) -> None:
    before = preflight(path, OTHER, "GET")
    assert (before.status_code, before.headers["access-control-allow-origin"]) == (200, "*")
    assert ask("GET", path, OTHER).headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", OWN_PAGES)
def test_nothing_else_is_open_to_other_origins(path: str) -> None:
    for answer in (preflight(path, LISTED), ask("GET", path, LISTED)):
        assert answer.status_code == 401
        assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.usefixtures("database")
def test_the_running_server_answers_preflights(server: str) -> None:
    with httpx2.Client(base_url=server) as http:
        headers = {"Origin": server, "Access-Control-Request-Method": "POST"}
        assert http.options("/api/mcp", headers=headers).status_code == 200
        assert http.options("/oauth/token", headers={**headers, "Origin": OTHER}).status_code == 400
