"""Leasing: who may, for how long, how many, and what the log says of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from access.actor import system_actor
from credentials.operations import (
    archive_credential,
    delete_credential,
    revoke_credential,
    rotate_credential,
)
from credentials.shapes.credentials import DescribeCredential
from credentials.shapes.rotations import RotateCredential
from foundation.db.ids import public_id
from foundation.errors import Denied
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tests.audit_trail import new_entries, told, trail
from tests.people import CANARY, PURPOSE, Somebody, grant, lease, new_agent, read, set_agent, store
from tests.refusals import code_of, problem_of, refusal
from tests.storage import let_time_pass, owner_sql

DAY = 86_400


def test_a_lease_names_everything_it_was_given_for(owner: Somebody) -> None:
    store(owner)

    lent = lease(owner.agent, ttl=120)

    assert lent.key == "stripe-api-key"
    assert (lent.version, lent.ttl_seconds, lent.capped, lent.uses_left) == (1, 120, False, None)
    assert lent.expires_at - lent.issued_at == timedelta(seconds=120)
    assert lent.lease_handle.startswith("vlt_lease_")
    assert len(lent.lease_handle) <= 512
    entry = trail(owner.console.tenant_id)[-1]
    assert (entry.event, entry.outcome, entry.door) == ("lease.created", "ok", "mcp")
    assert entry.person_id == owner.person.pk
    assert (entry.client_id, entry.agent_id) == (owner.agent.client_id, owner.agent.agent_id)
    assert (entry.purpose, entry.agent_name) == (PURPOSE, "Claude Code")
    assert (entry.credential_key, entry.version) == ("stripe-api-key", 1)
    assert public_id("lease", entry.lease_id or owner.person.pk) == lent.lease_id
    assert entry.details["ttl"] == 120


def test_what_a_client_claims_is_kept_apart(owner: Somebody) -> None:
    store(owner)
    claims = {"client": "someone-else", "toolUseId": "toolu_1"}

    lease(replace(owner.agent, claimed=claims))

    entry = trail(owner.console.tenant_id)[-1]
    assert entry.claimed == claims
    assert entry.agent_name == "Claude Code"


def test_a_member_leases_with_a_grant_on_the_credential(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")

    assert read(member.agent, lease(member.agent).lease_handle).value.get_secret_value() == CANARY


@pytest.mark.parametrize("folder", ["", "stripe", "stripe/live"])
def test_a_grant_on_a_folder_reaches_everything_below(
    owner: Somebody, member: Somebody, folder: str
) -> None:
    store(owner, folderPath="stripe/live")
    grant(owner, member, "user", folderPath=folder)

    assert lease(member.agent).key == "stripe-api-key"


@pytest.mark.parametrize("folder", ["stripe/live/eu", "stripe/liv", "stripe/live0", "strip"])
def test_a_grant_on_a_folder_beside_or_below_reaches_nothing(
    owner: Somebody, member: Somebody, folder: str
) -> None:
    store(owner, folderPath="stripe/live")
    store(owner, "other", folderPath=folder)
    grant(owner, member, "user", folderPath=folder)

    assert code_of(lambda: lease(member.agent)) == "access/permission-denied"


# -- who ----------------------------------------------------------------------------------------


def test_unknown_foreign_and_invisible_are_one_answer(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    store(owner)
    change_settings(owner.console, ChangeSettings(baseline_level="none"))

    unknown = problem_of(lambda: lease(owner.agent, "no-such-key"))

    assert unknown["code"] == "credential/not-found"
    assert problem_of(lambda: lease(member.agent)) == unknown
    assert problem_of(lambda: lease(outsider.agent)) == unknown


def test_a_viewer_learns_whom_to_ask(owner: Somebody, member: Somebody) -> None:
    store(owner)

    with new_entries(owner.console.tenant_id) as entries:
        error = refusal(lambda: lease(member.agent))

    assert isinstance(error, Denied)
    assert "/team/" in error.hint
    assert (error.extra["requiredLevel"], error.extra["heldLevel"]) == ("user", "viewer")
    assert told(entries) == [("lease.denied", "denied")]
    assert entries[0].credential_key == "stripe-api-key"
    assert entries[0].purpose == PURPOSE
    assert entries[0].details["code"] == "access/permission-denied"


def test_a_refused_lease_shows_in_the_credentials_own_trail(
    owner: Somebody, member: Somebody
) -> None:
    store(owner)
    refusal(lambda: lease(member.agent))

    (entry,) = trail(owner.console.tenant_id, event="lease.denied")
    (created,) = trail(owner.console.tenant_id, event="credential.created")
    assert entry.credential_id == created.credential_id


def test_a_grant_for_one_agent_is_none_for_another(owner: Somebody, member: Somebody) -> None:
    store(owner)
    other = new_agent(member.console, "Batch job")
    assert member.agent.agent_id is not None
    named = [public_id("agent", member.agent.agent_id)]
    grant(owner, member, "user", key="stripe-api-key", agents=named)

    assert lease(member.agent).key == "stripe-api-key"
    assert code_of(lambda: lease(other)) == "access/permission-denied"
    assert code_of(lambda: lease(member.console)) == "access/permission-denied"


def test_a_policy_that_lists_agents_binds_even_the_owner(owner: Somebody) -> None:
    other = new_agent(owner.console, "Batch job")
    assert owner.agent.agent_id is not None
    store(owner, policy={"agents": [public_id("agent", owner.agent.agent_id)]})
    store(owner, "for-nobody", policy={"agents": []})

    assert lease(owner.agent).key == "stripe-api-key"
    assert code_of(lambda: lease(other)) == "access/permission-denied"
    assert code_of(lambda: lease(owner.console)) == "access/permission-denied"
    assert code_of(lambda: lease(owner.agent, "for-nobody")) == "access/permission-denied"


def test_an_expired_grant_gives_nothing(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    owner_sql("UPDATE credential_grant SET expires_at = clock_timestamp()")

    assert code_of(lambda: lease(member.agent)) == "access/permission-denied"


def test_a_suspended_agent_is_told_so_and_a_removed_one_connects_again(owner: Somebody) -> None:
    store(owner)
    assert owner.agent.agent_id is not None

    set_agent(owner, owner.agent.agent_id, "suspended")
    assert code_of(lambda: lease(owner.agent)) == "access/permission-denied"
    set_agent(owner, owner.agent.agent_id, "active")
    assert lease(owner.agent).key == "stripe-api-key"
    set_agent(owner, owner.agent.agent_id, "removed")
    assert code_of(lambda: lease(owner.agent)) == "auth/invalid-token"


@pytest.mark.parametrize(
    "ending",
    [
        "UPDATE tenant SET suspended_at = now()",
        "UPDATE membership SET suspended_at = now()",
        "UPDATE person SET is_active = false",
        "DELETE FROM membership",
    ],
)
def test_nobody_leases_after_their_access_to_the_tenant_ended(owner: Somebody, ending: str) -> None:
    store(owner)
    owner_sql(ending)

    assert code_of(lambda: lease(owner.agent)) == "auth/invalid-token"
    assert code_of(lambda: lease(owner.console)) == "auth/invalid-token"


def test_an_agent_of_somebody_else_is_no_way_in(owner: Somebody, member: Somebody) -> None:
    store(owner)
    borrowed = replace(owner.agent, agent_id=member.agent.agent_id)
    moved = replace(owner.agent, client_id=member.agent.client_id)

    assert code_of(lambda: lease(borrowed)) == "auth/invalid-token"
    assert code_of(lambda: lease(moved)) == "auth/invalid-token"


def test_machinery_leases_nothing(owner: Somebody) -> None:
    store(owner)

    worker = system_actor("expiry", owner.console.tenant_id)
    assert code_of(lambda: lease(worker)) == "access/permission-denied"


def test_a_token_without_the_scope_leases_nothing(owner: Somebody) -> None:
    store(owner)
    powerless = replace(owner.agent, scopes=frozenset({"offline_access"}))

    error = refusal(lambda: lease(powerless))

    assert error.code == "auth/insufficient-scope"
    assert error.extra["required"] == "vault:read"
    (entry,) = trail(owner.console.tenant_id, event="lease.denied")
    assert entry.outcome == "denied"


# -- of what ------------------------------------------------------------------------------------


def test_only_an_active_credential_is_lent(owner: Somebody) -> None:
    for key in ("archived", "revoked", "deleted"):
        store(owner, key)
    archive_credential(owner.console, DescribeCredential(key="archived"))
    revoke_credential(owner.console, DescribeCredential(key="revoked"))
    delete_credential(owner.console, DescribeCredential(key="deleted"))

    assert code_of(lambda: lease(owner.agent, "archived")) == "state/conflict"
    assert code_of(lambda: lease(owner.agent, "revoked")) == "state/conflict"
    assert code_of(lambda: lease(owner.agent, "deleted")) == "credential/not-found"


def test_keys_are_case_sensitive(owner: Somebody) -> None:
    store(owner)

    assert code_of(lambda: lease(owner.agent, "Stripe-API-key")) == "credential/not-found"


def test_the_previous_value_is_lent_only_while_a_window_is_open(owner: Somebody) -> None:
    store(owner)
    assert code_of(lambda: lease(owner.agent, version="previous")) == "state/conflict"
    rotation = rotate_credential(
        owner.console, RotateCredential.parse({"key": "stripe-api-key", "generate": True})
    )

    old = lease(owner.agent, version="previous", ttl="10h")
    assert (old.version, old.capped, old.expires_at) == (1, True, rotation.closes_at)
    assert read(owner.agent, old.lease_handle).value.get_secret_value() == CANARY
    new = lease(owner.agent)
    assert new.version == 2
    assert read(owner.agent, new.lease_handle).value.get_secret_value() != CANARY

    owner_sql("UPDATE rotation SET closes_at = clock_timestamp()")
    assert code_of(lambda: lease(owner.agent, version="previous")) == "state/conflict"


# -- how many -----------------------------------------------------------------------------------


def test_a_credentials_limit_counts_everybodys_leases(owner: Somebody, member: Somebody) -> None:
    store(owner, policy={"maxActiveLeases": 2})
    grant(owner, member, "user", key="stripe-api-key")
    lease(owner.agent)
    lease(member.agent)

    error = refusal(lambda: lease(owner.agent))

    assert error.code == "quota/exceeded"
    assert error.extra["retryAfter"] > 0
    assert told(trail(owner.console.tenant_id))[-1] == ("lease.denied", "denied")


def test_the_limits_per_person_and_per_agent(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    change_settings(owner.console, ChangeSettings(max_leases_per_person=3, max_leases_per_agent=2))
    other = new_agent(owner.console, "Batch job")

    lease(owner.agent)
    lease(owner.agent)
    assert code_of(lambda: lease(owner.agent)) == "quota/exceeded"
    lease(other)
    assert code_of(lambda: lease(other)) == "quota/exceeded"
    assert lease(member.agent).key == "stripe-api-key"


def test_limits_count_by_time_and_not_by_the_sweep(owner: Somebody) -> None:
    store(owner, policy={"maxActiveLeases": 1})
    first = lease(owner.agent)
    assert code_of(lambda: lease(owner.agent)) == "quota/exceeded"

    let_time_pass(first.lease_id, 15 * 60)

    assert lease(owner.agent).key == "stripe-api-key"
    assert owner_sql("SELECT count(*) FROM lease WHERE state = 'active'") == [(2,)]
