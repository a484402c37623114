"""Storing the tokens of a consent under their hashes, with the audit entry."""

from datetime import timedelta
from typing import Any

from audit.events import Event
from audit.recording import record_in_transaction
from identity.authorization_server.token_request import FamilyGrant, OAuthRequest, SignedToken
from identity.models import AccessToken, RefreshToken
from identity.tokens.grant_family import GrantFamily
from identity.tokens.secret_format import digest

REFRESH_IDLE = timedelta(days=30)


def save_family_tokens(token: Any, scope: str, request: OAuthRequest) -> None:
    """Store the access token, and the refresh token if there is one; joins the transaction."""
    grant: FamilyGrant = request.grant
    signed: SignedToken = request.signed
    _save_access_token(token["access_token"], scope, grant, signed)
    if "refresh_token" in token:
        _save_refresh_token(token["refresh_token"], grant.family)
    event = Event.TOKEN_ISSUED
    if grant.refresh_token is not None:
        event = Event.TOKEN_REFRESHED
        _mark_replaced(grant.refresh_token, grant.family)
    record_in_transaction(
        grant.family.actor,
        event,
        token=str(signed.jti),
        scope=token["scope"],
        resource=grant.family.consent.resource,
    )


def _save_access_token(token: str, scope: str, grant: FamilyGrant, signed: SignedToken) -> None:
    consent = grant.family.consent
    AccessToken.objects.create(
        id=signed.jti,
        consent=consent,
        signing_key=signed.key,
        user=consent.person,
        application=consent.client,
        token_checksum=digest(token),
        expires=signed.expires_at,
        scope=scope,
        resource=[consent.resource],
    )


def _save_refresh_token(token: str, family: GrantFamily) -> None:
    consent = family.consent
    RefreshToken.objects.create(
        consent=consent,
        user=consent.person,
        application=consent.client,
        token_checksum=digest(token),
        expires_at=min(family.now + REFRESH_IDLE, consent.refresh_until),
        resource=[consent.resource],
    )


def _mark_replaced(token: RefreshToken, family: GrantFamily) -> None:
    token.replaced_at = token.replaced_at or family.now
    token.replacements += 1
    token.save(update_fields=["replaced_at", "replacements"])
