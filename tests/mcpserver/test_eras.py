"""Both eras of the protocol: the 2026 revision, whose requests carry all, and the handshake."""

from typing import Any

import pytest
from pytest import Subtests

from devtools.client.mcp import CAPABILITIES_KEY, CLIENT_KEY, LEGACY, MODERN, VERSION_KEY
from mcpserver.tools import TOOLS
from tests.mcpserver.agent import PATH, Agent

HEADER_MISMATCH, UNSUPPORTED_VERSION = -32020, -32022
SERVER_KEY = "io.modelcontextprotocol/serverInfo"
LIST = {"name": "vault.list_credentials", "arguments": {}}


@pytest.fixture
def legacy(agent: Agent) -> Agent:
    """The same agent, speaking the 2025 revision."""
    agent.version = LEGACY
    return agent


def refused(agent: Agent, message: dict[str, Any], **changes: Any) -> tuple[int, int]:
    """Status and code of the refusal."""
    answer = agent.send(message, **changes)
    return answer.status_code, answer.json()["error"]["code"]


def test_discovery_tells_revisions_capabilities_and_how_to_work(agent: Agent) -> None:
    result = agent.ask("server/discover").json()["result"]

    assert result["supportedVersions"] == [MODERN]
    assert result["capabilities"] == {"tools": {"listChanged": False}}
    assert "vault.lease_credential" in result["instructions"]
    assert result["resultType"] == "complete"
    assert result["ttlMs"] > 0
    assert result["cacheScope"] == "private"


def test_the_instructions_tell_what_a_model_must_know(agent: Agent) -> None:
    text = agent.ask("server/discover").json()["result"]["instructions"]
    for words in ("Do not print", "purpose", "identical call", "audience mismatch", "context"):
        assert words in text


def test_every_modern_result_names_the_server(agent: Agent) -> None:
    for method, params in (("tools/list", {}), ("tools/call", LIST)):
        result = agent.ask(method, params).json()["result"]
        assert result["resultType"] == "complete"
        assert result["_meta"][SERVER_KEY]["name"] == "vault"


def test_header_and_body_must_say_the_same(agent: Agent, subtests: Subtests) -> None:
    call = agent.message("tools/call", LIST)
    cases: dict[str, dict[str, Any]] = {
        "no version header": {"without": ("MCP-Protocol-Version",)},
        "an older version header": {"MCP_Protocol_Version": LEGACY},
        "another version header": {"MCP_Protocol_Version": "2031-01-01"},
        "no method header": {"without": ("Mcp-Method",)},
        "another method header": {"Mcp_Method": "tools/list"},
        "a method header in capitals": {"Mcp_Method": "TOOLS/CALL"},
        "no name header": {"without": ("Mcp-Name",)},
        "another name header": {"Mcp_Name": "vault.read_credential"},
        "the alias in the name header": {"Mcp_Name": "vault_list_credentials"},
        "a broken name header": {"Mcp_Name": "=?base64?!?="},
    }
    for name, changes in cases.items():
        with subtests.test(name):
            assert refused(agent, call, **changes) == (400, HEADER_MISMATCH)


def test_a_name_header_may_be_encoded(agent: Agent) -> None:
    call = agent.message("tools/call", LIST)
    answer = agent.send(call, Mcp_Name="=?base64?dmF1bHQubGlzdF9jcmVkZW50aWFscw==?=")
    assert answer.status_code == 200


def test_a_repeated_routing_header_is_refused(agent: Agent) -> None:
    call = agent.message("tools/call", LIST)
    for version in (MODERN, LEGACY):
        agent.version = version
        headers = [*agent.headers(call).items(), ("MCP-Protocol-Version", LEGACY)]
        answer = agent.http.post(PATH, json=call, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == HEADER_MISMATCH


def test_the_envelope_must_be_whole(agent: Agent) -> None:
    for missing in (VERSION_KEY, CAPABILITIES_KEY):
        message = agent.message("tools/list")
        del message["params"]["_meta"][missing]
        assert refused(agent, message) == (400, -32602)


def test_client_info_may_be_missing(agent: Agent) -> None:
    message = agent.message("tools/list")
    assert CLIENT_KEY not in message["params"]["_meta"]
    assert agent.send(message).status_code == 200


def test_an_unknown_revision_is_told_the_known_ones(agent: Agent) -> None:
    agent.version = "2031-01-01"
    message = agent.message("tools/list")
    message["params"]["_meta"] = {VERSION_KEY: agent.version, CAPABILITIES_KEY: {}}

    answer = agent.send(message, Mcp_Method="tools/list")

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == UNSUPPORTED_VERSION
    assert error["data"] == {"supported": [MODERN], "requested": "2031-01-01"}


def test_the_handshake_is_gone_in_the_modern_era(agent: Agent) -> None:
    for method in ("initialize", "ping"):
        assert refused(agent, agent.message(method)) == (404, -32601)


@pytest.mark.parametrize("wished", ["2025-11-25", "2025-06-18", "2025-03-26", "1999-01-01"])
def test_the_handshake_agrees_on_a_revision(legacy: Agent, wished: str) -> None:
    params = {
        "protocolVersion": wished,
        "capabilities": {},
        "clientInfo": {"name": "x", "version": "1"},
    }
    answer = legacy.send(legacy.message("initialize", params), without=("MCP-Protocol-Version",))

    result = answer.json()["result"]
    assert answer.status_code == 200
    assert result["protocolVersion"] == (wished if wished != "1999-01-01" else LEGACY)
    assert result["serverInfo"]["name"] == "vault"
    assert result["instructions"]
    assert "mcp-session-id" not in answer.headers


def test_the_handshake_era_needs_no_session(legacy: Agent) -> None:
    message = legacy.message("ping")
    assert legacy.send(message).json()["result"] == {}
    assert legacy.send(message, Mcp_Session_Id="made-up", Last_Event_Id="3").status_code == 200


def test_without_a_version_header_the_oldest_revision_is_assumed(legacy: Agent) -> None:
    answer = legacy.send(legacy.message("tools/list"), without=("MCP-Protocol-Version",))
    assert len(answer.json()["result"]["tools"]) == len(TOOLS)


def test_the_handshake_era_gets_nothing_it_does_not_know(legacy: Agent) -> None:
    result = legacy.ask("tools/list").json()["result"]
    assert set(result) == {"tools"}


def test_json_must_be_acceptable(agent: Agent) -> None:
    for version in (MODERN, LEGACY):
        agent.version = version
        message = agent.message("tools/list")
        assert agent.send(message, Accept="text/html").status_code == 406
        assert agent.send(message, Accept="application/json").status_code == 200
