"""A copy of the session table signs nobody in, and a cookie may contain anything."""

import pytest
from django.db import connections

from access.tenancy import tenant_transaction
from audit.models import Entry
from audit.recording import INSTALLATION
from identity.models import BrowserSession
from tests.oauth_client import in_process, sign_in
from tests.people import PASSWORD, Somebody

COOKIE = "vault"


def test_the_table_does_not_hold_what_the_cookie_holds(owner: Somebody) -> None:
    with in_process() as browser:
        sign_in(browser, owner.person.email, PASSWORD)
        cookie = browser.cookies[COOKIE]
        assert browser.get("/admin/").status_code == 200
    stored = BrowserSession.objects.get()
    assert cookie not in (stored.session_key, stored.session_data)
    with in_process() as thief:
        thief.cookies.set(COOKIE, stored.session_key)
        assert thief.get("/admin/").status_code == 302


def test_signing_out_removes_the_row_and_is_on_record(owner: Somebody) -> None:
    with in_process() as browser:
        sign_in(browser, owner.person.email, PASSWORD)
        page = browser.get("/admin/")
        token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        origin = {"Origin": str(browser.base_url).rstrip("/")}
        data = {"csrfmiddlewaretoken": token}
        assert browser.post("/account/logout/", data=data, headers=origin).status_code == 302
        assert browser.get("/admin/").status_code == 302
    assert not BrowserSession.objects.exists()
    with tenant_transaction(INSTALLATION):
        events = list(Entry.objects.order_by("at").values_list("event", flat=True))
    assert events[-2:] == ["session.signed_in", "session.signed_out"]


@pytest.mark.parametrize("path", ["/", "/account/login/", "/admin/", "/oauth/complete?r=x"])
@pytest.mark.parametrize("cookie", ['"aaaaaaaaaaaa\\000bbbb"', "x", "a" * 4000, "%00%ff"])
def test_an_odd_cookie_is_no_session(database: None, path: str, cookie: str) -> None:
    with in_process() as browser:
        answer = browser.get(path, headers={"Cookie": f"{COOKIE}={cookie}"})
    assert answer.status_code in (200, 302)


def test_the_application_can_still_clear_what_expired(owner: Somebody) -> None:
    with in_process() as browser:
        sign_in(browser, owner.person.email, PASSWORD)
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "UPDATE identity_browsersession SET expire_date = now() - interval '1 day'"
            )
        assert browser.get("/admin/").status_code == 302
