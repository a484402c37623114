"""What a body must be before it is taken for a message, and what a refusal may say."""

import json
from typing import Any

from pytest import Subtests

from devtools.client.mcp import ERAS, LEGACY
from tests.mcpserver.agent import Agent
from tests.people import Somebody, store

MARK = "hunter2"
PARSE_ERROR, INVALID_REQUEST = -32700, -32600

BROKEN = {
    "nothing": b"",
    "half an object": b'{"jsonrpc": "2.0"',
    "a repeated member": b'{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"hunter2"}',
    "a repeated argument": b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":'
    b'{"name":"x","arguments":{"key":"hunter2","key":"b"}}}',
    "NaN": b'{"jsonrpc":"2.0","id":NaN,"method":"hunter2"}',
    "Infinity": b'{"jsonrpc":"2.0","id":1,"method":"hunter2","params":{"a":-Infinity}}',
    "a byte order mark": b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"method":"hunter2"}',
    "another encoding": '{"jsonrpc":"2.0","id":1,"method":"hunter2"}'.encode("utf-16"),
    "no UTF-8": b'{"jsonrpc":"2.0","id":1,"method":"hunter2\xff"}',
    "half a character": b'{"jsonrpc":"2.0","id":1,"method":"hunter2\\ud800"}',
    "33 levels": b'{"a":' * 33 + b"1" + b"}" * 33,
    "100 000 levels": b"[" * 100_000,
    "a comment": b'{"jsonrpc":"2.0","id":1,"method":"hunter2"} // hi',
}

NO_MESSAGE: dict[str, Any] = {
    "a batch": [{"jsonrpc": "2.0", "id": 1, "method": MARK}],
    "an empty batch": [],
    "a text": MARK,
    "null": None,
    "no jsonrpc": {"id": 1, "method": MARK},
    "jsonrpc 1.0": {"jsonrpc": "1.0", "id": 1, "method": MARK},
    "jsonrpc as a number": {"jsonrpc": 2.0, "id": 1, "method": MARK},
    "JSONRPC": {"JSONRPC": "2.0", "id": 1, "method": MARK},
    "Method": {"jsonrpc": "2.0", "id": 1, "Method": MARK},
    "no method": {"jsonrpc": "2.0", "id": 1, "params": {"name": MARK}},
    "a method that is no text": {"jsonrpc": "2.0", "id": 1, "method": [MARK]},
    "an endless method": {"jsonrpc": "2.0", "id": 1, "method": MARK * 1000},
    "an unknown member": {"jsonrpc": "2.0", "id": 1, "method": MARK, MARK: 1},
    "id null": {"jsonrpc": "2.0", "id": None, "method": MARK},
    "id true": {"jsonrpc": "2.0", "id": True, "method": MARK},
    "id 1.5": {"jsonrpc": "2.0", "id": 1.5, "method": MARK},
    "id as a list": {"jsonrpc": "2.0", "id": [MARK], "method": MARK},
    "an endless id": {"jsonrpc": "2.0", "id": MARK * 1000, "method": MARK},
    "params as a list": {"jsonrpc": "2.0", "id": 1, "method": MARK, "params": [MARK]},
    "params null": {"jsonrpc": "2.0", "id": 1, "method": MARK, "params": None},
    "a result": {"jsonrpc": "2.0", "id": 1, "result": {"a": MARK}},
    "an error": {"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": MARK}},
}


def test_broken_json_is_a_parse_error_that_quotes_nothing(agent: Agent, subtests: Subtests) -> None:
    for version in ERAS:
        agent.version = version
        for name, body in BROKEN.items():
            with subtests.test(name, version=version):
                answer = agent.post(body)
                assert answer.status_code == 400
                assert answer.json()["id"] is None
                assert answer.json()["error"]["code"] == PARSE_ERROR
                assert MARK not in answer.text


def test_what_is_no_single_message_is_an_invalid_request_that_quotes_nothing(
    agent: Agent, subtests: Subtests
) -> None:
    for version in ERAS:
        agent.version = version
        for name, value in NO_MESSAGE.items():
            with subtests.test(name, version=version):
                answer = agent.post(json.dumps(value).encode())
                assert answer.status_code == 400
                assert answer.json()["error"]["code"] == INVALID_REQUEST
                assert MARK not in answer.text


def test_an_unknown_method_is_not_found_and_not_repeated(agent: Agent) -> None:
    answer = agent.ask(f"tools/{MARK}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == -32601
    assert MARK not in answer.text

    agent.version = LEGACY
    answer = agent.ask(f"tools/{MARK}")
    assert answer.json()["error"]["code"] == -32601
    assert MARK not in answer.text


def test_an_unknown_tool_is_an_invalid_parameter_and_not_repeated(agent: Agent) -> None:
    for version in ERAS:
        agent.version = version
        answer = agent.ask("tools/call", {"name": f"vault.{MARK}", "arguments": {}})
        assert answer.json()["error"]["code"] == -32602
        assert MARK not in answer.text


def test_arguments_that_are_no_object_are_an_invalid_parameter(agent: Agent) -> None:
    for version in ERAS:
        agent.version = version
        params = {"name": "vault.list_credentials", "arguments": [MARK]}
        answer = agent.ask("tools/call", params)
        assert answer.json()["error"]["code"] == -32602
        assert MARK not in answer.text


def test_a_request_keeps_its_id(agent: Agent) -> None:
    for identifier in ("seven", 0, -1, 2**53):
        message = agent.message("tools/list") | {"id": identifier}
        assert agent.send(message).json()["id"] == identifier


def test_a_notification_is_accepted_and_not_answered(agent: Agent) -> None:
    for version in ERAS:
        agent.version = version
        message = agent.message("notifications/initialized")
        del message["id"]
        answer = agent.send(message)
        assert (answer.status_code, answer.content) == (202, b"")


def test_a_call_without_an_id_does_nothing(agent: Agent, owner: Somebody) -> None:
    store(owner)
    arguments = {"key": "stripe-api-key", "generate": True}
    for version in ERAS:
        agent.version = version
        params = {"name": "vault.rotate_credential", "arguments": arguments}
        call = agent.message("tools/call", params)
        del call["id"]
        assert agent.send(call).status_code == 202
    described = agent.answer("vault.get_credential_metadata", key="stripe-api-key")
    assert described["version"] == 1
