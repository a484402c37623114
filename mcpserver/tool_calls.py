"""One tool call: arguments to shape, operation, answer or problem."""

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import SynchronousOnlyOperation
from django.db import InterfaceError, OperationalError

from access.actor import Actor
from foundation.call_limits import CallLimit
from foundation.db.loop import LoopDatabase
from foundation.errors import (
    ApprovalPending,
    QuotaExceeded,
    Unauthenticated,
    Unavailable,
    VaultError,
)
from foundation.safe_traceback import safe_traceback
from mcpserver.thread_pool import WorkerThreads
from mcpserver.tool_names import spelled
from mcpserver.tools import Tool

log = logging.getLogger(__name__)

_text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The structured content of an answer or a problem, and the text for the model."""

    content: dict[str, Any]
    text: str
    is_error: bool = False


class ToolCalls:
    """Runs tool calls on the event loop or in worker threads, each agent's within its limit."""

    def __init__(self, threads: WorkerThreads, database: LoopDatabase) -> None:
        self._threads = threads
        self._database = database
        self._limit = CallLimit()

    async def run(
        self, tool: Tool, arguments: dict[str, Any], actor: Actor, *, may_ask: bool = False
    ) -> ToolResult:
        """What `call_tool` answers; also refused when there are too many calls."""
        try:
            self._limit.take(actor.agent_id or actor.token_id)
            return await self._run(tool, lambda: call_tool(tool, arguments, actor, may_ask=may_ask))
        except (QuotaExceeded, Unavailable) as error:
            return refusal(error, actor)

    async def _run(self, tool: Tool, call: Callable[[], ToolResult]) -> ToolResult:
        if tool.on_loop:
            with suppress(SynchronousOnlyOperation):  # nothing was committed; a thread does it
                return await self._database.run(call)
        return await self._threads.run(call)


def call_tool(
    tool: Tool, arguments: dict[str, Any], actor: Actor, *, may_ask: bool = False
) -> ToolResult:
    """The tool's answer as structured content and the same as text, or a refusal.

    Raises Unauthenticated when the actor's token has ended; with `may_ask` ApprovalPending, for the
    client to ask its person; SynchronousOnlyOperation on the event loop when it needs a thread.
    """
    assert tool.takes is not None
    try:
        answer = _short(tool.operation(actor, tool.takes.parse(arguments)).wire())
        return ToolResult(answer, _text(answer))
    except (Unauthenticated, SynchronousOnlyOperation):
        raise
    except ApprovalPending as error:
        if may_ask:
            raise
        return refusal(error, actor)
    except VaultError as error:
        return refusal(error, actor)
    except (OperationalError, InterfaceError):
        return refusal(Unavailable(), actor)
    except Exception as error:  # noqa: BLE001  # last resort: no detail may be sent
        log.error("request %s, %s: %s", actor.request_id, tool.name, safe_traceback(error))
        return refusal(VaultError("Quote the request id when you report this."), actor)


def _short(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without the null members of objects in it, such as a policy's: every conversation
    has to carry it.
    """
    return {
        name: {inner: one for inner, one in value.items() if one is not None}
        if isinstance(value, dict)
        else value
        for name, value in answer.items()
    }


def refusal(error: VaultError, actor: Actor) -> ToolResult:
    """The problem as structured content, and a text the model can act on."""
    problem = spelled(error.as_problem(actor.request_id), actor)
    sentences = [f"{error.title}:", problem["detail"], problem["hint"]]
    if error.detail == error.title:
        sentences = [f"{error.title}.", problem["hint"]]
    reference = f"[{error.code}, request {actor.request_id}]"
    text = " ".join(sentence for sentence in (*sentences, reference) if sentence)
    return ToolResult(problem, text, is_error=True)
