"""Text for people and JSON for programs."""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

# A server's text must not steer the terminal that shows it.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def as_json(data: Any) -> str:
    """Indented JSON."""
    return json.dumps(data, indent=2, ensure_ascii=False)


def printable(text: str) -> str:
    """The text without control characters; lines and tabs stay."""
    return _CONTROL.sub("�", text)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Aligned columns; empty text without rows."""
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        return ""
    lines = [list(headings), *cells]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def fields(pairs: Iterable[tuple[str, object]]) -> str:
    """Names and values, one pair a line; those without a value are left out."""
    shown = [(name, _cell(value)) for name, value in pairs]
    width = max((len(name) for name, value in shown if value), default=0)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in shown if value)


def local_time(text: str | None) -> str:
    """An RFC 3339 time in the machine's time zone."""
    if not text:
        return ""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def seconds(number: int) -> str:
    """A duration in its largest whole unit."""
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if number and number % size == 0:
            return f"{number // size}{unit}"
    return f"{number}s"


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return " ".join(str(value).split()) if value is not None else ""
