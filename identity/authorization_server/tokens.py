"""Access tokens, which are RFC 9068 JWTs for exactly one resource, and refresh tokens."""

import secrets
from collections.abc import Iterable

from django.conf import settings

from access.scopes import OFFLINE_ACCESS
from foundation.db.clock import database_now
from foundation.db.ids import uuid7
from identity.authorization_server.token_request import OAuthRequest, SignedToken, TokenGrant
from identity.tokens.signing_keys import ACCESS_TOKEN_TYPE, sign, signing_key


def make_access_token(request: OAuthRequest) -> str:
    """The toolkit's ACCESS_TOKEN_GENERATOR (RFC 9068 §2.2).

    Sets `signed` on the request for the row, without which the token is invalid.
    """
    grant: TokenGrant = request.grant
    issued = int(database_now().timestamp())
    signed = SignedToken(jti=uuid7(), key=signing_key(), expires=issued + request.expires_in)
    request.signed = signed
    claims = {
        "iss": settings.PUBLIC_URL,
        "aud": grant.resource,
        "sub": grant.subject,
        "client_id": grant.client.client_id,
        "tenant": str(grant.tenant_id),
        "scope": resource_scope(request.scopes),
        "iat": issued,
        "exp": signed.expires,
        "jti": str(signed.jti),
    }
    return sign(signed.key, claims, ACCESS_TOKEN_TYPE)


def make_refresh_token(_: OAuthRequest) -> str:
    """The toolkit's REFRESH_TOKEN_GENERATOR."""
    return secrets.token_urlsafe(32)


def resource_scope(scopes: Iterable[str]) -> str:
    """The scopes for a resource; `offline_access` concerns the authorization server only."""
    return " ".join(scope for scope in scopes if scope != OFFLINE_ACCESS)
