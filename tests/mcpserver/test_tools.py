"""The tools: what is listed, what they answer, and how they refuse."""

import json
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # has no types
from pytest import Subtests

from access.actions import RULES
from devtools.client.mcp import ERAS, LEGACY
from mcpserver.server_info import VERSION
from mcpserver.tools import TOOLS
from tests.disclosure.echo_upstream import SENDABLE
from tests.mcpserver.agent import Agent
from tests.mcpserver.conftest import Connect
from tests.oauth_client import OAuthClient, reach, sign_in
from tests.people import CANARY, PASSWORD, PURPOSE, Somebody, grant, store

KEY = "stripe-api-key"
ORDER = [
    "vault.list_credentials",
    "vault.search_credentials",
    "vault.get_credential_metadata",
    "vault.lease_credential",
    "vault.read_credential",
    "vault.use_credential",
    "vault.rotate_credential",
    "vault.release_lease",
    "vault.request_access",
    "vault.request_credential",
]
# name → readOnly, destructive, idempotent
HINTS = {
    "vault.list_credentials": (True, False, True),
    "vault.search_credentials": (True, False, True),
    "vault.get_credential_metadata": (True, False, True),
    "vault.lease_credential": (False, False, False),
    "vault.read_credential": (False, False, False),
    "vault.use_credential": (False, False, False),
    "vault.rotate_credential": (False, True, False),
    "vault.release_lease": (False, False, True),
    "vault.request_access": (False, False, True),
    "vault.request_credential": (False, False, True),
}
ARGUMENTS = {
    "vault.list_credentials": {"folderPath", "recursive", "type", "tag", "limit", "cursor"},
    "vault.search_credentials": {"query", "folderPath", "type", "tag", "limit", "cursor"},
    "vault.get_credential_metadata": {"key", "auditEntries"},
    "vault.lease_credential": {"key", "purpose", "ttl", "version"},
    "vault.read_credential": {"leaseHandle"},
    "vault.use_credential": {"leaseHandle", "method", "url", "headers", "body"},
    "vault.rotate_credential": {
        *("key", "newValue", "generate", "window", "reason", "idempotencyKey"),
    },
    "vault.release_lease": {"leaseHandle"},
    "vault.request_access": {"key", "folderPath", "level", "duration", "reason"},
    "vault.request_credential": {"key", "type", "purpose", "folderPath", "destination"},
}


@pytest.fixture
def stored(owner: Somebody) -> str:
    """The key of a credential in `stripe`."""
    return store(owner, tags=["billing"]).key


def listed(agent: Agent) -> dict[str, Any]:
    """The tools by name, as listed."""
    return {tool["name"]: tool for tool in agent.ask("tools/list").json()["result"]["tools"]}


def test_all_tools_are_listed_in_one_order_in_both_eras(agent: Agent) -> None:
    for version in ERAS:
        agent.version = version
        assert list(listed(agent)) == ORDER


def test_a_token_with_few_scopes_sees_all_tools(agent_of: Connect, owner: Somebody) -> None:
    assert list(listed(agent_of(owner, scopes="vault:read"))) == ORDER


def test_the_list_may_be_kept_by_the_client_alone(agent: Agent) -> None:
    result = agent.ask("tools/list").json()["result"]
    assert result["cacheScope"] == "private"
    assert result["ttlMs"] == 300_000
    assert "nextCursor" not in result


def test_there_is_no_second_page(agent: Agent) -> None:
    answer = agent.ask("tools/list", {"cursor": "hunter2"})
    assert answer.json()["error"]["code"] == -32602
    assert "hunter2" not in answer.text


def test_every_tool_has_hints_and_words(agent: Agent) -> None:
    for name, tool in listed(agent).items():
        hints = tool["annotations"]
        given = (hints["readOnlyHint"], hints["destructiveHint"], hints["idempotentHint"])
        assert (name, given) == (name, HINTS[name])
        assert hints["openWorldHint"] is (name == "vault.use_credential")
        assert hints["title"] == tool["title"]
        assert tool["description"]


def test_the_schemas_are_valid_and_closed(agent: Agent) -> None:
    for version in ERAS:
        agent.version = version
        for name, tool in listed(agent).items():
            schema = tool["inputSchema"]
            Draft202012Validator.check_schema(schema)
            Draft202012Validator.check_schema(tool["outputSchema"])
            assert (schema["type"], schema["additionalProperties"]) == ("object", False)
            assert set(schema["properties"]) == ARGUMENTS[name]
            assert all(one["description"] for one in schema["properties"].values())
            assert tool["outputSchema"]["type"] == "object"


