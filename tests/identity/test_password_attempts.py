"""Guessing passwords is slowed down for whoever guesses, and shuts nobody out."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from devtools.client.browser import form_with
from identity.sign_in.password_attempts import COOKIE
from tests.oauth_client import origin
from tests.people import PASSWORD, Somebody
from tests.usual_limits import usual_limits

OFFICE = "192.0.2.7"
SIGN_IN = "/account/login/"
GUESSES = 50  # VAULTSITE_LIMIT_SIGN_IN_FAILED_ACCOUNT


@contextmanager
def browser_at(address: str) -> Iterator[httpx2.Client]:
    """A browser whose requests come from an address."""
    transport = httpx2.WSGITransport(app=get_wsgi_application(), remote_addr=address)
    with httpx2.Client(base_url=settings.PUBLIC_URL, transport=transport) as client:
        yield client


def enter(browser: httpx2.Client, email: str, password: str = PASSWORD) -> bool:
    """Whether the form signs in."""
    form = form_with(browser.get(SIGN_IN), "password").filled(login=email, password=password)
    return browser.post(SIGN_IN, data=form, headers=origin(browser)).status_code == 302


def guess(email: str, times: int, *addresses: str) -> None:
    """Wrong passwords, in turn from each address."""
    for number in range(times):
        with browser_at(addresses[number % len(addresses)]) as stranger:
            assert not enter(stranger, email, "a wrong passphrase")


@pytest.fixture(autouse=True)
def production(database: None) -> Iterator[None]:
    """The limits of the table."""
    with usual_limits():
        yield


def test_a_guessed_account_is_open_to_its_owner_from_elsewhere(owner: Somebody) -> None:
    guess(owner.person.email, GUESSES + 2, *(f"203.0.113.{n}" for n in range(1, 9)))

    with browser_at(OFFICE) as browser:
        assert enter(browser, owner.person.email)


def test_each_place_has_fewer_tries_at_a_guessed_account(owner: Somebody) -> None:
    guess(owner.person.email, GUESSES, *(f"203.0.113.{n}" for n in range(1, 9)))
    guess(owner.person.email, 3, OFFICE)

    with browser_at(OFFICE) as browser:
        assert not enter(browser, owner.person.email)


def test_a_browser_that_signed_in_has_tries_that_its_network_cannot_use_up(
    owner: Somebody, member: Somebody
) -> None:
    with browser_at(OFFICE) as known:
        assert enter(known, owner.person.email)
        del known.cookies[settings.SESSION_COOKIE_NAME]
        guess(owner.person.email, 15, OFFICE)
        guess(member.person.email, GUESSES, OFFICE)
        with browser_at(OFFICE) as unknown:
            assert not enter(unknown, owner.person.email)

        assert enter(known, owner.person.email)


def test_its_own_tries_end_too(owner: Somebody) -> None:
    with browser_at(OFFICE) as known:
        assert enter(known, owner.person.email)
        del known.cookies[settings.SESSION_COOKIE_NAME]
        for _ in range(10):
            assert not enter(known, owner.person.email, "a wrong passphrase")

        assert not enter(known, owner.person.email)


@pytest.mark.parametrize("forged", [False, True])
def test_the_note_of_another_account_or_a_forged_one_is_worth_nothing(
    owner: Somebody, member: Somebody, forged: bool
) -> None:
    with browser_at(OFFICE) as browser:
        assert enter(browser, (owner if forged else member).person.email)
        del browser.cookies[settings.SESSION_COOKIE_NAME]
        if forged:
            note = browser.cookies[COOKIE].swapcase()
            browser.cookies.clear()
            browser.cookies.set(COOKIE, note, domain="localhost.local", path="/account/")
        guess(owner.person.email, 10, OFFICE)

        assert not enter(browser, owner.person.email)
