"""Signing in and out: no hint about who has an account, and pages in the product's own look."""

import re
from typing import Any

from django.conf import settings
from django.core import mail
from django.test import Client, override_settings

from identity.tasks import send_letters
from tests.console.pages import page, page_text, signed_in
from tests.people import PASSWORD, Somebody

NEWER = "a new long phrase"


def sign_in(who: Somebody, password: str) -> int:
    """The status that the sign-in form answers: 302 when it let the person in."""
    typed = {"login": who.person.email, "password": password}
    return Client().post("/account/login/", typed).status_code


def test_a_wrong_password_and_an_unknown_address_look_the_same(owner: Somebody) -> None:
    known = Client().post("/account/login/", {"login": "olivia@example.org", "password": "wrong"})
    unknown = Client().post("/account/login/", {"login": "nobody@example.org", "password": "wrong"})
    assert known.status_code == unknown.status_code == 200
    assert page(known).text == page(unknown).text
    assert "not correct" in page(known).text


def test_what_is_missing_is_said_beside_the_field(database: None) -> None:
    shown = page(Client().post("/account/login/", {"login": "olivia", "password": ""}))
    assert "valid" in shown.errors["login"]
    assert "required" in shown.errors["password"]


def test_a_wrong_password_is_not_sent_back(owner: Somebody) -> None:
    answer = Client().post(
        "/account/login/", {"login": "olivia@example.org", "password": "my-other-password"}
    )
    assert "my-other-password" not in page_text(answer)


def test_signing_out_takes_a_post_and_ends_the_session(owner: Somebody) -> None:
    browser = signed_in(owner)
    assert browser.get("/account/logout/").status_code == 200
    assert browser.get("/admin/").status_code == 200
    assert browser.post("/account/logout/")["Location"] == "/account/login/"
    assert browser.get("/admin/").status_code == 302


def test_a_forgotten_password_says_the_same_for_everybody(owner: Somebody) -> None:
    for address in ("olivia@example.org", "nobody@example.org"):
        browser = Client()
        sent = browser.post("/account/password/reset/", {"email": address})
        assert sent.status_code == 302
        assert "If the address belongs to an account" in page(browser.get(sent["Location"])).text


def test_a_forgotten_password_is_set_anew_by_the_link_in_the_mail(owner: Somebody) -> None:
    browser = Client()
    browser.post("/account/password/reset/", {"email": "olivia@example.org"})
    assert not mail.outbox, "the worker sends it"
    send_letters()
    (message,) = mail.outbox
    (link,) = re.findall(r"http\S+", str(message.body))
    path = link.removeprefix(settings.PUBLIC_URL)
    form = browser.get(path)["Location"]
    assert "Set a new password" in page(browser.get(form)).text
    assert "same password" in page(form_answer(browser, form, NEWER, PASSWORD)).errors["password2"]
    assert form_answer(browser, form, NEWER, NEWER).status_code == 302
    assert sign_in(owner, NEWER) == 302
    assert "no longer works" in page(Client().get(path)).text


def form_answer(browser: Client, address: str, first: str, second: str) -> Any:
    """What comes back when the two passwords are sent."""
    return browser.post(address, {"password1": first, "password2": second})


def test_a_person_changes_their_password(owner: Somebody) -> None:
    browser = signed_in(owner)
    short = browser.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": "short", "password2": "short"},
    )
    assert page(short).errors.keys() & {"password1", "password2"}
    sent = browser.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": NEWER, "password2": NEWER},
    )
    assert sent.status_code == 302
    assert sign_in(owner, NEWER) == 302
    assert sign_in(owner, PASSWORD) == 200


@override_settings(ACCOUNT_RATE_LIMITS={**settings.ACCOUNT_RATE_LIMITS, "login": "30/60s/ip"})
def test_too_many_tries_are_stopped_in_words(owner: Somebody) -> None:
    browser = Client()
    for _ in range(31):
        answer = browser.post("/account/login/", {"login": "x@example.org", "password": "wrong"})
    assert answer.status_code == 429
    assert "Too many attempts" in page(answer).text
