"""hook: what the plugin for Claude Code calls; it reads an event and answers a decision as JSON.

A hook never stops the session by failing: without an answer, Claude Code goes on.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

import click

from vaultctl.configuration import server_url
from vaultctl.errors import VaultctlError
from vaultctl.secret_patterns import find_secret

READS = ("vault_read_credential", "vault.read_credential")


@click.group("hook", hidden=True)
def hook() -> None:
    """Events of the plugin for Claude Code."""


@hook.command("prompt")
def prompt() -> None:
    """UserPromptSubmit: stop a secret before it is sent, and offer to store it."""
    kind = find_secret(str(_event().get("prompt", "")))
    if kind is None:
        return
    reason = (
        f"The message seems to contain {kind}, so it was not sent. Store it in Vault at "
        f"{_address()}/credentials/new and name its key instead; if you may not, let the "
        "agent ask for it with vault.request_credential. If it is no secret, change its form a "
        "little and send it again."
    )
    answer = {"decision": "block", "reason": reason}
    specific = {"hookEventName": "UserPromptSubmit", "suppressOriginalPrompt": True}
    click.echo(json.dumps({**answer, "hookSpecificOutput": specific}))


@hook.command("tool-output")
def tool_output() -> None:
    """PostToolUse: remember what was read, and take it out of what other tools answer."""
    from vaultctl.running.hardening import protect_memory
    from vaultctl.session_memory import ask, learn

    protect_memory()
    event = _event()
    session, output = str(event.get("session_id", "")), event.get("tool_response")
    if str(event.get("tool_name", "")).endswith(READS):
        values = list(_values(output))
        if values:
            learn(session, values)
        return
    answer = ask(session, {"output": output})
    if answer and answer.get("redactions"):
        specific = {"hookEventName": "PostToolUse", "updatedToolOutput": answer["output"]}
        click.echo(json.dumps({"hookSpecificOutput": specific}))


@hook.command("session-end")
def session_end() -> None:
    """SessionEnd: forget."""
    from vaultctl.session_memory import ask

    ask(str(_event().get("session_id", "")), {"end": True})


@hook.command("remember", hidden=True)
@click.option("--session", required=True)
def remember(session: str) -> None:
    """The process that remembers; `tool-output` starts it."""
    from vaultctl.session_memory import serve

    serve(session)


def _event() -> dict[str, Any]:
    try:
        found = json.load(sys.stdin)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _address() -> str:
    try:
        return server_url(None)
    except VaultctlError:
        return "the console"


def _values(output: Any) -> Iterator[str]:
    """The value and the secret fields in the answer of `vault.read_credential`, however wrapped."""
    if isinstance(output, str):
        try:
            parsed = json.loads(output)
        except ValueError:
            return
        if not isinstance(parsed, str):
            yield from _values(parsed)
    elif isinstance(output, list):
        for part in output:
            yield from _values(part)
    elif isinstance(output, dict):
        if isinstance(output.get("value"), str) and "leaseId" in output:
            yield output["value"]
            yield from (text for text in output.get("secretFields", {}).values() if text)
        else:
            for part in output.values():
                yield from _values(part)
