"""Redirect URIs of well-known clients that are not on a loopback address.

Each is matched byte for byte, so a row can only send a code to the address that the client's maker
documents; `*` stands for one further path segment. A private-use scheme proves nothing about the
program that answers to it (RFC 8252 §8.6), which the consent page says. Clients that use loopback
addresses alone, such as Claude Code, Codex, Gemini CLI, opencode, Windsurf and Zed, need no row.

`VAULTSITE_WELL_KNOWN_REDIRECTS=off` disables the table; operators list others by
`VAULTSITE_REDIRECT_URIS` and `VAULTSITE_REDIRECT_HOSTS`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SEGMENT = r"[A-Za-z0-9_-]{1,128}"


@dataclass(frozen=True, slots=True)
class WellKnownClient:
    """A client with its redirect URIs, and the page or source file that documents them."""

    name: str
    redirects: tuple[str, ...]
    source: str

    def has(self, uri: str) -> bool:
        """Whether `uri` is one of its redirect URIs."""
        return any(_pattern(redirect).fullmatch(uri) for redirect in self.redirects)


def _pattern(redirect: str) -> re.Pattern[str]:
    return re.compile(re.escape(redirect).replace(r"\*", _SEGMENT))


WELL_KNOWN = (
    WellKnownClient(
        "Claude",
        ("https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"),
        "https://support.claude.com/en/articles/11503834",
    ),
    WellKnownClient(
        "ChatGPT",
        (
            "https://chatgpt.com/connector_platform_oauth_redirect",
            "https://chatgpt.com/connector/oauth/*",
        ),
        "https://developers.openai.com/apps-sdk/build/auth",
    ),
    WellKnownClient(
        "Visual Studio Code",
        ("https://vscode.dev/redirect", "https://insiders.vscode.dev/redirect"),
        "https://github.com/microsoft/vscode/blob/main/src/vs/base/common/oauth.ts",
    ),
    WellKnownClient(
        "Cursor",
        (
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "https://www.cursor.com/agents/mcp/oauth/callback",
        ),
        "https://cursor.com/docs/mcp",
    ),
    WellKnownClient(
        "Grok",
        (
            "https://grok.com/connectors-oauth-exchange-code/",
            "https://console.x.ai/connectors-oauth-exchange-code/",
        ),
        "https://grok.com/oauth/mcp-client.json",
    ),
    WellKnownClient(
        "Devin",
        ("https://api.devin.ai/mcp/oauth/callback",),
        "https://docs.devin.ai",
    ),
    WellKnownClient(
        "Google Antigravity",
        ("https://antigravity.google/oauth-callback",),
        "https://antigravity.google/docs/mcp",
    ),
)


# What these addresses answered on 2026-09-24. Used while an address does not answer Vault, because
# Vault has no way out or is turned away there: the client cannot know it and has no other way to
# identify itself. The redirect URIs go to loopback addresses or to the rows above.
_LOOPBACK = ("http://127.0.0.1/callback", "http://localhost/callback")
PUBLISHED_DOCUMENTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "https://claude.ai/oauth/claude-code-client-metadata": ("Claude Code", _LOOPBACK),
    "https://claude.ai/oauth/mcp-oauth-client-metadata": (
        "Claude",
        ("https://claude.ai/api/mcp/auth_callback",),
    ),
    "https://chatgpt.com/oauth/client.json": (
        "ChatGPT",
        ("https://chatgpt.com/connector_platform_oauth_redirect",),
    ),
    "https://chatgpt.com/oauth/codex/client.json": ("Codex", _LOOPBACK),
    "https://vscode.dev/oauth/client-metadata.json": (
        "Visual Studio Code",
        ("http://127.0.0.1:33418/", "https://vscode.dev/redirect"),
    ),
    "https://zed.dev/oauth/client-metadata.json": ("Zed", ("http://127.0.0.1/callback",)),
    "https://opencode.ai/oauth/opencode/client.json": ("OpenCode", _LOOPBACK),
}


def published_document(client_id: str) -> dict[str, Any] | None:
    """The metadata that a well-known client published at its address."""
    if client_id not in PUBLISHED_DOCUMENTS:
        return None
    name, redirects = PUBLISHED_DOCUMENTS[client_id]
    return {
        "client_id": client_id,
        "client_name": name,
        "redirect_uris": list(redirects),
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    }


def well_known_client(uri: str) -> WellKnownClient | None:
    """The client that has this redirect URI."""
    return next((client for client in WELL_KNOWN if client.has(uri)), None)
