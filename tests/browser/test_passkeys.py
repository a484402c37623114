"""Passkeys in a real browser, by keyboard: added, signed in with alone and after a password, and
asked for anew. The device is a virtual one of Chromium's; everything else is what people have.
"""

from concurrent.futures import ThreadPoolExecutor

from django.db import connections
from playwright.sync_api import Page, expect

from tests.browser.chromium import Complaints, in_chromium, keep_picture, tab_to
from tests.browser.test_store_by_keyboard import sign_in, type_into
from tests.identity.looking import log
from tests.people import Somebody
from tests.proofs import let_proofs_age

PASSKEY = "form[data-passkey] button"
RESIDENT = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
TOUCHED = {"protocol": "u2f", "transport": "usb", "automaticPresenceSimulation": True}


def plug_in(page: Page, device: dict[str, object]) -> None:
    """A laptop that knows its person by a fingerprint, or a key that is only touched."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": device})


def press(page: Page, selector: str) -> None:
    """Go there with the keyboard and press Enter."""
    tab_to(page, selector)
    page.keyboard.press("Enter")


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def add(page: Page, server: str, name: str, *, alone: bool = True) -> None:
    """From the account page to the passkey that is listed there."""
    page.goto(f"{server}/account/")
    press(page, "main a[href='/account/passkeys/add/']")
    heading(page, "Add a passkey")
    keep_picture(page, "add-a-passkey")
    type_into(page, "name", name)
    if not alone:
        tab_to(page, "[name=passwordless]")
        page.keyboard.press("Space")
    press(page, PASSKEY)
    heading(page, "Recovery codes")
    press(page, "main a.button")
    expect(page.get_by_text(name)).to_be_visible()


def sign_out(page: Page, server: str) -> None:
    page.goto(f"{server}/account/")
    press(page, "form[action='/account/logout/'] button")
    heading(page, "Sign in to Vault")


def let_time_pass() -> None:
    """In a thread of its own: the browser's has an event loop, where the ORM refuses to work."""

    def age() -> None:
        let_proofs_age()
        connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        threads.submit(age).result()


def test_a_passkey_alone_signs_in_and_confirms(server: str, owner: Somebody) -> None:
    def steps(page: Page) -> None:
        plug_in(page, RESIDENT)
        page.goto(server)
        sign_in(page, owner.person.email)
        heading(page, "Acme")
        add(page, server, "Laptop")

        sign_out(page, server)
        page.goto(f"{server}/admin/settings/")
        press(page, PASSKEY)
        heading(page, "Settings")

        type_into(page, "name", " & Sons")
        let_time_pass()
        page.keyboard.press("Enter")
        heading(page, "Confirm that it is you")
        press(page, "a[href^='/account/reauthenticate/passkey/']")
        expect(page.locator(PASSKEY)).to_be_visible()
        press(page, PASSKEY)
        heading(page, "Settings")
        expect(page.get_by_role("status").filter(has_text="submit the form again")).to_be_visible()
        keep_picture(page, "back-after-confirming")
        tab_to(page, "[name=name]")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").filter(has_text="saved and in force")).to_be_visible()

    complaints = Complaints()
    in_chromium(steps, complaints=complaints)
    assert complaints == []
    (entry,) = log("tenant.settings_updated", owner.console.tenant_id)
    assert "name" in str(entry.details)
    assert len(log("session.signed_in")) == 2


def test_a_key_that_is_only_touched_is_the_second_step(server: str, owner: Somebody) -> None:
    def steps(page: Page) -> None:
        plug_in(page, TOUCHED)
        page.goto(server)
        sign_in(page, owner.person.email)
        heading(page, "Acme")
        add(page, server, "Key on my ring", alone=False)

        page.goto(f"{server}/account/passkeys/add/")
        press(page, PASSKEY)
        problem = page.locator("[data-passkey-problem]")
        expect(problem).to_be_visible()

        sign_out(page, server)
        page.goto(f"{server}/team/")
        sign_in(page, owner.person.email)
        heading(page, "One more step")
        keep_picture(page, "second-step")
        press(page, PASSKEY)
        expect(page).to_have_url(f"{server}/team/")

        sign_out(page, server)
        page.context.new_cdp_session(page)
        press(page, PASSKEY)
        expect(page.locator("[data-passkey-problem]")).to_be_visible()

    complaints = Complaints()
    in_chromium(steps, complaints=complaints)
    assert complaints == []
