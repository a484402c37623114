"""The audit log as a file: one entry per line, as JSON or as CSV."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tenants.shapes.audit import EntryOut, FormatWord

MEDIA = {"ndjson": "application/x-ndjson", "csv": "text/csv"}
# A spreadsheet reads a cell that begins with one of these as a formula, or as the next cell.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    "at",
    "event",
    "outcome",
    "door",
    "role",
    "actorKind",
    "actorId",
    "actor",
    "agentId",
    "agent",
    "clientId",
    "tokenId",
    "purpose",
    "credentialId",
    "key",
    "version",
    "leaseId",
    "address",
    "requestId",
    "claimed",
    "details",
    "entryId",
)


def audit_file(form: FormatWord, batches: Iterable[list[EntryOut]]) -> Iterator[str]:
    """The file in parts, one per batch."""
    write: Callable[[list[EntryOut]], str] = _table if form == "csv" else _lines
    if form == "csv":
        yield _rows([list(COLUMNS)])
    yield from map(write, batches)


def _lines(entries: list[EntryOut]) -> str:
    return "".join(f"{json.dumps(one.wire(), ensure_ascii=False)}\n" for one in entries)


def _table(entries: list[EntryOut]) -> str:
    return _rows([_cells(one.wire()) for one in entries])


def _rows(rows: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cells(entry: dict[str, Any]) -> list[str]:
    acted = entry.pop("actor")
    entry |= {"actorKind": acted["kind"], "actorId": acted["id"], "actor": acted["name"]}
    return [_harmless(_text(entry[name])) for name in COLUMNS]


def _text(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return "" if value is None else str(value)


def _harmless(cell: str) -> str:
    """The text, after an apostrophe where a spreadsheet would not take it as text."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
