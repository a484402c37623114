"""OAUTH2_VALIDATOR_CLASS: storing, checking and ending codes and tokens.

Every method runs inside the transaction of the token view, under the lock of one consent.
"""
# ruff: noqa: ARG002  # the signatures are oauthlib's

import re
from datetime import timedelta
from typing import Any

from django.conf import settings
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749.errors import CustomOAuth2Error
from oauthlib.oauth2.rfc6749.grant_types.authorization_code import code_challenge_method_s256

from access.scopes import DEFAULT_SCOPES, SCOPE_MEANINGS
from audit.events import Event
from foundation.db.clock import database_now
from identity.authorization_server.client_authentication import authenticate_service_account
from identity.authorization_server.client_credentials import (
    AccountGrant,
    account_grant,
    revoke_account_token,
    save_account_token,
)
from identity.authorization_server.resources import InvalidTarget, named_resources, resource_from
from identity.authorization_server.token_request import (
    CONTEXT_HEADER,
    FamilyGrant,
    OAuthRequest,
    TokenGrant,
)
from identity.authorization_server.token_storage import save_family_tokens
from identity.authorization_server.tokens import resource_scope
from identity.models import AccessToken, AuthorizationCode, Client, RefreshToken
from identity.service_accounts.models import AccountProof
from identity.tokens.grant_family import GrantFamily, lock_family
from identity.tokens.secret_format import digest

CODE_LIFE = timedelta(seconds=60)
PAIRS_PER_REFRESH = 5
CLIENT_ID = re.compile(r"[\x21-\x7e]{1,255}")
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class VaultValidator(OAuth2Validator):
    """Codes and tokens are rows under hashes; the family's lock orders all changes to them."""

    def authenticate_client(self, request: OAuthRequest, *args: Any, **kwargs: Any) -> bool:
        """Only a service account can authenticate; the toolkit would let public clients pass for a
        grant type that anybody can put into the body.
        """
        proof = authenticate_service_account(request)
        if proof is None:
            return False
        request.proof, request.client = proof, proof.client
        request.client_id = proof.client.client_id
        return True

    def _load_application(self, client_id: str | None, request: OAuthRequest) -> Client | None:
        """The client with that id; an impossible id (with a NUL, say) is not looked up."""
        if not CLIENT_ID.fullmatch(client_id or ""):
            return None
        load: Any = OAuth2Validator._load_application  # noqa: SLF001  # ours calls it
        client: Client | None = load(self, client_id, request)
        return client

    def validate_scopes(
        self,
        client_id: str,
        scopes: list[str],
        client: Any,
        request: OAuthRequest,
        *_: Any,
        **__: Any,
    ) -> bool:
        """A service account's scopes are limited by its credential. The request is complete here,
        so the grant is set here too.
        """
        if not hasattr(request, "proof"):
            given = any(scopes)
            scopes[:] = _known(scopes) if given else self.get_default_scopes(client_id, request)
            return bool(scopes)
        request.grant = account_grant(request)
        return bool(scopes) and set(scopes) <= set(request.proof.scope.split())

    def get_default_scopes(
        self, client_id: str, request: OAuthRequest, *_: Any, **__: Any
    ) -> list[str]:
        if hasattr(request, "proof"):
            proof: AccountProof = request.proof
            return proof.scope.split()
        return list(DEFAULT_SCOPES)

    # -- codes ---------------------------------------------------------------------------------

    def save_authorization_code(
        self, client_id: str, code: Any, request: OAuthRequest, *_: Any, **__: Any
    ) -> None:
        """Only the code's hash is kept."""
        AuthorizationCode.objects.create(
            consent=request.consent,
            asked=request.asked,
            application=request.client,
            user=request.user,
            code=digest(code["code"]),
            expires=database_now() + CODE_LIFE,
            redirect_uri=request.redirect_uri,
            scope=request.consent.scope,
            resource=[request.consent.resource],
            code_challenge=request.code_challenge,
            code_challenge_method="S256",
        )

    def validate_code(
        self, client_id: str, code: str, client: Any, request: OAuthRequest, *_: Any, **__: Any
    ) -> bool:
        found = AuthorizationCode.objects.filter(code=digest(code), application=client)
        known = found.select_related("consent").first()
        # Checked first, so that a leaked code without its verifier cannot end a family.
        if known is None or not _proves(request.code_verifier, known.code_challenge):
            return False
        family = lock_family(known.consent, request=request.headers[CONTEXT_HEADER])
        locked = found.first()
        if locked is None or not _is_redeemable(locked, family):
            return False
        _require_resource(request, family)
        request.grant = FamilyGrant(family=family, code=locked)
        request.user = family.consent.person
        request.scopes = family.consent.scope.split()
        return True

    def get_code_challenge(self, code: str, request: OAuthRequest) -> str:
        return _code_of(request).code_challenge

    def get_code_challenge_method(self, code: str, request: OAuthRequest) -> str:
        return "S256"

    def get_default_redirect_uri(
        self, client_id: str, request: OAuthRequest, *_: Any, **__: Any
    ) -> str:
        """The parameter is optional at the token endpoint, because of PKCE (OAuth 2.1 §4.1.3)."""
        if hasattr(request, "grant"):
            return _code_of(request).redirect_uri
        uri: str = request.client.default_redirect_uri
        return uri

    def confirm_redirect_uri(
        self,
        client_id: str,
        code: str,
        redirect_uri: str,
        client: Any,
        request: OAuthRequest,
        *_: Any,
        **__: Any,
    ) -> bool:
        return _code_of(request).redirect_uri == redirect_uri

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: OAuthRequest, *_: Any, **__: Any
    ) -> None:
        """The row stays as a tombstone, so that a replay is recognised."""
        grant: FamilyGrant = request.grant
        code_row = _code_of(request)
        code_row.consumed_at = grant.family.now
        code_row.save(update_fields=["consumed_at"])

    # -- tokens --------------------------------------------------------------------------------

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: OAuthRequest, *_: Any, **__: Any
    ) -> bool:
        checksum = digest(refresh_token)
        found = RefreshToken.objects.filter(token_checksum=checksum, application=client)
        known = found.select_related("consent").first()
        if known is None:
            return False
        family = lock_family(known.consent, request=request.headers[CONTEXT_HEADER])
        locked = found.first()
        if locked is None or not _is_refreshable(locked, family):
            return False
        _require_resource(request, family)
        request.grant = FamilyGrant(family=family, refresh_token=locked)
        request.user = family.consent.person
        return True

    def get_original_scopes(
        self, refresh_token: str, request: OAuthRequest, *_: Any, **__: Any
    ) -> list[str]:
        """The consent's scopes, so that narrowing one refresh does not narrow the next."""
        grant: FamilyGrant = request.grant
        return grant.family.consent.scope.split()

    def is_within_original_scope(
        self,
        request_scopes: list[str],
        refresh_token: str,
        request: OAuthRequest,
        *_: Any,
        **__: Any,
    ) -> bool:
        """A known scope has to be part of the consent."""
        granted = self.get_original_scopes(refresh_token, request)
        request_scopes[:] = _known(request_scopes) if any(request_scopes) else granted
        return bool(request_scopes) and set(request_scopes) <= set(granted)

    def save_bearer_token(self, token: Any, request: OAuthRequest, *_: Any, **__: Any) -> None:
        granted: TokenGrant = request.grant
        scope = resource_scope(request.scopes)
        if isinstance(granted, AccountGrant):
            save_account_token(token["access_token"], scope, granted, request.signed)
        else:
            save_family_tokens(token, scope, request)

    def revoke_token(
        self, token: str, token_type_hint: str | None, request: OAuthRequest, *_: Any, **__: Any
    ) -> None:
        """Either token ends the consent it was issued for (RFC 7009 §2.1); a service account's
        token ends alone. Leases are not affected (L6).
        """
        own = {"token_checksum": digest(token), "application": request.client}
        row = (
            RefreshToken.objects.filter(**own).select_related("consent").first()
            or AccessToken.objects.filter(**own).select_related("consent", "proof__client").first()
        )
        if row is None:
            return
        if isinstance(row, AccessToken) and row.proof is not None:
            revoke_account_token(row, request)
        elif row.consent is not None:
            lock_family(row.consent, request=request.headers[CONTEXT_HEADER]).end(
                Event.TOKEN_REVOKED, "revoked by the client"
            )