def test_every_tool_needs_the_scope_of_its_operation() -> None:
    assert {tool.name: str(tool.scope) for tool in TOOLS} == {
        name: "vault:write" if name == "vault.rotate_credential" else "vault:read" for name in ORDER
    }
    assert all(tool.action in RULES for tool in TOOLS)


def test_the_main_job(agent: Agent, stored: str) -> None:
    for version in ERAS:
        agent.version = version
        page = agent.answer("vault.list_credentials", folderPath="stripe")
        assert [one["key"] for one in page["credentials"]] == [stored]

        lease = agent.answer("vault.lease_credential", key=stored, purpose=PURPOSE, ttl="90s")
        assert (lease["ttlSeconds"], lease["capped"], lease["usesLeft"]) == (90, False, None)

        secret = agent.answer("vault.read_credential", leaseHandle=lease["leaseHandle"])
        assert (secret["value"], secret["secretFields"]) == (CANARY, {})

        ended = agent.answer("vault.release_lease", leaseHandle=lease["leaseHandle"])
        assert ended["state"] == "revoked"


@pytest.mark.usefixtures("sendable")
def test_answers_and_refusals_keep_to_the_listed_schema(
    agent: Agent, owner: Somebody, subtests: Subtests
) -> None:
    stored = store(owner, policy={"destinations": [{"host": SENDABLE}]}).key
    schemas = {name: tool["outputSchema"] for name, tool in listed(agent).items()}
    lease = agent.answer("vault.lease_credential", key=stored, purpose=PURPOSE)
    handle = {"leaseHandle": lease["leaseHandle"]}
    calls: dict[str, dict[str, Any]] = {
        "vault.list_credentials": {"recursive": True},
        "vault.search_credentials": {"query": "strip"},
        "vault.get_credential_metadata": {"key": stored},
        "vault.lease_credential": {"key": stored, "purpose": PURPOSE},
        "vault.read_credential": handle,
        "vault.use_credential": {**handle, "method": "GET", "url": f"http://{SENDABLE}/"},
        "vault.rotate_credential": {"key": stored, "generate": True},
        "vault.release_lease": handle,
        "vault.request_access": {"key": stored, "level": "manager", "reason": PURPOSE},
        "vault.request_credential": {"key": stored, "type": "api-key", "purpose": PURPOSE},
    }
    assert set(calls) == set(ORDER)
    for name, arguments in calls.items():
        with subtests.test(name):
            for content in (agent.answer(name, **arguments), agent.refusal(name, hunter2="x")):
                Draft202012Validator(schemas[name]).validate(content)


def test_the_text_says_the_same_as_the_structure(agent: Agent, stored: str) -> None:
    for version in ERAS:
        agent.version = version
        result = agent.call("vault.list_credentials", folderPath="stripe")
        assert [block["type"] for block in result["content"]] == ["text"]
        assert json.loads(result["content"][0]["text"]) == result["structuredContent"]


def test_underscore_names_are_accepted_in_calls_and_not_listed(agent: Agent, stored: str) -> None:
    for version in ERAS:
        agent.version = version
        lease = agent.answer("vault_lease_credential", key=stored, purpose=PURPOSE)
        assert agent.answer("vault_read_credential", leaseHandle=lease["leaseHandle"])["value"]
        assert not any("_list" in name.split(".")[0] for name in listed(agent))


def test_every_client_but_claude_code_gets_names_without_dots(
    http: httpx2.Client, owner: Somebody, stored: str, subtests: Subtests
) -> None:
    plain = [name.replace(".", "_") for name in ORDER]
    for name, user_agent, expected in [
        ("Cursor", "Cursor/3.0", plain),
        ("Somebody", "claude-code/2.1.332 (cli)", ORDER),
        ("Claude Code (vault)", "", ORDER),
        ("Claude", "Claude-User", plain),
    ]:
        with subtests.test(name):
            agent = _agent_named(http, owner, name)
            http.headers["User-Agent"] = user_agent
            for version in ERAS:
                agent.version = version
                tools = listed(agent)
                assert list(tools) == expected
                assert ("vault." in json.dumps(tools)) == (expected is ORDER)
                told = agent.call("vault_lease_credential", key="none", purpose=PURPOSE)
                assert ("vault." in json.dumps(told)) == (expected is ORDER)
                assert agent.answer("vault_list_credentials")["credentials"]
                assert agent.answer("vault.list_credentials")["credentials"]
            agent.version = LEGACY
            hello = agent.ask("initialize", AGREEMENT).json()["result"]["instructions"]
            assert ("vault." in hello) == (expected is ORDER)


