"""A password manager's item turned into a row: what is the value, what is sealed beside it.

Exports are read without trust: a member of another JSON type than expected counts as empty.
"""

from dataclasses import dataclass, field
from typing import Any

from credentials.importers.rows import Row, folder_from, name_from, plain, sealed, website_fields
from credentials.importers.type_detection import detect_type, mentions_oauth

NOTHING_INSIDE = "It holds no password, key or note."
FOR_PEOPLE = "Cards, identities and other papers of people are not for programs."


@dataclass(slots=True, kw_only=True, repr=False)
class Item:
    """What the password managers have in common. `more` are custom fields, all of them secret."""

    number: int
    title: str
    username: str = ""
    password: str = ""
    website: str = ""
    totp: str = ""
    notes: str = ""
    more: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    folder: str = ""
    is_note: bool = False


def row_from(item: Item) -> Row:
    """The row of an item. User name and website are metadata, everything else is sealed.

    A password is the value with the note as a secret field; a note alone is the value.
    """
    value = item.notes if item.is_note else item.password
    if not value:
        return Row(number=item.number, name=item.title, skip=NOTHING_INSIDE)
    website, secret_website = website_fields(item.website)
    note = {} if item.is_note else {"notes": item.notes}
    kind = detect_type(value) or _kind(item)
    return Row(
        number=item.number,
        name=item.title,
        value=value,
        kind=kind,
        secret_fields=sealed({"totp": item.totp, **note, **secret_website, **item.more}),
        metadata=plain({"username": item.username, **website}),
        tags=tuple(sorted({name_from(tag) for tag in item.tags} - {""})),
        folder=folder_from(item.folder),
    )


def _kind(item: Item) -> str:
    if item.is_note:
        return "generic-secret"
    if mentions_oauth(item.notes):
        return "oauth-token"
    return "api-key"


def text(value: object) -> str:
    """The string, or an empty one."""
    return value if isinstance(value, str) else ""


def array(value: object) -> list[Any]:
    """The array, or an empty one."""
    return value if isinstance(value, list) else []


def members(value: object) -> dict[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}
