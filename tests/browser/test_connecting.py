"""Allowing an agent in a real browser ends on /oauth/complete, whether its port lives or not.

The pages count as a public site here: from one, Chromium keeps subresources away from programs on
this computer, as it does for people whose Vault is not on their own machine.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser.chromium import Complaints, in_chromium, keep_picture
from tests.browser.listener import Listener, dead, listening
from tests.oauth_client import OAuthClient, reach
from tests.people import PASSWORD, Somebody


def as_public(server: str) -> str:
    """The flag that makes Chromium take the server's address for a public one."""
    return f"--ip-address-space-overrides=127.0.0.1:{urlsplit(server).port}=public"


@contextmanager
def connecting(server: str, listener: Listener) -> Iterator[OAuthClient]:
    """A registered client that waits at `listener`."""
    with reach(server) as http:
        client = OAuthClient(http, redirect_uri=listener.redirect_uri)
        assert client.register().status_code == 201
        yield client


def allow(page: Page, server: str, client: OAuthClient, email: str) -> None:
    """Follow the client's link, sign in, and press Allow."""
    page.goto(f"{server}{client.authorize_url()}")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Allow an agent")).to_be_visible()
    keep_picture(page, "consent")
    page.get_by_role("button", name="Allow").click()


def assert_alone(page: Page) -> None:
    """The small window that delivered the code is closed, or closes now."""
    for other in page.context.pages:
        if other is not page:
            other.wait_for_event("close", timeout=5_000)


def test_a_listening_client_gets_one_code_and_the_person_sees_that_it_worked(
    server: str, owner: Somebody
) -> None:
    complaints = Complaints()
    with listening() as listener, connecting(server, listener) as client:

        def steps(page: Page) -> None:
            allow(page, server, client, owner.person.email)
            assert client.redeem(listener.code()).status_code == 200
            expect(page.get_by_role("heading", name="Signed in to")).to_be_visible()
            assert urlsplit(page.url).path == "/oauth/complete"
            assert "code=" not in page.url
            assert_alone(page)
            keep_picture(page, "connected")

        in_chromium(steps, as_public(server), complaints=complaints)
        assert listener.requests.empty()
    assert complaints == []


def test_a_client_that_is_gone_is_not_called_connected(server: str, owner: Somebody) -> None:
    with connecting(server, dead()) as client:

        def steps(page: Page) -> None:
            allow(page, server, client, owner.person.email)
            expect(page.get_by_role("heading", name="Waiting for")).to_be_visible()
            assert urlsplit(page.url).path == "/oauth/complete"
            assert not page.get_by_role("heading", name="Signed in to").is_visible()
            assert_alone(page)

        in_chromium(steps, as_public(server))


def test_without_scripts_the_browser_goes_to_the_client(server: str, owner: Somebody) -> None:
    with listening() as listener, connecting(server, listener) as client:

        def steps(page: Page) -> None:
            allow(page, server, client, owner.person.email)
            expect(page).to_have_title("client")

        in_chromium(steps, as_public(server), java_script_enabled=False)
        assert client.redeem(listener.code()).status_code == 200
        assert listener.requests.empty()


def test_the_pages_really_count_as_public_here(server: str, database: None) -> None:
    with listening() as listener:

        def steps(page: Page) -> None:
            page.goto(f"{server}/account/login/")
            with pytest.raises(Error, match="Failed to fetch"):
                page.evaluate(
                    "url => fetch(url, {mode: 'no-cors'}).then(() => 0)", listener.redirect_uri
                )

        in_chromium(steps, as_public(server), bypass_csp=True)
        assert listener.requests.empty()
