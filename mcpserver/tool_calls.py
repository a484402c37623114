"""One tool call: arguments to shape, operation, answer or problem."""

import json
import logging
from typing import Any

from django.db import InterfaceError, OperationalError
from mcp_types import CallToolResult, InputRequiredResult, TextContent

from access.actor import Actor
from foundation.errors import ApprovalPending, Unavailable, VaultError
from foundation.safe_traceback import safe_traceback
from mcpserver.elicitation import ask_person
from mcpserver.tools import Tool

log = logging.getLogger(__name__)


def call_tool(
    tool: Tool, arguments: dict[str, Any], actor: Actor, *, may_ask: bool = False
) -> CallToolResult | InputRequiredResult:
    """The tool's answer as structured content and the same as text; a refusal as `isError`.

    An approval is requested through the client where the client supports it.
    """
    assert tool.takes is not None
    try:
        return _answer(tool.operation(actor, tool.takes.parse(arguments)).wire())
    except ApprovalPending as error:
        return ask_person(error) if may_ask else refusal(error, actor)
    except VaultError as error:
        return refusal(error, actor)
    except (OperationalError, InterfaceError):
        return refusal(Unavailable(), actor)
    except Exception as error:  # noqa: BLE001  # last resort: no detail may be sent
        log.error("request %s, %s: %s", actor.request_id, tool.name, safe_traceback(error))
        return refusal(VaultError("Quote the request id when you report this."), actor)


def refusal(error: VaultError, actor: Actor) -> CallToolResult:
    """The problem as structured content, and a text the model can act on."""
    problem = error.as_problem(actor.request_id)
    sentences = [f"{error.title}:", error.detail, error.hint]
    if error.detail == error.title:
        sentences = [f"{error.title}.", error.hint]
    reference = f"[{error.code}, request {actor.request_id}]"
    text = " ".join(sentence for sentence in (*sentences, reference) if sentence)
    return CallToolResult(
        content=[TextContent(type="text", text=text)], structured_content=problem, is_error=True
    )


def _answer(wire: dict[str, Any]) -> CallToolResult:
    text = json.dumps(wire, ensure_ascii=False)
    return CallToolResult(
        content=[TextContent(type="text", text=text)], structured_content=wire, is_error=False
    )
