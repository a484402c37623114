"""A request turned into the arguments of its operation."""

import re
from typing import Any

from rest_framework.request import Request

from foundation.errors import Invalid, PreconditionFailed
from foundation.schema.shapes import UNKNOWN_MEMBER
from restapi.query_parameters import read_query
from restapi.routes.route import Route

Call = tuple[Any, ...]

_TAG = re.compile(r'(W/)?"[\x21\x23-\x7e]{0,200}"')  # RFC 9110 §8.8.3
_REVISION = re.compile(r'"([1-9][0-9]{0,8})"', re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def read_call(route: Route, request: Request, places: dict[str, str]) -> Call:
    """What the operation takes after the actor; Invalid for every member it does not know."""
    members = _members(route, request)
    revision = _precondition(route, request) if route.writes else {}
    if route.takes is None:
        return tuple(places[name] for name in route.places)
    members |= revision
    return (route.takes.parse(members | places),)


def idempotency_key(route: Route, request: Request) -> str | None:
    """The request's key if it has one; Invalid where none is taken."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None or not route.writes:
        return None
    if not route.repeatable:
        raise Invalid("Idempotency-Key: a read counts each time and takes none.")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise Invalid("Idempotency-Key: 1 to 200 visible ASCII characters, once.")
    return key


def _members(route: Route, request: Request) -> dict[str, Any]:
    """The members of query and body together; what belongs into the other one is unknown."""
    query = read_query(route.takes, request.query_params)
    body = dict(request.data)
    allowed = set(route.members)
    in_body = allowed if route.in_body else set()
    if not set(body) <= in_body or not set(query) <= allowed - in_body:
        raise Invalid(UNKNOWN_MEMBER)
    return {**query, **body}


def _precondition(route: Route, request: Request) -> dict[str, int]:
    """The revision that the caller saw, out of If-Match (RFC 9110 §13.1.1).

    Tags are compared strongly. What has no ETag has none that could match, so the change is
    refused rather than made without the condition.
    """
    wanted = request.META.get("HTTP_IF_MATCH", "*").strip()
    if wanted == "*":
        return {}
    if not _TAG.fullmatch(wanted):
        raise Invalid("If-Match: * or one ETag, in its quotes.")
    found = _REVISION.fullmatch(wanted)
    if found is None or not route.conditional:
        raise PreconditionFailed("If-Match names none of this resource's states.")
    return {"revision": int(found[1])}
