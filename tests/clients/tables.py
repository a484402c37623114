"""The tables of docs/clients.md that these tests write: what was run, and how it went."""

import re
from datetime import UTC, datetime
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "clients.md"


class Table:
    """Rows of one table, by the text in their first cell; replaces them in the document."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: dict[str, str] = {}

    def add(self, *cells: str) -> None:
        """A row; of two with one first cell the later one stays."""
        self.rows[cells[0]] = f"| {' | '.join(cells)} |"

    def write(self) -> None:
        """Put the rows between the marks of the table; rows that were not made again stay."""
        if not self.rows:
            return
        text = DOCUMENT.read_text(encoding="utf-8")
        begin, end = f"<!-- {self.name} -->", f"<!-- end of {self.name} -->"
        head, _, rest = text.partition(begin)
        body, _, tail = rest.partition(end)
        lines = [line for line in body.strip().splitlines() if line]
        known = {_first(line): line for line in lines[2:]} | self.rows
        table = "\n".join([*lines[:2], *(known[name] for name in sorted(known, key=str.casefold))])
        DOCUMENT.write_text(f"{head}{begin}\n\n{table}\n\n{end}{tail}", encoding="utf-8")


def _first(line: str) -> str:
    return re.split(r"(?<!\\)\|", line)[1].strip()


def today() -> str:
    """The date of a run."""
    return datetime.now(UTC).date().isoformat()
