"""What is answered without the SDK is what the SDK would answer, byte for byte."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from devtools.client.mcp import CAPABILITIES_KEY, CLIENT_KEY, LEGACY, MODERN
from mcpserver import guard
from mcpserver.direct_calls import is_ordinary
from tests.mcpserver.agent import Agent
from tests.mcpserver.conftest import Connect
from tests.people import PURPOSE, Somebody, store

KEY = "stripe-api-key"
# What differs between two calls, however they are answered.
VOLATILE = re.compile(
    rb"(lease_|request |urn:vault:request:)[0-9a-f]{32}|vlt_lease_[\w=-]+|\d{4}-\d\d-\d\dT[\d:.]+Z"
    rb'|"requestId":"[0-9a-f]{32}"|usesLeft\W+\d+|"activeLeases":\d+'
)
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "answer": ("vault.list_credentials", {}),
    "answer with text beyond ASCII": ("vault.search_credentials", {"query": "Gebühr €"}),
    "lease": ("vault.lease_credential", {"key": KEY, "purpose": PURPOSE}),
    "read": ("vault.read_credential", {"leaseHandle": "{handle}"}),
    "metadata": ("vault.get_credential_metadata", {"key": KEY}),
    "underscores": ("vault_list_credentials", {}),
    "not found": ("vault.lease_credential", {"key": "nothing", "purpose": PURPOSE}),
    "invalid": ("vault.lease_credential", {"key": KEY}),
    "unknown argument": ("vault.lease_credential", {"secret": 1}),
    "invalid handle": ("vault.read_credential", {"leaseHandle": "vlt_lease_x"}),
    "refused": ("vault.rotate_credential", {"key": KEY}),
    "unknown tool": ("vault.nothing", {}),
}
Change = Callable[[Agent, dict[str, Any], dict[str, str]], object]


def _meta(message: dict[str, Any]) -> dict[str, Any]:
    meta: dict[str, Any] = message["params"]["_meta"]
    return meta


CHANGES: dict[str, tuple[Change, bool]] = {
    "nothing": (lambda *_: None, True),
    "named client": (
        lambda _, message, __: _meta(message).update({CLIENT_KEY: {"name": "a", "version": "1"}}),
        True,
    ),
    "tool use": (lambda _, m, __: _meta(m).update({"claudecode/toolUseId": "toolu_1"}), True),
    "id of text": (lambda _, message, __: message.update(id='a"é'), True),
    "no arguments": (lambda _, message, __: message["params"].pop("arguments"), True),
    "capabilities": (
        lambda _, m, __: _meta(m).update({CAPABILITIES_KEY: {"elicitation": {"url": {}}}}),
        False,
    ),
    "no capabilities": (lambda _, m, __: _meta(m).pop(CAPABILITIES_KEY), False),
    "odd client": (lambda _, m, __: _meta(m).update({CLIENT_KEY: {"name": 1}}), False),
    "progress": (lambda _, message, __: _meta(message).update(progressToken=1), False),
    "other method header": (lambda _, __, h: h.update({"Mcp-Method": "tools/list"}), False),
    "other name header": (lambda _, __, h: h.update({"Mcp-Name": "vault.nothing"}), False),
    "no name header": (lambda _, __, headers: headers.pop("Mcp-Name"), False),
    "parameter header": (lambda _, __, headers: headers.update({"Mcp-Param-Key": "a"}), False),
    "only HTML": (lambda _, __, headers: headers.update({"Accept": "text/html"}), False),
    "only JSON": (lambda _, __, headers: headers.update({"Accept": "application/json"}), True),
    "arguments are a list": (lambda _, m, __: m["params"].update(arguments=[]), False),
    "input responses": (lambda _, m, __: m["params"].update(inputResponses={}), False),
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Whether the calls so far were answered directly."""
    answers: list[bool] = []

    def noted(*arguments: Any) -> bool:
        answers.append(is_ordinary(*arguments))
        return answers[-1]

    monkeypatch.setattr(guard, "is_ordinary", noted)
    yield answers


def _seen(answer: httpx2.Response) -> tuple[int, dict[str, str], bytes]:
    headers = dict(answer.headers)
    for name in ("date", "x-request-id", "content-length"):
        headers.pop(name, None)
    return answer.status_code, headers, VOLATILE.sub(b"*", answer.content)


def _send(agent: Agent, message: dict[str, Any], headers: dict[str, str]) -> httpx2.Response:
    return agent.http.post(agent.endpoint, json=message, headers=headers)


@pytest.mark.parametrize("call", CALLS)
def test_an_ordinary_call_is_answered_as_the_sdk_answers_it(
    agent: Agent, owner: Somebody, asked: list[bool], monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    store(owner)
    tool, arguments = CALLS[call]
    if "leaseHandle" in arguments:
        leased = agent.answer("vault.lease_credential", key=KEY, purpose=PURPOSE)
        arguments = {"leaseHandle": arguments["leaseHandle"].format(handle=leased["leaseHandle"])}
    message = agent.message("tools/call", {"name": tool, "arguments": arguments})
    asked.clear()
    directly = _seen(_send(agent, message, agent.headers(message)))
    assert asked == ([] if call == "unknown tool" else [True])
    monkeypatch.setattr(guard, "is_ordinary", lambda *_: False)
    assert directly == _seen(_send(agent, message, agent.headers(message)))


@pytest.mark.parametrize("change", CHANGES)
def test_what_only_the_sdk_does_is_left_to_it(
    agent: Agent, asked: list[bool], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    message = agent.message("tools/call", {"name": "vault.list_credentials", "arguments": {}})
    headers = agent.headers(message)
    make, is_direct = CHANGES[change]
    make(agent, message, headers)
    ours = _seen(_send(agent, message, headers))
    assert asked in ([is_direct], [] if not is_direct else [True])
    monkeypatch.setattr(guard, "is_ordinary", lambda *_: False)
    assert ours == _seen(_send(agent, message, headers))


def test_the_older_revision_goes_through_the_sdk(
    agent_of: Connect, owner: Somebody, asked: list[bool]
) -> None:
    for version, is_direct in ((LEGACY, False), (MODERN, True)):
        asked.clear()
        agent_of(owner, version=version).answer("vault.list_credentials")
        assert asked == [is_direct]
