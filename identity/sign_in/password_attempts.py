"""Limits on wrong passwords that slow down guessing and shut nobody out.

A browser that signed in to the account before has a budget of its own. Everybody else has one for
their network and the account, which becomes narrow while the account is being guessed at.
"""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, dumps, loads
from django.http import HttpRequest, HttpResponse

from identity.web.rate_limits import (
    SIGN_IN_FAILED_ACCOUNT,
    SIGN_IN_FAILED_BROWSER,
    SIGN_IN_FAILED_GUESSED,
    SIGN_IN_FAILED_HERE,
    exhausted,
    spend,
)
from identity.web.request_context import network_of

COOKIE = "vault-known-browser"
SALT = "identity.known_browser"
HALF_A_YEAR = 180 * 24 * 3600
MOST_ACCOUNTS = 5  # of one browser, the latest


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in with a password: for an account, from a network, by a browser if it is known."""

    account: str
    network: str
    browser: str

    @classmethod
    def of(cls, request: HttpRequest, email: object) -> "Attempt":
        """The attempt that a request makes; `browser` is empty unless it signed in before."""
        account = _digest(str(email))
        known = _known_browser(request)
        browser = known["id"] if account in known["accounts"] else ""
        return cls(account, network_of(request), browser)

    def is_refused(self) -> bool:
        """Whether too many wrong passwords came from the same browser or network."""
        if self.browser:
            return exhausted(SIGN_IN_FAILED_BROWSER, self._from_browser) is not None
        if exhausted(SIGN_IN_FAILED_HERE, self._from_network) is not None:
            return True
        is_guessed_at = exhausted(SIGN_IN_FAILED_ACCOUNT, self.account) is not None
        narrow = exhausted(SIGN_IN_FAILED_GUESSED, self._from_network) is not None
        return is_guessed_at and narrow

    def count_failure(self) -> None:
        """Count a wrong password."""
        if self.browser:
            spend(SIGN_IN_FAILED_BROWSER, self._from_browser)
            return
        spend(SIGN_IN_FAILED_HERE, self._from_network)
        spend(SIGN_IN_FAILED_GUESSED, self._from_network)
        spend(SIGN_IN_FAILED_ACCOUNT, self.account)

    @property
    def _from_browser(self) -> str:
        return f"{self.browser}|{self.account}"

    @property
    def _from_network(self) -> str:
        return f"{self.network}|{self.account}"


def remember_browser(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """Let the browser keep a signed note that it signed in to the account."""
    known, account = _known_browser(request), _digest(email)
    others = [other for other in known["accounts"] if other != account]
    known["accounts"] = [account, *others][:MOST_ACCOUNTS]
    response.set_cookie(
        COOKIE,
        dumps(known, salt=SALT),
        max_age=HALF_A_YEAR,
        path="/account/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known_browser(request: HttpRequest) -> dict[str, Any]:
    """Its id and the accounts that it signed in to; a new one for an unknown browser."""
    try:
        known: dict[str, Any] = loads(request.COOKIES[COOKIE], salt=SALT, max_age=HALF_A_YEAR)
    except (KeyError, BadSignature):
        known = {"id": secrets.token_urlsafe(12), "accounts": []}
    return known


def _digest(email: str) -> str:
    return sha256(email.strip().lower().encode()).hexdigest()[:24]
