"""The pages of personal tokens: shown once, made once, revoked after a question."""

import re
import time
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from access.actions import Channel
from foundation.errors import Unauthenticated
from identity.resource_server.verification import actor_from_token
from identity.service_accounts.models import PersonalToken
from tests.console.pages import page, page_text, signed_in
from tests.machines import new_token
from tests.people import Somebody, store
from tests.storage import owner_sql

NEW = "/account/tokens/new"
VALUE = re.compile(r"vlt_pat_[0-9A-Za-z]{49}")


def filled(**more: Any) -> dict[str, Any]:
    """A form that makes a token."""
    form = {
        "name": "nightly backup",
        "scopes": ["vault:read"],
        "credentials": "",
        "expires_in_days": "30",
        "submission": str(uuid4()),
    }
    return {**form, **more}


def value_on(answer: Any) -> str:
    """The token that a page shows; "" when it shows none."""
    found = VALUE.search(page_text(answer))
    return found[0] if found else ""


def test_a_token_is_shown_in_one_answer_that_nothing_keeps(member: Somebody) -> None:
    browser = signed_in(member)

    answer = browser.post(NEW, filled())

    value = value_on(answer)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    actor = actor_from_token(value, resource=settings.REST_RESOURCE, channel=Channel.REST)
    assert actor.person_id == member.person.pk
    text = page_text(answer)
    assert text.count(value) == 1  # in no command, whose arguments every process can read
    assert "--config -" in text
    for address in ("/account/tokens/", NEW, "/account/"):
        assert value not in page_text(browser.get(address))


def test_sending_the_form_twice_makes_one_and_shows_nothing_again(owner: Somebody) -> None:
    browser, form = signed_in(owner), filled()
    assert value_on(browser.post(NEW, form))

    again = browser.post(NEW, form)

    assert value_on(again) == ""
    assert "not shown again" in page(again).text
    assert PersonalToken.objects.count() == 1


def test_the_form_carries_its_own_number(owner: Somebody) -> None:
    browser = signed_in(owner)
    first, second = (page(browser.get(NEW)).inputs()["submission"] for _ in range(2))

    assert first != second


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", {"name": ""}),
        ("scopes", {"scopes": []}),
        ("scopes", {"scopes": ["vault:admin"]}),
        ("credentials", {"credentials": "no-such-key"}),
        ("credentials", {"credentials": "Not A Key!"}),
        ("expires_in_days", {"expires_in_days": "100000"}),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    field: str, wrong: dict[str, Any], member: Somebody
) -> None:
    answer = signed_in(member).post(NEW, filled(**wrong))

    assert answer.status_code == 422
    assert field in page(answer).errors
    assert not PersonalToken.objects.exists()


def test_admin_is_offered_to_who_governs(owner: Somebody, member: Somebody) -> None:
    assert "vault:admin" in page(signed_in(owner).get(NEW)).text
    assert "vault:admin" not in page(signed_in(member).get(NEW)).text


def test_it_can_be_narrowed_to_credentials(owner: Somebody) -> None:
    store(owner)
    store(owner, "other-key")

    answer = signed_in(owner).post(NEW, filled(credentials="stripe-api-key, other-key"))

    assert "only for other-key, stripe-api-key" in page(answer).text
    assert "only other-key, stripe-api-key" in page(signed_in(owner).get("/account/tokens/")).text


def test_revoking_asks_once(owner: Somebody) -> None:
    token = new_token(owner)
    browser = signed_in(owner)
    address = f"/account/tokens/{token.token_id}/revoke"

    assert "Revoke nightly?" in page(browser.get(address)).text
    assert PersonalToken.objects.get().revoked_at is None
    done = browser.post(address, follow=True)

    assert "is revoked" in page(done).text
    with pytest.raises(Unauthenticated):
        actor_from_token(
            token.wire()["token"], resource=settings.REST_RESOURCE, channel=Channel.REST
        )


def test_nobody_sees_or_ends_another_members_token(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    theirs = new_token(owner, name="the owners own")
    address = f"/account/tokens/{theirs.token_id}/revoke"
    for who in (member, outsider):
        browser = signed_in(who)
        assert browser.get(address).status_code == browser.post(address).status_code == 404
        assert "the owners own" not in page_text(browser.get("/account/tokens/"))
    assert signed_in(member).get("/account/tokens/?everybody=1").status_code == 403


def test_who_governs_sees_everybodys(owner: Somebody, member: Somebody) -> None:
    token = new_token(member, name="marcs script")
    browser = signed_in(owner)

    assert "marcs script" not in page(browser.get("/account/tokens/")).text
    assert "marc@example.org" in page(browser.get("/account/tokens/?everybody=1")).text
    assert browser.post(f"/account/tokens/{token.token_id}/revoke").status_code == 302


def test_strangers_sign_in_first(database: None) -> None:
    for address in ("/account/tokens/", NEW, "/account/tokens/x/revoke"):
        assert Client().get(address)["Location"].startswith("/account/login/")


def test_a_stale_session_proves_itself_first(owner: Somebody) -> None:
    browser = signed_in(owner)
    session = browser.session
    records = session["account_authentication_methods"]
    session["account_authentication_methods"] = [{**records[-1], "at": time.time() - 601}]
    session.save()

    for answer in (browser.get(NEW), browser.post(NEW, filled())):
        assert answer["Location"].startswith("/account/reauthenticate/")
    assert owner_sql("SELECT count(*) FROM identity_personaltoken") == [(0,)]
