"""The grammars of what people name: keys, folder paths, tags, metadata, descriptions.

Every refusal names the rule and never the text: somebody may have pasted a secret there.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from access.errors import Invalid

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
KEY_RULE = "1 to 128 of A-Z a-z 0-9 . _ - that begin with a letter or a digit"
MAXIMUM_DEPTH = 8
MAXIMUM_TAGS = 32
MAXIMUM_METADATA = 32
MAXIMUM_METADATA_BYTES = 1024
MAXIMUM_DESCRIPTION_BYTES = 1024
MAXIMUM_SECRET_FIELDS = 16
MAXIMUM_SECRET_FIELD_BYTES = 16 * 1024

# A metadata key that ends in one of these words is taken for a place of a secret. What only speaks
# about one (`tokenExpiresAt`, `hasPassphrase`) passes: see `_looks_secret`.
SECRET_WORDS = frozenset(
    {"password", "passwd", "pwd", "secret", "token", "passphrase", "credential", "credentials"}
)
SECRET_PAIRS = frozenset({("private", "key"), ("api", "key"), ("secret", "key"), ("access", "key")})
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def check_key(text: str, field: str = "key") -> str:
    """A credential's key; case-sensitive."""
    if not KEY.fullmatch(text):
        raise Invalid(f"{field}: {KEY_RULE}.", field)
    return text


def check_folder_path(text: str) -> str:
    """Up to 8 segments of the key's grammar joined by `/`; empty is the root."""
    segments = text.split("/") if text else []
    if len(segments) > MAXIMUM_DEPTH or not all(KEY.fullmatch(one) for one in segments):
        raise Invalid(
            f"folderPath: up to {MAXIMUM_DEPTH} segments joined by /, each {KEY_RULE}; "
            "empty is the root.",
            "folderPath",
        )
    return text


def check_tag(text: str) -> str:
    """A tag; the key's grammar."""
    if not KEY.fullmatch(text):
        raise Invalid(f"tag: {KEY_RULE}.", "tag")
    return text


def check_tags(tags: Iterable[str]) -> list[str]:
    """At most 32 different tags, sorted."""
    given = list(tags)
    if len(given) > MAXIMUM_TAGS:
        raise Invalid(f"tags: at most {MAXIMUM_TAGS}.", "tags")
    if not all(KEY.fullmatch(tag) for tag in given):
        raise Invalid(f"tags: each {KEY_RULE}.", "tags")
    return sorted(set(given))


def check_description(text: str) -> str:
    """At most 1 KiB of visible text; models read it, so nothing in it may hide."""
    if len(text.encode("utf-8", "surrogatepass")) > MAXIMUM_DESCRIPTION_BYTES:
        raise Invalid(f"description: at most {MAXIMUM_DESCRIPTION_BYTES} bytes.", "description")
    if not is_visible(text):
        raise Invalid("description: no control or invisible characters.", "description")
    return text


def check_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """At most 32 entries of searchable, not secret text; secret-looking keys are refused."""
    if len(metadata) > MAXIMUM_METADATA:
        raise Invalid(f"metadata: at most {MAXIMUM_METADATA} entries.", "metadata")
    for key, value in metadata.items():
        if not KEY.fullmatch(key):
            raise Invalid(f"metadata: each key {KEY_RULE}.", "metadata")
        if _looks_secret(key):
            raise Invalid(
                "metadata: it is not secret and searchable, and one of its keys looks like the "
                "name of a secret; put that into secretFields.",
                "metadata",
            )
        if len(value.encode("utf-8", "surrogatepass")) > MAXIMUM_METADATA_BYTES:
            raise Invalid(
                f"metadata: each value at most {MAXIMUM_METADATA_BYTES} bytes.", "metadata"
            )
        if not is_visible(value):
            raise Invalid("metadata: no control or invisible characters in values.", "metadata")
    return dict(metadata)


def check_secret_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """At most 16 named texts of at most 16 KiB that are sealed together with the value."""
    if len(fields) > MAXIMUM_SECRET_FIELDS:
        raise Invalid(f"secretFields: at most {MAXIMUM_SECRET_FIELDS}.", "secretFields")
    for key, value in fields.items():
        if not KEY.fullmatch(key):
            raise Invalid(f"secretFields: each name {KEY_RULE}.", "secretFields")
        if not 1 <= len(encoded(value, "secretFields")) <= MAXIMUM_SECRET_FIELD_BYTES:
            raise Invalid(
                f"secretFields: each 1 to {MAXIMUM_SECRET_FIELD_BYTES} bytes.", "secretFields"
            )
    return dict(fields)


def encoded(text: str, field: str) -> bytes:
    """UTF-8 of a secret text; Invalid for a NUL or half a surrogate pair."""
    try:
        blob = text.encode()
    except UnicodeEncodeError:
        raise Invalid(f"{field}: must be valid Unicode text.", field) from None
    if b"\0" in blob:
        raise Invalid(f"{field}: must not contain NUL.", field)
    return blob


def is_visible(text: str) -> bool:
    """No control, format, surrogate, private or unassigned characters; tab and newline pass."""
    return all(one in "\t\n" or unicodedata.category(one)[0] != "C" for one in text)


def _looks_secret(key: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(key)]
    if not words or words[0] in {"has", "is", "no", "rotate"}:
        return False
    return words[-1] in SECRET_WORDS or tuple(words[-2:]) in SECRET_PAIRS
