"""Signed assertions, with which a client proves possession of a registered key (RFC 7523 §3).

Key and algorithm are the registered ones. Nothing in the assertion can supply or point to a key.
"""

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from django.conf import settings

from foundation.db.clock import database_now
from foundation.errors import Malformed
from foundation.schema.strict_json import parse_strict_object
from identity.models import Client
from identity.service_accounts.models import AccountProof, UsedAssertion
from identity.service_accounts.public_keys import load
from identity.tokens.secret_format import digest

LIFE = timedelta(minutes=5)
SKEW = timedelta(seconds=30)
LONGEST = 4096
LONGEST_JTI = 200
ALGORITHMS = ("ES256", "EdDSA", "RS256")

_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_HEADER = frozenset({"alg", "typ", "kid"})


def claimed_client(assertion: str) -> str:
    """The client that the assertion names; unverified until its signature is checked."""
    subject = _part(assertion, 1).get("sub")
    return subject if isinstance(subject, str) else ""


def verify_assertion(
    keys: Iterable[AccountProof], assertion: str, client: Client
) -> AccountProof | None:
    """The key that signed the assertion, if it is valid for `client` now and unused so far."""
    proof = next((key for key in keys if _verifies(key, assertion)), None)
    if proof is None:
        return None
    claims = _part(assertion, 1)
    holds = _is_about(claims, client) and _is_named(claims) and _is_timely(claims, database_now())
    if not holds:
        return None
    return proof if _is_first_use(claims["jti"], claims["exp"], client) else None


def _verifies(key: AccountProof, assertion: str) -> bool:
    header = _part(assertion, 0)
    if not set(header) <= _HEADER or header.get("alg") != key.alg:
        return False
    if header.get("kid", key.kid) != key.kid or header.get("typ", "JWT") not in _TYPES:
        return False
    try:
        public = load(key.public_jwk or {}, key.alg)
        jwt.api_jws.decode(assertion, public, algorithms=[key.alg])
    except jwt.PyJWTError:
        return False
    return True


_TYPES = ("JWT", "client-authentication+jwt")


def _is_about(claims: dict[str, Any], client: Client) -> bool:
    """RFC 7523 §3: issuer and subject are the client, and the audience is this server only."""
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) == 1:
        (audience,) = audience
    ours = (settings.PUBLIC_URL, f"{settings.PUBLIC_URL}/oauth/token")
    return claims.get("iss") == claims.get("sub") == client.client_id and audience in ours


def _is_timely(claims: dict[str, Any], now: datetime) -> bool:
    """Begun, not over, and at most five minutes long, with a small tolerance for clocks."""
    end = _moment(claims.get("exp"))
    if end is None or not now < end <= now + LIFE + SKEW:
        return False
    begun = (_moment(claims[name]) for name in ("iat", "nbf") if name in claims)
    return all(time is not None and time <= now + SKEW for time in begun)


def _is_named(claims: dict[str, Any]) -> bool:
    jti = claims.get("jti")
    return isinstance(jti, str) and 1 <= len(jti) <= LONGEST_JTI


def _is_first_use(jti: str, end: float, client: Client) -> bool:
    _, first = UsedAssertion.objects.get_or_create(
        client=client,
        jti_digest=digest(jti),
        defaults={"expires_at": datetime.fromtimestamp(end, UTC)},
    )
    return first


def _moment(seconds: object) -> datetime | None:
    if type(seconds) not in (int, float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)  # type: ignore[arg-type]  # a number
    except (ValueError, OverflowError, OSError):
        return None


def _part(assertion: str, number: int) -> dict[str, Any]:
    """The header or the claims; empty for anything that is not a JWT."""
    if len(assertion) > LONGEST or not _FORM.fullmatch(assertion):
        return {}
    part = assertion.split(".")[number]
    try:
        return parse_strict_object(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, Malformed):
        return {}
