"""OAUTH2_VALIDATOR_CLASS: what is asked of the database while codes and tokens change hands.

Every method runs inside the transaction of the token view, under the lock of one consent.
"""

import re
from datetime import timedelta
from typing import Any

from django.conf import settings
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import CustomOAuth2Error
from oauthlib.oauth2.rfc6749.grant_types.authorization_code import code_challenge_method_s256

from audit.events import Event
from audit.recording import record_joined
from identity.families import Family, Times, hold_for
from identity.models import AccessToken, AuthorizationCode, Client, RefreshToken
from identity.resources import InvalidTarget, resource_from
from identity.tokens import digest, resource_scope

CODE_SECONDS = 60
REFRESH_IDLE = timedelta(days=30)
PAIRS_PER_REFRESH = 5
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class VaultValidator(OAuth2Validator):
    """Codes and tokens are rows under hashes; one family lock orders all that happens to them."""

    # -- clients -------------------------------------------------------------------------------

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Only a confidential client can authenticate; the toolkit lets public ones pass for a
        grant type that anybody can put into the body."""
        authentic = super().authenticate_client(request, *args, **kwargs)
        return bool(authentic) and request.client.client_type == Client.CLIENT_CONFIDENTIAL

    # -- codes ---------------------------------------------------------------------------------

    def save_authorization_code(
        self, client_id: str, code: dict[str, str], request: Request, *args: Any, **kwargs: Any
    ) -> None:
        AuthorizationCode.objects.create(
            consent=request.consent,
            asked=request.asked,
            application=request.client,
            user=request.user,
            code=digest(code["code"]),
            expires=Times.read().now + timedelta(seconds=CODE_SECONDS),
            redirect_uri=request.redirect_uri,
            scope=request.consent.scope,
            resource=[request.consent.resource],
            code_challenge=request.code_challenge,
            code_challenge_method="S256",
        )

    def validate_code(
        self, client_id: str, code: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        found = AuthorizationCode.objects.filter(code=digest(code), application=client)
        first = found.select_related("consent").first()
        if first is None or not _proves(request, first):
            return False
        family = hold_for(first.consent, request)
        held = found.first()
        if held is None:
            return False
        if held.consumed_at is not None:
            # Only whoever holds the verifier gets here, so a leaked code is no kill switch. A
            # request that had begun before the code was redeemed is a race, not a replay.
            if family.times.began > held.consumed_at:
                family.end_for_reuse("authorization code")
            return False
        if held.expires <= family.times.now or not family.is_in_force():
            return False
        _require_resource(request, family)
        _carry(request, family)
        request.held_code = held
        request.user = family.consent.person
        request.scopes = family.consent.scope.split()
        return True

    def get_code_challenge(self, code: str, request: Request) -> str:
        challenge: str = request.held_code.code_challenge
        return challenge

    def get_code_challenge_method(self, code: str, request: Request) -> str:
        return "S256"

    def get_default_redirect_uri(
        self, client_id: str, request: Request, *args: Any, **kwargs: Any
    ) -> str:
        """At the token endpoint the parameter may be left out: PKCE binds (OAuth 2.1 §4.1.3)."""
        held = getattr(request, "held_code", None)
        uri: str = held.redirect_uri if held else request.client.default_redirect_uri
        return uri

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Client, *args: Any, **kwargs: Any
    ) -> bool:
        request: Request = args[0] if args else kwargs["request"]
        return bool(request.held_code.redirect_uri == redirect_uri)

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Request, *args: Any, **kwargs: Any
    ) -> None:
        """The row stays as a tombstone, by which a replay is known."""
        request.held_code.consumed_at = request.family.times.now
        request.held_code.save(update_fields=["consumed_at"])

    # -- tokens --------------------------------------------------------------------------------

    def validate_refresh_token(
        self, refresh_token: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        found = RefreshToken.objects.filter(
            token_checksum=digest(refresh_token), application=client
        )
        first = found.select_related("consent").first()
        if first is None:
            return False
        family = hold_for(first.consent, request)
        held = found.first()
        if held is None or not family.is_in_force() or not _is_fresh(held, family):
            return False
        if held.replaced_at is not None and not _within_leeway(held, family):
            return False
        _require_resource(request, family)
        _carry(request, family)
        request.held_refresh_token = held
        request.user = family.consent.person
        return True

    def get_original_scopes(
        self, refresh_token: str, request: Request, *args: Any, **kwargs: Any
    ) -> str:
        """The consent's, so that narrowing one refresh does not narrow the next."""
        scope: str = request.consent.scope
        return scope

    def save_bearer_token(
        self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any
    ) -> None:
        family: Family = request.family
        _save_access_token(token["access_token"], request, family)
        replaced: RefreshToken | None = getattr(request, "held_refresh_token", None)
        if "refresh_token" in token:
            _save_refresh_token(token["refresh_token"], request, family)
        if replaced is not None:
            replaced.replaced_at = replaced.replaced_at or family.times.now
            replaced.replacements += 1
            replaced.save(update_fields=["replaced_at", "replacements"])
        event = Event.TOKEN_ISSUED if replaced is None else Event.TOKEN_REFRESHED
        record_joined(
            family.actor,
            event,
            token=str(request.jti),
            scope=token["scope"],
            resource=family.consent.resource,
        )

    def revoke_token(
        self, token: str, token_type_hint: str | None, request: Request, *args: Any, **kwargs: Any
    ) -> None:
        """Either token ends the consent it came from (RFC 7009 §2.1); leases go on (L6)."""
        condition = {"token_checksum": digest(token), "application": request.client}
        row = (
            RefreshToken.objects.filter(**condition).select_related("consent").first()
            or AccessToken.objects.filter(**condition).select_related("consent").first()
        )
        if row is not None:
            hold_for(row.consent, request).end(Event.TOKEN_REVOKED, "revoked by the client")


