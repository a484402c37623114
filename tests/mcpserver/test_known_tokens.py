"""A token that a process knows is no more powerful than one that it looks up (I11)."""

from dataclasses import replace

import httpx2
import pytest

from identity.resource_server import known_tokens as module
from identity.resource_server.known_tokens import known_tokens
from mcpserver import guard
from tenants.operations import remove_member
from tenants.shapes.members import RemoveMember
from tests.audit_trail import new_entries
from tests.mcpserver.agent import Agent
from tests.mcpserver.conftest import Connect
from tests.oauth_client import OAuthClient, reach, sign_in
from tests.people import PASSWORD, PURPOSE, Somebody, store

KEY = "stripe-api-key"


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens that were looked up."""
    looked_up: list[str] = []
    look_up = guard._look_up

    def noted(token: str) -> object:
        looked_up.append(token)
        return look_up(token)

    known_tokens.clear()
    monkeypatch.setattr(guard, "_look_up", noted)
    return looked_up


def test_a_known_token_is_not_looked_up_again(agent: Agent, lookups: list[str]) -> None:
    for _ in range(3):
        agent.answer("vault.list_credentials")
    assert len(lookups) == 1


def test_a_known_token_that_is_revoked_does_nothing_more(
    http: httpx2.Client, owner: Somebody, lookups: list[str]
) -> None:
    store(owner)
    with reach(str(http.base_url)) as browser:
        client = OAuthClient(http)
        client.register()
        sign_in(browser, owner.person.email, PASSWORD)
        token = client.tokens(client.redeem(client.code(browser))).access
    agent = Agent(http, token)
    handle = agent.answer("vault.lease_credential", key=KEY, purpose=PURPOSE)["leaseHandle"]
    assert client.revoke(token).status_code == 200

    for tool, arguments in (
        ("vault.read_credential", {"leaseHandle": handle}),
        ("vault.lease_credential", {"key": KEY, "purpose": PURPOSE}),
        ("vault.list_credentials", {}),
    ):
        answer = agent.ask_tool(tool, arguments)
        assert (answer.status_code, answer.json()["code"]) == (401, "auth/invalid-token")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert len(lookups) == 3  # known until the first refusal, then looked up and not found


def test_a_known_token_of_a_removed_member_does_nothing_more(
    agent_of: Connect, owner: Somebody, member: Somebody, lookups: list[str]
) -> None:
    agent = agent_of(member)
    agent.answer("vault.list_credentials")
    remove_member(owner.console, RemoveMember(person_id=member.id))
    assert agent.ask_tool("vault.list_credentials", {}).status_code == 401
    assert len(lookups) == 1


def test_entries_name_the_role_of_the_moment_and_not_the_known_one(
    agent: Agent, owner: Somebody, lookups: list[str]
) -> None:
    store(owner)
    agent.answer("vault.list_credentials")
    key = next(iter(known_tokens._actors))
    moment, actor = known_tokens._actors[key]
    stale = replace(actor, role=None, agent_name="an old name")
    known_tokens._actors[key] = (moment, stale)
    with new_entries(owner.console.tenant_id) as entries:
        agent.answer("vault.lease_credential", key=KEY, purpose=PURPOSE)
    assert [(entry.role, entry.agent_name == "an old name") for entry in entries] == [
        ("owner", False)
    ]
    assert len(lookups) == 1


def test_what_is_known_is_looked_up_again_after_a_minute(
    agent: Agent, lookups: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    agent.answer("vault.list_credentials")
    monkeypatch.setattr(module, "SECONDS", -1.0)
    agent.answer("vault.list_credentials")
    assert len(lookups) == 2


def test_another_resource_does_not_know_the_token(agent: Agent, lookups: list[str]) -> None:
    agent.answer("vault.list_credentials")
    assert known_tokens.find(lookups[0], "https://elsewhere.example/api/mcp") is None
