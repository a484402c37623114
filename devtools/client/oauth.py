"""A scripted public OAuth client with PKCE (RFC 6749, RFC 7636, RFC 7591, RFC 8707)."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode

import httpx2

SCOPES = "vault:read vault:write"


@dataclass(frozen=True)
class Endpoints:
    """Where the authorization server answers, as addresses or as paths below `http`'s base."""

    authorization: str = "/oauth/authorize"
    token: str = "/oauth/token"
    registration: str = "/oauth/register"
    revocation: str = "/oauth/revoke"

    @classmethod
    def from_metadata(cls, metadata: dict[str, Any]) -> Self:
        """Those of the server's metadata (RFC 8414)."""
        return cls(
            authorization=metadata["authorization_endpoint"],
            token=metadata["token_endpoint"],
            registration=metadata["registration_endpoint"],
            revocation=metadata["revocation_endpoint"],
        )


@dataclass
class PublicClient:
    """One client. `**changes` override a parameter of a request; None leaves it out."""

    http: httpx2.Client
    redirect_uri: str
    name: str
    resource: str
    client_id: str = ""
    endpoints: Endpoints = field(default_factory=Endpoints)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def register(self, **changes: Any) -> httpx2.Response:
        """Dynamic registration, as Claude Code does it."""
        metadata = {
            "client_name": self.name,
            "redirect_uris": [self.redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "native",
            "scope": f"{SCOPES} offline_access",
        }
        answer = self.http.post(self.endpoints.registration, json=_changed(metadata, changes))
        if answer.status_code == 201:
            self.client_id = answer.json()["client_id"]
        return answer

    def authorize_url(self, **changes: Any) -> str:
        """Where the person is sent."""
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
            "state": self.state,
            "scope": SCOPES,
            "resource": self.resource,
        }
        parameters = urlencode(_changed(query, changes), doseq=True)
        return f"{self.endpoints.authorization}?{parameters}"

    def redeem(self, code: str, **changes: Any) -> httpx2.Response:
        """Exchange a code."""
        form = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "code": code,
            "code_verifier": self.verifier,
            "redirect_uri": self.redirect_uri,
            "resource": self.resource,
        }
        return self.http.post(self.endpoints.token, data=_changed(form, changes))

    def refresh(self, token: str, **changes: Any) -> httpx2.Response:
        """Exchange a refresh token."""
        form = {
            "grant_type": "refresh_token",
            "client_id": self.client_id,
            "refresh_token": token,
            "resource": self.resource,
        }
        return self.http.post(self.endpoints.token, data=_changed(form, changes))

    def revoke(self, token: str, **changes: Any) -> httpx2.Response:
        """Revoke a token (RFC 7009)."""
        form = {"client_id": self.client_id, "token": token}
        return self.http.post(self.endpoints.revocation, data=_changed(form, changes))


def challenge_of(verifier: str) -> str:
    """PKCE's S256."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _changed(given: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**given, **changes}.items() if value is not None}
