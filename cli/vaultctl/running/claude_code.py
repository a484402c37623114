"""What is added for Claude Code: settings of this session only, given as an argument."""

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import PurePath

from vaultctl.configuration import directory

SETTINGS = "--settings"


def is_claude_code(command: Sequence[str]) -> bool:
    """Whether the command starts Claude Code itself, so that it takes arguments of ours."""
    return PurePath(command[0]).name in ("claude", "claude-code")


def can_sandbox() -> bool:
    """Whether Claude Code's sandbox works here: it needs two programs on Linux."""
    return sys.platform == "linux" and all(map(shutil.which, ("bwrap", "socat")))


def session_settings(hosts: Sequence[str], *, sandbox: bool) -> dict[str, object]:
    """The model keeps away from vaultctl's own sign-in; with the sandbox, also from the process
    that holds the values, and from hosts other than those of the credentials.
    """
    own = f"{directory()}"
    commands = [f"Bash(vaultctl {name}:*)" for name in ("read", "lease")]
    found: dict[str, object] = {"permissions": {"deny": [f"Read(/{own}/**)", *commands]}}
    if sandbox:
        found["sandbox"] = {
            "enabled": True,
            "autoAllowBashIfSandboxed": True,
            "filesystem": {"denyRead": [own]},
            "network": {"allowedDomains": list(hosts)},
        }
    return found


def with_settings(command: Sequence[str], hosts: Sequence[str], *, sandbox: bool) -> list[str]:
    """The command with the session's settings; unchanged when it has settings of its own."""
    if SETTINGS in command or any(word.startswith(f"{SETTINGS}=") for word in command):
        return list(command)
    settings = session_settings(hosts, sandbox=sandbox)
    return [command[0], SETTINGS, json.dumps(settings), *command[1:]]
