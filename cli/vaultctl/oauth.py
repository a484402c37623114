"""The OAuth side of vaultctl: a public client with PKCE, and service accounts (RFC 6749, 7523)."""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx2

from vaultctl.configuration import (
    ACCOUNT,
    KEY_FILE,
    SECRET_FILE,
    TOKEN_FILE,
    PipelineIdentity,
    read_secret_file,
)
from vaultctl.errors import NotSignedIn, VaultctlError
from vaultctl.exit_codes import Exit
from vaultctl.sessions import Session
from vaultctl.transport import exchange

CLIENT_ID = "vaultctl"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Request:
    """One authorization request; `verifier` and `state` never leave this process."""

    authorization_endpoint: str
    url: str
    redirect_uri: str
    scope: str
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)

    @property
    def address(self) -> str:
        """Where the person's browser goes."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": self.redirect_uri,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "state": self.state,
            "scope": self.scope,
            "resource": resource(self.url),
        }
        return f"{self.authorization_endpoint}?{urlencode(query)}"


def resource(url: str) -> str:
    """The resource that tokens of vaultctl are for."""
    return f"{url}/api/v1"


def metadata(http: httpx2.Client, url: str) -> dict[str, Any]:
    """The authorization server's metadata (RFC 8414); its issuer is the address that was given."""
    answer = exchange(http, "GET", f"{url}/.well-known/oauth-authorization-server")
    found = answer.json() if answer.status_code == 200 else {}
    if "issuer" not in found:
        raise VaultctlError("There is no Vault at this address.", Exit.UNAVAILABLE)
    if found["issuer"] != url:
        raise VaultctlError(
            "The server has another address than the one given.",
            Exit.CONFIGURATION,
            hint=f"Use: --url {found['issuer']}",
        )
    return dict(found)


def redeem(http: httpx2.Client, request: Request, code: str) -> Session:
    """Exchange the code for tokens."""
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "code": code,
        "code_verifier": request.verifier,
        "redirect_uri": request.redirect_uri,
        "resource": resource(request.url),
    }
    return _session(_token(http, request.url, form))


def refresh(http: httpx2.Client, url: str, session: Session) -> Session:
    """Exchange the refresh token. Raises NotSignedIn when the server refuses it."""
    form = {
        "grant_type": "refresh_token",
        "client_id": CLIENT_ID,
        "refresh_token": session.refresh,
        "resource": resource(url),
    }
    return _session(_token(http, url, form))


def revoke(http: httpx2.Client, url: str, session: Session) -> None:
    """End the sign-in on the server (RFC 7009)."""
    form = {"client_id": CLIENT_ID, "token": session.refresh or session.access}
    exchange(http, "POST", f"{url}/oauth/revoke", data=form)


def pipeline_token(http: httpx2.Client, url: str, identity: PipelineIdentity) -> Session:
    """An access token for what the environment names; kept in memory only."""
    if identity.token_file:
        return Session(read_secret_file(identity.token_file, TOKEN_FILE), "", float("inf"), "")
    form = {"grant_type": "client_credentials", "resource": resource(url)}
    if identity.secret_file:
        form["client_id"] = identity.account
        form["client_secret"] = read_secret_file(identity.secret_file, SECRET_FILE)
    else:
        form["client_assertion_type"] = ASSERTION
        form["client_assertion"] = _assertion(url, identity)
    try:
        return _session(_token(http, url, form))
    except NotSignedIn:
        raise VaultctlError(
            f"The server refused the service account that {ACCOUNT} names.", Exit.NOT_SIGNED_IN
        ) from None


def _token(http: httpx2.Client, url: str, form: dict[str, str]) -> dict[str, Any]:
    answer = exchange(http, "POST", f"{url}/oauth/token", data=form)
    if answer.status_code in (400, 401):
        raise NotSignedIn("The sign-in is over.")
    if answer.status_code != 200:
        raise VaultctlError(
            f"The server's sign-in does not work (HTTP {answer.status_code}).", Exit.UNAVAILABLE
        )
    return dict(answer.json())


def _session(answer: dict[str, Any]) -> Session:
    ends = time.time() + int(answer["expires_in"])
    return Session(
        answer["access_token"], answer.get("refresh_token", ""), ends, answer.get("scope", "")
    )


def _assertion(url: str, identity: PipelineIdentity) -> str:
    """A signed assertion (RFC 7523 §3) with the account's private key."""
    import jwt
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    algorithms = {
        ec.EllipticCurvePrivateKey: "ES256",
        ed25519.Ed25519PrivateKey: "EdDSA",
        rsa.RSAPrivateKey: "RS256",
    }
    try:
        pem = read_secret_file(identity.key_file, KEY_FILE).encode()
        key = load_pem_private_key(pem, password=None)
        algorithm = next(name for kind, name in algorithms.items() if isinstance(key, kind))
    except (ValueError, TypeError, StopIteration):
        raise VaultctlError(
            f"The file that {KEY_FILE} names is no private key that can be used.",
            Exit.CONFIGURATION,
        ) from None
    now = int(time.time())
    claims = {
        "iss": identity.account,
        "sub": identity.account,
        "aud": url,
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
        "jti": secrets.token_urlsafe(16),
    }
    return jwt.encode(claims, key, algorithm=algorithm)  # type: ignore[arg-type]  # one of the three
