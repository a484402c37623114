"""An access that ended while the body of a request was on its way does nothing any more (I11)."""

import threading
from typing import Any

import httpx2
import pytest

from devtools.client.mcp import ERAS
from foundation.web.request_body import read_body
from mcpserver import guard
from tests.held_back import PATIENCE, HeldBack
from tests.mcpserver.agent import PATH, Agent
from tests.oauth_client import OAuthClient, reach, sign_in
from tests.people import CANARY, PASSWORD, PURPOSE, Somebody, store

CALLS: dict[str, dict[str, Any]] = {
    "vault.list_credentials": {},
    "vault.lease_credential": {"key": "stripe-api-key", "purpose": PURPOSE},
    "vault.read_credential": {},
}


@pytest.fixture
def waits_for_the_body(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when a request was authenticated and its body is waited for."""
    reached = threading.Event()

    async def noted(*arguments: Any, **more: Any) -> bytes:
        reached.set()
        return await read_body(*arguments, **more)

    monkeypatch.setattr(guard, "read_body", noted)
    return reached


def _connected(http: httpx2.Client, owner: Somebody) -> tuple[OAuthClient, str]:
    with reach(str(http.base_url)) as browser:
        client = OAuthClient(http)
        client.register()
        sign_in(browser, owner.person.email, PASSWORD)
        return client, client.tokens(client.redeem(client.code(browser))).access


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize("tool", CALLS)
def test_a_token_that_was_revoked_before_the_body_came(  # what the request is made of
    server: str,
    http: httpx2.Client,
    owner: Somebody,
    waits_for_the_body: threading.Event,
    tool: str,
    version: str,
) -> None:
    store(owner)
    client, token = _connected(http, owner)
    agent = Agent(http, token, version)
    leased = agent.answer("vault.lease_credential", key="stripe-api-key", purpose=PURPOSE)
    handle = {"leaseHandle": leased["leaseHandle"]} if "read" in tool else {}
    message = agent.message("tools/call", {"name": tool, "arguments": {**CALLS[tool], **handle}})
    waits_for_the_body.clear()

    with HeldBack(server, "POST", PATH, agent.headers(message), message) as begun:
        assert waits_for_the_body.wait(PATIENCE)
        assert client.revoke(token).status_code == 200
        status, said = begun.send_body()

    assert (status, said["code"]) == (401, "auth/invalid-token")
    assert CANARY not in str(said)
    assert "vlt_lease_" not in str(said)


def test_what_needs_no_operation_checks_again_too(
    server: str, http: httpx2.Client, owner: Somebody, waits_for_the_body: threading.Event
) -> None:
    client, token = _connected(http, owner)
    agent = Agent(http, token)
    message = agent.message("tools/list")

    with HeldBack(server, "POST", PATH, agent.headers(message), message) as begun:
        assert waits_for_the_body.wait(PATIENCE)
        assert client.revoke(token).status_code == 200
        status, said = begun.send_body()

    assert (status, said["code"]) == (401, "auth/invalid-token")
