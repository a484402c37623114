"""The Authorization header of programs and agents (RFC 6750 §2.1), the only place for a token."""

import re
from collections.abc import Sequence

from access.scopes import Scope
from foundation.errors import Unauthenticated

MAXIMUM_TOKEN = 8192

_CREDENTIALS = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*)")


class NoToken(Unauthenticated):
    """No credentials were sent, so the challenge names no error (RFC 6750 §3.1)."""


def bearer_token(headers: Sequence[str]) -> str:
    """The token in the request's Authorization headers.

    NoToken without a header; Unauthenticated for two headers, for another scheme, and for anything
    that cannot be a token.
    """
    if not headers:
        raise NoToken("A bearer token is needed.")
    match = _CREDENTIALS.fullmatch(headers[0].strip(" \t"))
    if len(headers) > 1 or match is None or len(match[1]) > MAXIMUM_TOKEN:
        raise Unauthenticated("The Authorization header must be one `Bearer` token.")
    return match[1]


def wider_scope(granted: frozenset[str], required: str) -> str:
    """The scope to request next: the token's scopes and the missing one, in the usual order.

    It is the union, because a client may request exactly what a challenge names and would otherwise
    lose what it had.
    """
    return " ".join(scope for scope in Scope if scope in granted or scope == required)
