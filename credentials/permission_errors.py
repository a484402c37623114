"""Too low a level: what would be enough, and the form that asks for it, filled in."""

from urllib.parse import urlencode

from django.conf import settings

from access.levels import Level
from foundation.errors import Denied


def insufficient_level(needed: Level, held: Level, *, key: str = "", folder: str = "") -> Denied:
    """The refusal for a credential, or without a key for a folder; "" is the topmost one."""
    thing = "credential" if key else "folder"
    has = f"you hold {held.word}" if held > Level.NONE else "you hold none"
    return Denied(
        f"The level {needed.word} is needed on this {thing}; {has}.",
        hint=f"Ask an owner or admin of the tenant: {_form(needed, key, folder)}",
        requiredLevel=needed.word,
        heldLevel=held.word if held > Level.NONE else "none",
    )


def _form(needed: Level, key: str, folder: str) -> str:
    team = f"{settings.PUBLIC_URL}/team/"
    if key:
        return f"{team}?{urlencode({'ask': key, 'level': needed.word})}"
    wish = {"folder": folder} if folder else {}
    return f"{team}ask/?{urlencode({**wish, 'level': needed.word})}"
