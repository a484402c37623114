"""The actor of a bearer token: its signature and claims, then its row and what that depends on."""

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings

from access.actions import Channel
from access.actor import NO_CLAIMS, Actor
from access.scopes import DEFAULT_SCOPES
from foundation.errors import AudienceMismatch, Malformed, Unauthenticated
from foundation.schema.strict_json import parse_strict_object
from identity.models import SigningKey
from identity.resource_server.metadata import resource_metadata_url
from identity.resource_server.token_lookup import (
    agent_of_token,
    person_of_token,
    service_account_of_token,
)
from identity.tokens.secret_format import SecretPrefix
from identity.tokens.signing_keys import ACCESS_TOKEN_TYPE, public_key

LONGEST = 4096
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_TEXT_CLAIMS = ("iss", "aud", "sub", "client_id", "tenant", "scope", "jti")
_TIME_CLAIMS = ("iat", "exp")
_UNQUOTABLE = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")

INVALID = "The access token is invalid."
ELSEWHERE = "audience mismatch: the access token is for another resource."


def actor_from_token(  # noqa: PLR0913  # what the audit log wants to know of a request
    token: str,
    *,
    resource: str,
    channel: Channel,
    request_id: str = "",
    address: str = "",
    claimed: Mapping[str, str] = NO_CLAIMS,
) -> Actor:
    """The actor of an access token for `resource` (RFC 9068 §4), or of a personal token, which is
    for REST.

    Raises Unauthenticated, or AudienceMismatch for one of our tokens that is for another resource.
    Nothing is cached but the immutable public keys.
    """
    if token.startswith(SecretPrefix.PERSONAL_TOKEN):
        if resource != settings.REST_RESOURCE:
            raise AudienceMismatch(ELSEWHERE)
        actor = person_of_token(token, channel, address)
    else:
        key_id, claims = verified_claims(token)
        if claims["aud"] != resource:
            raise AudienceMismatch(ELSEWHERE)
        # People's ids and clients' ids differ in form, so they cannot be confused (RFC 9068 §5).
        lookup = (
            service_account_of_token if claims["sub"] == claims["client_id"] else agent_of_token
        )
        actor = lookup(claims, token, key_id, channel)
    return replace(actor, request_id=request_id, address=address, claimed=claimed)


def challenge(
    resource: str,
    *,
    error: str | None = None,
    scope: str | None = None,
    description: str | None = None,
) -> str:
    """A WWW-Authenticate value (RFC 6750 §3, RFC 9728 §5.1).

    For a missing scope, `scope` is the token's scopes and the missing one, because clients request
    exactly what the challenge names. Without `scope` it names all scopes of the resource.
    """
    parts = {
        "error": error,
        "error_description": description,
        "scope": scope or " ".join(DEFAULT_SCOPES),
        "resource_metadata": resource_metadata_url(resource),
    }
    members = (f'{name}="{_UNQUOTABLE.sub(" ", value)}"' for name, value in parts.items() if value)
    return "Bearer " + ", ".join(members)


def verified_claims(token: str) -> tuple[UUID, dict[str, Any]]:
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
    """Exactly the three header members that we write: no key and no `crit`."""
    if set(header) != {"alg", "kid", "typ"} or header["typ"] != ACCESS_TOKEN_TYPE:
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
