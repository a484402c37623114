"""An owner stores a credential in the browser; errors are shown beside their fields."""

from typing import Any
from uuid import UUID

from credentials.operations import describe_credential, list_credentials
from credentials.shapes.credentials import DescribeCredential, ListCredentials
from foundation.db.ids import public_id
from tests.console.pages import NEW, filled, page, page_text, signed_in
from tests.people import CANARY, Somebody, lease, new_agent, read, store

# Field, and what is wrong in it.
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("key", {"key": "two words"}),
    ("key", {"key": ""}),
    ("folder_path", {"folder_path": "../up"}),
    ("type", {"type": "no-such-type"}),
    ("description", {"description": "x" * 1025}),
    ("value", {"value": ""}),
    ("value", {"type": "database-url", "value": f"gopher://{CANARY}"}),
    ("value", {"value": CANARY * 4000}),
    ("secret_fields", {"secret_fields_name": ["a b"], "secret_fields_value": ["x"]}),
    ("secret_fields", {"secret_fields_name": [""], "secret_fields_value": ["x"]}),
    ("metadata", {"metadata_name": ["password"], "metadata_value": ["x"]}),
    ("metadata", {"metadata_name": ["a", "a"], "metadata_value": ["x", "y"]}),
    ("tags", {"tags": "good b\u00e4d"}),
    ("default_ttl", {"default_ttl": "900"}),
    ("default_ttl", {"default_ttl": "2h", "max_ttl": "1h"}),
    ("max_ttl", {"max_ttl": "8d"}),
    ("max_active_leases", {"max_active_leases": "0"}),
    ("max_uses", {"max_uses": "1.5"}),
    ("window", {"window": "-1s"}),
    ("rotate_every", {"rotate_every": "soon"}),
    ("approval", {"approval": "maybe"}),
    ("agents", {"agents": [public_id("agent", UUID(int=1))]}),
]


def keys(who: Somebody) -> list[str]:
    """What is stored."""
    return [one.key for one in list_credentials(who.console, ListCredentials()).credentials]


def test_what_an_owner_stores_can_be_leased_and_read(owner: Somebody) -> None:
    sent = signed_in(owner).post(
        NEW, filled(secret_fields_name=["pin"], secret_fields_value=["4711\r\n0815"])
    )
    assert (sent.status_code, sent["Location"]) == (302, "/credentials/stripe-api-key/")
    opened = read(owner.agent, lease(owner.agent).lease_handle)
    assert opened.value.get_secret_value() == CANARY
    assert opened.secret_fields["pin"].get_secret_value() == "4711\n0815"


def test_every_part_of_the_form_arrives(owner: Somebody) -> None:
    agent = new_agent(owner.console, "Builder")
    assert agent.agent_id is not None
    chosen = public_id("agent", agent.agent_id)
    signed_in(owner).post(
        NEW,
        filled(
            folder_path="stripe/live",
            description="Payments",
            tags="live, billing",
            metadata_name=["account", "team"],
            metadata_value=["acct_1", "shop"],
            default_ttl="5m",
            max_ttl="15m",
            max_active_leases="3",
            max_uses="2",
            window="0s",
            rotate_every="30d",
            approval="required",
            agents=[chosen],
        ),
    )
    stored = describe_credential(owner.console, DescribeCredential(key="stripe-api-key"))
    assert (stored.folder_path, stored.description) == ("stripe/live", "Payments")
    assert sorted(stored.tags) == ["billing", "live"]
    assert stored.metadata == {"account": "acct_1", "team": "shop"}
    assert stored.policy.wire() == {
        "defaultTtlSeconds": 300,
        "maxTtlSeconds": 900,
        "maxActiveLeases": 3,
        "maxUses": 2,
        "approval": "required",
        "agents": [chosen],
        "windowSeconds": 0,
        "rotateEverySeconds": 30 * 86_400,
        "onExposure": "never",
        "disclosure": "model",
        "ownDisclosure": None,
        "reveal": "allowed",
        "destinations": None,
    }


def test_a_pasted_key_has_its_own_line_ends(owner: Somebody) -> None:
    signed_in(owner).post(NEW, filled(type="generic-secret", value=" one\r\ntwo\r\n"))
    opened = read(owner.agent, lease(owner.agent).lease_handle)
    assert opened.value.get_secret_value() == " one\ntwo\n"


def test_an_error_stands_beside_its_field(owner: Somebody) -> None:
    browser = signed_in(owner)
    for field, typed in WRONG:
        answer = browser.post(NEW, filled(**typed))
        shown = page(answer)
        assert answer.status_code == 422, typed.keys()
        assert set(shown.errors) - {"value", "secret_fields"} <= {field}, typed.keys()
        assert shown.errors[field].strip(), typed.keys()
        assert "Nothing is stored yet" in shown.text
        assert CANARY not in page_text(answer)
    assert keys(owner) == []


def test_what_was_typed_stays_except_what_is_secret(owner: Somebody) -> None:
    answer = signed_in(owner).post(
        NEW,
        filled(
            key="two words",
            description="Payments",
            max_uses="none",
            secret_fields_name=["pin", ""],
            secret_fields_value=[f"{CANARY}-pin", ""],
            metadata_name=["account"],
            metadata_value=["acct_1"],
        ),
    )
    shown = page(answer)
    assert {"key", "max_uses", "value", "secret_fields"} == set(shown.errors)
    assert "again" in shown.errors["value"]
    assert "again" in shown.errors["secret_fields"]
    kept = shown.inputs()
    assert (kept["key"], kept["description"]) == ("two words", "Payments")
    assert (kept["metadata_name"], kept["metadata_value"]) == ("account", "acct_1")
    assert kept["secret_fields_name"] == "pin"
    assert CANARY not in page_text(answer)


def test_sending_twice_stores_once(owner: Somebody) -> None:
    browser = signed_in(owner)
    browser.post(NEW, filled())
    again = browser.post(NEW, filled())
    assert again.status_code == 409
    assert "exists already" in page(again).errors["key"]
    assert keys(owner) == ["stripe-api-key"]


def test_a_form_over_the_limit_is_refused_whole(owner: Somebody) -> None:
    answer = signed_in(owner).post(NEW, filled(description="x" * 600_000))
    assert answer.status_code == 413
    assert keys(owner) == []


def test_a_form_from_elsewhere_is_refused(owner: Somebody) -> None:
    browser = signed_in(owner)
    browser.handler.enforce_csrf_checks = True
    answer = browser.post(NEW, filled())
    assert answer.status_code == 403
    assert "no longer valid" in page(answer).text
    assert CANARY not in page_text(answer)
    assert keys(owner) == []


def test_a_foreign_agent_cannot_be_named(owner: Somebody, outsider: Somebody) -> None:
    assert outsider.agent.agent_id is not None
    foreign = public_id("agent", outsider.agent.agent_id)
    answer = signed_in(owner).post(NEW, filled(agents=[foreign]))
    assert "agents" in page(answer).errors
    assert foreign not in page_text(answer)
    assert keys(owner) == []


def test_the_form_suggests_the_folders_that_exist(owner: Somebody) -> None:
    store(owner, folderPath="stripe/live")
    options = [a.get("value") for tag, a in page(signed_in(owner).get(NEW)).tags if tag == "option"]
    assert {"stripe", "stripe/live"} <= set(options)
