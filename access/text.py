"""Free text from outside: visible characters only, so that nothing in it hides or breaks a line."""

import unicodedata
from functools import partial

from pydantic import AfterValidator

from access.errors import Invalid


def is_visible(text: str) -> bool:
    """No control, format, surrogate, private or unassigned characters; tab and newline pass."""
    return all(one in "\t\n" or unicodedata.category(one)[0] != "C" for one in text)


def require_visible(text: str, field: str, least: int = 0) -> str:
    """`text` itself; Invalid for hidden characters or fewer than `least` that are no spaces."""
    if not is_visible(text):
        raise Invalid(f"{field}: no control or invisible characters.", field)
    if len(text.strip()) < least:
        raise Invalid(f"{field}: at least {least} characters.", field)
    return text


def visible(field: str, least: int = 0) -> AfterValidator:
    """`require_visible` as the mark of a shape's member."""
    return AfterValidator(partial(require_visible, field=field, least=least))
