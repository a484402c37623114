"""The errors of a route by status: its own and those of every route."""

from collections.abc import Iterable
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


# What every HTTP server may refuse and no client handles by itself: described once for all.
GENERAL: tuple[type[VaultError], ...] = (
    Malformed,
    MethodNotAllowed,
    NotAcceptable,
    RequestTimeout,
    TooLarge,
    UnsupportedMediaType,
    VaultError,
)
DEFAULT = "Refused"


def error_responses(route: Route) -> dict[str, Any]:
    """The problem answers by status: references to those that all routes share."""
    named = {
        str(status): _reference(_name(status, codes))
        for status, codes in sorted(_codes(route).items())
    }
    return {**named, "default": _reference(DEFAULT)}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{name}"}


def shared_responses(routes: Iterable[Route]) -> dict[str, Any]:
    """The problem answers of these routes, one for each set of codes, by name."""
    found: dict[str, Any] = {}
    for route in routes:
        for status, codes in _codes(route).items():
            found[_name(status, codes)] = _answer(status, sorted(codes))
    return {**dict(sorted(found.items())), DEFAULT: _general()}


def _codes(route: Route) -> dict[int, frozenset[str]]:
    codes: dict[int, set[str]] = {}
    for error in _errors(route):
        if error in GENERAL:
            continue
        codes.setdefault(error.status, set()).add(error.code)
    return {status: frozenset(them) for status, them in codes.items()}


def _name(status: int, codes: frozenset[str]) -> str:
    """Such as `E404-credential-folder`; `E403` alone has the codes of every route."""
    known: tuple[type[VaultError], ...] = (*ALWAYS, Conflict, PreconditionFailed)
    usual = {error.code for error in known}
    more = "-".join(code.removesuffix("/not-found") for code in sorted(codes - usual))
    more = more.replace("/", "-")
    return f"E{status}-{more}" if more else f"E{status}"


def _errors(route: Route) -> tuple[type[VaultError], ...]:
    misspelled = (
        (RouteNotFound,) if route.places else ()
    )  # a slash in a path parameter leads elsewhere
    repeated = (Conflict,) if route.writes and route.repeatable else ()
    conditional = (PreconditionFailed,) if route.writes else ()
    return (*ALWAYS, *misspelled, *repeated, *conditional, *route.refusals)


def _general() -> dict[str, Any]:
    members = {"code": {"enum": [error.code for error in GENERAL]}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Problem"}, {"properties": members}]}
    return {
        "description": "The request has a form that nothing answers (method, types, JSON, size, "
        "time), or the server failed",
        "headers": headers_of_refusal(MethodNotAllowed.status),
        "content": {"application/problem+json": {"schema": schema}},
    }


def _answer(status: int, codes: list[str]) -> dict[str, Any]:
    schema = {
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"properties": {"code": {"enum": codes}}},
        ]
    }
    return {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(codes)}",
        "headers": headers_of_refusal(status),
        "content": {"application/problem+json": {"schema": schema}},
    }
