"""Dates and times from outside: RFC 3339, always with an offset."""

from datetime import datetime
from functools import partial

from pydantic import BeforeValidator

from foundation.errors import Invalid


def parse_instant(value: object, field: str) -> object:
    """The instant in a text; other types are left to the validator that follows."""
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        message = f"{field}: a date and time with its offset (RFC 3339)."
        raise Invalid(message, field) from None


def instant(field: str) -> BeforeValidator:
    """`parse_instant` as the annotation of a shape's member."""
    return BeforeValidator(partial(parse_instant, field=field))
