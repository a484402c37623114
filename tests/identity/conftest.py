"""People with browsers, and registered clients, in this process."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx2
import pytest

from tests.oauth_client import OAuthClient, Tokens, in_process, sign_in
from tests.people import PASSWORD, Somebody

OFFLINE = "vault:read vault:write offline_access"
Browsing = Callable[[Somebody], httpx2.Client]


@pytest.fixture
def http(database: None) -> Iterator[httpx2.Client]:
    """A client program's connection, without cookies."""
    with in_process() as connection:
        yield connection


@pytest.fixture
def client(http: httpx2.Client) -> OAuthClient:
    """A client that registered as Claude Code does."""
    return registered(http)


@pytest.fixture
def browse(database: None) -> Iterator[Browsing]:
    """Opens a browser of its own for somebody and signs them in."""
    with ExitStack() as stack:

        def open_browser(who: Somebody) -> httpx2.Client:
            browser = stack.enter_context(in_process())
            sign_in(browser, who.person.email, PASSWORD)
            return browser

        yield open_browser


@pytest.fixture
def browser(owner: Somebody, browse: Browsing) -> httpx2.Client:
    """The owner's browser, signed in."""
    return browse(owner)


@pytest.fixture
def tokens(client: OAuthClient, browser: httpx2.Client) -> Tokens:
    """The tokens that `client` got with `offline_access`."""
    return connected(client, browser)


def registered(http: httpx2.Client, **changes: str) -> OAuthClient:
    """Another client."""
    program = OAuthClient(http)
    assert program.register(**changes).status_code == 201
    return program


def connected(client: OAuthClient, browser: httpx2.Client, scopes: str = OFFLINE) -> Tokens:
    """Allow a client and redeem its code."""
    return client.tokens(client.redeem(client.code(browser, scopes)))
