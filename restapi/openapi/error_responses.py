"""The errors of a route by status: its own and those of every route."""

from http import HTTPStatus
from typing import Any

from foundation.errors import (
    AudienceMismatch,
    Conflict,
    Denied,
    InsufficientScope,
    Invalid,
    Malformed,
    MethodNotAllowed,
    NotAcceptable,
    PreconditionFailed,
    QuotaExceeded,
    RequestTimeout,
    RouteNotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
    VaultError,
)
from restapi.openapi.headers import headers_of_refusal
from restapi.routes.route import Route

# Errors that every route can have, raised before its operation runs.
ALWAYS: tuple[type[VaultError], ...] = (
    Malformed,
    Unauthenticated,
    AudienceMismatch,
    InsufficientScope,
    Denied,
    MethodNotAllowed,
    NotAcceptable,
    RequestTimeout,
    TooLarge,
    UnsupportedMediaType,
    Invalid,
    QuotaExceeded,
    VaultError,
    Unavailable,
)


def error_responses(route: Route) -> dict[str, Any]:
    """The problem answers, each status with its codes."""
    codes: dict[int, set[str]] = {}
    for error in _errors(route):
        codes.setdefault(error.status, set()).add(error.code)
    return {str(status): _answer(status, sorted(codes[status])) for status in sorted(codes)}


def _errors(route: Route) -> tuple[type[VaultError], ...]:
    misspelled = (
        (RouteNotFound,) if route.places else ()
    )  # a slash in a path parameter leads elsewhere
    repeated = (Conflict,) if route.writes and route.repeatable else ()
    conditional = (PreconditionFailed,) if route.writes else ()
    return (*ALWAYS, *misspelled, *repeated, *conditional, *route.refusals)


def _answer(status: int, codes: list[str]) -> dict[str, Any]:
    schema = {
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"properties": {"status": {"const": status}, "code": {"enum": codes}}},
        ]
    }
    return {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(codes)}",
        "headers": headers_of_refusal(status),
        "content": {"application/problem+json": {"schema": schema}},
    }
