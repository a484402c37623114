"""Bitwarden's unencrypted exports: JSON with folders and custom fields, and CSV."""

from typing import Any

from credentials.importers.items import FOR_PEOPLE, Item, array, members, row_from, text
from credentials.importers.rows import MAXIMUM_FILE, Row, Rows, csv_rows
from foundation.errors import Invalid, Malformed
from foundation.schema.strict_json import parse_strict_object

LOGIN, NOTE, CARD, IDENTITY, SSH_KEY = 1, 2, 3, 4, 5
COLUMNS = frozenset({"login_password"})
NOT_AN_EXPORT = "content: this is no unencrypted Bitwarden export."
ENCRYPTED = "content: this export is encrypted; export it again as unencrypted JSON."


def read_bitwarden_json(content: str) -> Rows:
    """A row for each item; encrypted exports are refused."""
    try:
        export = parse_strict_object(content.encode("utf-8", "surrogatepass"), most=MAXIMUM_FILE)
    except Malformed:
        raise Invalid(NOT_AN_EXPORT, "content") from None
    if export.get("encrypted") or export.get("passwordProtected"):
        raise Invalid(ENCRYPTED, "content")
    items = export.get("items")
    if not isinstance(items, list):
        raise Invalid(NOT_AN_EXPORT, "content")
    folders = _names(export.get("folders")) | _names(export.get("collections"))
    return [_json_row(number, members(item), folders) for number, item in enumerate(items, start=1)]


def _json_row(number: int, item: dict[str, Any], folders: dict[str, str]) -> Row:
    title = text(item.get("name"))
    kind = item.get("type")
    if kind in {CARD, IDENTITY}:
        return Row(number=number, name=title, skip=FOR_PEOPLE)
    if item.get("deletedDate"):
        return Row(number=number, name=title, skip="It is in the trash.")
    login = members(item.get("login"))
    key = members(item.get("sshKey"))
    websites = [text(members(uri).get("uri")) for uri in array(login.get("uris"))]
    found = Item(
        number=number,
        title=title,
        username=text(login.get("username")),
        password=text(login.get("password")) or text(key.get("privateKey")),
        website=websites[0] if websites else "",
        totp=text(login.get("totp")),
        notes=text(item.get("notes")),
        more={**_fields(item), **_more_websites(websites)},
        folder=_folder(item, folders),
        is_note=kind == NOTE,
        remark=_remark(item, login),
    )
    return row_from(found)


def _more_websites(websites: list[str]) -> dict[str, str]:
    return {f"url {number}": site for number, site in enumerate(websites[1:], start=2)}


def _remark(item: dict[str, Any], login: dict[str, Any]) -> str:
    left = [
        ("passkeys", array(login.get("fido2Credentials"))),
        ("earlier passwords", array(item.get("passwordHistory"))),
        ("attachments", array(item.get("attachments"))),
    ]
    named = ", ".join(name for name, found in left if found)
    return f"Not imported: its {named}." if named else ""


def _fields(item: dict[str, Any]) -> dict[str, str]:
    """Custom fields by name; for a repeated name its position in the list is added."""
    fields: dict[str, str] = {}
    for position, member in enumerate(map(members, array(item.get("fields"))), start=1):
        name = text(member.get("name")) or "field"
        fields[name if name not in fields else f"{name} {position}"] = text(member.get("value"))
    return fields


def _folder(item: dict[str, Any], folders: dict[str, str]) -> str:
    ids = [item.get("folderId"), *array(item.get("collectionIds"))]
    return next((folders[pk] for pk in ids if isinstance(pk, str) and pk in folders), "")


def _names(folders: object) -> dict[str, str]:
    rows = map(members, array(folders))
    return {text(row.get("id")): text(row.get("name")) for row in rows if row.get("id")}


def read_bitwarden_csv(content: str) -> Rows:
    """A row for each login and note."""
    return [_csv_row(number, cells) for number, cells in csv_rows(content, COLUMNS)]


KNOWN = frozenset(
    {"folder", "collections", "favorite", "type", "name", "notes", "fields", "reprompt",
     "login_uri", "login_username", "login_password", "login_totp", "archiveddate"}
)  # fmt: skip


def _csv_row(number: int, cells: dict[str, str]) -> Row:
    websites = cells.get("login_uri", "").split(",")
    return row_from(
        Item(
            number=number,
            title=cells.get("name", ""),
            username=cells.get("login_username", ""),
            password=cells.get("login_password", ""),
            website=websites[0],
            totp=cells.get("login_totp", ""),
            notes=cells.get("notes", ""),
            more={
                **_csv_fields(cells.get("fields", "")),
                **{name: cell for name, cell in cells.items() if name not in KNOWN},
                **_more_websites(websites),
            },
            folder=cells.get("folder") or cells.get("collections", "").split(",")[0],
            is_note=cells.get("type", "").lower() == "note",
        )
    )


def _csv_fields(cell: str) -> dict[str, str]:
    """Custom fields are lines of one cell, `name: value`; a line without a name continues one."""
    fields: list[list[str]] = []
    for line in cell.splitlines():
        name, colon, value = line.partition(": ")
        if colon or not fields:
            fields.append([name if colon else "field", value if colon else line])
        else:
            fields[-1][1] += f"\n{line}"
    found: dict[str, str] = {}
    for position, (name, value) in enumerate(fields, start=1):
        found[name if name not in found else f"{name} {position}"] = value
    return found
