"""Query parameters as members of a shape: each once at most, numbers and booleans one way."""

import re
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from django.http import QueryDict

from foundation.errors import Invalid
from foundation.schema.shapes import Shape

_BOOLEANS = {"true": True, "false": False}
_NUMBER = re.compile(r"-?[0-9]{1,10}", re.ASCII)


def read_query(shape: type[Shape] | None, query: QueryDict) -> dict[str, Any]:
    """The parameters, typed as `shape` wants them; Invalid names the rule, never the value."""
    fields = shape.model_fields.items() if shape else ()
    types = {field.alias or name: _plain_types(field.annotation) for name, field in fields}
    return {name: _value(name, types.get(name), values) for name, values in query.lists()}


def _plain_types(annotation: Any) -> set[Any]:
    """`bool | None` is read as a boolean, an annotated number as a number."""
    if get_origin(annotation) is Annotated:
        return _plain_types(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return {plain for one in get_args(annotation) for plain in _plain_types(one)}
    return {annotation}


def _value(name: str, wanted: set[Any] | None, values: list[str]) -> Any:
    if wanted is None:
        return values  # unknown here: whoever asked refuses it
    if len(values) != 1:
        raise Invalid(f"{name}: may be given once.", name)
    if bool in wanted:
        return _boolean(name, values[0])
    return _number(name, values[0]) if int in wanted else values[0]


def _boolean(name: str, text: str) -> bool:
    if text not in _BOOLEANS:
        raise Invalid(f"{name}: true or false.", name)
    return _BOOLEANS[text]


def _number(name: str, text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise Invalid(f"{name}: a whole number.", name)
    return int(text)
