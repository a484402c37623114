"""Durations as people write them: whole seconds, or one number and a unit (`90s`, `15m`, `7d`)."""

import re
from typing import Any

from foundation.errors import Invalid

LONGEST = 2**31 - 1
MINUTE, HOUR, DAY = 60, 3600, 86_400  # seconds
UNITS = {"s": 1, "m": MINUTE, "h": HOUR, "d": DAY}
_TEXT = re.compile(r"([0-9]{1,10})([smhd])", re.ASCII)


def duration_schema(minimum: int = 1) -> dict[str, Any]:
    """What `parse_duration` accepts, as JSON Schema.

    No pattern can express that text must not exceed 2^31 − 1 seconds.
    """
    number = "[0-9]{1,10}" if minimum == 0 else "0{0,9}[1-9][0-9]{0,9}"
    return {
        "description": "Whole seconds, or one number and a unit: 90s, 15m, 1h, 7d",
        "anyOf": [
            {"type": "integer", "minimum": minimum, "maximum": LONGEST},
            {"type": "string", "pattern": f"^{number}[smhd]$", "maxLength": 11},
        ],
    }


def parse_duration(value: object, *, field: str, minimum: int = 1) -> int:
    """Seconds from `minimum` to 2^31 − 1; Invalid for anything else, also a number as text."""
    seconds = _seconds(value)
    if seconds is None or not minimum <= seconds <= LONGEST:
        raise Invalid(
            f"{field}: whole seconds from {minimum} to {LONGEST}, or a number and a unit such as "
            "90s, 15m, 1h or 7d.",
            field,
        )
    return seconds


def format_duration(seconds: int) -> str:
    """The text that `parse_duration` reads, in the largest unit that divides it: 900 → "15m"."""
    largest_first = sorted(UNITS.items(), key=lambda unit: -unit[1])
    return next(f"{seconds // size}{unit}" for unit, size in largest_first if seconds % size == 0)


def _seconds(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _TEXT.fullmatch(value) if isinstance(value, str) else None
    return int(found[1]) * UNITS[found[2]] if found else None
