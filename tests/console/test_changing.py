"""Editing and moving: everything but the value, and never over somebody else's change."""

from typing import Any

import pytest

from credentials.operations import describe_credential, update_credential
from credentials.shapes.credentials import CredentialDetailOut, DescribeCredential, UpdateCredential
from foundation.db.ids import public_id
from tests.audit_trail import trail
from tests.console.pages import filled, page, signed_in
from tests.people import CANARY, Somebody, set_agent, store

KEY = "stripe-api-key"
HERE = f"/credentials/{KEY}/"
OPENED: dict[str, Any] = {
    "description": "Payments",
    "tags": ["live"],
    "metadata": {"account": "acct_1"},
    "policy": {"defaultTtl": "15m", "maxTtl": "2h"},
}


def stored(owner: Somebody, key: str = KEY) -> CredentialDetailOut:
    """The credential as it is now."""
    return describe_credential(owner.console, DescribeCredential(key=key))


def typed(owner: Somebody, **more: Any) -> dict[str, Any]:
    """The edit form of a credential stored with OPENED, as a browser sends it back."""
    unchanged = {
        "revision": stored(owner).revision,
        "description": "Payments",
        "tags": "live",
        "metadata_name": ["account", ""],
        "metadata_value": ["acct_1", ""],
        "default_ttl": "15m",
        "max_ttl": "2h",
        "owners": stored(owner).owner_ids,
    }
    return filled(**{**unchanged, **more})


def test_the_form_opens_with_what_is_there_and_without_the_value(owner: Somebody) -> None:
    store(owner, **OPENED)
    shown = page(signed_in(owner).get(f"{HERE}edit"))

    inputs = shown.inputs()
    assert inputs["description"] == "Payments"
    assert inputs["tags"] == "live"
    assert inputs["default_ttl"] == "15m"
    assert inputs["metadata_value"] == "acct_1"
    assert "value" not in inputs
    assert CANARY not in str(shown.tags)


def test_what_was_changed_is_changed_and_the_log_names_nothing_else(owner: Somebody) -> None:
    store(owner, **OPENED)
    answer = signed_in(owner).post(
        f"{HERE}edit", typed(owner, key="stripe-live", description="Payouts", max_ttl="1h")
    )

    assert answer["Location"] == "/credentials/stripe-live/"
    now = stored(owner, "stripe-live")
    assert (now.description, now.policy.max_ttl_seconds) == ("Payouts", 3600)
    assert (now.tags, now.metadata["account"]) == (["live"], "acct_1")
    (entry,) = trail(owner.console.tenant_id, event="credential.updated")
    assert entry.details["changed"] == ["description", "new_key", "policy"]


def test_owners_are_chosen_among_the_members(owner: Somebody, member: Somebody) -> None:
    store(owner, **OPENED)
    signed_in(owner).post(f"{HERE}edit", typed(owner, owners=[member.id]))

    assert stored(owner).owners == [member.person.email]


def test_a_stranger_cannot_be_made_an_owner(owner: Somebody, outsider: Somebody) -> None:
    store(owner, **OPENED)
    refused = signed_in(owner).post(f"{HERE}edit", typed(owner, owners=[outsider.id]))

    assert refused.status_code == 422
    assert "owners" in page(refused).errors


def test_an_edit_of_something_older_is_refused_and_keeps_what_was_typed(owner: Somebody) -> None:
    store(owner, **OPENED)
    form = typed(owner, description="mine")
    update_credential(owner.console, UpdateCredential(key=KEY, description="theirs"))

    refused = signed_in(owner).post(f"{HERE}edit", form)

    assert refused.status_code == 412
    shown = page(refused)
    assert shown.inputs()["description"] == "mine"
    assert "Open it as it is now" in shown.text
    assert stored(owner).description == "theirs"


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("key", {"key": "two words"}),
        ("default_ttl", {"default_ttl": "3h"}),
        ("metadata", {"metadata_name": ["password"], "metadata_value": ["x"]}),
        ("tags", {"tags": "b\u00e4d"}),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    owner: Somebody, field: str, wrong: dict[str, Any]
) -> None:
    store(owner, **OPENED)
    refused = signed_in(owner).post(f"{HERE}edit", typed(owner, **wrong))

    assert refused.status_code == 422
    assert field in page(refused).errors
    assert stored(owner).revision == 1


def test_a_key_that_is_taken_is_said_beside_the_key(owner: Somebody) -> None:
    store(owner, **OPENED)
    store(owner, "taken")
    refused = signed_in(owner).post(f"{HERE}edit", typed(owner, key="taken"))

    assert refused.status_code == 409
    assert "key" in page(refused).errors


def test_a_limit_to_an_agent_that_was_removed_does_not_become_none(owner: Somebody) -> None:
    agent = owner.agent.agent_id
    assert agent is not None
    store(owner, **{**OPENED, "policy": {"agents": [public_id("agent", agent)]}})
    set_agent(owner, agent, "removed")
    browser = signed_in(owner)
    assert "An agent that was removed" in page(browser.get(f"{HERE}edit")).text

    form = typed(owner, default_ttl="", max_ttl="", agents=[public_id("agent", agent)])
    browser.post(f"{HERE}edit", {**form, "description": "Payouts"})

    assert stored(owner).description == "Payouts"
    assert stored(owner).policy.agents == [public_id("agent", agent)]


def test_moving_puts_it_into_a_folder_that_is_made(owner: Somebody) -> None:
    store(owner)
    browser = signed_in(owner)
    assert page(browser.get(f"{HERE}move")).inputs()["folder_path"] == "stripe"

    answer = browser.post(f"{HERE}move", {"folder_path": "payments/live", "revision": "1"})

    assert answer["Location"] == HERE
    assert stored(owner).folder_path == "payments/live"


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"folder_path": "../up", "revision": "1"}, 422),
        ({"folder_path": "elsewhere", "revision": "7"}, 412),
    ],
)
def test_moving_is_refused(owner: Somebody, typed: dict[str, str], status: int) -> None:
    store(owner)
    refused = signed_in(owner).post(f"{HERE}move", typed)

    assert refused.status_code == status
    assert "folder_path" in page(refused).errors
    assert stored(owner).folder_path == "stripe"
