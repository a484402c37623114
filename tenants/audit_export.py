"""The audit log as a file: one entry per line, as JSON or as CSV."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from tenants.shapes.audit import EntryOut, FormatWord

MEDIA = {"ndjson": "application/x-ndjson", "csv": "text/csv"}
# A spreadsheet reads a cell that begins with one of these as a formula, or as the next cell.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    "at",
    "event",
    "outcome",
    "summary",
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
    "genuine",
)


def audit_file(form: FormatWord, batches: Iterable[list[EntryOut]]) -> Iterator[str]:
    """The file in parts, one per batch."""
    if form == "csv":
        yield _csv([list(COLUMNS)])
    for entries in batches:
        if form == "csv":
            yield _csv([_row(entry.wire()) for entry in entries])
        else:
            yield "".join(f"{json.dumps(entry.wire(), ensure_ascii=False)}\n" for entry in entries)


def _csv(rows: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _row(entry: dict[str, Any]) -> list[str]:
    acted = entry.pop("actor")
    entry |= {"actorKind": acted["kind"], "actorId": acted["id"], "actor": acted["name"]}
    entry["summary"] = "".join(part["text"] for part in entry["summary"])
    return [_cell(entry[name]) for name in COLUMNS]


def _cell(value: object) -> str:
    """The value as text; an apostrophe keeps a spreadsheet from reading it as a formula."""
    if isinstance(value, dict):
        text = json.dumps(value, ensure_ascii=False) if value else ""
    else:
        text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
