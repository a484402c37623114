"""Who a bearer token stands for: its signature and claims, then its row and what it lives by."""

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from django.db.models import F, OuterRef, Subquery

from access.actions import Door
from access.actor import NO_CLAIMS, Actor
from access.errors import AudienceMismatch, Malformed, Unauthenticated
from access.levels import Role
from access.scopes import DEFAULT_SCOPES
from access.strict_json import parse_strict_object
from credentials.rights import DatabaseClock
from identity.keys import public_key
from identity.metadata import resource_metadata_url
from identity.models import AccessToken, ClientState, SigningKey
from identity.tokens import TYP, digest
from tenants.models import Membership

LONGEST = 4096
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_TEXT_CLAIMS = ("iss", "aud", "sub", "client_id", "tenant", "scope", "jti")
_TIME_CLAIMS = ("iat", "exp")
_UNQUOTABLE = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")

INVALID = "The access token does not hold."
ENDED = "The access token has expired or was revoked."


def actor_from_token(  # noqa: PLR0913  # what the audit log wants to know of a request
    token: str,
    *,
    resource: str,
    door: Door,
    request_id: str = "",
    address: str = "",
    claimed: Mapping[str, str] = NO_CLAIMS,
) -> Actor:
    """The actor behind an access token for `resource` (RFC 9068 §4).

    Raises Unauthenticated, or AudienceMismatch for a token of ours that is for another resource.
    Nothing is remembered from call to call but the immutable public keys.
    """
    key_id, claims = _verified(token)
    if claims["aud"] != resource:
        raise AudienceMismatch("audience mismatch: the access token is for another resource.")
    row = _row(claims, token, key_id)
    if row is None:
        raise Unauthenticated(ENDED)
    return Actor(
        tenant_id=row.consent.tenant_id,
        door=door,
        person_id=row.consent.person_id,
        role=Role(row.role),
        client_id=row.consent.client_id,
        agent_id=row.consent.agent_id,
        agent_name=row.consent.agent_name,
        scopes=frozenset(row.scope.split()),
        token_id=str(row.pk),
        request_id=request_id,
        address=address,
        claimed=claimed,
    )


def challenge(
    resource: str,
    *,
    error: str | None = None,
    scope: str | None = None,
    description: str | None = None,
) -> str:
    """A WWW-Authenticate value (RFC 6750 §3, RFC 9728 §5.1).

    For a missing scope, `scope` is the token's scopes together with the missing one: clients ask
    for exactly what the challenge names. Without `scope` it names what the resource has to offer.
    """
    parts = {
        "error": error,
        "error_description": description,
        "scope": scope or " ".join(DEFAULT_SCOPES),
        "resource_metadata": resource_metadata_url(resource),
    }
    told = (f'{name}="{_UNQUOTABLE.sub(" ", value)}"' for name, value in parts.items() if value)
    return "Bearer " + ", ".join(told)


def _verified(token: str) -> tuple[UUID, dict[str, Any]]:
    """The signing key's id and the claims of a token that we signed."""
    if len(token) > LONGEST or not _FORM.fullmatch(token):
        raise Unauthenticated(INVALID)
    header, payload, _ = token.split(".")
    key_id = _key_id(_members(header))
    try:
        alg, key = public_key(key_id)
    except SigningKey.DoesNotExist:
        raise Unauthenticated(INVALID) from None
    claims = _members(payload)
    if not _are_ours(claims):
        raise Unauthenticated(INVALID)
    try:
        jwt.api_jws.decode(token, key, algorithms=[alg])
    except jwt.PyJWTError:
        raise Unauthenticated(INVALID) from None
    return key_id, claims


def _key_id(header: dict[str, Any]) -> UUID:
    """Exactly the three members that we write: no key and no `crit` can come with a token."""
    if set(header) != {"alg", "kid", "typ"} or header["typ"] != TYP:
        raise Unauthenticated(INVALID)
    if not isinstance(header["kid"], str) or not re.fullmatch("[0-9a-f]{32}", header["kid"]):
        raise Unauthenticated(INVALID)
    return UUID(hex=header["kid"])


def _are_ours(claims: dict[str, Any]) -> bool:
    texts = all(isinstance(claims.get(name), str) for name in _TEXT_CLAIMS)
    times = all(type(claims.get(name)) is int for name in _TIME_CLAIMS)
    return texts and times and claims["iss"] == settings.PUBLIC_URL


def _members(part: str) -> dict[str, Any]:
    try:
        return parse_strict_object(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, Malformed):
        raise Unauthenticated(INVALID) from None


def _row(claims: dict[str, Any], token: str, key_id: UUID) -> Any:
    """The token's row, if it and everybody behind it are in force by the database's clock."""
    try:
        jti = UUID(claims["jti"])
    except ValueError:
        raise Unauthenticated(INVALID) from None
    role = Membership.objects.filter(
        pk=OuterRef("consent__membership_id"),
        tenant_id=OuterRef("consent__tenant_id"),
        person_id=OuterRef("consent__person_id"),
        suspended_at=None,
    ).values("role")[:1]
    return (
        AccessToken.objects.select_related("consent")
        .annotate(role=Subquery(role))
        .filter(
            pk=jti,
            token_checksum=digest(token),
            expires__gt=DatabaseClock(),
            signing_key=key_id,
            signing_key__withdrawn_at=None,
            application_id=F("consent__client_id"),
            consent__ended_at=None,
            consent__client__client_id=claims["client_id"],
            consent__client__state=ClientState.ACTIVE,
            consent__person=claims["sub"],
            consent__person__is_active=True,
            consent__tenant__suspended_at=None,
            consent__resource=claims["aud"],
            role__isnull=False,
        )
        .first()
    )
