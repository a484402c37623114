"""What people and machines sign in with is found nowhere but in the answer that shows it once.

Each secret is made, used, mistyped and taken back through its pages; then logs, letters, messages,
rows, browser sessions and every page are searched for it.
"""

import base64
import logging
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.test import Client, override_settings

from identity.models import BrowserSession
from identity.sign_in.session_store import SessionStore
from identity.tasks import send_letters
from tests.console.pages import page_text, signed_in
from tests.contracts.everything import Everything
from tests.identity.oidc_providers import CLIENT, SECRET, Provider, running_provider
from tests.identity.test_second_factors import half_way, recovery_codes, with_app
from tests.machines import new_account, new_secret, opened
from tests.people import PURPOSE, Somebody
from tests.proofs import let_proofs_age
from tests.storage import dump
from tests.walk.addresses import pages
from tests.walk.forms import forms_of
from tests.walk.full_tenant import fill_tenant

NEW_TOKEN = "/account/tokens/new"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


def test_what_signs_people_and_machines_in_leaves_no_trace(
    provider: Provider, owner: Somebody, everything: Everything
) -> None:
    acme = fill_tenant(owner, "acme")
    browser = signed_in(owner)
    for use in (_use_a_token, _use_a_service_account, _use_a_provider, _use_second_factors):
        use(everything, owner, browser, provider)

    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        send_letters()
    assert mail.outbox
    everything.tell(*(f"{one.subject} {one.body}" for one in mail.outbox))
    logging.disable(logging.INFO)  # Django's templates talk much below it
    try:
        for address in pages():
            everything.tell(page_text(browser.get(address.of(acme.things), follow=True)))
    finally:
        logging.disable(logging.NOTSET)
    # Django compresses what a session holds.
    rows = BrowserSession.objects.all()
    everything.tell(*(SessionStore().decode(one.session_data) for one in rows))
    everything.require_silence(str(dump()))


def _use_second_factors(everything: Everything, owner: Somebody, browser: Client, _: Any) -> None:
    seed = with_app(browser)
    codes = recovery_codes(browser)
    everything.marks["the seed"] = seed
    for number, code in enumerate(codes[:2]):
        everything.marks[f"recovery code {number}"] = code
        everything.marks[f"recovery code {number}, in groups"] = " ".join(
            code[at : at + 4] for at in range(0, 16, 4)
        )

    shown = format_hotp_value(hotp_value(seed, int(time.time()) // 30))
    for typed in (shown, codes[0], codes[0]):
        everything.tell(page_text(half_way(owner).post("/account/authenticate/", {"code": typed})))
    let_proofs_age()
    for address in ("/account/authenticator/add/", "/account/reauthenticate/code/"):
        everything.tell(page_text(browser.post(address, {"code": f"{codes[1]}0"})))
    mistaken = {"login": owner.person.email, "password": seed}
    everything.tell(page_text(Client().post("/account/login/", mistaken)))
    everything.tell(page_text(browser.post("/account/reauthenticate/code/", {"code": codes[1]})))


def _use_a_token(everything: Everything, _: Somebody, browser: Client, __: Any) -> None:
    forms = forms_of(page_text(browser.get(NEW_TOKEN)))
    (form,) = [one for one in forms if one.method == "post" and not one.action]
    body = {**form.filled("nightly"), "credentials": [""]}
    shown = page_text(browser.post(NEW_TOKEN, body))
    token = "vlt_pat_" + shown.split("vlt_pat_", 1)[1][:49]
    everything.marks["the token"] = token
    everything.marks["its random part"] = token.removeprefix("vlt_pat_")[:43]

    for given, status in ((token, 200), (f"{token}x", 401)):
        answer = Client().get("/api/v1/credentials", headers=_bearer(given))
        assert answer.status_code == status
        everything.tell(page_text(answer), answer.headers)
    wish = {"key": token, "purpose": PURPOSE}
    answer = Client().post("/api/v1/leases", wish, "application/json", headers=_bearer(token))
    assert answer.status_code >= 400
    everything.tell(page_text(answer), page_text(browser.post(NEW_TOKEN, body)))


def _use_a_service_account(everything: Everything, owner: Somebody, *_: Any) -> None:
    account = new_account(owner, "Nightly backup")
    secret = opened(new_secret(owner, account))
    everything.marks["the account's secret"] = secret
    everything.marks["the account's random part"] = secret.removeprefix("vlt_sa_")[:43]
    form = {"grant_type": "client_credentials", "client_id": account}

    for given, status in ((secret, 200), (f"{secret}x", 401), (secret[:-1], 401)):
        answer = _token({**form, "client_secret": given})
        assert answer.status_code == status
        everything.tell(answer.headers, page_text(answer))
    del form["client_id"]
    basic = base64.b64encode(f"{account}:{secret}".encode()).decode()
    assert _token(form, authorization=f"Basic {basic}").status_code == 200


def _use_a_provider(
    everything: Everything, owner: Somebody, browser: Client, provider: Provider
) -> None:
    everything.marks["the client secret"] = SECRET
    typed = {
        "issuer": provider.issuer,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "domains": "example.org",
        "enabled": "on",
    }
    for change, status in (({"issuer": "nowhere"}, 422), ({"domains": "@"}, 422), ({}, 302)):
        answer = browser.post("/admin/sign-in/", {**typed, **change})
        assert answer.status_code == status
        everything.tell(page_text(answer))
    for claims, status in (({}, 302), ({"aud": "somebody else"}, 403)):
        visitor = Client()
        location = visitor.get("/account/sso/acme/")["Location"]
        answer = visitor.get(provider.callback(location, owner.person.email, **claims))
        assert answer.status_code == status
        everything.tell(location, page_text(answer))


def _token(form: dict[str, str], **headers: str) -> Any:
    return Client().post(
        "/oauth/token", urlencode(form), "application/x-www-form-urlencoded", headers=headers
    )


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
