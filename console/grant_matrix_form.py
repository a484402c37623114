"""The matrix of grants as a form: which cells were changed, and what they were before.

A cell is called `cell|<subject's id>|key|<key>` or `…|folder|<path>`; none of them contains a bar.
`was|…` carries the grant as it was when the page was made, so that a change by somebody else in
the meantime is detected.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.http import QueryDict

from console.lookups import principal_out
from credentials.shapes.access_reports import MatrixCellOut, MatrixPageOut, MatrixRowOut, RouteOut
from foundation.errors import Invalid

THINGS = {"key": "key", "folder": "folderPath"}


class DrawnCell(NamedTuple):
    """A cell as the page shows it: `level` is the grant's or what was typed instead, `also` the
    highest level from elsewhere.
    """

    place: str
    cell: MatrixCellOut
    level: str
    also: RouteOut | None
    more: int


class DrawnRow(NamedTuple):
    """A folder or a credential with its cells."""

    row: MatrixRowOut
    name: str
    cells: list[DrawnCell]


def matrix_cells(page: MatrixPageOut, typed: QueryDict) -> Iterator[DrawnRow]:
    """The matrix row by row, with the levels that were typed so far."""
    for row in page.rows:
        kind, name = ("key", row.key) if row.key else ("folder", row.folder_path)
        cells = [_drawn(cell, f"{cell.subject.id}|{kind}|{name}", typed) for cell in row.cells]
        yield DrawnRow(row, name or "everything", cells)


def _drawn(cell: MatrixCellOut, place: str, typed: QueryDict) -> DrawnCell:
    there = cell.own.level if cell.own else ""
    strongest = cell.inherited[0] if cell.inherited else None
    return DrawnCell(
        place=place,
        cell=cell,
        level=typed.get(f"cell|{place}", there),
        also=strongest,
        more=len(cell.inherited[1:]),
    )


def changed_cells(
    typed: QueryDict, until: datetime | None, agents: list[str] | None
) -> list[dict[str, Any]]:
    """The changes in the form, as `change_grants` takes them.

    A changed level keeps the end and the agents that the grant had, unless others are given.
    """
    found = []
    for name, level in typed.items():
        head, _, place = name.partition("|")
        if head == "cell":
            was = terms_from(typed.get(f"was|{place}", ""))
            if level != (was or {}).get("level", ""):
                found.append(_change(place, str(level), was, terms(was, until, agents)))
    return found


def terms(
    was: dict[str, Any] | None, until: datetime | None, agents: list[str] | None
) -> dict[str, Any]:
    """End and agents: the new ones, else those of the present grant."""
    kept = was or {}
    return {
        "expiresAt": until.isoformat() if until else kept.get("expiresAt"),
        "agents": kept.get("agents") if agents is None else agents,
    }


def _change(
    place: str, level: str, was: dict[str, Any] | None, grant_terms: dict[str, Any]
) -> dict[str, Any]:
    subject, _, thing = place.partition("|")
    kind, _, name = thing.partition("|")
    if kind not in THINGS:
        raise Invalid("The table cannot be read; open it again.")
    change = {**principal_out(subject), THINGS[kind]: name, "level": level or None, "expected": was}
    return {**change, **grant_terms} if level else change


def terms_from(text: str) -> dict[str, Any] | None:
    """The grant as it was when the page was made, from its hidden field."""
    try:
        was = json.loads(text) if text else None
    except (ValueError, RecursionError):
        was = ""
    if was is not None and not isinstance(was, dict):
        raise Invalid("The table cannot be read; open it again.")
    return was
