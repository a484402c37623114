"""1Password's exports: CSV, and the older 1PIF with one JSON object per line."""

from typing import Any

from credentials.importers.items import FOR_PEOPLE, Item, array, members, row_from, text
from credentials.importers.rows import MAXIMUM_ROWS, Row, Rows, csv_rows
from foundation.errors import Invalid, Malformed
from foundation.schema.strict_json import parse_strict_object

COLUMNS = frozenset({"title"})
KNOWN = frozenset(
    {"title", "url", "website", "username", "password", "otpauth", "one-time password", "favorite",
     "archived", "tags", "notes", "notesplain", "type"}
)  # fmt: skip
PEOPLE = ("wallet.financial.", "wallet.government.", "wallet.membership.", "identities.")
SEPARATOR = "***"
MAXIMUM_LINE = 512 * 1024


def read_onepassword_csv(content: str) -> Rows:
    """A row for each item; columns that are not 1Password's own are custom fields."""
    return [_csv_row(number, cells) for number, cells in csv_rows(content, COLUMNS)]


def _csv_row(number: int, cells: dict[str, str]) -> Row:
    password = cells.get("password", "")
    item = Item(
        number=number,
        title=cells.get("title", ""),
        username=cells.get("username", ""),
        password=password,
        website=cells.get("url") or cells.get("website", ""),
        totp=cells.get("otpauth") or cells.get("one-time password", ""),
        notes=cells.get("notes") or cells.get("notesplain", ""),
        more={name: cell for name, cell in cells.items() if name not in KNOWN},
        tags=cells.get("tags", "").replace(";", ",").split(","),
        is_note=not password,
    )
    if cells.get("archived", "").lower() == "true":
        return Row(number=number, name=item.title, skip="It is archived.")
    return row_from(item)


def read_onepassword_1pif(content: str) -> Rows:
    """A row for each item; lines of asterisks separate them."""
    lines = [line for line in content.splitlines() if line.strip()]
    texts = [line for line in lines if not line.startswith(SEPARATOR)][: MAXIMUM_ROWS + 1]
    rows = [_line_row(number, line) for number, line in enumerate(texts, start=1)]
    if texts and all(row.fault == NO_JSON for row in rows):
        raise Invalid("content: this is no 1PIF file.", "content")
    return rows


NO_JSON = "This line is no JSON object."


def _line_row(number: int, line: str) -> Row:
    try:
        item = parse_strict_object(line.encode("utf-8", "surrogatepass"), most=MAXIMUM_LINE)
    except Malformed:
        return Row(number=number, name=f"line {number}", fault=NO_JSON)
    title = text(item.get("title"))
    kind = text(item.get("typeName"))
    if kind.startswith(PEOPLE):
        return Row(number=number, name=title, skip=FOR_PEOPLE)
    if item.get("trashed") is True:
        return Row(number=number, name=title, skip="It is in the trash.")
    return row_from(_item(number, title, item))


def _item(number: int, title: str, item: dict[str, Any]) -> Item:
    inside = members(item.get("secureContents"))
    designated = {
        text(member.get("designation")): text(member.get("value"))
        for member in map(members, array(inside.get("fields")))
    }
    password = designated.get("password") or text(inside.get("password"))
    tags = array(members(item.get("openContents")).get("tags"))
    return Item(
        number=number,
        title=title,
        username=designated.get("username") or text(inside.get("username")),
        password=password,
        website=text(item.get("location")) or text(inside.get("URL")),
        notes=text(inside.get("notesPlain")),
        more=_more(inside),
        tags=[text(tag) for tag in tags],
        is_note=not password,
    )


OWN = frozenset({"password", "username", "notesPlain", "URL", "passwordHistory", "htmlForm"})


def _more(inside: dict[str, Any]) -> dict[str, str]:
    """Everything else in the item: its template's texts and the fields of its sections."""
    texts = {name: value for name, value in inside.items() if name not in OWN and text(value)}
    for section in map(members, array(inside.get("sections"))):
        for member in map(members, array(section.get("fields"))):
            name = text(member.get("t")) or text(member.get("n")) or "field"
            texts[name if name not in texts else f"{name} {len(texts)}"] = text(member.get("v"))
    return texts