def _proves(request: Request, code: AuthorizationCode) -> bool:
    """RFC 7636 §4.6, and §4.1 for what a verifier looks like."""
    verifier = request.code_verifier or ""
    if not VERIFIER.fullmatch(verifier):
        return False
    return bool(code_challenge_method_s256(verifier, code.code_challenge))


def _carry(request: Request, family: Family) -> None:
    request.family = family
    request.consent = family.consent


def _require_resource(request: Request, family: Family) -> None:
    values = [value for name, value in request.decoded_body or [] if name == "resource" and value]
    try:
        asked = resource_from(values)
    except InvalidTarget as error:
        raise CustomOAuth2Error("invalid_target", str(error), request=request) from None
    if values and asked != family.consent.resource:
        raise CustomOAuth2Error(
            "invalid_target", "The grant is for another resource.", request=request
        )


def _is_fresh(token: RefreshToken, family: Family) -> bool:
    """Used within 30 days, and the person asked within 90."""
    now = family.times.now
    return token.expires_at > now and family.consent.refresh_until > now


def _within_leeway(token: RefreshToken, family: Family) -> bool:
    """Whether a token that was replaced still gives a pair. After the leeway its use is a replay
    and ends the family – unless the request had begun before the token was replaced."""
    assert token.replaced_at is not None
    leeway = timedelta(seconds=settings.ENVIRONMENT.refresh_leeway_seconds)
    if family.times.now - token.replaced_at < leeway:
        return token.replacements < PAIRS_PER_REFRESH
    if family.times.began > token.replaced_at:
        family.end_for_reuse("refresh token")
    return False


def _save_access_token(token: str, request: Request, family: Family) -> None:
    consent = family.consent
    AccessToken.objects.create(
        id=request.jti,
        consent=consent,
        signing_key=request.signing_key,
        user=consent.person,
        application=consent.client,
        token_checksum=digest(token),
        expires=request.expires_at,
        scope=resource_scope(request.scopes),
        resource=[consent.resource],
    )


def _save_refresh_token(token: str, request: Request, family: Family) -> None:
    consent = family.consent
    RefreshToken.objects.create(
        consent=consent,
        user=consent.person,
        application=consent.client,
        token_checksum=digest(token),
        expires_at=min(family.times.now + REFRESH_IDLE, consent.refresh_until),
        resource=[consent.resource],
    )
