"""Every page, as axe sees it: WCAG 2.2 AA, light and dark, without a complaint of the browser.

Pages come from the URLconf, so a new one is looked at or fails. They are shown full: with more than
fifty credentials, waiting approvals and an open window.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from tests.browser.chromium import Complaints, in_chromium
from tests.console.pages import signed_in
from tests.people import Somebody, store
from tests.walk.addresses import pages
from tests.walk.furnished import Furnished, furnish

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
MANY = 50
AXE = Axe()


@pytest.fixture
def acme(owner: Somebody, member: Somebody) -> Furnished:
    """A tenant in full use."""
    furnished = furnish(owner, "acme")
    for number in range(MANY):
        store(owner, f"key-{number:02}", folderPath=f"team-{number % 7}/live")
    return furnished


def look_at(server: str, browser: Client, addresses: list[str]) -> list[str]:
    """What is wrong with these pages in that person's browser."""
    complaints = Complaints()

    def steps(page: Page) -> list[str]:
        page.context.add_cookies(_cookies(server, browser))
        return [one for address in addresses for one in _wrong(page, server, address)]

    wrong = in_chromium(steps, complaints=complaints)
    return wrong + list(complaints)


def _wrong(page: Page, server: str, address: str) -> Iterator[str]:
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(f"{server}{address}")
    yield from _violations(page, address, {"type": "tag", "values": WCAG})
    page.emulate_media(
        color_scheme="dark", reduced_motion="reduce"
    )  # the same page: only its colours differ
    yield from _violations(
        page, f"{address} (dark)", {"type": "rule", "values": ["color-contrast"]}
    )


def _violations(page: Page, address: str, only: dict[str, Any]) -> Iterator[str]:
    options = {"resultTypes": ["violations"], "runOnly": only}
    for one in AXE.run(page, options=options).response["violations"]:
        yield f"{address}: {one['id']}: {one['nodes'][0]['target']} of {len(one['nodes'])}"


def _cookies(server: str, browser: Client) -> list[Any]:
    return [
        {"name": one.key, "value": one.value, "url": server} for one in browser.cookies.values()
    ]


def open_to(browser: Client, acme: Furnished) -> list[str]:
    """The pages that this person can open, each once, wherever redirects lead; what is only a part
    of a page is seen there.
    """
    found = []
    for address in pages():
        answer = browser.get(address.of(acme.things), follow=True)
        if answer.status_code == 200 and answer.content.startswith(b"<!doctype html>"):
            end = answer.redirect_chain[-1][0] if answer.redirect_chain else ""
            found.append(end.removeprefix(settings.PUBLIC_URL) or address.of(acme.things))
    found.sort(key=len, reverse=True)  # the one without a query is kept
    return sorted({urlsplit(one).path: one for one in found}.values())


def test_the_owners_pages(server: str, acme: Furnished) -> None:
    browser = signed_in(acme.owner)
    addresses = open_to(browser, acme)

    assert look_at(server, browser, addresses) == []
    assert {"/team/", "/admin/"} <= set(addresses)


def test_the_members_pages(server: str, acme: Furnished, member: Somebody) -> None:
    browser = signed_in(member)
    addresses = open_to(browser, acme)

    assert look_at(server, browser, addresses) == []
    assert "/team/" in addresses


def test_the_pages_before_signing_in(server: str, acme: Furnished) -> None:
    addresses = open_to(Client(), acme)

    assert look_at(server, Client(), addresses) == []
    assert "/account/login/" in addresses
