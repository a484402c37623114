"""The rows that every reader answers, and how foreign names become valid ones."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from credentials.validators import MAXIMUM_SEGMENTS
from foundation.errors import Invalid

MAXIMUM_FILE = 8 * 1024 * 1024
MAXIMUM_ROWS = 1000
LONGEST_NAME = 128

_OUTSIDE_GRAMMAR = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Row:
    """One entry of the file. `number` counts from 1: the line of a `.env`, else the item.

    `kind` is a guess. `skip` is the reason why the entry does not belong into a vault for
    programs, `fault` why it cannot be read; then the rest does not matter. `note` is said beside
    what was stored. Everything but names, user names and URLs is secret.
    """

    number: int
    name: str
    value: str = ""
    kind: str = "generic-secret"
    secret_fields: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    folder: str = ""
    skip: str = ""
    fault: str = ""
    note: str = ""


Rows = list[Row]


def name_from(text: str) -> str:
    """`text` in the grammar of keys, or an empty text: `My Bank (live)` → `My-Bank-live`."""
    return _OUTSIDE_GRAMMAR.sub("-", text).strip("-._")[:LONGEST_NAME].rstrip("-._")


def folder_from(text: str) -> str:
    """A valid folder path; parts without a letter or digit are left out."""
    parts = [name_from(part) for part in text.split("/")]
    return "/".join([part for part in parts if part][:MAXIMUM_SEGMENTS])


def sealed(fields: Mapping[str, str]) -> dict[str, str]:
    """Secret fields that hold something, under names of our grammar; a second one of a name is
    numbered.
    """
    found: dict[str, str] = {}
    for name, text in fields.items():
        if text:
            _put(found, name_from(name) or "field", text)
    return found


def _put(found: dict[str, str], name: str, text: str) -> None:
    number, free = 1, name
    while free in found:
        number += 1
        free = f"{name[:120]}-{number}"
    found[free] = text


def plain(facts: Mapping[str, str]) -> dict[str, str]:
    """The metadata without empty texts."""
    return {name: text for name, text in facts.items() if text}


def website_fields(address: str) -> tuple[dict[str, str], dict[str, str]]:
    """(metadata, secret fields) of a website; a URL that may contain credentials is sealed."""
    if "@" in address or "?" in address or "#" in address:
        return {}, {"url": address}
    return {"url": address}, {}


def csv_rows(content: str, known: frozenset[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """(number, cells by lower-case column) of each row of a CSV file (RFC 4180).

    Invalid when it is no CSV, when a column is repeated, or when no column is one of `known`.
    """
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    try:
        columns = [cell.strip().lower() for cell in next(reader, [])]
        if len(set(columns)) < len(columns) or not known & set(columns):
            raise Invalid("content: the first line must name the export's columns.", "content")
        for number, cells in enumerate(reader, start=1):
            if any(cells):
                yield number, _cells(columns, cells)
            if number > MAXIMUM_ROWS:
                return
    except csv.Error:
        raise Invalid(
            "content: this is no CSV file, or one with broken quotes.", "content"
        ) from None


def _cells(columns: list[str], cells: list[str]) -> dict[str, str]:
    found = dict(zip(columns, cells, strict=False))
    surplus = {f"column {at}": cell for at, cell in enumerate(cells[len(columns) :], 1) if cell}
    return {**found, **surplus}
