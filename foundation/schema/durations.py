"""Durations as people write them: whole seconds, or one number and a unit (`90s`, `15m`, `7d`)."""

import re
from typing import Any

from foundation.errors import Invalid

LONGEST = 2**31 - 1
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_TEXT = re.compile(r"([0-9]{1,10})([smhd])", re.ASCII)


def duration_schema(minimum: int = 1) -> dict[str, Any]:
    """What `parse_duration` takes, as JSON Schema; that text must not be over 2^31 − 1 seconds is
    said in words only.
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
    """Seconds from `minimum` to 2^31 − 1; Invalid for all else, bare-number text included."""
    seconds = _seconds(value)
    if seconds is None or not minimum <= seconds <= LONGEST:
        raise Invalid(
            f"{field}: whole seconds from {minimum} to {LONGEST}, or a number and a unit such as "
            "90s, 15m, 1h or 7d.",
            field,
        )
    return seconds


def _seconds(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _TEXT.fullmatch(value) if isinstance(value, str) else None
    return int(found[1]) * UNITS[found[2]] if found else None
