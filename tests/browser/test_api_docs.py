"""The page that shows the REST API to people: drawn whole, from here alone, by a strict policy."""

import httpx2
from playwright.sync_api import Page, expect

from restapi.routes import ROUTES
from tests.browser.chromium import Complaints, in_chromium, keep_picture
from tests.oauth_client import reach

ADDRESS = "/api/v1/docs"


def test_every_operation_is_shown_to_everybody(server: str, database: None) -> None:
    complaints = Complaints()
    asked: list[str] = []

    def steps(page: Page) -> None:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{server}{ADDRESS}")
        expect(page.locator(".opblock")).to_have_count(len(ROUTES))
        expect(page.get_by_role("heading", name="Vault")).to_be_visible()
        page.locator("#operations-Leases-leaseCredential button").first.click()
        expect(page.locator("#operations-Leases-leaseCredential")).to_contain_text("purpose")
        expect(page.get_by_role("button", name="Try it out")).to_have_count(0)
        keep_picture(page, "api-docs")

    in_chromium(steps, complaints=complaints)
    assert complaints == []
    assert all(one.startswith((server, "data:")) for one in asked)


def directives(page: httpx2.Response) -> set[str]:
    """What the page's policy allows, in any order."""
    return set(page.headers["content-security-policy"].split("; "))


def test_its_policy_is_as_strict_as_everywhere(server: str, database: None) -> None:
    with reach(server) as http:
        page = http.get(ADDRESS)
        elsewhere = http.get("/account/login/")
        refused = http.post(ADDRESS)
    assert page.headers["content-type"].startswith("text/html")
    assert directives(page) == directives(elsewhere)
    assert "set-cookie" not in page.headers
    assert refused.status_code == 405
    assert refused.json()["code"] == "request/method-not-allowed"
