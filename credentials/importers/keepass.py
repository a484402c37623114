"""KeePass: the CSV of KeePass and KeePassXC, and KeePass 2's XML.

The database itself (KDBX) is not read: it needs its password here, and the maintained reader is
under the GPL.
"""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from credentials.importers.items import Item, row_from
from credentials.importers.rows import Row, Rows, csv_rows
from foundation.errors import Invalid

COLUMNS = frozenset({"password"})
NAMES = {
    "title": ("title", "account"),
    "username": ("username", "user name", "login name"),
    "website": ("url", "web site"),
    "notes": ("notes", "comments"),
}
KNOWN = frozenset(
    {"password", "totp", "group", "icon", "last modified", "created"}.union(*NAMES.values())
)
STANDARD = frozenset({"Title", "UserName", "Password", "URL", "Notes"})
NO_XML = "content: this is no KeePass 2 XML file."


def read_keepass_csv(content: str) -> Rows:
    """A row for each entry."""
    return [_csv_row(number, cells) for number, cells in csv_rows(content, COLUMNS)]


def _csv_row(number: int, cells: dict[str, str]) -> Row:
    found = {
        name: next((cells[column] for column in columns if cells.get(column)), "")
        for name, columns in NAMES.items()
    }
    return row_from(
        Item(
            number=number,
            title=found["title"],
            username=found["username"],
            password=cells.get("password", ""),
            website=found["website"],
            notes=found["notes"],
            totp=cells.get("totp", ""),
            more={name: cell for name, cell in cells.items() if name not in KNOWN},
            folder=cells.get("group", ""),
        )
    )


def read_keepass_xml(content: str) -> Rows:
    """A row for each entry; what is in the recycle bin is left out. DTDs are refused."""
    if "<!DOCTYPE" in content or "<!ENTITY" in content:
        raise Invalid(NO_XML, "content")
    try:
        tree = ET.fromstring(content)  # noqa: S314  # without a DTD there are no entities
    except (ET.ParseError, ValueError):
        raise Invalid(NO_XML, "content") from None
    root = tree.find("Root/Group")
    if tree.tag != "KeePassFile" or root is None:
        raise Invalid(NO_XML, "content")
    bin_id = tree.findtext("Meta/RecycleBinUUID") or "none"
    return [
        _entry_row(number, entry, folder, binned=binned)
        for number, (entry, folder, binned) in enumerate(_entries(root, bin_id), start=1)
    ]


def _entries(root: ET.Element, bin_id: str) -> Iterator[tuple[ET.Element, str, bool]]:
    """(entry, folder, whether it is in the recycle bin); a loop, as a file may nest deeply."""
    waiting = [(root, "", False)]
    while waiting:
        group, folder, binned = waiting.pop()
        for entry in group.findall("Entry"):
            yield entry, folder, binned
        for inner in group.findall("Group"):
            name = f"{folder}/{(inner.findtext('Name') or '').replace('/', '-')}"
            waiting.append((inner, name, binned or inner.findtext("UUID") == bin_id))


def _entry_row(number: int, entry: ET.Element, folder: str, *, binned: bool) -> Row:
    texts = {
        one.findtext("Key") or "field": one.findtext("Value") or ""
        for one in entry.findall("String")
    }
    title = texts.get("Title", "")
    if binned:
        return Row(number=number, name=title, skip="It is in the recycle bin.")
    left = [("attachments", "Binary"), ("earlier versions", "History/Entry")]
    named = ", ".join(name for name, path in left if entry.find(path) is not None)
    return row_from(
        Item(
            number=number,
            title=title,
            username=texts.get("UserName", ""),
            password=texts.get("Password", ""),
            website=texts.get("URL", ""),
            notes=texts.get("Notes", ""),
            more={name: one for name, one in texts.items() if name not in STANDARD},
            tags=(entry.findtext("Tags") or "").replace(",", ";").split(";"),
            folder=folder,
            remark=f"Not imported: its {named}." if named else "",
        )
    )
