"""Showing a value: a lease with a purpose and one read, in one response that nothing keeps."""

import pytest
from django.test import override_settings

from leases.operations import list_leases
from leases.shapes import ListLeases
from tests.audit_trail import trail
from tests.console.pages import page, page_text, signed_in
from tests.people import CANARY, Somebody, store

KEY = "stripe-api-key"
HERE = f"/credentials/{KEY}/value"
WHY = "compare with the provider's console"


def test_the_value_is_shown_once_to_whoever_says_why(owner: Somebody) -> None:
    store(owner, secretFields={"pin": "pin-canary-4711"})
    browser = signed_in(owner)
    assert CANARY not in page_text(browser.get(HERE))

    shown = browser.post(HERE, {"purpose": WHY})

    assert CANARY in page_text(shown)
    assert "pin-canary-4711" in page_text(shown)
    assert "no-store" in shown["Cache-Control"]
    assert shown["Refresh"] == f"30; url=/credentials/{KEY}/"
    assert CANARY not in page_text(browser.get(HERE))


def test_it_is_a_lease_and_a_read_on_the_record_and_over_at_once(owner: Somebody) -> None:
    store(owner)
    signed_in(owner).post(HERE, {"purpose": WHY})

    assert [one.purpose for one in trail(owner.console.tenant_id, event="lease.created")] == [WHY]
    assert len(trail(owner.console.tenant_id, event="credential.read")) == 1
    assert list_leases(owner.console, ListLeases()).leases == []


@pytest.mark.parametrize("purpose", ["", "no", "x" * 501])
def test_without_a_purpose_nothing_is_shown(owner: Somebody, purpose: str) -> None:
    store(owner)
    refused = signed_in(owner).post(HERE, {"purpose": purpose})

    assert refused.status_code == 422
    assert "purpose" in page(refused).errors
    assert CANARY not in page_text(refused)


def test_where_a_person_has_to_approve_the_page_says_where(owner: Somebody) -> None:
    store(owner, policy={"approval": "required"})
    waits = signed_in(owner).post(HERE, {"purpose": WHY})

    assert waits.status_code == 409
    assert "/approvals/lease_" in page_text(waits)
    assert CANARY not in page_text(waits)


def test_a_sign_in_that_is_not_fresh_is_asked_for_anew_before_anything_is_leased(
    owner: Somebody,
) -> None:
    store(owner)
    browser = signed_in(owner)
    with override_settings(ACCOUNT_REAUTHENTICATION_TIMEOUT=0):
        asked = [browser.get(HERE), browser.post(HERE, {"purpose": WHY})]

    assert {one["Location"].split("?")[0] for one in asked} == {"/account/reauthenticate/"}
    assert trail(owner.console.tenant_id, event="lease.created") == []