def _known(scopes: list[str]) -> list[str]:
    """Unknown words do not matter; the answer says what was granted (RFC 6749 §3.3)."""
    return [scope for scope in scopes if scope in SCOPE_MEANINGS]


def _code_of(request: OAuthRequest) -> AuthorizationCode:
    grant: FamilyGrant = request.grant
    assert grant.code is not None
    return grant.code


def _proves(verifier: str | None, challenge: str) -> bool:
    """RFC 7636 §4.6, and §4.1 for the form of a verifier."""
    if verifier is None or not VERIFIER.fullmatch(verifier):
        return False
    return bool(code_challenge_method_s256(verifier, challenge))


def _is_redeemable(code: AuthorizationCode, family: GrantFamily) -> bool:
    """Whether a proven code is exchanged for tokens. A second use ends the family, unless it had
    arrived before the first was finished: that is a race, not a replay.
    """
    if code.consumed_at is not None:
        if family.arrived > code.consumed_at:
            family.end_for_reuse("authorization code")
        return False
    return code.expires > family.now and family.is_in_force()


def _is_refreshable(token: RefreshToken, family: GrantFamily) -> bool:
    """Used within 30 days, consent within 90, and not replaced, or only just."""
    now = family.now
    if not family.is_in_force() or min(token.expires_at, family.consent.refresh_until) <= now:
        return False
    if token.replaced_at is None:
        return True
    leeway = timedelta(seconds=settings.ENVIRONMENT.refresh_leeway_seconds)
    if now - token.replaced_at < leeway:
        return token.replacements < PAIRS_PER_REFRESH
    if family.arrived > token.replaced_at:
        family.end_for_reuse("refresh token")
    return False


def _require_resource(request: OAuthRequest, family: GrantFamily) -> None:
    values = named_resources(request)
    try:
        asked = resource_from(values)
    except InvalidTarget as error:
        raise CustomOAuth2Error("invalid_target", str(error), request=request) from None
    if values and asked != family.consent.resource:
        raise CustomOAuth2Error(
            "invalid_target", "The grant is for another resource.", request=request
        )
