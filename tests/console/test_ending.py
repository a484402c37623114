"""Archiving, restoring, revoking and deleting a credential: asked first, and the last two typed."""

import pytest

from credentials.operations import describe_credential
from credentials.shapes.credentials import DescribeCredential
from tests.console.pages import page, signed_in
from tests.people import Somebody, lease, read, store
from tests.refusals import code_of

KEY = "stripe-api-key"
HERE = f"/credentials/{KEY}/"


def state_of(owner: Somebody) -> str:
    """The credential's state."""
    return describe_credential(owner.console, DescribeCredential(key=KEY)).state


def test_archiving_says_who_notices_ends_leases_and_can_be_undone(owner: Somebody) -> None:
    store(owner)
    handle = lease(owner.agent).lease_handle
    browser = signed_in(owner)
    assert "1 live lease ends at once" in page(browser.get(f"{HERE}archive")).text

    assert browser.post(f"{HERE}archive")["Location"] == HERE

    assert state_of(owner) == "archived"
    assert code_of(lambda: read(owner.agent, handle)) == "lease/revoked"
    assert browser.post(f"{HERE}restore")["Location"] == HERE
    assert state_of(owner) == "active"


@pytest.mark.parametrize("step", ["revoke", "delete"])
def test_what_ends_it_for_good_is_typed_out(owner: Somebody, step: str) -> None:
    store(owner)
    browser = signed_in(owner)

    for typed in ({}, {"typed": "stripe"}):
        refused = browser.post(HERE + step, typed)
        assert refused.status_code == 422
        assert "typed" in page(refused).errors
        assert state_of(owner) == "active"

    assert browser.post(HERE + step, {"typed": KEY}).status_code == 302
    if step == "revoke":
        assert state_of(owner) == "revoked"
    else:
        assert browser.get(HERE).status_code == 404


def test_a_step_that_no_longer_fits_says_why(owner: Somebody) -> None:
    store(owner)
    browser = signed_in(owner)
    browser.post(f"{HERE}revoke", {"typed": KEY})

    refused = browser.post(f"{HERE}restore")

    assert refused.status_code == 409
    assert "Nothing was done" in page(refused).text


def test_opening_the_question_does_nothing(owner: Somebody) -> None:
    store(owner)
    browser = signed_in(owner)
    for step in ("archive", "restore", "revoke", "delete"):
        assert browser.get(HERE + step).status_code == 200
    assert state_of(owner) == "active"


def test_members_are_kept_out(owner: Somebody, member: Somebody) -> None:
    store(owner)
    assert signed_in(member).post(f"{HERE}archive").status_code == 403
    assert state_of(owner) == "active"
