"""A client of a tenant's OpenID provider: discovery, the code exchange, and checking the ID token.

OpenID Connect Core 1.0 §3.1.3.7, with the signature always checked. Of an answer only the claims
below are kept, and nothing is logged.
"""

import hmac
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import jwt

from foundation.outgoing import may_be_visited
from identity.oidc_client.documents import ProviderFailed, documents, fetched

# Asymmetric only: otherwise the client's secret could sign.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
LEEWAY = 60


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of a tenant's provider."""

    tenant: str
    issuer: str
    authorization: str
    token: str
    keys: str
    basic: bool


@dataclass(frozen=True, slots=True)
class IdTokenClaims:
    """The claims about a person."""

    subject: str
    email: str
    email_verified: bool
    name: str
    authenticated_at: int | None


def discover(issuer: str, tenant: str) -> Endpoints:
    """OpenID Connect Discovery 1.0 §4: the document must name exactly the issuer that was asked.

    Calls are counted under `tenant`. Raises ProviderFailed; Unavailable when too many are running.
    """
    found = documents.find(issuer.rstrip("/") + "/.well-known/openid-configuration", tenant)
    if found.get("issuer") != issuer:
        raise ProviderFailed("It names another issuer than the one that is set up.")
    methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    endpoints = Endpoints(
        tenant=tenant,
        issuer=issuer,
        authorization=found.get("authorization_endpoint", ""),
        token=found.get("token_endpoint", ""),
        keys=found.get("jwks_uri", ""),
        basic="client_secret_post" not in methods,
    )
    if not may_be_visited(endpoints.authorization):
        raise ProviderFailed("Its sign-in page has an address that is not allowed.")
    return endpoints


def exchange_code(endpoints: Endpoints, client: tuple[str, str], grant: dict[str, str]) -> str:
    """The ID token for a grant (code, verifier, redirect URI); `client` is id and secret."""
    form = {"grant_type": "authorization_code", **grant}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if endpoints.basic:
        headers["Authorization"] = f"Basic {b64encode(':'.join(client).encode()).decode()}"
    else:
        form |= {"client_id": client[0], "client_secret": client[1]}
    content = urlencode(form).encode()
    answer = fetched(
        "POST", endpoints.token, tenant=endpoints.tenant, headers=headers, content=content
    )
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise ProviderFailed("It gave no ID token.")
    return token


def verify_id_token(
    endpoints: Endpoints, token: str, *, client_id: str, nonce: str
) -> IdTokenClaims:
    """The claims of an ID token from the provider, for us, current, and of this attempt."""
    keys = documents.find(endpoints.keys, endpoints.tenant)
    try:
        claims = _claims(keys, endpoints, token, client_id)
    except ProviderFailed:
        newer = documents.find_newer(endpoints.keys, endpoints.tenant)
        if newer is None or newer == keys:
            raise
        claims = _claims(newer, endpoints, token, client_id)
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise ProviderFailed("Its ID token belongs to another attempt.")
    if claims.get("azp", client_id) != client_id:
        raise ProviderFailed("Its ID token is for another program.")
    return _said(claims)


def _claims(
    keys: dict[str, Any], endpoints: Endpoints, token: str, client_id: str
) -> dict[str, Any]:
    try:
        return jwt.decode(
            token,
            _key(keys, token),
            algorithms=ALGORITHMS,
            audience=client_id,
            issuer=endpoints.issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except (jwt.PyJWTError, AttributeError, LookupError, TypeError, ValueError):
        raise ProviderFailed("Its ID token is invalid.") from None


def _said(claims: dict[str, Any]) -> IdTokenClaims:
    subject, email, name = (_text(claims.get(member)) for member in ("sub", "email", "name"))
    if not 0 < len(subject) <= 255:
        raise ProviderFailed("Its ID token names nobody.")
    moment = claims.get("auth_time")
    return IdTokenClaims(
        subject=subject,
        email=email.lower(),
        email_verified=claims.get("email_verified") is True,
        name=name[:120],
        authenticated_at=moment if isinstance(moment, int) else None,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _key(keys: dict[str, Any], token: str) -> jwt.PyJWK:
    """The signing key that the token names, or the only one there is."""
    usable = [key for key in keys["keys"] if key.get("use", "sig") == "sig"]
    kid = jwt.get_unverified_header(token).get("kid")
    named = [key for key in usable if key.get("kid") == kid] if kid else usable
    (key,) = named
    return jwt.PyJWK(key, algorithm=jwt.get_unverified_header(token)["alg"])
