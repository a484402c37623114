"""Approvals through the client's own dialog; what is pressed there decides nothing."""

import asyncio
from typing import Any

import httpx2
import pytest
from django.conf import settings
from django.db import connection
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitRequestParams, ElicitRequestURLParams, ElicitResult
from pytest import Subtests

from devtools.client.http import tls_context
from devtools.client.mcp import CAPABILITIES_KEY, ERAS, LEGACY
from leases.operations import list_approvals
from leases.shapes import ListApprovals
from mcpserver.elicitation import MESSAGES, USUAL_MESSAGE
from tests.audit_trail import told, trail
from tests.console.pages import filled, signed_in
from tests.leases.asking import decide
from tests.mcpserver.agent import Agent
from tests.mcpserver.conftest import Connect
from tests.oauth_client import connect
from tests.people import CANARY, PASSWORD, PURPOSE, Somebody, grant, store

KEY = "stripe-api-key"
LEASE = "vault.lease_credential"
BY_URL: dict[str, Any] = {CAPABILITIES_KEY: {"elicitation": {"form": {}, "url": {}}}}


@pytest.fixture(autouse=True)
def guarded(owner: Somebody, member: Somebody) -> None:
    """A credential that needs an approval, and a member who may use it."""
    store(owner, policy={"approval": "required"})
    grant(owner, member, "user", key=KEY)


@pytest.fixture
def asking(agent_of: Connect, member: Somebody) -> Agent:
    """The member's agent, whose client opens addresses."""
    agent = agent_of(member)
    agent.meta = BY_URL
    return agent


def lease(agent: Agent, pressed: str | None = None, **changes: Any) -> dict[str, Any]:
    """The result of asking; `pressed` is what the person pressed in the dialog before."""
    return ask(agent, LEASE, {"key": KEY, "purpose": PURPOSE, **changes}, pressed)


def ask(agent: Agent, tool: str, arguments: dict[str, Any], pressed: str | None) -> dict[str, Any]:
    """The result of a call; `pressed` is what the person pressed in the dialog before."""
    params: dict[str, Any] = {"name": tool, "arguments": arguments}
    if pressed is not None:
        params["inputResponses"] = {"approval": {"action": pressed}}
    answer = agent.ask("tools/call", params)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()["result"]
    return result


def waiting(owner: Somebody) -> list[str]:
    """The requests that wait."""
    page = list_approvals(owner.console, ListApprovals())
    return [one.approval_id for one in page.approvals]


def test_the_client_is_given_the_page_to_open(asking: Agent, owner: Somebody) -> None:
    result = lease(asking)

    assert result["resultType"] == "input_required"
    assert set(result) == {"resultType", "inputRequests", "_meta"}
    request = result["inputRequests"]["approval"]
    (waits,) = waiting(owner)
    assert request["method"] == "elicitation/create"
    assert request["params"]["mode"] == "url"
    assert request["params"]["url"] == f"{settings.PUBLIC_URL}/approvals/{waits}"
    for private in (KEY, PURPOSE, "marc", "acme"):
        assert private not in str(request).lower()


def test_the_page_is_there_for_who_asked_and_for_nobody_else(
    asking: Agent, http: httpx2.Client, member: Somebody, outsider: Somebody
) -> None:
    address = lease(asking)["inputRequests"]["approval"]["params"]["url"]
    path = address.removeprefix(settings.PUBLIC_URL)

    assert (
        http.get(http.get(path).headers["location"])
        .headers["location"]
        .startswith("/account/login/")
    )
    assert signed_in(member).get(path, follow=True).status_code == 200
    assert signed_in(outsider).get(path, follow=True).status_code == 404


@pytest.mark.parametrize("pressed", ["accept", "decline", "cancel"])
def test_what_was_pressed_decides_nothing(asking: Agent, owner: Somebody, pressed: str) -> None:
    lease(asking)
    (waits,) = waiting(owner)

    result = lease(asking, pressed)

    assert result["isError"]
    assert result["structuredContent"]["code"] == "access/approval-pending"
    assert f"{settings.PUBLIC_URL}/approvals/{waits}" in result["content"][0]["text"]
    assert waiting(owner) == [waits]
    entries = told(trail(owner.console.tenant_id, credential_key=KEY))
    assert entries.count(("access.requested", "ok")) == 1


def test_the_repeated_call_gets_the_lease_once_it_was_approved(
    asking: Agent, owner: Somebody
) -> None:
    lease(asking)
    decide(owner.console, *waiting(owner), approve=True)

    leased = lease(asking, "cancel")["structuredContent"]

    secret = asking.answer("vault.read_credential", leaseHandle=leased["leaseHandle"])
    assert secret["value"] == CANARY


def test_a_denied_request_is_refused_whatever_was_pressed(asking: Agent, owner: Somebody) -> None:
    lease(asking)
    decide(owner.console, *waiting(owner), approve=False, reason="Not today.")

    for pressed in ("accept", None):
        result = lease(asking, pressed)
        assert result["structuredContent"]["code"] == "access/permission-denied"
        assert "Not today." in result["content"][0]["text"]


