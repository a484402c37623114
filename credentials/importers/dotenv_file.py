"""`.env` files, as python-dotenv reads them: quotes, `export`, comments; no interpolation."""

import re
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO

from dotenv.parser import Binding, parse_stream

from credentials.importers.rows import MAXIMUM_ROWS, Row, Rows
from credentials.importers.type_detection import detect_type, detect_type_by_name
from foundation.errors import Invalid

# The parser looks for a closing quote up to the end of the file, so its time is quadratic.
MAXIMUM_TEXT = 512 * 1024
# What else stands before a `=` may be a piece of a value, and is not shown.
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")
NO_BINDING = "This line is no NAME=value, or its quotes do not close."
REPEATED = "A later line sets this name again; programs use that one."
IN_PEM = "This line belongs to a PEM text without quotes; put the whole text into quotes."


def read_dotenv(content: str) -> Rows:
    """A row for each line; of a repeated name only the last value counts, as for programs."""
    if len(content) > MAXIMUM_TEXT:
        raise Invalid("content: a .env file may have at most 512 KiB.", "content")
    rows: Rows = []
    for row in _rows(content):
        rows.append(row)
        if len(rows) > MAXIMUM_ROWS:
            break
    last = {row.name: row.number for row in rows if not row.fault}
    return [
        replace(row, value="", skip=REPEATED)
        if not row.fault and last[row.name] != row.number
        else row
        for row in rows
    ]


def _rows(content: str) -> Iterator[Row]:
    open_pem = False
    for binding in parse_stream(StringIO(content)):
        line = binding.original.line
        text = binding.original.string
        if open_pem:
            open_pem = "-----END " not in text
            if text.strip():
                yield Row(number=line, name=f"line {line}", fault=IN_PEM)
        elif (row := _row(binding)) is not None:
            open_pem = "-----BEGIN " in row.value and "-----END " not in row.value
            yield replace(row, value="", fault=IN_PEM) if open_pem else row


def _row(binding: Binding) -> Row | None:
    line = binding.original.line
    if binding.key is None and not binding.error:
        return None
    named = binding.key is not None and NAME.fullmatch(binding.key)
    if binding.error or binding.value is None or not named:
        return Row(number=line, name=f"line {line}", fault=NO_BINDING)
    name = str(binding.key)
    if not binding.value:
        return Row(number=line, name=name, skip="It has no value.")
    kind = detect_type(binding.value) or detect_type_by_name(name)
    return Row(number=line, name=name, value=binding.value, kind=kind)
