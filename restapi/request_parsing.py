"""Parsing of a request into the arguments of its operation."""

import re
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from django.http import QueryDict
from rest_framework.request import Request

from foundation.errors import Invalid, PreconditionFailed
from foundation.schema.shapes import Shape, unknown_member
from restapi.routes.route import Route

Call = tuple[Any, ...]

_TAG = re.compile(r'(W/)?"[\x21\x23-\x7e]{0,200}"')  # RFC 9110 §8.8.3
_REVISION = re.compile(r'"([1-9][0-9]{0,8})"', re.ASCII)
_BOOLEANS = {"true": True, "false": False}
_NUMBER = re.compile(r"-?[0-9]{1,10}", re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def read_call(route: Route, request: Request, places: dict[str, str]) -> Call:
    """The operation's arguments after the actor; Invalid for unknown members."""
    members = _members(route, request)
    revision = _precondition(route, request) if route.writes else {}
    if route.takes is None:
        return tuple(places[name] for name in route.places)
    members |= revision
    return (route.takes.parse(members | places),)


def idempotency_key(route: Route, request: Request) -> str | None:
    """The request's Idempotency-Key, if any; Invalid where none is accepted."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None or not route.writes:
        return None
    if not route.repeatable:
        raise Invalid("Idempotency-Key: not accepted here, because each read counts.")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise Invalid("Idempotency-Key: 1 to 200 visible ASCII characters, once.")
    return key


def _members(route: Route, request: Request) -> dict[str, Any]:
    """The members of query and body; a member in the wrong one is unknown."""
    query = _read_query(route.takes, request.query_params)
    body = dict(request.data)
    allowed = set(route.members)
    in_body = allowed if route.in_body else set()
    if not set(body) <= in_body or not set(query) <= allowed - in_body:
        raise Invalid(unknown_member(route.members))
    return {**query, **body}


def _precondition(route: Route, request: Request) -> dict[str, int]:
    """The revision in If-Match (RFC 9110 §13.1.1).

    Tags are compared strongly. An object without an ETag matches no tag, so the change is refused.
    """
    wanted = request.META.get("HTTP_IF_MATCH", "*").strip()
    if wanted == "*":
        return {}
    if not _TAG.fullmatch(wanted):
        raise Invalid("If-Match: * or one ETag, in its quotes.")
    found = _REVISION.fullmatch(wanted)
    if found is None or not route.conditional:
        raise PreconditionFailed("If-Match does not match the current state.")
    return {"revision": int(found[1])}


def _read_query(shape: type[Shape] | None, query: QueryDict) -> dict[str, Any]:
    """The parameters, typed as `shape` requires; Invalid names the rule, never the value."""
    fields = shape.model_fields.items() if shape else ()
    types = {field.alias or name: _plain_types(field.annotation) for name, field in fields}
    return {name: _value(name, types.get(name), values) for name, values in query.lists()}


def _plain_types(annotation: Any) -> set[Any]:
    """`bool | None` is read as a boolean, an annotated number as a number."""
    if get_origin(annotation) is Annotated:
        return _plain_types(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return {plain for part in get_args(annotation) for plain in _plain_types(part)}
    return {annotation}


def _value(name: str, wanted: set[Any] | None, values: list[str]) -> Any:
    if wanted is None:
        return values  # unknown here: the caller refuses it
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