AGREEMENT = {
    "protocolVersion": LEGACY,
    "capabilities": {},
    "clientInfo": {"name": "x", "version": "1"},
}


def _agent_named(http: httpx2.Client, owner: Somebody, name: str) -> Agent:
    with reach(str(http.base_url)) as browser:
        client = OAuthClient(http, name=name)
        client.register()
        sign_in(browser, owner.person.email, PASSWORD)
        tokens = client.tokens(client.redeem(client.code(browser, agent=name)))
    return Agent(http, tokens.access)


def test_what_a_conversation_has_to_carry_is_small(agent: Agent, stored: str) -> None:
    for _ in range(9):
        agent.answer("vault.lease_credential", key=stored, purpose=PURPOSE)
    tools = agent.ask("tools/list").json()["result"]["tools"]
    read = [{part: tool[part] for part in ("name", "description", "inputSchema")} for tool in tools]
    assert _size(read) <= 6500
    told = agent.call("vault.get_credential_metadata", key=stored)
    assert len(told["structuredContent"]["recentAudit"]) == 5
    assert len(told["content"][0]["text"].encode()) <= 1500
    more = agent.answer("vault.get_credential_metadata", key=stored, auditEntries=10)
    assert len(more["recentAudit"]) == 10


def _size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def test_null_is_taken_as_not_given(agent: Agent, stored: str, subtests: Subtests) -> None:
    given: dict[str, dict[str, Any]] = {
        "vault.search_credentials": {"query": "stripe"},
        "vault.get_credential_metadata": {"key": stored},
        "vault.lease_credential": {"key": stored, "purpose": PURPOSE},
        "vault.rotate_credential": {"key": stored, "newValue": "sk_live_next", "window": 0},
        "vault.request_access": {"key": stored, "level": "admin", "reason": PURPOSE},
        "vault.request_credential": {"key": "missing", "type": "api-key", "purpose": PURPOSE},
    }
    for name, tool in listed(agent).items():
        schema = tool["inputSchema"]
        for argument in set(schema["properties"]) - set(schema.get("required", ())):
            with subtests.test(name, argument=argument):
                arguments = {**given.get(name, {}), argument: None}
                if name == "vault.use_credential":
                    continue  # its optional arguments are plain text and an object
                if arguments in ({**given.get(name, {}), "key": None}, {"newValue": None}):
                    arguments |= {"folderPath": "stripe"}
                if argument in ("newValue", "window"):
                    arguments |= {"generate": True, argument: None}
                    arguments.pop("newValue", None)
                Draft202012Validator(schema).validate(arguments)
                result = agent.call(name, **arguments)
                code = result["structuredContent"].get("code")
                assert code not in ("input/invalid", "input/malformed"), result


def test_missing_arguments_are_none(agent: Agent, stored: str) -> None:
    answer = agent.ask("tools/call", {"name": "vault.list_credentials"})
    assert answer.json()["result"]["structuredContent"]["credentials"][0]["key"] == stored


def test_a_rotation_answers_no_value(agent: Agent, stored: str) -> None:
    result = agent.call("vault.rotate_credential", key=stored, newValue="sk_live_second")
    assert result["structuredContent"]["currentVersion"] == 2
    assert "sk_live_second" not in json.dumps(result)


