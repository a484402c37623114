"""A password manager's item turned into a row: what is the value, what is sealed beside it.

Exports are read without trust: a member of another JSON type than expected counts as empty.
"""

from dataclasses import dataclass, field
from typing import Any

from credentials.importers.rows import Row, folder_from, name_from, plain, sealed, website_fields
from credentials.importers.type_detection import detect_type, mentions_oauth
from credentials.validators import is_metadata_text

NOTHING_INSIDE = "It holds no password, key or note."
OWN = frozenset({"password", "notes", "totp", "url", "username"})
FOR_PEOPLE = "Cards, identities and other papers of people are not for programs."


@dataclass(slots=True, kw_only=True, repr=False)
class Item:
    """What the password managers have in common. `more` are custom fields, all of them secret.

    `remark` says what of the item is not imported.
    """

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
    remark: str = ""


def row_from(item: Item) -> Row:
    """The row of an item. User name and website are metadata, everything else is sealed.

    A password is the value with the note as a secret field. Without one the value is the first of
    the note (of a note), the custom fields, the note and the one-time password.
    """
    more = {f"{name} field" if name in OWN else name: one for name, one in item.more.items() if one}
    source, value, note = _value(item, more)
    if not value:
        return Row(number=item.number, name=item.title, skip=item.remark or NOTHING_INSIDE)
    facts, secret_facts = _facts(item)
    kept = {"password": item.password} if source != "password" else {}
    rest = {**kept, "totp": item.totp, "notes": item.notes, **secret_facts, **more}
    kind = detect_type(value) or _kind(item)
    return Row(
        number=item.number,
        name=item.title,
        value=value,
        kind=kind,
        secret_fields=sealed({name: one for name, one in rest.items() if name != source}),
        metadata=facts,
        tags=tuple(sorted({name_from(tag) for tag in item.tags} - {""})),
        folder=folder_from(item.folder),
        note=" ".join(part for part in (note, item.remark) if part),
    )


def _value(item: Item, more: dict[str, str]) -> tuple[str, str, str]:
    """(where it was, the value, what is said of the choice)."""
    if item.password and not item.is_note:
        return "password", item.password, ""
    if item.notes and (item.is_note or not more):
        return "notes", item.notes, ""
    for name, one in more.items():
        return name, one, "It has no password; its first field is the value."
    if item.totp:
        return "totp", item.totp, "It has no password; its one-time password is the value."
    return "password", item.password, ""


def _facts(item: Item) -> tuple[dict[str, str], dict[str, str]]:
    """(metadata, secret fields): what metadata cannot contain is sealed."""
    website, secret = website_fields(item.website)
    facts = plain({"username": item.username, **website})
    open_facts = {name: one for name, one in facts.items() if is_metadata_text(one)}
    return open_facts, {**secret, **{k: v for k, v in facts.items() if k not in open_facts}}


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
