"""The matrix of grants as a form: which cells were changed, and what they had been.

A cell is called `cell|<subject's id>|key|<key>` or `…|folder|<path>`; none of them holds a bar.
`was|…` beside it carries the grant that was there when the page was made, so that what somebody
else changed meanwhile is noticed.
"""

import json
from datetime import timedelta
from typing import Any

from django.http import QueryDict

from access.errors import Invalid
from access.tenancy import database_now
from console.subjects import shape_of

THINGS = {"key": "key", "folder": "folderPath"}


def changed_cells(typed: QueryDict, ends_after: int | None) -> list[dict[str, Any]]:
    """The changes that the form asks for, as `change_grants` takes them.

    A changed level keeps the end and the agents that the grant had; `ends_after` is another end.
    """
    ends = database_now() + timedelta(seconds=ends_after) if ends_after else None
    until = ends.isoformat() if ends else None
    found = []
    for name, level in typed.items():
        head, _, place = name.partition("|")
        if head == "cell":
            was = _was(typed.get(f"was|{place}", ""))
            if level != (was or {}).get("level", ""):
                found.append(_change(place, str(level), was, until))
    return found


def _change(
    place: str, level: str, was: dict[str, Any] | None, until: str | None
) -> dict[str, Any]:
    subject, _, thing = place.partition("|")
    kind, _, name = thing.partition("|")
    if kind not in THINGS:
        raise Invalid("The table cannot be read; start again from it.")
    change = {**shape_of(subject), THINGS[kind]: name, "level": level or None, "expected": was}
    if level:
        kept = was or {}
        change |= {"expiresAt": until or kept.get("expiresAt"), "agents": kept.get("agents")}
    return change


def _was(text: str) -> dict[str, Any] | None:
    try:
        was = json.loads(text) if text else None
    except (ValueError, RecursionError):
        was = ""
    if was is not None and not isinstance(was, dict):
        raise Invalid("The table cannot be read; start again from it.")
    return was
