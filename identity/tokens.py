"""Access tokens: RFC 9068 JWTs for exactly one resource; every other secret is 256 random bits."""

import hashlib
import secrets
from datetime import UTC, datetime

from django.conf import settings
from oauthlib.common import Request

from access.ids import uuid7
from access.scopes import OFFLINE_ACCESS
from access.tenancy import database_now
from identity.keys import sign, signing_key
from identity.models import Consent

TYP = "at+jwt"


def make_access_token(request: Request) -> str:
    """The toolkit's ACCESS_TOKEN_GENERATOR. Leaves `jti`, `signing_key` and `expires_at` on the
    request for the row that makes the token valid. Source: RFC 9068 §2.2."""
    consent: Consent = request.consent
    issued = int(database_now().timestamp())
    expires = issued + request.expires_in
    request.jti = uuid7()
    request.signing_key = signing_key()
    request.expires_at = datetime.fromtimestamp(expires, UTC)
    claims = {
        "iss": settings.PUBLIC_URL,
        "aud": consent.resource,
        "sub": str(consent.person_id),
        "client_id": consent.client.client_id,
        "tenant": str(consent.tenant_id),
        "scope": resource_scope(request.scopes),
        "iat": issued,
        "exp": expires,
        "jti": str(request.jti),
    }
    return sign(request.signing_key, claims, TYP)


def make_refresh_token(_: Request) -> str:
    """The toolkit's REFRESH_TOKEN_GENERATOR."""
    return secrets.token_urlsafe(32)


def resource_scope(scopes: list[str]) -> str:
    """What a resource needs to know; `offline_access` is between client and authorization server."""
    return " ".join(scope for scope in scopes if scope != OFFLINE_ACCESS)


def digest(secret: str) -> str:
    """What is stored of a code or token: SHA-256, hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()
