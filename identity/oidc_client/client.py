"""Talking to a tenant's OpenID provider: where things are, a code for claims, claims that hold.

OpenID Connect Core 1.0 §3.1.3.7, with the signature always checked. Nothing of an answer is kept or
logged but the claims that are asked for here.
"""

import hmac
import json
from dataclasses import dataclass
from typing import Any

import jwt
import requests

from identity.oidc_client.url_policy import may_be_called, may_be_visited

SECONDS = 5
MOST_BYTES = 256 * 1024
# Asymmetric only: with a symmetric one the client's secret could sign.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
LEEWAY = 60


class OidcError(Exception):
    """The provider did not answer, or not with what holds; the text is safe to show."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a provider does what."""

    issuer: str
    authorization: str
    token: str
    keys: str
    basic: bool


@dataclass(frozen=True, slots=True)
class IdTokenClaims:
    """What a provider says of somebody."""

    subject: str
    email: str
    email_verified: bool
    name: str
    authenticated_at: int | None


def discover(issuer: str) -> Endpoints:
    """OpenID Connect Discovery 1.0 §4: the document must name the very issuer it was asked of."""
    found = _called("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise OidcError("It names another issuer than the one that is set up.")
    methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    endpoints = Endpoints(
        issuer=issuer,
        authorization=found.get("authorization_endpoint", ""),
        token=found.get("token_endpoint", ""),
        keys=found.get("jwks_uri", ""),
        basic="client_secret_post" not in methods,
    )
    if not may_be_visited(endpoints.authorization):
        raise OidcError("Its sign-in page has an address that is not allowed.")
    return endpoints


def exchange_code(endpoints: Endpoints, client: tuple[str, str], grant: dict[str, str]) -> str:
    """The ID token for a grant (code, verifier, redirect address); `client` is id and secret."""
    form = {"grant_type": "authorization_code", **grant}
    if endpoints.basic:
        answer = _called("POST", endpoints.token, data=form, auth=client)
    else:
        proof = {"client_id": client[0], "client_secret": client[1]}
        answer = _called("POST", endpoints.token, data={**form, **proof})
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise OidcError("It gave no ID token.")
    return token


def verify_id_token(
    endpoints: Endpoints, token: str, *, client_id: str, nonce: str
) -> IdTokenClaims:
    """What the ID token says, when it is the provider's, for us, of now and of this very try."""
    keys = _called("GET", endpoints.keys)
    try:
        claims = jwt.decode(
            token,
            _key(keys, token),
            algorithms=ALGORITHMS,
            audience=client_id,
            issuer=endpoints.issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except (jwt.PyJWTError, AttributeError, LookupError, TypeError, ValueError):
        raise OidcError("Its ID token does not hold.") from None
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise OidcError("Its ID token belongs to another try.")
    if claims.get("azp", client_id) != client_id:
        raise OidcError("Its ID token is for another program.")
    return _said(claims)


def _said(claims: dict[str, Any]) -> IdTokenClaims:
    subject, email, name = (_text(claims.get(one)) for one in ("sub", "email", "name"))
    if not 0 < len(subject) <= 255:
        raise OidcError("Its ID token names nobody.")
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
    usable = [one for one in keys["keys"] if one.get("use", "sig") == "sig"]
    kid = jwt.get_unverified_header(token).get("kid")
    named = [one for one in usable if one.get("kid") == kid] if kid else usable
    (key,) = named
    return jwt.PyJWK(key, algorithm=jwt.get_unverified_header(token)["alg"])


def _called(method: str, url: str, **sent: Any) -> dict[str, Any]:
    """A small JSON object from an address that may be called; redirects and proxies are not."""
    if not may_be_called(url):
        raise OidcError("One of its addresses is not allowed.")
    try:
        with requests.Session() as session:
            session.trust_env = False
            with session.request(
                method, url, timeout=SECONDS, allow_redirects=False, stream=True, **sent
            ) as response:
                body = response.raw.read(MOST_BYTES + 1, decode_content=True)
        found = json.loads(body) if response.status_code == 200 else None
    except (requests.RequestException, OSError, ValueError):
        raise OidcError("It does not answer.") from None
    if len(body) > MOST_BYTES or not isinstance(found, dict):
        raise OidcError("It answers with something else than expected.")
    return found
