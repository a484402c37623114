"""Storing: what is kept, who may, and what is refused with nothing saved."""

from functools import partial
from typing import Any

import pytest

from access.levels import Role
from credentials.operations import (
    archive_credential,
    create_credential,
    delete_credential,
    describe_credential,
    revoke_credential,
)
from credentials.shapes.credentials import CreateCredential, DescribeCredential
from foundation.db.ids import public_id, uuid7
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tests.audit_trail import new_entries, told
from tests.people import CANARY, Somebody, grant, join, lease, new_person, read, store
from tests.racing import race
from tests.refusals import code_of, refusal
from tests.storage import everything_but_the_log, owner_sql


def test_everything_but_the_value_is_answered(owner: Somebody) -> None:
    with new_entries(owner.console.tenant_id) as entries:
        stored = store(
            owner,
            folderPath="stripe/live",
            tags=["payments"],
            description="Charges",
            metadata={"service": "stripe"},
            policy={"defaultTtl": "5m"},
        )

    assert stored.id.startswith("cred_")
    assert stored.wire() == {
        "id": stored.id,
        "revision": 1,
        "key": "stripe-api-key",
        "folderPath": "stripe/live",
        "type": "api-key",
        "tags": ["payments"],
        "description": "Charges",
        "state": "active",
        "version": 1,
        "access": "admin",
        "leaseTtlSeconds": 300,
        "disclosure": "model",
    }
    assert told(entries) == [("credential.created", "ok")]
    assert (entries[0].credential_key, entries[0].version) == ("stripe-api-key", 1)
    assert entries[0].details == {"type": "api-key", "folder": "stripe/live"}
    assert CANARY not in str(entries[0].details)


def test_what_is_sealed_never_repeats(owner: Somebody) -> None:
    for number in range(5):
        store(owner, f"key-{number}")

    rows = owner_sql("SELECT sealed, wrapped_key FROM credential_version")
    nonces = {bytes(blob)[1:13] for row in rows for blob in row}
    assert len(nonces) == 10
    assert owner_sql("SELECT count(*) FROM tenant_key") == [(1,)]


def test_a_manager_of_a_folder_stores_in_it_and_nowhere_else(
    owner: Somebody, member: Somebody
) -> None:
    store(owner)
    grant(owner, member, "manager", folderPath="stripe")

    assert store(member, "mine", folderPath="stripe/deeper").access == "manager"
    for folder in ("", "infra", "stripe2"):
        assert code_of(partial(store, member, "other", folderPath=folder)) == (
            "access/permission-denied"
        )
    assert code_of(partial(store, member, "other", folderPath="stripe2")) == (
        "access/permission-denied"
    )
    assert owner_sql("SELECT key FROM credential ORDER BY key") == [("mine",), ("stripe-api-key",)]


def test_an_admin_stores_anywhere_and_a_member_nowhere(owner: Somebody, member: Somebody) -> None:
    admin = join(owner, new_person("ada"), Role.ADMIN)

    assert store(admin, folderPath="").access == "admin"
    assert code_of(partial(store, member, "other")) == "access/permission-denied"


def test_a_key_is_unique_in_its_tenant_and_only_there(owner: Somebody, outsider: Somebody) -> None:
    store(owner)

    error = refusal(partial(store, owner, folderPath="elsewhere"))

    assert (error.code, error.extra["field"]) == ("state/conflict", "key")
    assert store(owner, "Stripe-api-key").version == 1
    assert store(outsider).version == 1


