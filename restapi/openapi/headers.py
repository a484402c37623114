"""The headers of requests and answers."""

from typing import Any

from restapi.routes.route import Route

Header = dict[str, Any]

IDEMPOTENCY_KEY: Header = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Makes it safe to repeat the request: it is done once, and a repetition gets "
    "the same answer with `Idempotency-Replayed: true`, without new secrets. Another request with "
    "this key is refused. Valid for a day, for this client and route.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}
IF_MATCH: Header = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag that was read: the change is refused if the object has changed since. "
    "`*` sets no condition.",
    "schema": {"type": "string", "pattern": '^(\\*|"[0-9]{1,9}")$'},
}
PARAMETERS = {"IdempotencyKey": IDEMPOTENCY_KEY, "IfMatch": IF_MATCH}

ANSWERED: dict[str, Header] = {
    "Id": {
        "description": "The id of the request in logs and in the audit log",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    },
    "NoStore": {
        "description": "No cache may store it",
        "required": True,
        "schema": {"type": "string", "const": "no-store"},
    },
    "ETag": {
        "description": "The state of the object, for If-Match",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
    },
    "Idempotency-Replayed": {
        "description": "Nothing was done this time: this is the answer to the first request with "
        "the key, without its secrets",
        "schema": {"type": "string", "const": "true"},
    },
    "WWW-Authenticate": {
        "description": "Where to get a token, and with which scope (RFC 6750, RFC 9728)",
        "required": True,
        "schema": {"type": "string"},
    },
    "Scope-Challenge": {
        "description": "With `auth/insufficient-scope`: the scopes to request (RFC 6750)",
        "schema": {"type": "string"},
    },
    "Allow": {
        "description": "With `request/method-not-allowed`: the methods of this endpoint",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds to wait before the next attempt",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "Retry-Running": {
        "description": "Seconds to wait while a request with the same Idempotency-Key runs",
        "schema": {"type": "integer", "minimum": 1},
    },
}
ALWAYS = {"X-Request-Id": "Id", "Cache-Control": "NoStore"}
# By status: the header's name, and which of the headers above describes it there.
WITH_A_REFUSAL = {
    401: {"WWW-Authenticate": "WWW-Authenticate"},
    403: {"WWW-Authenticate": "Scope-Challenge"},
    405: {"Allow": "Allow"},
    409: {"Retry-After": "Retry-Running"},
    429: {"Retry-After": "Retry-After"},
    503: {"Retry-After": "Retry-After"},
}


def headers_of_answer(route: Route) -> dict[str, Header]:
    """The headers of a successful answer."""
    names = dict(ALWAYS)
    names |= {"ETag": "ETag"} if route.versioned else {}
    if route.writes and route.repeatable:
        names |= {"Idempotency-Replayed": "Idempotency-Replayed"}
    return _references(names)


def headers_of_refusal(status: int) -> dict[str, Header]:
    """The headers of a problem with this status."""
    return _references(ALWAYS | WITH_A_REFUSAL.get(status, {}))


def _references(names: dict[str, str]) -> dict[str, Header]:
    return {name: {"$ref": f"#/components/headers/{header}"} for name, header in names.items()}
