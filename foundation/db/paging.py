"""Keyset paging: a page begins after the last row of the one before, at the same cost on any page.

A cursor is opaque to the caller and holds only the last row's position in the order. It is useless
in another tenant, because the rows are filtered before it is used.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from foundation.errors import Invalid
from foundation.schema.safe_text import is_visible

MAXIMUM_PAGE = 200

M = TypeVar("M", bound=Model)
# Columns or annotations in the order of the list, the last one unique, each with the type that
# parses its value from text: `{"email": str, "pk": UUID}`.
Keys = Mapping[str, Callable[[str], Any]]


def page(
    rows: "QuerySet[M]", keys: Keys, *, limit: int, cursor: str | None, newest_first: bool = False
) -> tuple[list[M], str | None]:
    """The page after `cursor` in the order of `keys`, and the cursor of the next page, if any."""
    if cursor is not None:
        rows = rows.filter(_after(keys, _places(cursor, keys), "lt" if newest_first else "gt"))
    order = [f"-{name}" if newest_first else name for name in keys]
    found = list(rows.order_by(*order)[: limit + 1])
    shown = found[:limit]
    return shown, _cursor(shown[-1], keys) if len(found) > limit else None


def _after(keys: Keys, places: list[Any], beyond: str) -> Q:
    """(a, b) > (x, y) as `a >= x and (a > x or b > y)`: the first part is a range in an index."""
    names = list(keys)
    condition = Q()
    for name, place in reversed(list(zip(names, places, strict=True))):
        further = Q(**{f"{name}__{beyond}": place})
        if condition:
            further = Q(**{f"{name}__{beyond}e": place}) & (further | condition)
        condition = further
    return condition


def _cursor(row: Model, keys: Keys) -> str:
    parts = [str(attrgetter(name.replace("__", "."))(row)) for name in keys]
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _places(cursor: str, keys: Keys) -> list[Any]:
    try:
        parts = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(parts, list) and all(isinstance(part, str) for part in parts):
            made = [make(one) for make, one in zip(keys.values(), parts, strict=True)]
            if all(is_visible(part) for part in parts):
                return made
    except (ValueError, TypeError):
        pass
    raise Invalid("cursor: take it from the page before.", "cursor")
