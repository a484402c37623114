"""1Password's 1PUX: a zip archive whose `export.data` is JSON; as text it is sent in base64."""

import base64
import io
import zipfile
import zlib
from typing import Any

from credentials.importers.items import Item, array, members, row_from, text
from credentials.importers.rows import MAXIMUM_FILE, Row, Rows
from foundation.errors import Invalid, Malformed
from foundation.schema.strict_json import parse_strict_object

MEMBER = "export.data"
NOT_A_FILE = "content: this is no 1PUX file (in base64), or its data are over 8 MiB."
PEOPLE = frozenset({"002", "004", "101", "103", "104", "105", "106", "107", "108"})
FOR_PEOPLE = "Cards, identities and other papers of people are not for programs."


def read_onepassword_1pux(content: str) -> Rows:
    """A row for each item of every account and vault; a vault's name is the folder."""
    try:
        export = parse_strict_object(_data(content), most=MAXIMUM_FILE)
    except (Malformed, ValueError, KeyError, OSError, zipfile.BadZipFile, zlib.error,
            NotImplementedError, RuntimeError, EOFError):  # fmt: skip
        raise Invalid(NOT_A_FILE, "content") from None
    rows: Rows = []
    for account in map(members, array(export.get("accounts"))):
        for vault in map(members, array(account.get("vaults"))):
            folder = text(members(vault.get("attrs")).get("name"))
            for item in map(members, array(vault.get("items"))):
                inside = members(item.get("item")) or item
                rows.append(_row(len(rows) + 1, inside, folder))
    return rows


def _data(content: str) -> bytes:
    archive = zipfile.ZipFile(io.BytesIO(base64.b64decode(content, validate=True)))
    with archive, archive.open(MEMBER) as member:
        data = member.read(MAXIMUM_FILE + 1)
    if len(data) > MAXIMUM_FILE:
        raise ValueError
    return data


def _row(number: int, item: dict[str, Any], folder: str) -> Row:
    overview, details = members(item.get("overview")), members(item.get("details"))
    title = text(overview.get("title"))
    if text(item.get("categoryUuid")) in PEOPLE:
        return Row(number=number, name=title, skip=FOR_PEOPLE)
    if item.get("trashed") is True or item.get("state") == "archived":
        return Row(number=number, name=title, skip="It is archived or in the trash.")
    fields = [members(one) for one in array(details.get("loginFields"))]
    designated = {text(one.get("designation")): text(one.get("value")) for one in fields}
    password = designated.get("password") or text(details.get("password"))
    more = {text(one.get("name")) or "field": text(one.get("value"))
            for one in fields if not one.get("designation")}  # fmt: skip
    document = bool(details.get("documentAttributes"))
    return row_from(
        Item(
            number=number,
            title=title,
            username=designated.get("username", ""),
            password=password,
            website=text(overview.get("url")),
            notes=text(details.get("notesPlain")),
            more={**more, **_sections(details)},
            tags=[text(tag) for tag in array(overview.get("tags"))],
            folder=folder,
            is_note=text(item.get("categoryUuid")) == "003",
            remark="Not imported: its file." if document else "",
        )
    )


def _sections(details: dict[str, Any]) -> dict[str, str]:
    """Each field of a section; its value is an object with one member named after its kind."""
    found: dict[str, str] = {}
    for section in map(members, array(details.get("sections"))):
        for one in map(members, array(section.get("fields"))):
            name = text(one.get("title")) or text(one.get("id")) or "field"
            for kind, value in members(one.get("value")).items():
                plain = text(members(value).get("privateKey")) if kind == "sshKey" else text(value)
                if plain:
                    found[name if name not in found else f"{name} {len(found)}"] = plain
    return found
