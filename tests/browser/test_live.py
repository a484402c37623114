"""Pages change by themselves in a real browser, under the strict policy, and say that they do."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2
from django.db import connection
from playwright.sync_api import Page, Route, expect

from credentials.operations import request_access
from credentials.shapes.access_requests import RequestAccess
from leases.operations import revoke_lease
from tests.browser.chromium import Complaints, in_chromium, keep_picture
from tests.mcpserver.agent import Agent
from tests.oauth_client import connect, reach
from tests.people import PASSWORD, PURPOSE, Somebody, store

KEY = "stripe-api-key"


def sign_in(page: Page, server: str, who: Somebody) -> None:
    """Through the form, in this browser."""
    page.goto(f"{server}/account/login/")
    page.get_by_label("E-mail address").fill(who.person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def agent(server: str, http: httpx2.Client, who: Somebody) -> Agent:
    """A new agent, connected over HTTP."""
    tokens = connect(server, who.person.email, PASSWORD, agent="Laptop")
    return Agent(http, tokens.access)


def beside(work: Callable[[], object]) -> None:
    """Do something in the database, in a thread that has no browser's event loop."""

    def done() -> None:
        work()
        connection.close()

    with ThreadPoolExecutor(1) as threads:
        threads.submit(done).result()


def test_the_connect_page_turns_green_at_the_first_call(server: str, member: Somebody) -> None:
    complaints = Complaints()
    with reach(server) as http:

        def steps(page: Page) -> None:
            sign_in(page, server, member)
            page.goto(f"{server}/connect/")
            expect(page.locator("[data-live='on']")).to_be_attached()
            expect(page.get_by_text("Waiting for an agent to sign in")).to_be_visible()
            mine = agent(server, http, member)
            expect(page.get_by_text("Waiting for its first call")).to_be_visible()
            mine.answer("vault.list_credentials")
            expect(page.get_by_text("is connected and called")).to_be_visible()
            keep_picture(page, "connect")

        in_chromium(steps, complaints=complaints)
    assert complaints == []


def test_a_lease_is_seen_while_the_dashboard_is_open(server: str, owner: Somebody) -> None:
    store(owner)
    complaints = Complaints()
    with reach(server) as http:
        mine = agent(server, http, owner)

        def steps(page: Page) -> None:
            sign_in(page, server, owner)
            page.goto(f"{server}/admin/")
            expect(page.locator("[data-live='on']")).to_be_attached()
            expect(page.locator("main")).not_to_contain_text(" leased ")
            mine.answer("vault.lease_credential", key=KEY, purpose=PURPOSE)
            expect(page.locator("main")).to_contain_text(PURPOSE)

        in_chromium(steps, complaints=complaints)
    assert complaints == []


def test_a_revoke_is_seen_in_two_browsers_and_holds_at_the_endpoint(
    server: str, owner: Somebody
) -> None:
    store(owner)
    with reach(server) as http:
        mine = agent(server, http, owner)

        def steps(page: Page) -> None:
            browser = page.context.browser
            assert browser is not None
            other = browser.new_context().new_page()
            for one in (page, other):
                sign_in(one, server, owner)
            held, kept = page.context.new_page(), other.context.new_page()
            for one, address in (
                (page, "/admin/"),
                (other, "/admin/audit/"),
                (held, "/leases/all/"),
                (kept, f"/credentials/{KEY}/"),
            ):
                one.goto(f"{server}{address}")
                expect(one.locator("[data-live='on']")).to_be_attached()
            lease = mine.answer("vault.lease_credential", key=KEY, purpose=PURPOSE)
            expect(other.locator("main")).to_contain_text("leased")
            for one in (held, kept):
                expect(one.get_by_role("link", name="Revoke the lease of")).to_be_visible()
            beside(lambda: revoke_lease(owner.console, lease["leaseId"]))
            refused = mine.refusal("vault.read_credential", leaseHandle=lease["leaseHandle"])
            assert refused["code"] == "lease/revoked"
            for one in (page, other):
                expect(one.locator("main")).to_contain_text("ended the lease of")
            expect(kept.locator("main")).to_contain_text("lease.revoked")
            for one in (held, kept):
                expect(one.get_by_role("link", name="Revoke the lease of")).to_be_hidden()

        in_chromium(steps)


def test_a_page_whose_session_ended_goes_to_the_sign_in(server: str, member: Somebody) -> None:
    def steps(page: Page) -> None:
        sign_in(page, server, member)
        page.goto(f"{server}/connect/")
        expect(page.locator("[data-live='on']")).to_be_attached()
        other = page.context.new_page()
        other.goto(f"{server}/connect/")
        other.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    in_chromium(steps)


def test_the_answer_to_a_form_is_shown_though_its_event_comes_first(
    server: str, owner: Somebody, member: Somebody
) -> None:
    store(owner)
    wish = {"key": KEY, "level": "user", "reason": "the monthly report"}
    asked = request_access(member.console, RequestAccess.parse(wish))

    def answer_late(route: Route) -> None:
        """The event of the decision reaches the page a second before the answer."""
        if route.request.method != "POST":
            route.continue_()
            return
        answer = route.fetch()
        route.request.frame.page.wait_for_timeout(1_000)
        route.fulfill(response=answer)

    def steps(page: Page) -> None:
        sign_in(page, server, owner)
        page.goto(f"{server}/approvals/{asked.request_id}/")
        expect(page.locator("[data-live='on']")).to_be_attached()
        page.route("**/approvals/**", answer_late)
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_role("status").filter(has_text="Approved: user for")).to_be_visible()

    in_chromium(steps)
