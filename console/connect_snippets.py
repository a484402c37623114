"""How to connect a client: exact commands for this installation, to be copied."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings

CALLBACK_PORT = 8123

PERMISSION = json.dumps({"permissions": {"allow": ["mcp__vault"]}}, indent=2)
MEMORY = """\
Secrets come from Vault. Never ask me for a key or look for one in files. Find it with
vault.list_credentials or vault.search_credentials, lease it with an honest purpose, read it, hand
it to the program through its environment or standard input, and release the lease. Never print,
write or commit a value."""


class How(StrEnum):
    """The kinds of clients; each has a tab."""

    CLAUDE_CODE = "claude-code"
    MCP = "mcp"
    REST = "rest"
    CI = "ci"


LABELS = {
    How.CLAUDE_CODE: "Claude Code",
    How.MCP: "Other MCP clients",
    How.REST: "REST",
    How.CI: "CI and services",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One step: its purpose, and what to paste; `name` describes what is copied."""

    heading: str
    text: str
    paste: str
    name: str


def instructions(how: How) -> list[Part]:
    """The steps for one kind of client, with this installation's address filled in."""
    return {
        How.CLAUDE_CODE: _claude_code,
        How.MCP: _mcp,
        How.REST: _rest,
        How.CI: _ci,
    }[how]()


def _claude_code() -> list[Part]:
    add = (
        f"claude mcp add --transport http vault {settings.MCP_RESOURCE}"
        f" --callback-port {CALLBACK_PORT}\nclaude mcp login vault"
    )
    return [
        Part(
            "Add Vault and sign in",
            "In a terminal. The browser opens: sign in, name the agent, pick the tenant, allow.",
            add,
            "the commands",
        ),
        Part(
            "Let it call Vault without asking each time",
            "Into .claude/settings.json of the project. Vault decides by itself what is allowed.",
            PERMISSION,
            "the permission rule",
        ),
        Part(
            "Instruct it to use Vault",
            "Into the project's CLAUDE.md.",
            MEMORY,
            "the text for CLAUDE.md",
        ),
        Part(
            "Again, or after “audience mismatch”",
            "Remove the server before you add it again.",
            f"claude mcp remove vault\n{add}",
            "the commands",
        ),
    ]


# Where each client keeps its servers, and in which form (docs/clients.md).
FILES: Mapping[str, tuple[str, Callable[[str], dict[str, Any]]]] = {
    "Visual Studio Code": (
        ".vscode/mcp.json",
        lambda url: {"servers": {"vault": {"type": "http", "url": url}}},
    ),
    "Cursor": (".cursor/mcp.json", lambda url: {"mcpServers": {"vault": {"url": url}}}),
    "Gemini CLI": (
        ".gemini/settings.json",
        lambda url: {"mcpServers": {"vault": {"httpUrl": url}}},
    ),
    "opencode": (
        "opencode.json",
        lambda url: {"mcp": {"vault": {"type": "remote", "url": url}}},
    ),
}


def _mcp() -> list[Part]:
    url = settings.MCP_RESOURCE
    files = [
        Part(name, f"Into {file}.", json.dumps(form(url), indent=2), "the configuration")
        for name, (file, form) in FILES.items()
    ]
    return [
        Part(
            "As an address",
            "For Claude, ChatGPT and every other client: Streamable HTTP. The address has to be "
            "exactly this one: a token is for one address. The client finds the sign-in by itself.",
            url,
            "the address",
        ),
        *files,
        Part("Codex CLI", "In a terminal.", f"codex mcp add vault --url {url}", "the command"),
    ]


def _rest() -> list[Part]:
    return [
        Part(
            "With a personal token",
            "Make one on your account page. The commands keep it out of the shell's history and "
            "of the list of processes.",
            commands_with_token(),
            "the commands",
        ),
    ]


def _ci() -> list[Part]:
    token = f"{settings.PUBLIC_URL}/oauth/token"
    ask = (
        """printf 'user = "%s:%s"' "$VAULT_ACCOUNT" "$VAULT_SECRET" \\\n"""
        f"  | curl --silent --fail --config - {token} \\\n"
        f"      -d grant_type=client_credentials -d resource={settings.REST_RESOURCE} \\\n"
        "  | python3 -c 'import json,sys; print(json.load(sys.stdin)[\"access_token\"])'"
    )
    return [
        Part(
            "Get a token as a service account",
            "An owner or admin makes the account and its secret. Let the pipeline's own store of "
            "secrets set VAULT_ACCOUNT (sa_…) and VAULT_SECRET.",
            f"VAULT_TOKEN=$({ask})",
            "the command",
        ),
        Part(
            "Use it",
            "A service account reaches what grants give it, and nothing else.",
            _curl("VAULT_TOKEN"),
            "the command",
        ),
    ]


def commands_with_token() -> str:
    """How to try out a personal token, which the shell asks for: it becomes no argument and is in
    no history.
    """
    return f"read -rs VAULT_TOKEN\n{_curl('VAULT_TOKEN')}"


def _curl(variable: str) -> str:
    return (
        f"""printf 'header = "Authorization: Bearer %s"' "${variable}" \\\n"""
        f"  | curl --silent --fail --config - {settings.REST_RESOURCE}/credentials"
    )