def test_bad_arguments_are_refused_without_being_repeated(
    agent: Agent, stored: str, subtests: Subtests
) -> None:
    lease = {"key": stored, "purpose": PURPOSE}
    ttls: list[Any] = [0, -1, True, "60", "hunter2", 1.5, 2**31, "0s", [], {}]
    cases: list[tuple[str, dict[str, Any]]] = [
        ("vault.list_credentials", {"hunter2": "x"}),
        ("vault.list_credentials", {"limit": 201}),
        ("vault.list_credentials", {"limit": "50"}),
        ("vault.list_credentials", {"recursive": "hunter2"}),
        ("vault.list_credentials", {"folderPath": "../hunter2"}),
        ("vault.list_credentials", {"folder_path": "hunter2"}),
        ("vault.list_credentials", {"type": "hunter2"}),
        ("vault.list_credentials", {"cursor": "hunter2"}),
        ("vault.search_credentials", {}),
        ("vault.get_credential_metadata", {"key": "hunter2/../x"}),
        ("vault.get_credential_metadata", {"key": ["hunter2"]}),
        ("vault.lease_credential", {"key": stored}),
        ("vault.lease_credential", {"key": stored, "purpose": "x"}),
        ("vault.lease_credential", {"key": stored, "purpose": "hunter2" * 100}),
        *(("vault.lease_credential", {**lease, "ttl": ttl}) for ttl in ttls),
        ("vault.lease_credential", {**lease, "version": "hunter2"}),
        ("vault.rotate_credential", {"key": stored}),
        ("vault.rotate_credential", {"key": stored, "newValue": "hunter2", "generate": True}),
        ("vault.rotate_credential", {"key": stored, "newValue": ["hunter2"]}),
    ]
    for tool, arguments in cases:
        with subtests.test(tool, arguments=arguments):
            result = agent.call(tool, **arguments)
            assert result["isError"]
            assert result["structuredContent"]["code"] == "input/invalid"
            assert "hunter2" not in json.dumps(result)


def test_a_number_beyond_all_numbers_is_refused(agent: Agent, stored: str) -> None:
    for version in ERAS:
        agent.version = version
        call = agent.message("tools/call", {"name": "vault.lease_credential", "arguments": {}})
        body = json.dumps(call).replace(
            '"arguments": {}',
            f'"arguments": {{"key": "{stored}", "purpose": "{PURPOSE}", "ttl": 1e400}}',
        )
        answer = agent.http.post("/api/mcp", content=body, headers=agent.headers(call))
        assert answer.json()["result"]["structuredContent"]["code"] == "input/invalid"


def test_a_refusal_tells_the_model_what_to_do(
    agent_of: Connect, owner: Somebody, member: Somebody, stored: str
) -> None:
    for version in ERAS:
        agent = agent_of(member, version)
        result = agent.call("vault.lease_credential", key=stored, purpose=PURPOSE)

        assert result["isError"]
        text, problem = result["content"][0]["text"], result["structuredContent"]
        assert text.startswith("Permission denied")
        assert "/team" in text
        assert "[access/permission-denied" in text
        assert (problem["code"], problem["status"]) == ("access/permission-denied", 403)
        assert problem["requestId"] in text


def test_what_is_not_there_and_what_is_not_ones_own_are_the_same(
    agent_of: Connect, stored: str, outsider: Somebody
) -> None:
    agent = agent_of(outsider)
    for tool, more in (
        ("vault.get_credential_metadata", {}),
        ("vault.lease_credential", {"purpose": PURPOSE}),
        ("vault.rotate_credential", {"generate": True}),
    ):
        foreign = agent.call(tool, key=stored, **more)
        unknown = agent.call(tool, key="nothing-here", **more)
        assert foreign["content"][0]["text"].startswith("Credential not found")
        assert _without_request(foreign) == _without_request(unknown)


def _without_request(result: dict[str, Any]) -> str:
    return json.dumps(result).replace(result["structuredContent"]["requestId"], "")


def test_a_member_uses_what_was_granted(
    agent_of: Connect, owner: Somebody, member: Somebody, stored: str
) -> None:
    grant(owner, member, "user", key=stored)
    agent = agent_of(member, LEGACY)
    lease = agent.answer("vault.lease_credential", key=stored, purpose=PURPOSE)
    assert (
        agent.answer("vault.read_credential", leaseHandle=lease["leaseHandle"])["value"] == CANARY
    )


def test_a_handle_of_another_agent_is_no_handle(
    agent_of: Connect, owner: Somebody, stored: str
) -> None:
    first = agent_of(owner, agent="first")
    second = agent_of(owner, agent="second")
    handle = first.answer("vault.lease_credential", key=stored, purpose=PURPOSE)["leaseHandle"]

    assert second.refusal("vault.read_credential", leaseHandle=handle)["code"] == (
        "lease/invalid-handle"
    )
    assert first.answer("vault.read_credential", leaseHandle=handle)["value"] == CANARY


def test_the_version_is_the_projects() -> None:
    import tomllib
    from pathlib import Path

    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION
