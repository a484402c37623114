"""A scripted OAuth client and a scripted person with a browser, over real HTTP or in-process.

`connect` does it all; the parts are for tests that look at one step.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from devtools.client.browser import Form, form_with
from devtools.client.http import new_http
from devtools.client.oauth import SCOPES, PublicClient, challenge_of

__all__ = ["SCOPES", "challenge_of"]

REDIRECT = "http://localhost:8123/callback"
NAME = "Claude Code (vault)"


@dataclass(frozen=True)
class Tokens:
    """The token endpoint's answer, and the client."""

    access: str
    refresh: str | None
    scope: str
    expires_in: int
    client_id: str


def reach(base_url: str) -> httpx2.Client:
    """HTTP to a running server; follows no redirect by itself."""
    return new_http(base_url=base_url, follow_redirects=False, timeout=30)


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
class OAuthClient(PublicClient):
    """The client of the tests; it asserts where a test only needs the good answer."""

    redirect_uri: str = REDIRECT
    name: str = NAME
    resource: str = field(default_factory=lambda: settings.MCP_RESOURCE)

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
    name: str = NAME,
    **choices: Any,
) -> Tokens:
    """Register, sign in, consent and redeem at a running server."""
    with reach(base_url) as http, reach(base_url) as browser:
        client = OAuthClient(http, name=name, resource=resource or settings.MCP_RESOURCE)
        client.register()
        sign_in(browser, email, password)
        return client.tokens(client.redeem(client.code(browser, scopes, agent=agent, **choices)))
