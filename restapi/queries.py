"""Query parameters turned into a shape: each at most once, numbers and booleans in one spelling."""

import re
from typing import Any, TypeVar

from django.http import QueryDict

from access.errors import Invalid
from access.shapes import Shape

S = TypeVar("S", bound=Shape)

_BOOLEANS = {"true": True, "false": False}
_NUMBER = re.compile(r"-?[0-9]{1,10}", re.ASCII)


def parse_query(shape: type[S], query: QueryDict) -> S:
    """The shape in the query; Invalid names the rule, never the value."""
    types = {field.alias or name: field.annotation for name, field in shape.model_fields.items()}
    data = {name: _value(name, types.get(name), values) for name, values in query.lists()}
    return shape.parse(data)


def _value(name: str, wanted: Any, values: list[str]) -> Any:
    if wanted is None:
        return values  # unknown here: the shape refuses it
    if len(values) != 1:
        raise Invalid(f"{name}: may be given once.", name)
    if wanted is bool:
        return _boolean(name, values[0])
    return _number(name, values[0]) if wanted is int else values[0]


def _boolean(name: str, text: str) -> bool:
    if text not in _BOOLEANS:
        raise Invalid(f"{name}: true or false.", name)
    return _BOOLEANS[text]


def _number(name: str, text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise Invalid(f"{name}: a whole number.", name)
    return int(text)
