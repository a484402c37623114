"""The spelling of tool names: with dots for Claude Code, with underscores for every other client.

Model APIs take `[a-zA-Z0-9_-]{1,64}`; a client that passes names on as they are loses the whole
list to a dot. Claude Code translates them, and people who use it know the names with dots. Calls
are accepted in both spellings from everybody.
"""

import re
from typing import Any

from access.actor import Actor

_DOTTED = re.compile(r"\bvault\.(?=[a-z]+_[a-z])")


def takes_dots(actor: Actor) -> bool:
    """Whether the client is Claude Code: as it is registered, or as it says in its requests."""
    registered = actor.client_name.casefold().startswith("claude code")
    agent = actor.claimed.get("userAgent", "").startswith("claude-code/")
    return registered or agent or actor.claimed.get("client") == "claude-code"


def with_underscores(text: str) -> str:
    """A text of ours in which tools are named with underscores."""
    return _DOTTED.sub("vault_", text)


def spelled(content: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """A problem whose texts name tools as the actor's client lists them."""
    if takes_dots(actor):
        return content
    texts = {
        name: with_underscores(content[name]) for name in ("detail", "hint") if name in content
    }
    return content | texts
