"""Proofs of who somebody is: how they age, and how a new one is given."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from identity.models import BrowserSession
from identity.sign_in.session_store import SessionStore
from tests.people import PASSWORD


def let_proofs_age() -> None:
    """Everybody's last sign-in was longer ago than a step that needs a fresh one allows."""
    for row in BrowserSession.objects.all():
        row.session_data = aged(row.session_data)
        row.save(update_fields=["session_data"])


def aged(session_data: str) -> str:
    """What a session holds, with proofs too old for a step that needs a fresh one."""
    held = SessionStore().decode(session_data)
    for proof in held.get(AUTHENTICATION_METHODS_SESSION_KEY, []):
        proof["at"] -= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT + 1
    return str(SessionStore().encode(held))


def asked_again(answer: Any) -> str:
    """The address that an answer leads to after a fresh proof; it must lead to one."""
    assert answer.status_code == 302, answer.status_code
    parts = urlsplit(answer["Location"])
    assert parts.path == "/account/reauthenticate/", answer["Location"]
    return str(parse_qs(parts.query)["next"][0])


def prove(browser: Client, back: str) -> Any:
    """Give the password anew, as the page asks; what it answers."""
    cache.clear()  # somebody who does so ten times in a minute is asked to wait
    form = {"password": PASSWORD, "next": back}
    return browser.post("/account/reauthenticate/", form)
