"""What can go wrong on a route, by status: its own errors and those that stand before each."""

from http import HTTPStatus
from typing import Any

from access.errors import (
    AudienceMismatch,
    Conflict,
    Denied,
    InsufficientScope,
    Invalid,
    Malformed,
    NotAcceptable,
    QuotaExceeded,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
    VaultError,
)
from restapi.routes.route import Route

ALWAYS: tuple[type[VaultError], ...] = (
    Malformed,
    Unauthenticated,
    AudienceMismatch,
    InsufficientScope,
    Denied,
    NotAcceptable,
    Invalid,
    QuotaExceeded,
    VaultError,
    Unavailable,
)
WITH_A_BODY = (TooLarge, UnsupportedMediaType)
CHALLENGE = {
    "WWW-Authenticate": {
        "description": "Where a token is to be had, and with which scope (RFC 6750, RFC 9728)",
        "schema": {"type": "string"},
    }
}
RETRY = {
    "Retry-After": {
        "description": "Seconds after which it is worth another try",
        "schema": {"type": "integer", "minimum": 1},
    }
}
HEADERS: dict[int, dict[str, Any]] = {401: CHALLENGE, 429: RETRY, 503: RETRY}


def refusals(route: Route) -> dict[str, Any]:
    """The answers that are problems, each status with the codes it comes with."""
    codes: dict[int, set[str]] = {}
    for error in _errors(route):
        codes.setdefault(error.status, set()).add(error.code)
    return {str(status): _answer(status, sorted(codes[status])) for status in sorted(codes)}


def _errors(route: Route) -> tuple[type[VaultError], ...]:
    repeated = (Conflict,) if route.writes and route.repeatable else ()
    with_body = WITH_A_BODY if route.writes else ()
    return (*ALWAYS, *with_body, *repeated, *route.errors)


def _answer(status: int, codes: list[str]) -> dict[str, Any]:
    schema = {
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"properties": {"code": {"enum": codes}}},
        ]
    }
    return {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(codes)}",
        "content": {"application/problem+json": {"schema": schema}},
        **({"headers": HEADERS[status]} if status in HEADERS else {}),
    }
