"""Internal failures disclose nothing of the exception, only a request id."""

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

import pytest
from django.db import OperationalError

from audit.endpoint import signature_of
from devtools.client.mcp import ERAS
from foundation.call_limits import Bucket, CallLimit
from foundation.errors import Unavailable
from mcpserver import guard
from mcpserver.thread_pool import WorkerThreads
from mcpserver.tools import BY_NAME
from tests.mcpserver.agent import Agent

LIST = "vault.list_credentials"
SECRET = "hunter2-in-an-exception"


def breaks(*_: object, **__: object) -> NoReturn:
    """A defect whose exception quotes what it should not."""
    raise RuntimeError(SECRET)


def has_no_database(*_: object, **__: object) -> NoReturn:
    """What Django raises when the server is gone or the pool is empty."""
    raise OperationalError(SECRET)


def with_operation(monkeypatch: pytest.MonkeyPatch, operation: Callable[..., Any]) -> None:
    """Let LIST call `operation`."""
    tool = BY_NAME[LIST]
    tool = replace(tool, operation=operation, signature=signature_of(tool.operation))
    for endpoint in ("mcpserver.server", "mcpserver.guard"):
        monkeypatch.setattr(f"{endpoint}.find_tool", lambda _: tool)


def test_a_defect_is_an_internal_error_with_a_request_id(
    agent: Agent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with_operation(monkeypatch, breaks)
    with caplog.at_level(logging.DEBUG):
        for version in ERAS:
            agent.version = version
            result = agent.call(LIST)
            problem = result["structuredContent"]
            assert result["isError"]
            assert (problem["code"], problem["status"]) == ("internal/error", 500)
            assert problem["requestId"] in caplog.text
            assert SECRET not in str(result)
    assert "RuntimeError" in caplog.text
    assert SECRET not in caplog.text


def test_without_a_database_a_call_is_unavailable(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_operation(monkeypatch, has_no_database)
    assert agent.refusal(LIST)["code"] == "service/unavailable"


def test_without_a_database_nobody_is_let_in(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "actor_from_token", has_no_database)
    answer = agent.ask("tools/list")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.json()["code"] == "service/unavailable"
    assert SECRET not in answer.text


def test_a_defect_in_the_guard_is_a_plain_500(
    agent: Agent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(guard, "actor_from_token", breaks)
    answer = agent.ask("tools/list")
    assert answer.status_code == 500
    assert answer.json()["requestId"] in caplog.text
    assert SECRET not in answer.text + caplog.text


def test_too_many_calls_are_refused_with_a_time_to_wait(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CallLimit, "_filled", lambda *_: Bucket(left=0, at=0))
    problem = agent.refusal(LIST)
    assert problem["code"] == "quota/exceeded"
    assert problem["retryAfter"] == 1


def test_a_full_queue_refuses_instead_of_growing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcpserver.thread_pool.THREADS", 1)
    monkeypatch.setattr("mcpserver.thread_pool.WAITING", 1)
    go = threading.Event()

    async def crowd() -> None:
        threads = WorkerThreads()
        waiting = [asyncio.ensure_future(threads.run(go.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await threads.run(go.wait)
        go.set()
        assert await asyncio.gather(*waiting) == [True, True]
        threads.stop()

    asyncio.run(crowd())