def test_an_approval_is_for_what_was_asked_and_who_asked(
    asking: Agent, agent_of: Connect, owner: Somebody, member: Somebody
) -> None:
    lease(asking)
    decide(owner.console, *waiting(owner), approve=True)
    other = agent_of(member, agent="Another")

    for result in (
        lease(asking, "accept", purpose="Something else entirely."),
        lease(asking, "accept", ttl="20m"),
        lease(other, "accept"),
    ):
        assert result["structuredContent"]["code"] == "access/approval-pending"
    assert "leaseHandle" in lease(asking, "accept")["structuredContent"]


def test_who_cannot_open_addresses_is_told_in_words_at_once(
    asking: Agent, owner: Somebody, subtests: Subtests
) -> None:
    declared: dict[str, Any] = {
        "nothing": {},
        "forms by an empty object": {"elicitation": {}},
        "forms only": {"elicitation": {"form": {}}},
    }
    for name, capabilities in declared.items():
        with subtests.test(name):
            asking.meta = {CAPABILITIES_KEY: capabilities}
            text = lease(asking)["content"][0]["text"]
            assert f"{settings.PUBLIC_URL}/approvals/{waiting(owner)[0]}" in text
            assert "identical call" in text
    with subtests.test("the handshake's era"):
        asking.version, asking.meta = LEGACY, BY_URL
        result = lease(asking)
        assert result["isError"]
        assert "/approvals/lease_" in result["content"][0]["text"]


def test_answers_that_are_none_are_refused_and_not_repeated(
    asking: Agent, owner: Somebody, subtests: Subtests
) -> None:
    lease(asking)
    decide(owner.console, *waiting(owner), approve=True)
    for sent in ("hunter2", {"approval": {"action": "hunter2"}}, {"approval": "hunter2"}):
        with subtests.test(str(sent)):
            call = {"key": KEY, "purpose": PURPOSE}
            params = {"name": LEASE, "arguments": call, "inputResponses": sent}
            answer = asking.ask("tools/call", params)
            assert answer.json()["error"]["code"] == -32602
            assert "hunter2" not in answer.text


def test_the_official_client_waits_in_its_dialog_and_gets_the_lease(
    server: str, owner: Somebody, member: Somebody
) -> None:
    token = connect(server, member.person.email, PASSWORD).access
    opened: list[str] = []

    def approve(request_id: str) -> None:
        decide(owner.console, request_id, approve=True)
        connection.close()

    async def dialog(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        assert isinstance(params, ElicitRequestURLParams)
        opened.append(params.url)
        await asyncio.to_thread(approve, params.url.rpartition("/")[2])
        return ElicitResult(action="accept")

    async def steps() -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(
            headers=headers, trust_env=False, verify=tls_context()
        ) as http:
            transport = streamable_http_client(f"{server}/api/mcp", http_client=http)
            async with Client(transport, elicitation_callback=dialog) as client:
                return await client.call_tool(LEASE, {"key": KEY, "purpose": PURPOSE})

    result = asyncio.run(steps())

    assert len(opened) == 1
    assert result.structured_content["leaseHandle"].startswith("vlt_lease_")


def request_missing(agent: Agent, pressed: str | None = None) -> dict[str, Any]:
    """The result of asking for a credential that does not exist."""
    wanted = {"key": "new-key", "type": "api-key", "purpose": PURPOSE}
    return ask(agent, "vault.request_credential", wanted, pressed)


def test_the_client_is_led_to_the_page_that_takes_a_missing_credential(
    asking: Agent, owner: Somebody, member: Somebody
) -> None:
    asked = request_missing(asking)["inputRequests"]["approval"]["params"]
    refused = request_missing(asking, "accept")
    path = asked["url"].removeprefix(settings.PUBLIC_URL)
    browser = signed_in(owner)
    sent = browser.post(f"{path}/", filled(decision="store", folder_path=""))
    stored = request_missing(asking)

    assert path.startswith("/approvals/creq_")
    assert "new-key" not in str(asked)
    assert refused["structuredContent"]["code"] == "access/approval-pending"
    assert asked["url"] in refused["content"][0]["text"]
    assert sent.status_code == 302
    assert stored["structuredContent"]["key"] == "new-key"
    assert stored["structuredContent"]["nextStep"]


def test_other_clients_are_given_the_link_in_a_text(agent_of: Connect, member: Somebody) -> None:
    for era in ERAS:
        agent = agent_of(member)
        agent.version = era

        problem = agent.refusal(
            "vault.request_credential", key="new-key", type="api-key", purpose=PURPOSE
        )

        assert problem["code"] == "access/approval-pending"
        assert "/approvals/creq_" in problem["hint"]
        missing = agent.refusal("vault.lease_credential", key="no-such-key", purpose=PURPOSE)
        assert "vault.request_credential" in missing["hint"]


def test_the_dialogs_text_is_short_and_begins_with_the_action(
    asking: Agent, owner: Somebody, agent_of: Connect
) -> None:
    messages = [lease(asking)["inputRequests"]["approval"]["params"]["message"]]
    keeper = agent_of(owner)
    keeper.meta = BY_URL
    missing = {"key": "missing", "type": "api-key", "purpose": PURPOSE}
    result = ask(keeper, "vault.request_credential", missing, None)
    messages.append(result["inputRequests"]["approval"]["params"]["message"])

    assert [message.partition(" ")[0] for message in messages] == ["Approve", "Store"]
    assert all(len(message) <= 100 for message in (*MESSAGES.values(), USUAL_MESSAGE))
