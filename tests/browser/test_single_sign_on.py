"""Single sign-on in a real browser: to the provider and back, and there again to confirm.

Browsers hold a form to its page's policy through every redirect that follows it; clients do not.
"""

from playwright.sync_api import Page, expect

from tests.browser.chromium import Complaints, in_chromium, tab_to
from tests.browser.test_passkeys import heading, let_time_pass, press
from tests.browser.test_store_by_keyboard import type_into
from tests.identity.oidc_providers import running_provider, set_up
from tests.people import Somebody


def test_a_person_comes_in_and_confirms_through_the_provider(server: str, owner: Somebody) -> None:
    def steps(page: Page) -> None:
        page.goto(f"{server}/account/login/")
        press(page, "a[href='/account/sso/']")
        heading(page, "Single sign-on")
        type_into(page, "tenant", "acme")
        page.keyboard.press("Enter")
        heading(page, "Acme")

        page.goto(f"{server}/admin/settings/")
        type_into(page, "name", " & Sons")
        let_time_pass()
        page.keyboard.press("Enter")
        heading(page, "Confirm that it is you")
        press(page, "main a.button")
        expect(page.get_by_role("status").filter(has_text="submit the form again")).to_be_visible()
        tab_to(page, "[name=name]")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").filter(has_text="saved and in force")).to_be_visible()

    complaints = Complaints()
    with running_provider() as provider:
        provider.visitor = owner.person.email
        set_up(owner, provider.issuer)
        in_chromium(steps, complaints=complaints)
    assert complaints == []
