"""`.env` files, as python-dotenv reads them: quotes, `export`, comments; no interpolation."""

from io import StringIO

from dotenv.parser import Binding, parse_stream

from credentials.importers.rows import MAXIMUM_ROWS, Row, Rows
from credentials.importers.type_detection import detect_type, detect_type_by_name
from foundation.errors import Invalid

# The parser looks for a closing quote up to the end of the file, so its time is quadratic.
MAXIMUM_TEXT = 512 * 1024


def read_dotenv(content: str) -> Rows:
    """A row for each variable; for a repeated name the last value counts, as for programs."""
    if len(content) > MAXIMUM_TEXT:
        raise Invalid("content: a .env file may have at most 512 KiB.", "content")
    rows: dict[str, Row] = {}
    for binding in parse_stream(StringIO(content)):
        row = _row(binding)
        if row is not None:
            rows.pop(row.name, None)
            rows[row.name] = row
        if len(rows) > MAXIMUM_ROWS:
            break
    return list(rows.values())


def _row(binding: Binding) -> Row | None:
    line = binding.original.line
    if binding.error:
        return Row(number=line, name=f"line {line}", skip="This line is no NAME=value.")
    if binding.key is None:
        return None
    if not binding.value:
        return Row(number=line, name=binding.key, skip="It has no value.")
    kind = detect_type(binding.value) or detect_type_by_name(binding.key)
    return Row(number=line, name=binding.key, value=binding.value, kind=kind)
