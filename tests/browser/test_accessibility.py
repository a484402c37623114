"""Every page, as axe sees it: WCAG 2.2 AA, light and dark, without a complaint of the browser.

Pages come from the URLconf, so a new one is looked at or fails. They are shown full: with more than
fifty credentials, waiting approvals and an open window. All pages of an owner take minutes, so
`verify` looks at one of each kind, and `verify --full` at all.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from tests.browser.chromium import Complaints, in_chromium
from tests.console.pages import page_text, signed_in
from tests.people import Somebody, store
from tests.walk.addresses import pages
from tests.walk.full_tenant import FullTenant, fill_tenant

WCAG = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# The same page in other colours: nothing else differs.
COLOURS = {"type": "rule", "values": ["color-contrast"]}
VIOLATIONS = """only => axe.run({resultTypes: ["violations"], runOnly: only}).then(
  ({violations}) => violations.map(
    ({id, nodes}) => `${id}: ${nodes[0].target} of ${nodes.length}`))"""
MANY = 50
# Views with another form or table than the page that opens without a query.
VIEWS = ("/team/grants/?edit=1", "/approvals/?state=decided", "/connect/?how=rest")
# Overview, list, detail, form, table of grants, log, inbox, settings.
KINDS = (
    "/admin/",
    "/credentials/",
    "/credentials/{key}/",
    "/credentials/new",
    "/team/",
    "/admin/audit/",
    "/approvals/",
    "/admin/settings/",
)
# What opens in another state of things only: an open invitation, a tenant that asks for more.
CLOSED = {404, 405, 409}


@pytest.fixture
def acme(owner: Somebody, member: Somebody) -> FullTenant:
    """A tenant in full use."""
    full = fill_tenant(owner, "acme")
    for number in range(MANY):
        store(owner, f"key-{number:02}", folderPath=f"team-{number % 7}/live")
    return full


def look_at(server: str, browser: Client, addresses: list[str]) -> list[str]:
    """What is wrong with these pages in that person's browser, and what it complained of."""
    complaints = Complaints()

    def steps(page: Page) -> list[str]:
        page.context.add_cookies(_cookies(server, browser))
        return [
            f"{address}: {one}"
            for address in addresses
            for one in (*_wrong(page, f"{server}{address}"), *complaints.taken())
        ]

    return in_chromium(steps, complaints=complaints) + complaints


def _wrong(page: Page, address: str) -> Iterator[str]:
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    answer = page.goto(address)
    if answer is None or answer.status != 200:
        yield f"answered {answer and answer.status}"
    yield from _violations(page)


def _violations(page: Page) -> Iterator[str]:
    """Of the present page, in light and in dark."""
    page.evaluate(AXE_SCRIPT)
    yield from page.evaluate(VIOLATIONS, WCAG)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    yield from (f"{one} (dark)" for one in page.evaluate(VIOLATIONS, COLOURS))


def _cookies(server: str, browser: Client) -> list[Any]:
    return [
        {"name": one.key, "value": one.value, "url": server} for one in browser.cookies.values()
    ]


def open_to(browser: Client, acme: FullTenant) -> list[str]:
    """The pages that this person can open, each once, wherever redirects lead; what is only a part
    of a page is seen there.
    """
    found = []
    for address in pages():
        here = address.of(acme.things)
        answer = browser.get(here, follow=True)
        assert answer.status_code in {200, 403, *CLOSED}, here
        if answer.status_code == 200 and answer.content.startswith(b"<!doctype html>"):
            end = answer.redirect_chain[-1][0] if answer.redirect_chain else ""
            found.append(end.removeprefix(settings.PUBLIC_URL) or here)
    found.sort(key=len, reverse=True)  # the one without a query is kept
    return sorted({urlsplit(one).path: one for one in found}.values())


def assert_full(browser: Client, acme: FullTenant) -> None:
    """The tenant is in use as the pages are to be seen in: many credentials, and what waits."""
    key = acme.things["key"]
    assert page_text(browser.get("/credentials/")).count("/credentials/key-") >= MANY
    assert "A rotation window is open" in page_text(browser.get(f"/credentials/{key}/"))
    assert page_text(browser.get("/approvals/")).count("Decide<span") >= len(["lease", "level"])


def test_one_page_of_each_kind(server: str, acme: FullTenant) -> None:
    browser = signed_in(acme.owner)
    assert_full(browser, acme)
    key = acme.things["key"]
    kinds = [address.format(key=key) for address in KINDS]

    assert look_at(server, browser, [*kinds, *VIEWS]) == []


@pytest.mark.full
def test_the_owners_pages(server: str, acme: FullTenant) -> None:
    browser = signed_in(acme.owner)
    assert_full(browser, acme)
    addresses = open_to(browser, acme)

    assert look_at(server, browser, [*addresses, *VIEWS]) == []
    assert {"/team/", "/admin/"} <= set(addresses)


def test_the_members_pages(server: str, acme: FullTenant, member: Somebody) -> None:
    """What an owner sees otherwise; the account's pages are the same for everybody."""
    browser = signed_in(member)
    addresses = open_to(browser, acme)
    others = [one for one in addresses if not one.startswith("/account/")]

    assert look_at(server, browser, others) == []
    assert {"/team/", "/leases/", "/approvals/"} <= set(others)


def test_the_pages_before_signing_in(server: str, acme: FullTenant) -> None:
    addresses = open_to(Client(), acme)

    assert look_at(server, Client(), addresses) == []
    assert "/account/login/" in addresses


def test_a_form_with_something_wrong_in_every_field(server: str, owner: Somebody) -> None:
    browser, complaints = signed_in(owner), Complaints()

    def steps(page: Page) -> list[str]:
        page.context.add_cookies(_cookies(server, browser))
        page.goto(f"{server}/credentials/new")
        form = page.locator("form.card")
        form.locator("details.more > summary").click()
        for box in form.locator("input[type=text], input:not([type]), textarea").all():
            box.fill("/ /")
        form.evaluate("form => { form.noValidate = true; form.submit(); }")
        page.wait_for_selector("[aria-invalid=true]")
        return list(_violations(page))

    assert in_chromium(steps, complaints=complaints) == []
    assert [one for one in complaints if "422" not in one] == []  # the browser names the status
