"""The list of one's own sessions, ending them, and letters about the account."""

import re
import smtplib
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client, override_settings

from identity.models import BrowserSession, Letter
from identity.tasks import send_letters
from tests.console.pages import page, page_text, signed_in
from tests.identity.looking import log
from tests.identity.test_second_factors import with_app
from tests.people import PASSWORD, Somebody

SESSIONS = "/account/sessions/"
NEW_PASSWORD = "four other unrelated words"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def elsewhere(who: Somebody) -> Client:
    """Another computer of the same person, in another network, signed in."""
    browser = Client(headers={"user-agent": FIREFOX}, REMOTE_ADDR="198.51.100.7")
    typed = {"login": who.person.email, "password": PASSWORD}
    assert browser.post("/account/login/", typed).status_code == 302
    return browser


def listed(browser: Client) -> list[str]:
    """The form that ends the others."""
    return re.findall(r'name="session" value="([0-9a-f]{40})"', page_text(browser.get(SESSIONS)))


def is_inside(browser: Client) -> bool:
    return browser.get("/admin/").status_code == 200


def test_another_session_is_ended_and_out_with_its_next_click(owner: Somebody) -> None:
    here, there, third = signed_in(owner), elsewhere(owner), signed_in(owner)
    shown = page(here.get(SESSIONS)).text
    assert "Firefox on Linux" in shown
    assert "198.51.100.7" in shown
    (theirs,) = BrowserSession.objects.filter(address="198.51.100.7")
    assert theirs.session_key in listed(here)

    here.post(SESSIONS, {"session": theirs.session_key})

    assert (is_inside(here), is_inside(there), is_inside(third)) == (True, False, True)
    assert there.get("/admin/")["Location"].startswith("/account/login/")
    assert [one.details["count"] for one in log("session.ended")] == [1]


def test_all_others_are_ended_at_once(owner: Somebody, outsider: Somebody) -> None:
    here, there, third, stranger = (
        signed_in(owner),
        elsewhere(owner),
        signed_in(owner),
        signed_in(outsider),
    )
    here.post(SESSIONS, {"others": "yes"})
    assert [is_inside(one) for one in (here, there, third, stranger)] == [True, False, False, True]


def test_somebody_elses_session_is_no_ones_to_end(owner: Somebody, outsider: Somebody) -> None:
    here, stranger = signed_in(owner), signed_in(outsider)
    for row in BrowserSession.objects.all():
        stranger.post(SESSIONS, {"session": row.session_key})
    assert is_inside(here)
    assert is_inside(stranger), "nor is the one that asks"
    assert log("session.ended") == []


def test_a_new_password_ends_the_other_sessions(owner: Somebody) -> None:
    here, there = signed_in(owner), elsewhere(owner)
    assert _change_password(here).status_code == 302
    assert (is_inside(here), is_inside(there)) == (True, False)


@pytest.fixture
def told(owner: Somebody) -> Any:
    """The letters of a new place, a new factor and a new password."""
    signed_in(owner)
    browser = elsewhere(owner)
    seed = with_app(browser)
    assert _change_password(browser).status_code == 302
    return seed


def test_letters_tell_what_happened_and_nothing_secret(owner: Somebody, told: str) -> None:
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        send_letters()
        send_letters()
    place, factor, password = mail.outbox
    assert {address for one in mail.outbox for address in one.to} == {owner.person.email}
    assert "Firefox on Linux" in place.body
    assert "198.51.100.7" in place.body
    assert "an authenticator app" in factor.body
    assert "password" in password.subject
    letters = "".join(f"{one.subject} {one.body}" for one in mail.outbox)
    keys = [row.session_key for row in BrowserSession.objects.all()]
    assert not [one for one in (told, PASSWORD, NEW_PASSWORD, *keys) if one in letters]


def test_letters_wait_for_the_mail_server(
    owner: Somebody, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> int:
        raise smtplib.SMTPServerDisconnected

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "open", away)
        send_letters()
    assert Letter.objects.filter(sent_at=None).count() == 3
    cache.clear()  # the pause after a server that is away
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        send_letters()
    assert not Letter.objects.filter(sent_at=None).exists()


def _change_password(browser: Client) -> Any:
    typed = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    return browser.post("/account/password/change/", typed)
