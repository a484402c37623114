"""Rotating in the browser: a new value, once, and the window of the old one."""

from typing import Any

import pytest

from credentials.operations import describe_credential
from credentials.shapes.credentials import CredentialDetailOut, DescribeCredential
from tests.console.pages import page, page_text, signed_in
from tests.people import CANARY, Somebody, lease, read, store
from tests.refusals import code_of

KEY = "stripe-api-key"
HERE = f"/credentials/{KEY}/"
NEW = "sk_live_rotated_51c2"


def now(owner: Somebody) -> CredentialDetailOut:
    """The credential as it is."""
    return describe_credential(owner.console, DescribeCredential(key=KEY))


def form(owner: Somebody, **more: Any) -> dict[str, Any]:
    """The form as a browser sends it, opened just now."""
    opened = page(signed_in(owner).get(f"{HERE}rotate")).inputs()
    return {
        "submission": opened["submission"],
        "source": "typed",
        "new_value": NEW,
        "length": "32",
        "alphabet": "alphanumeric",
        "window": "1h",
        "reason": "monthly",
        **more,
    }


def test_a_typed_value_is_current_and_the_old_one_readable_for_a_while(owner: Somebody) -> None:
    store(owner)
    old = lease(owner.agent).lease_handle
    answer = signed_in(owner).post(f"{HERE}rotate", form(owner))

    assert answer["Location"] == HERE
    assert read(owner.agent, lease(owner.agent).lease_handle).value.get_secret_value() == NEW
    assert read(owner.agent, old).value.get_secret_value() == CANARY


def test_a_value_can_be_generated(owner: Somebody) -> None:
    store(owner)
    sent = form(owner, source="generated", new_value="", length="48", alphabet="hex")
    signed_in(owner).post(f"{HERE}rotate", sent)

    value = read(owner.agent, lease(owner.agent).lease_handle).value.get_secret_value()
    assert len(value) == 48
    assert int(value, 16) >= 0


def test_a_form_that_is_sent_twice_rotates_once(owner: Somebody) -> None:
    store(owner)
    browser, sent = signed_in(owner), form(owner)
    for _ in range(2):
        assert browser.post(f"{HERE}rotate", sent).status_code == 302

    assert now(owner).version == 2


def test_an_emergency_ends_the_old_value_and_its_leases(owner: Somebody) -> None:
    store(owner)
    old = lease(owner.agent).lease_handle
    signed_in(owner).post(f"{HERE}rotate", form(owner, emergency="on"))

    assert code_of(lambda: read(owner.agent, old)) == "lease/revoked"


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("source", {"source": "generated"}),
        ("new_value", {"new_value": ""}),
        ("window", {"window": "soon"}),
        ("window", {"window": "400d"}),
        ("length", {"length": "4"}),
        ("reason", {"reason": "x" * 501}),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_the_value_not_kept(
    owner: Somebody, field: str, wrong: dict[str, str]
) -> None:
    store(owner)
    refused = signed_in(owner).post(f"{HERE}rotate", form(owner, **wrong))

    assert refused.status_code == 422
    assert field in page(refused).errors
    assert NEW not in page_text(refused)
    assert now(owner).version == 1


def test_a_type_that_cannot_be_generated_is_typed(owner: Somebody) -> None:
    store(owner, type="database-url", value="postgresql://app:secret@db.internal/app")
    shown = page(signed_in(owner).get(f"{HERE}rotate"))

    assert "Generate" not in shown.text
    assert "length" not in shown.inputs()


def test_the_window_is_changed_and_closed(owner: Somebody) -> None:
    store(owner)
    browser = signed_in(owner)
    browser.post(f"{HERE}rotate", form(owner))
    before = now(owner).rotation
    assert before is not None

    assert browser.post(f"{HERE}window", {"window": "10m"})["Location"] == HERE
    shorter = now(owner).rotation
    assert shorter is not None
    assert shorter.closes_at < before.closes_at

    browser.post(f"{HERE}window", {"window": "0s"})
    assert now(owner).rotation is None
    assert browser.get(f"{HERE}window").status_code == 409


def test_a_rotation_is_rolled_back(owner: Somebody) -> None:
    store(owner)
    browser = signed_in(owner)
    browser.post(f"{HERE}rotate", form(owner))

    assert browser.post(f"{HERE}roll-back")["Location"] == HERE

    assert read(owner.agent, lease(owner.agent).lease_handle).value.get_secret_value() == CANARY
    assert browser.get(f"{HERE}roll-back").status_code == 409
