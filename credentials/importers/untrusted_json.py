"""JSON that others wrote, read without trust: what is not of the wanted kind counts as empty."""

from typing import Any


def text(value: object) -> str:
    """The string, or an empty one."""
    return value if isinstance(value, str) else ""


def array(value: object) -> list[Any]:
    """The array, or an empty one."""
    return value if isinstance(value, list) else []


def members(value: object) -> dict[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}
