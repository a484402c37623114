"""After the consent page: the true state of the sign-in, without any secret."""

from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest
from django.db.models import F

from identity.models import AuthorizationCode, AuthorizeRequest
from tests.identity.conftest import Browsing
from tests.oauth_client import OAuthClient, answered, consent_form, decide
from tests.people import Somebody


@pytest.fixture
def page(client: OAuthClient, browser: httpx2.Client) -> httpx2.Response:
    """A consent page, shown to the owner."""
    return browser.get(client.authorize_url())


def id_on(page: httpx2.Response) -> str:
    """The request that a consent page is about."""
    return consent_form(page).filled()["request"][0]


def stage(browser: httpx2.Client, page: httpx2.Response) -> str:
    """The stage that the status endpoint answers."""
    answer = browser.get(f"/oauth/status/{id_on(page)}")
    assert answer.headers["Cache-Control"] == "no-store"
    status: str = answer.json()["status"]
    return status


def said(browser: httpx2.Client, page: httpx2.Response) -> str:
    """What the last page shows; its hidden parts do not count."""
    text = browser.get(f"/oauth/complete?r={id_on(page)}").text
    return text.split("data-stage", 1)[1] if "hidden" not in text else visible(text)


def visible(text: str) -> str:
    """The one part that is not hidden."""
    (part,) = [one for one in text.split("<div data-stage=")[1:] if " hidden>" not in one[:40]]
    return part


def test_the_status_follows_the_code_until_it_is_redeemed(
    client: OAuthClient, browser: httpx2.Client, page: httpx2.Response
) -> None:
    assert stage(browser, page) == "asked"
    code = answered(decide(browser, page))["code"]
    assert stage(browser, page) == "waiting"
    assert "Waiting for" in said(browser, page)
    client.redeem(code)
    assert stage(browser, page) == "delivered"
    done = said(browser, page)
    assert "Signed in to" in done
    assert code not in done


def test_a_denial_is_called_one(browser: httpx2.Client, page: httpx2.Response) -> None:
    decide(browser, page, decision="deny")
    assert stage(browser, page) == "denied"
    assert "got no access" in said(browser, page)


def test_what_nobody_picks_up_is_said(browser: httpx2.Client, page: httpx2.Response) -> None:
    decide(browser, page)
    AuthorizeRequest.objects.update(decided_at=F("decided_at") - timedelta(seconds=16))
    assert "Not picked up yet" in said(browser, page)
    AuthorizationCode.objects.update(expires=F("expires") - timedelta(seconds=60))
    assert stage(browser, page) == "over"
    assert "did not pick up" in said(browser, page)


def test_a_request_that_was_left_alone_is_over(
    browser: httpx2.Client, page: httpx2.Response
) -> None:
    AuthorizeRequest.objects.update(expires_at=F("expires_at") - timedelta(minutes=10))
    assert stage(browser, page) == "over"


def test_nobody_else_learns_anything(
    browser: httpx2.Client,
    page: httpx2.Response,
    http: httpx2.Client,
    member: Somebody,
    browse: Browsing,
) -> None:
    decide(browser, page)
    for stranger in (http, browse(member)):
        assert stranger.get(f"/oauth/status/{id_on(page)}").status_code == 404
        told = stranger.get(f"/oauth/complete?r={id_on(page)}")
        assert told.status_code == 200
        assert "Claude Code" not in told.text
        assert "Go back to your app" in told.text


@pytest.mark.parametrize(
    "query",
    ["", "?r=", "?r=x", "?r=%00", "?r=%ff", "?r=00000000-0000-4000-8000-000000000000", "?x=1"],
)
def test_the_last_page_is_for_everybody(http: httpx2.Client, query: str) -> None:
    answer = http.get(f"/oauth/complete{query}")
    assert answer.status_code == 200
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Go back to your app" in answer.text


def test_an_unknown_status_is_not_found(browser: httpx2.Client) -> None:
    for identifier in (uuid4(), "x", ""):
        assert browser.get(f"/oauth/status/{identifier}").status_code == 404
