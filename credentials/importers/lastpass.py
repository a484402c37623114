"""LastPass's CSV export: logins, and secure notes whose address is `http://sn`."""

from credentials.importers.items import Item, row_from
from credentials.importers.rows import Row, Rows, csv_rows

COLUMNS = frozenset({"grouping"})
KNOWN = frozenset({"url", "username", "password", "totp", "extra", "name", "grouping", "fav"})
NOTE = "http://sn"


def read_lastpass_csv(content: str) -> Rows:
    """A row for each login and note."""
    return [_row(number, cells) for number, cells in csv_rows(content, COLUMNS)]


def _row(number: int, cells: dict[str, str]) -> Row:
    website = cells.get("url", "")
    return row_from(
        Item(
            number=number,
            title=cells.get("name", ""),
            username=cells.get("username", ""),
            password=cells.get("password", ""),
            website="" if website == NOTE else website,
            totp=cells.get("totp", ""),
            notes=cells.get("extra", ""),
            more={name: cell for name, cell in cells.items() if name not in KNOWN},
            folder=cells.get("grouping", "").replace("\\", "/"),
            is_note=website == NOTE,
        )
    )
