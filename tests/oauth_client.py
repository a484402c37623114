"""A scripted OAuth client and a scripted person with a browser, over real HTTP or in-process.

`connect` does it all; the parts are for tests that look at one step.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from devtools.client.browser import Form, form_with

REDIRECT = "http://localhost:8123/callback"
SCOPES = "vault:read vault:write"
NAME = "Claude Code (vault)"


@dataclass(frozen=True)
class Tokens:
    """What the token endpoint answered, and who asked."""

    access: str
    refresh: str | None
    scope: str
    expires_in: int
    client_id: str


def reach(base_url: str) -> httpx2.Client:
    """HTTP to a running server; follows no redirect by itself."""
    return httpx2.Client(base_url=base_url, follow_redirects=False, timeout=30, trust_env=False)


def in_process() -> httpx2.Client:
    """HTTP to the product inside this process, without a socket."""
    transport = httpx2.WSGITransport(app=get_wsgi_application())
    return httpx2.Client(base_url=settings.PUBLIC_URL, transport=transport)


def sign_in(browser: httpx2.Client, email: str, password: str) -> None:
    """Sign a person in through the page."""
    page = browser.get("/account/login/")
    form = form_with(page, "password").filled(login=email, password=password)
    answer = browser.post("/account/login/", data=form, headers=origin(browser))
    assert answer.status_code == 302, f"no sign-in: HTTP {answer.status_code}"


def origin(browser: httpx2.Client) -> dict[str, str]:
    """What a browser sends along with a form."""
    return {"Origin": str(browser.base_url).rstrip("/")}


def consent_form(page: httpx2.Response) -> Form:
    """The form of the consent page."""
    return form_with(page, "agent")


def decide(browser: httpx2.Client, page: httpx2.Response, **choices: Any) -> httpx2.Response:
    """Press a button of the consent page after `choices`; Allow unless `decision` says else."""
    form = consent_form(page).filled()
    for name, value in {"decision": "allow", **choices}.items():
        form[name] = value if isinstance(value, list) else [value]
    return browser.post("/oauth/authorize", data=form, headers=origin(browser))


def answered(response: httpx2.Response) -> dict[str, str]:
    """The parameters of an authorization response."""
    assert response.status_code == 302, f"no redirect: HTTP {response.status_code}"
    return dict(parse_qsl(urlsplit(response.headers["location"]).query, keep_blank_values=True))


@dataclass
class OAuthClient:
    """A public client with PKCE. `**changes` override a parameter; None leaves it out."""

    http: httpx2.Client
    redirect_uri: str = REDIRECT
    name: str = NAME
    client_id: str = ""
    resource: str = field(default_factory=lambda: settings.MCP_RESOURCE)
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
        answer = self.http.post("/oauth/register", json=_changed(metadata, changes))
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
        return f"/oauth/authorize?{urlencode(_changed(query, changes), doseq=True)}"

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
        return self.http.post("/oauth/token", data=_changed(form, changes))

    def refresh(self, token: str, **changes: Any) -> httpx2.Response:
        """Exchange a refresh token."""
        form = {
            "grant_type": "refresh_token",
            "client_id": self.client_id,
            "refresh_token": token,
            "resource": self.resource,
        }
        return self.http.post("/oauth/token", data=_changed(form, changes))

    def revoke(self, token: str, **changes: Any) -> httpx2.Response:
        """Give a token back."""
        form = {"client_id": self.client_id, "token": token}
        return self.http.post("/oauth/revoke", data=_changed(form, changes))

    def code(self, browser: httpx2.Client, scopes: str = SCOPES, **choices: Any) -> str:
        """Let the person allow it; the code."""
        page = browser.get(self.authorize_url(scope=scopes))
        assert page.status_code == 200, f"no consent page: HTTP {page.status_code}"
        return answered(decide(browser, page, **choices))["code"]

    def tokens(self, response: httpx2.Response) -> Tokens:
        """The token endpoint's good answer."""
        assert response.status_code == 200, response.text
        body = response.json()
        return Tokens(
            access=body["access_token"],
            refresh=body.get("refresh_token"),
            scope=body["scope"],
            expires_in=body["expires_in"],
            client_id=self.client_id,
        )


def connect(
    base_url: str,
    email: str,
    password: str,
    *,
    resource: str | None = None,
    scopes: str = SCOPES,
    agent: str = "Claude Code",
    **choices: Any,
) -> Tokens:
    """Register, sign in, consent and redeem at a running server."""
    with reach(base_url) as http, reach(base_url) as browser:
        client = OAuthClient(http, resource=resource or settings.MCP_RESOURCE)
        client.register()
        sign_in(browser, email, password)
        return client.tokens(client.redeem(client.code(browser, scopes, agent=agent, **choices)))


def challenge_of(verifier: str) -> str:
    """PKCE's S256."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _changed(given: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**given, **changes}.items() if value is not None}
