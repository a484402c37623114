"""When something breaks: a plain page, nothing of the inside on it."""

import pytest

from console.pages import credential_list
from foundation.errors import Unavailable
from tests.console.pages import NEW, filled, page, page_text, signed_in
from tests.people import CANARY, Somebody


def break_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Storing fails with `error`."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(credential_list, "create_credential", fail)


def test_a_bug_shows_a_page_without_the_story(
    owner: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(owner)
    browser.raise_request_exception = False
    break_with(monkeypatch, RuntimeError(CANARY))
    answer = browser.post(NEW, filled())
    assert answer.status_code == 500
    assert "Something broke on our side" in page(answer).text
    assert CANARY not in page_text(answer)


def test_a_database_that_is_away_keeps_what_was_typed(
    owner: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(owner)
    break_with(monkeypatch, Unavailable())
    answer = browser.post(NEW, filled(description="Payments"))
    assert answer.status_code == 503
    assert "Service unavailable" in page(answer).text
    assert page(answer).inputs()["description"] == "Payments"
    assert CANARY not in page_text(answer)
