"""Free text from outside: visible characters only, so that nothing hides in it or breaks a line."""

import unicodedata
from functools import partial

from pydantic import AfterValidator

from foundation.errors import Invalid

# Persian and several emoji are written with them.
_JOINERS = "\u200c\u200d"
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def is_visible(text: str) -> bool:
    """Whether `text` has nothing that a reader does not see but a program or a model does.

    No control, format, surrogate, private, unassigned or line-separating characters, and no
    variation selectors that can carry data; tab, newline and the two joiners are allowed.
    """
    return all(
        character in "\t\n" or character in _JOINERS or _is_seen(character) for character in text
    )


def _is_seen(character: str) -> bool:
    carries_data = "\U000e0100" <= character <= "\U000e01ef"
    return unicodedata.category(character) not in _UNSEEN and not carries_data


def require_visible(text: str, field: str, least: int = 0) -> str:
    """`text` itself; Invalid for hidden characters or fewer than `least` non-space characters."""
    if not is_visible(text):
        raise Invalid(f"{field}: no control or invisible characters.", field)
    if len(text.strip()) < least:
        raise Invalid(f"{field}: at least {least} characters.", field)
    return text


def require_line(text: str, field: str, least: int = 0) -> str:
    """`require_visible` of one line: names appear in mail subjects and in log lines."""
    if "\n" in text or "\t" in text:
        raise Invalid(f"{field}: one line, without tabs.", field)
    return require_visible(text, field, least)


def line(field: str, least: int = 0) -> AfterValidator:
    """`require_line` as the annotation of a shape's member."""
    return AfterValidator(partial(require_line, field=field, least=least))


def visible(field: str, least: int = 0) -> AfterValidator:
    """`require_visible` as the annotation of a shape's member."""
    return AfterValidator(partial(require_visible, field=field, least=least))


def visible_line(text: str) -> str:
    """`text` as one line, without what `require_line` refuses."""
    seen = "".join(character if is_visible(character) else " " for character in text)
    return " ".join(seen.split())
