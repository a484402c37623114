"""The grammar of keys, folders and tags, and the limits of all that is written beside a value.

Every check answers what it was given, or raises Invalid with the rule; the input is never quoted.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from access.errors import Invalid
from credentials.secret_names import looks_secret

KIB = 1024
MAXIMUM_SEGMENTS = 8
MAXIMUM_TAGS = 32
MAXIMUM_METADATA = 32
MAXIMUM_METADATA_TEXT = KIB
MAXIMUM_DESCRIPTION = KIB
MAXIMUM_SECRET_FIELDS = 16
MAXIMUM_SECRET_FIELD = 16 * KIB

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_NAME_RULE = "1 to 128 of A-Z a-z 0-9 . _ -, the first a letter or digit"
_SEGMENTS_RULE = f"up to {MAXIMUM_SEGMENTS} names joined by /, empty for the top; each name has"

# What a reader does not see but a program (or a model) does: controls, bidi marks, tags, halves
# of surrogate pairs, separators. Two joiners stay: emoji and several scripts need them.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"
_LINES = "\t\n"
_VARIATION_SUPPLEMENT = ("\U000e0100", "\U000e01ef")


def check_key(text: str, field: str = "key") -> str:
    """A credential's key."""
    return _name(text, field)


def check_tag(text: str, field: str = "tag") -> str:
    """One tag; the grammar of keys."""
    return _name(text, field)


def check_tags(tags: Sequence[str]) -> list[str]:
    """At most 32 tags, none twice, in the order given."""
    if len(tags) > MAXIMUM_TAGS:
        raise Invalid(f"tags: at most {MAXIMUM_TAGS}.", "tags")
    checked = [check_tag(tag, "tags") for tag in tags]
    if len(set(checked)) < len(checked):
        raise Invalid("tags: none twice.", "tags")
    return checked


def check_folder_path(text: str, field: str = "folderPath") -> str:
    """A folder's path: up to 8 names joined by `/`; the top is empty."""
    segments = text.split("/", MAXIMUM_SEGMENTS) if text else []
    if len(segments) > MAXIMUM_SEGMENTS or not all(map(_NAME.fullmatch, segments)):
        raise Invalid(f"{field}: {_SEGMENTS_RULE} {_NAME_RULE}.", field)
    return text


def check_description(text: str) -> str:
    """One line of at most 1 KiB UTF-8 that shows all it holds (no control or bidi characters)."""
    if not _is_visible(text, MAXIMUM_DESCRIPTION):
        raise Invalid(
            "description: one line of at most 1 KiB without control or invisible characters.",
            "description",
        )
    return text


def check_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """At most 32 texts of 1 KiB; their names follow the grammar of keys and name no secret."""
    if len(metadata) > MAXIMUM_METADATA:
        raise Invalid(f"metadata: at most {MAXIMUM_METADATA} entries.", "metadata")
    for name, text in metadata.items():
        _metadata_name(name)
        if not is_metadata_text(text):
            raise Invalid(
                "metadata: each value is a text of at most 1 KiB; no control or invisible "
                "characters but tabs and line feeds.",
                "metadata",
            )
    return dict(metadata)


def is_metadata_text(text: str) -> bool:
    """Whether `text` may stand as a metadata value."""
    return _is_visible(text, MAXIMUM_METADATA_TEXT, _LINES)


def check_secret_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """At most 16 texts of 16 KiB, sealed with the value; their names follow the grammar of keys."""
    if len(fields) > MAXIMUM_SECRET_FIELDS:
        raise Invalid(f"secretFields: at most {MAXIMUM_SECRET_FIELDS} entries.", "secretFields")
    for name, text in fields.items():
        _name(name, "secretFields", "each name has ")
        if not is_sealable(text, MAXIMUM_SECRET_FIELD):
            raise Invalid(
                "secretFields: each value is UTF-8 text of at most 16 KiB without NUL.",
                "secretFields",
            )
    return dict(fields)


def is_sealable(text: str, most: int) -> bool:
    """Whether `text` is whole UTF-8 without NUL, of at most `most` bytes."""
    return len(text) <= most and "\0" not in text and _size(text) <= most


def _size(text: str) -> float:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return float("inf")


def _name(text: str, field: str, subject: str = "") -> str:
    if not _NAME.fullmatch(text):
        raise Invalid(f"{field}: {subject}{_NAME_RULE}.", field)
    return text


def _metadata_name(name: str) -> None:
    _name(name, "metadata", "each name has ")
    if looks_secret(name):
        raise Invalid(
            "metadata: a name here reads as if its value were secret, and metadata is shown to "
            "every viewer.",
            "metadata",
            hint="Put secrets into secretFields: they are sealed with the value.",
        )


def _is_visible(text: str, most: int, also: str = "") -> bool:
    if len(text) > most or any(_is_unseen(one) for one in text if one not in also):
        return False
    return len(text.encode()) <= most


def _is_unseen(character: str) -> bool:
    first, last = _VARIATION_SUPPLEMENT
    if character in _JOINERS:
        return False
    return unicodedata.category(character) in _UNSEEN or first <= character <= last
