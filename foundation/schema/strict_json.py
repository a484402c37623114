"""Strict JSON (RFC 8259, with the rules of I-JSON, RFC 7493): anything that two readers could
understand differently is refused.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from foundation.errors import Malformed, TooLarge

MAXIMUM_BODY = 512 * 1024
MAXIMUM_IMPORT = 8 * 1024 * 1024
MAXIMUM_DEPTH = 32

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def parse_strict(body: bytes, *, most: int = MAXIMUM_BODY) -> Any:
    """The value in `body`; TooLarge over `most` bytes.

    Malformed for anything but plain UTF-8 JSON: a byte order mark, a repeated member, NaN or
    Infinity, a lone surrogate, more than 32 levels.
    """
    if len(body) > most:
        raise TooLarge(f"A body may have at most {most} bytes.")
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_members, parse_constant=_no_constant
        )
    except UnicodeDecodeError:
        raise Malformed("The body is not UTF-8.") from None
    except (ValueError, RecursionError):
        raise Malformed("The body is not JSON.") from None
    if body.count(b"[") + body.count(b"{") > MAXIMUM_DEPTH:  # it may be too deep
        _require_shallow(value)
    if _SURROGATE.search(body):
        _require_whole_characters(value)
    return value


def parse_strict_object(body: bytes, *, most: int = MAXIMUM_BODY) -> dict[str, Any]:
    """The object in `body`; Malformed also for any other JSON value."""
    value = parse_strict(body, most=most)
    if not isinstance(value, dict):
        raise Malformed("The body must be one JSON object.")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("An object names a member twice.")
    return members


def _no_constant(_: str) -> NoReturn:
    raise Malformed("NaN and Infinity are no JSON numbers.")


def _require_shallow(value: Any) -> None:
    level = [value]
    for _ in range(MAXIMUM_DEPTH):
        inner = (child for value in level for child in _children(value))
        level = [child for child in inner if isinstance(child, (dict, list))]
        if not level:
            return
    raise Malformed(f"The body is nested more than {MAXIMUM_DEPTH} levels deep.")


def _require_whole_characters(value: Any) -> None:
    level = [value]
    while level:
        for text in (value for value in level if isinstance(value, str)):
            if any("\ud800" <= character <= "\udfff" for character in text):
                raise Malformed("A string holds half of a surrogate pair.")
        level = [child for value in level for child in _children(value, names=True)]


def _children(value: Any, *, names: bool = False) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
        if names:
            yield from value
    elif isinstance(value, list):
        yield from value
