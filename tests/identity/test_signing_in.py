"""Signing in: the page, the log, and what is closed."""

from urllib.parse import urlsplit

import httpx2
import pytest
from django.conf import settings
from django.core import mail
from django.core.wsgi import get_wsgi_application
from django.test import override_settings

from devtools.client.browser import form_with
from identity.tasks import send_letters
from tenants.models import Person
from tests.identity.conftest import Browsing
from tests.identity.looking import log
from tests.oauth_client import in_process, origin, sign_in
from tests.people import PASSWORD, Somebody
from tests.storage import dump


def attempt(
    browser: httpx2.Client, email: str, password: str, path: str = "/account/login/"
) -> httpx2.Response:
    """Fill in the sign-in form."""
    form = form_with(browser.get(path), "password").filled(login=email, password=password)
    return browser.post(path, data=form, headers=origin(browser))


def test_signing_in_is_logged(owner: Somebody, browse: Browsing) -> None:
    browse(owner)
    (entry,) = log("session.signed_in")
    assert (entry.person_id, entry.outcome, entry.address) == (owner.person.pk, "ok", "127.0.0.1")


def test_a_failure_is_logged_without_what_was_typed(owner: Somebody, http: httpx2.Client) -> None:
    for email in (owner.person.email, "nobody@example.org"):
        assert attempt(http, email, "a mistyped secret").status_code == 200
    entries = log("session.failed")
    assert [entry.outcome for entry in entries] == ["denied", "denied"]
    assert not [entry for entry in entries if entry.details or entry.person_id]


def test_known_and_unknown_addresses_look_alike(owner: Somebody, http: httpx2.Client) -> None:
    for email in (owner.person.email, "nobody@example.org"):
        answer = attempt(http, email, "a wrong passphrase")
        assert answer.status_code == 200
        assert answer.text.count("not correct") == 1


def test_guessing_is_limited(owner: Somebody, http: httpx2.Client) -> None:
    for _ in range(10):
        attempt(http, owner.person.email, "a wrong passphrase")
    answer = attempt(http, owner.person.email, PASSWORD)
    assert answer.status_code != 302


def test_a_guesser_elsewhere_does_not_lock_the_person_out(
    owner: Somebody, http: httpx2.Client
) -> None:
    transport = httpx2.WSGITransport(app=get_wsgi_application(), remote_addr="203.0.113.9")
    with httpx2.Client(base_url=settings.PUBLIC_URL, transport=transport) as guesser:
        for _ in range(12):
            attempt(guesser, owner.person.email, "a wrong passphrase")
    assert attempt(http, owner.person.email, PASSWORD).status_code == 302


def test_the_session_changes_with_the_sign_in(owner: Somebody, http: httpx2.Client) -> None:
    http.cookies.set(settings.SESSION_COOKIE_NAME, "a" * 32, domain="localhost.local")
    sign_in(http, owner.person.email, PASSWORD)
    assert http.cookies.get(settings.SESSION_COOKIE_NAME) != "a" * 32


def test_next_leads_nowhere_else(owner: Somebody, http: httpx2.Client) -> None:
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x"):
        with in_process() as browser:
            path = f"/account/login/?next={target}"
            form = form_with(browser.get(path), "password")
            sent = form.filled(login=owner.person.email, password=PASSWORD, next=target)
            answer = browser.post("/account/login/", data=sent, headers=origin(browser))
        assert "evil.example" not in answer.headers["location"]
        assert urlsplit(answer.headers["location"]).scheme == ""


@pytest.mark.parametrize(
    "path",
    [
        "/account/signup/",
        "/account/email/",
        "/account/confirm-email/",
        "/account/login/code/",
        "/account/password/set/",
        "/accounts/login/",
    ],
)
def test_what_is_not_offered_is_not_mounted(http: httpx2.Client, path: str) -> None:
    assert http.get(path).status_code == 404


def test_the_link_of_a_forgotten_password_leads_to_us(owner: Somebody, http: httpx2.Client) -> None:
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        page = http.get("/account/password/reset/")
        form = form_with(page, "email").filled(email=owner.person.email)
        headers = {**origin(http), "X-Forwarded-Host": "evil.example"}
        assert http.post("/account/password/reset/", data=form, headers=headers).status_code == 302
        assert not mail.outbox, "the worker sends it"
        assert not [one for one in dump()["identity_letter"] if "/reset/key/" in one]
        send_letters()
    assert not [one for one in dump()["identity_letter"] if "/reset/key/" in one]
    (message,) = mail.outbox
    assert f"{settings.PUBLIC_URL}/account/password/reset/key/" in message.body
    assert "evil.example" not in message.body
    link = message.body.split(f"{settings.PUBLIC_URL}", 1)[1].split()[0]
    page = http.get(link, follow_redirects=True)
    new = "a wholly different passphrase"
    form = form_with(page, "password1").filled(password1=new, password2=new)
    http.post(page.url.path, data=form, headers=origin(http))
    with in_process() as browser:
        sign_in(browser, owner.person.email, new)


def test_a_deactivated_person_cannot_sign_in(owner: Somebody, http: httpx2.Client) -> None:
    Person.objects.update(is_active=False)
    answer = attempt(http, owner.person.email, PASSWORD)
    assert answer.headers.get("location", "/account/inactive/") == "/account/inactive/"
    assert not log("session.signed_in")


def test_the_page_is_kept_in_no_cache(http: httpx2.Client) -> None:
    assert "no-store" in http.get("/account/login/").headers["Cache-Control"]
