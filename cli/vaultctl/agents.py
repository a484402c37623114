"""Known AI agents: programs whose output a model reads.

A value must not be put into such a program, and a command that an agent runs must not print one,
unless the credential's policy lets the model read it. This protects from accidents, not from an
agent that is told to get around it; `disclosure: broker` does.
"""

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from vaultctl.errors import VaultctlError
from vaultctl.exit_codes import Exit

PROGRAMS = {
    "claude": "Claude Code",
    "claude-code": "Claude Code",
    "codex": "Codex CLI",
    "opencode": "opencode",
    "gemini": "Gemini CLI",
    "aider": "Aider",
    "goose": "Goose",
    "amp": "Amp",
    "crush": "Crush",
    "qwen": "Qwen Code",
    "copilot": "Copilot CLI",
    "cursor-agent": "Cursor",
    "droid": "Droid",
    "kiro-cli": "Kiro",
}
# Variables that agents set for the commands they run.
MARKS = {
    "CLAUDECODE": "Claude Code",
    "CODEX_SANDBOX": "Codex CLI",
    "CODEX_THREAD_ID": "Codex CLI",
    "OPENCODE": "opencode",
    "GEMINI_CLI": "Gemini CLI",
    "QWEN_CODE": "Qwen Code",
    "CURSOR_AGENT": "Cursor",
    "GOOSE_TERMINAL": "Goose",
    "AMP_CURRENT_THREAD_ID": "Amp",
}
_WRAPPERS = frozenset(
    {"env", "nice", "nohup", "timeout", "stdbuf", "sudo", "doas", "exec", "time", "command"}
    | {"npx", "bunx", "pnpx", "uvx", "npm", "pnpm", "yarn", "bun", "uv", "pipx"}
    | {"node", "bash", "sh", "zsh", "dash", "script", "tmux"}
)
MODEL = "model"


def agent_in(command: Sequence[str]) -> str | None:
    """The name of the agent that a command starts, also behind the usual wrappers."""
    words = list(command)
    for position, word in enumerate(words):
        name = PurePath(word).name
        found = PROGRAMS.get(name) or PROGRAMS.get(_package(word))
        if found:
            return found
        if position == 0 and name not in _WRAPPERS:
            return None
        if " " in word and (inner := agent_in(_split(word))):
            return inner
    return None


def surrounding_agent(environment: Mapping[str, str] | None = None) -> str | None:
    """The agent that runs this very command, or None."""
    variables = os.environ if environment is None else environment
    return next((name for mark, name in MARKS.items() if variables.get(mark)), None)


def disclosure_of(credential: Mapping[str, Any]) -> str:
    """How far the value may go: `model`, `process` or `broker`."""
    return str(credential["policy"].get("disclosure") or MODEL)


def refuse_inside_agent(credential: Mapping[str, Any]) -> None:
    """Refuse to print a value to an agent whose model must not see it."""
    agent = surrounding_agent()
    if agent is not None and disclosure_of(credential) != MODEL:
        raise VaultctlError(
            f"{agent} runs this command, and the policy of {credential['key']} keeps the value "
            "from models.",
            Exit.DENIED,
            hint=f'Use it without seeing it: vaultctl run --purpose "…" -c {credential["key"]} '
            "-- COMMAND",
        )


def _package(word: str) -> str:
    """`@anthropic-ai/claude-code@2.1` is `claude-code`."""
    return PurePath(word).name.partition("@")[0]


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
