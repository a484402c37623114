"""An owner signs in and stores a credential in a real browser, without a mouse."""

from playwright.sync_api import Page, expect

from tests.browser.chromium import Complaints, in_chromium, keep_picture, tab_to
from tests.people import CANARY, PASSWORD, Somebody, lease, read


def type_into(page: Page, name: str, text: str) -> None:
    """Go to the field with the keyboard and type."""
    tab_to(page, f"[name={name}]")
    page.keyboard.type(text)


def sign_in(page: Page, email: str) -> None:
    """Fill in the sign-in form with the keyboard."""
    type_into(page, "login", email)
    type_into(page, "password", PASSWORD)
    page.keyboard.press("Enter")


def open_more(page: Page) -> None:
    """Unfold the fields that are seldom needed."""
    tab_to(page, "details.more > summary")
    page.keyboard.press("Enter")


def store(page: Page) -> None:
    """From the console's first page to the stored credential."""
    expect(page.get_by_role("link", name="Store a first credential")).to_be_visible()
    tab_to(page, "main a[href='/credentials/new']")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Add credential")).to_be_visible()
    type_into(page, "key", "stripe-api-key")
    type_into(page, "folder_path", "stripe")
    type_into(page, "value", CANARY)
    type_into(page, "type", "API")
    open_more(page)
    type_into(page, "description", "Payments, live")
    type_into(page, "tags", "payments live")
    type_into(page, "metadata_name", "account")
    page.keyboard.press("Tab")
    page.keyboard.type("acct_1")
    type_into(page, "default_ttl", "5m")
    tab_to(page, "main .actions button")
    page.keyboard.press("Enter")


def test_an_owner_stores_a_credential_by_keyboard(server: str, owner: Somebody) -> None:
    def steps(page: Page) -> None:
        page.goto(server)
        sign_in(page, owner.person.email)
        store(page)
        expect(page.get_by_role("heading", name="stripe-api-key")).to_be_visible()
        expect(page.get_by_role("status").filter(has_text="is stored")).to_be_visible()
        assert CANARY not in page.content()
        keep_picture(page, "credential")

    complaints = Complaints()
    in_chromium(steps, complaints=complaints)
    assert complaints == []
    opened = read(owner.agent, lease(owner.agent).lease_handle)
    assert opened.value.get_secret_value() == CANARY


def test_more_rows_can_be_added_by_keyboard(server: str, owner: Somebody) -> None:
    def steps(page: Page) -> tuple[int, str | None]:
        page.goto(f"{server}/credentials/new")
        sign_in(page, owner.person.email)
        expect(page.get_by_role("heading", name="Add credential")).to_be_visible()
        open_more(page)
        page.get_by_role("group", name="Metadata").get_by_role("button").focus()
        page.keyboard.press("Enter")
        rows = page.locator("[name=metadata_name]").count()
        return rows, page.evaluate("document.activeElement.getAttribute('aria-label')")

    assert in_chromium(steps) == (4, "Metadata: name 4")


def test_pages_fit_a_phone(server: str, owner: Somebody) -> None:
    def steps(page: Page) -> None:
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(server)
        sign_in(page, owner.person.email)
        store(page)
        expect(page.get_by_role("status").filter(has_text="is stored")).to_be_visible()
        for address in ("/admin/", "/credentials/new", page.url, "/team/?ask=stripe-api-key"):
            page.goto(f"{server}{address.removeprefix(server)}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, address

    in_chromium(steps)
