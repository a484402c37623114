"""The audit log records who acted: what the server knows, and separately what was claimed."""

from typing import Any

from devtools.client.mcp import CLIENT_KEY, LEGACY, MODERN
from tests.audit_trail import trail
from tests.mcpserver.agent import Agent
from tests.mcpserver.conftest import Connect
from tests.people import PURPOSE, Somebody, store

KEY = "stripe-api-key"
TOOL_USE = "claudecode/toolUseId"


def lease(agent: Agent, **headers: Any) -> None:
    """Lease KEY."""
    arguments = {"key": KEY, "purpose": PURPOSE}
    call = agent.message("tools/call", {"name": "vault.lease_credential", "arguments": arguments})
    assert agent.send(call, **headers).status_code == 200


def test_an_entry_names_person_agent_token_request_and_purpose(
    agent_of: Connect, owner: Somebody
) -> None:
    store(owner)
    agent = agent_of(owner, agent="laptop")
    answer = agent.ask(
        "tools/call",
        {"name": "vault.lease_credential", "arguments": {"key": KEY, "purpose": PURPOSE}},
    )

    (entry,) = trail(owner.console.tenant_id, event="lease.created")

    assert entry.person_id == owner.person.pk
    assert (entry.agent_name, entry.door, entry.role) == ("laptop", "mcp", "owner")
    assert entry.client_id
    assert entry.token_id
    assert entry.request_id == answer.headers["x-request-id"]
    assert entry.address == "127.0.0.1"
    assert entry.purpose == PURPOSE


def test_what_a_modern_client_claims_is_kept_as_a_claim(agent_of: Connect, owner: Somebody) -> None:
    store(owner)
    agent = agent_of(owner, MODERN)
    agent.meta = {CLIENT_KEY: {"name": "claude-code", "version": "2.1.330"}, TOOL_USE: "toolu_1"}

    lease(agent, User_Agent="claude-code/2.1.330 (cli)")

    (entry,) = trail(owner.console.tenant_id, event="lease.created")
    assert entry.claimed == {
        "client": "claude-code",
        "clientVersion": "2.1.330",
        "userAgent": "claude-code/2.1.330 (cli)",
        "toolUseId": "toolu_1",
    }


def test_a_client_of_the_handshake_era_claims_less(agent_of: Connect, owner: Somebody) -> None:
    store(owner)
    agent = agent_of(owner, LEGACY)
    agent.meta = {TOOL_USE: "toolu_2"}

    lease(agent, User_Agent="claude-code/2.1.197 (sdk-cli)")

    (entry,) = trail(owner.console.tenant_id, event="lease.created")
    assert entry.claimed == {
        "userAgent": "claude-code/2.1.197 (sdk-cli)",
        "toolUseId": "toolu_2",
    }


def test_claims_are_clipped_and_cleaned(agent_of: Connect, owner: Somebody) -> None:
    store(owner)
    agent = agent_of(owner, MODERN)
    agent.meta = {
        CLIENT_KEY: {"name": "a\x00b\x1b[31m\r\n" + "c" * 1000, "version": "1"},
        TOOL_USE: ["no", "text"],
    }

    lease(agent, User_Agent="x")

    (entry,) = trail(owner.console.tenant_id, event="lease.created")
    assert entry.claimed["client"] == "ab[31m" + "c" * 194
    assert "toolUseId" not in entry.claimed


def test_a_claimed_address_is_not_believed(agent_of: Connect, owner: Somebody) -> None:
    store(owner)
    lease(agent_of(owner), X_Forwarded_For="203.0.113.9", X_Request_Id="mine")

    (entry,) = trail(owner.console.tenant_id, event="lease.created")
    assert entry.address == "127.0.0.1"
    assert entry.request_id != "mine"
