"""The grammar of keys, folders and tags, and the limits of what is written beside a value.

Every check answers its input, or raises Invalid with the rule; the input is never quoted.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from foundation.errors import Invalid
from foundation.schema.safe_text import is_visible

KIB = 1024
MAXIMUM_SEGMENTS = 8
MAXIMUM_TAGS = 32
MAXIMUM_METADATA = 32
MAXIMUM_METADATA_TEXT = KIB
MAXIMUM_DESCRIPTION = KIB
MAXIMUM_SECRET_FIELDS = 16
MAXIMUM_SECRET_FIELD = 16 * KIB

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRET = re.compile(
    r".*(?:password|passwd|passphrase|passcode|secret|token|credential"
    r"|(?:private|api|access|secret|signing|encryption|master)key)s?"
    r"|pass|pwd|pw|creds?"
)
_QUESTION = re.compile(r"has|is|needs|requires|supports|uses")
_PROPERTY = re.compile(
    r"age|algorithm|arn|at|audience|count|date|enabled|endpoint|expiration|expires|expiry"
    r"|fingerprint|format|id|issuer|kind|length|lifetime|location|name|on|owner|path|policy"
    r"|prefix|ref|required|rotated|rotation|scopes?|state|status|team|ttl|type|uri|url|version"
)

_NAME_RULE = "1 to 128 of A-Z a-z 0-9 . _ -, the first a letter or digit"
_SEGMENTS_RULE = f"up to {MAXIMUM_SEGMENTS} names joined by /, empty for the top; each name has"


def check_key(text: str, field: str = "key") -> str:
    """A credential's key."""
    return _name(text, field)


def check_tag(text: str, field: str = "tag") -> str:
    """One tag; the grammar of keys."""
    return _name(text, field)


def check_tags(tags: Sequence[str]) -> list[str]:
    """At most 32 tags; answered sorted, each once."""
    if len(tags) > MAXIMUM_TAGS:
        raise Invalid(f"tags: at most {MAXIMUM_TAGS}.", "tags")
    return sorted({check_tag(tag, "tags") for tag in tags})


def check_folder_path(text: str, field: str = "folderPath") -> str:
    """A folder's path: up to 8 names joined by `/`; the root is empty."""
    segments = text.split("/", MAXIMUM_SEGMENTS) if text else []
    if len(segments) > MAXIMUM_SEGMENTS or not all(map(_NAME.fullmatch, segments)):
        raise Invalid(f"{field}: {_SEGMENTS_RULE} {_NAME_RULE}.", field)
    return text


def check_description(text: str) -> str:
    """At most 1 KiB of UTF-8 without invisible characters, because models read it."""
    if not _is_shown(text, MAXIMUM_DESCRIPTION):
        raise Invalid(
            "description: at most 1 KiB without control or invisible characters.", "description"
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
                "metadata: each value at most 1 KiB without control or invisible characters.",
                "metadata",
            )
    return dict(metadata)


def is_metadata_text(text: str) -> bool:
    """Whether `text` may be a metadata value."""
    return _is_shown(text, MAXIMUM_METADATA_TEXT)


def check_secret_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """At most 16 texts of 16 KiB, sealed with the value; their names follow the grammar of keys."""
    if len(fields) > MAXIMUM_SECRET_FIELDS:
        raise Invalid(f"secretFields: at most {MAXIMUM_SECRET_FIELDS} entries.", "secretFields")
    for name, text in fields.items():
        _name(name, "secretFields", "each name has ")
        if not is_sealable(text, MAXIMUM_SECRET_FIELD):
            raise Invalid(
                "secretFields: each value is 1 byte to 16 KiB of UTF-8 text without NUL.",
                "secretFields",
            )
    return dict(fields)


def is_sealable(text: str, most: int) -> bool:
    """Whether `text` is whole UTF-8 without NUL, of 1 to `most` bytes."""
    if not 1 <= len(text) <= most or "\0" in text:
        return False
    try:
        return len(text.encode()) <= most
    except UnicodeEncodeError:
        return False


def _name(text: str, field: str, subject: str = "") -> str:
    if not _NAME.fullmatch(text):
        raise Invalid(f"{field}: {subject}{_NAME_RULE}.", field)
    return text


def _metadata_name(name: str) -> None:
    _name(name, "metadata", "each name has ")
    if looks_secret(name):
        raise Invalid(
            "metadata: a name here reads as if its value were secret, and every viewer sees "
            "metadata; secrets belong into secretFields.",
            "metadata",
        )


def looks_secret(name: str) -> bool:
    """Whether a metadata name reads as if its value were secret; every viewer sees metadata.

    A name is read word by word (camelCase, snake_case, kebab-case, dots): `refreshToken` names a
    secret. Names that are questions (`hasPassphrase`) or properties of one (`tokenExpiresAt`,
    `secretRotation`, `accessKeyId`) are allowed. In a name without separators (`refreshtoken`) the
    end decides.
    """
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or _QUESTION.fullmatch(words[0]) or _PROPERTY.fullmatch(words[-1]):
        return False
    pairs = (first + second for first, second in pairwise(words))
    return any(map(_SECRET.fullmatch, [*words, *pairs]))


def _is_shown(text: str, most: int) -> bool:
    return len(text) <= most and is_visible(text) and len(text.encode()) <= most