def test_a_key_stays_taken_until_its_credential_is_deleted(owner: Somebody) -> None:
    key = DescribeCredential(key="stripe-api-key")
    store(owner)
    for end in (archive_credential, revoke_credential):
        end(owner.console, key)
        assert code_of(partial(store, owner)) == "state/conflict"
    delete_credential(owner.console, key)

    assert store(owner).version == 1


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"key": "-x"}, "key"),
        ({"key": "a/b"}, "key"),
        ({"key": "ü"}, "key"),
        ({"key": "a" * 129}, "key"),
        ({"folderPath": "../etc"}, "folderPath"),
        ({"folderPath": "/a"}, "folderPath"),
        ({"folderPath": "/".join("abcdefghi")}, "folderPath"),
        ({"type": "password"}, "type"),
        ({"value": ""}, "value"),
        ({"value": "x" * 65_537}, "value"),
        ({"value": 7}, "value"),
        ({"secretFields": {"a": "x" * 16_385}}, "secretFields"),
        ({"secretFields": {str(n): "x" for n in range(17)}}, "secretFields"),
        ({"metadata": {"apiPassword": "x"}}, "metadata"),
        ({"metadata": {"a": 7}}, "metadata"),
        ({"tags": ["a b"]}, "tags"),
        ({"description": "\u202e"}, "description"),
        ({"policy": {"maxTtl": "2d"}}, "maxTtl"),
        ({"policy": {"maxTtl": "5m", "defaultTtl": "10m"}}, "defaultTtl"),
        ({"policy": {"window": "8d"}}, "window"),
        ({"policy": {"agents": ["agent_x"]}}, "agents"),
        ({"policy": {"agents": [public_id("agent", uuid7())]}}, "agents"),
        ({"policy": {"maxUses": 0}}, "policy"),
        ({"policy": {"approval": "maybe"}}, "policy"),
        ({"state": "revoked"}, None),
        ({"type": "ssh-key"}, "value"),
        ({"type": "tls-certificate"}, "value"),
        ({"type": "database-url"}, "value"),
    ],
)
def test_what_breaks_a_rule_is_refused_and_nothing_is_saved(
    owner: Somebody, bad: dict[str, Any], field: str | None
) -> None:
    before = everything_but_the_log()

    error = refusal(partial(store, owner, **{"key": "stripe-api-key", **bad}))

    assert error.code == "input/invalid"
    assert error.extra.get("field") == field
    assert everything_but_the_log() == before


def test_a_policy_may_name_only_agents_of_the_tenant(owner: Somebody, outsider: Somebody) -> None:
    assert outsider.agent.agent_id is not None
    abroad = public_id("agent", outsider.agent.agent_id)

    assert refusal(partial(store, owner, policy={"agents": [abroad]})).extra["field"] == "agents"


def test_a_policy_is_measured_by_the_tenants_limits(owner: Somebody) -> None:
    change_settings(owner.console, ChangeSettings(default_ttl=60, max_ttl=600))

    assert refusal(partial(store, owner, policy={"maxTtl": "11m"})).extra["field"] == "maxTtl"
    assert refusal(partial(store, owner, policy={"defaultTtl": "11m"})).extra["field"] == (
        "defaultTtl"
    )
    assert store(owner, policy={"maxTtl": "10m"}).lease_ttl_seconds == 60


def test_what_a_value_tells_becomes_metadata_and_the_callers_word_wins(owner: Somebody) -> None:
    url = "postgresql://app:pw@db.example.org:5433/shop"
    store(owner, type="database-url", value=url, metadata={"host": "by-hand"})

    shown = describe_credential(owner.console, DescribeCredential(key="stripe-api-key")).metadata

    assert shown["host"] == "by-hand"
    assert shown["database"] == "shop"
    assert "pw" not in str(shown)


def test_the_maker_owns_it(owner: Somebody) -> None:
    store(owner)

    shown = describe_credential(owner.console, DescribeCredential(key="stripe-api-key"))

    assert shown.owners == [owner.person.email]


def test_two_who_store_the_same_key_at_once(owner: Somebody) -> None:
    request = CreateCredential.parse(
        {"key": "k", "type": "api-key", "value": CANARY, "folderPath": "new/folder"}
    )

    outcomes = race(*[partial(create_credential, owner.console, request)] * 8)

    failed = [one for one in outcomes if isinstance(one, Exception)]
    assert len(failed) == 7
    assert {getattr(one, "code", "") for one in failed} == {"state/conflict"}
    assert owner_sql("SELECT count(*) FROM credential_version") == [(1,)]


def test_the_first_writers_of_a_tenant_make_one_key(owner: Somebody) -> None:
    outcomes = race(*(partial(store, owner, f"key-{number}") for number in range(8)))

    assert not [one for one in outcomes if isinstance(one, Exception)]
    assert owner_sql("SELECT number, state FROM tenant_key") == [(1, "active")]
    for number in range(8):
        handle = lease(owner.agent, f"key-{number}").lease_handle
        assert read(owner.agent, handle).value.get_secret_value() == CANARY
