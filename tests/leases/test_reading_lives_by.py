"""Reading: what a lease lives by is asked anew at every read."""

import pytest

from credentials.operations import (
    archive_credential,
    delete_credential,
    move_credential,
    restore_credential,
)
from credentials.shapes.credentials import DescribeCredential, MoveCredential
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tests.people import Somebody, grant, lease, read, set_agent, store
from tests.refusals import code_of
from tests.storage import owner_sql


def test_moving_a_credential_out_of_reach_ends_reading(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", folderPath="stripe")
    handle = lease(member.agent).lease_handle
    assert read(member.agent, handle).version == 1

    move_credential(owner.console, MoveCredential(key="stripe-api-key", folder_path="vaulted"))

    assert code_of(lambda: read(member.agent, handle)) == "access/permission-denied"
    change_settings(owner.console, ChangeSettings(baseline_level="none"))
    assert code_of(lambda: read(member.agent, handle)) == "lease/revoked"


def test_a_grant_that_ran_out_ends_reading(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    handle = lease(member.agent).lease_handle
    owner_sql("UPDATE credential_grant SET expires_at = clock_timestamp()")

    assert code_of(lambda: read(member.agent, handle)) == "access/permission-denied"


def test_a_suspended_agent_reads_nothing(owner: Somebody) -> None:
    store(owner)
    handle = lease(owner.agent).lease_handle
    assert owner.agent.agent_id is not None
    owner_sql("UPDATE agent SET state = 'suspended'")

    assert code_of(lambda: read(owner.agent, handle)) == "access/permission-denied"
    set_agent(owner, owner.agent.agent_id, "removed")
    assert code_of(lambda: read(owner.agent, handle)) in {"lease/revoked", "auth/invalid-token"}


@pytest.mark.parametrize(
    "ending",
    [
        "UPDATE tenant SET suspended_at = now()",
        "UPDATE membership SET suspended_at = now()",
        "UPDATE person SET is_active = false",
        "DELETE FROM membership",
    ],
)
def test_nobody_reads_after_their_access_to_the_tenant_ended(owner: Somebody, ending: str) -> None:
    store(owner)
    handle = lease(owner.agent).lease_handle
    owner_sql(ending)

    assert code_of(lambda: read(owner.agent, handle)) == "auth/invalid-token"


def test_archiving_ends_leases_and_restoring_revives_none(owner: Somebody) -> None:
    store(owner)
    handle = lease(owner.agent).lease_handle
    archive_credential(owner.console, DescribeCredential(key="stripe-api-key"))
    assert code_of(lambda: read(owner.agent, handle)) == "lease/revoked"

    restore_credential(owner.console, DescribeCredential(key="stripe-api-key"))

    assert code_of(lambda: read(owner.agent, handle)) == "lease/revoked"
    assert read(owner.agent, lease(owner.agent).lease_handle).version == 1


@pytest.mark.parametrize("state", ["archived", "revoked", "deleted"])
def test_the_credentials_own_state_refuses_a_lease_that_was_left_behind(
    owner: Somebody, state: str
) -> None:
    store(owner)
    handle = lease(owner.agent).lease_handle
    owner_sql("UPDATE credential SET state = %s", state)

    assert code_of(lambda: read(owner.agent, handle)) == "lease/revoked"


def test_a_deleted_credential_is_gone_and_its_key_is_free(owner: Somebody) -> None:
    store(owner)
    handle = lease(owner.agent).lease_handle
    delete_credential(owner.console, DescribeCredential(key="stripe-api-key"))
    store(owner, value="another value")

    assert code_of(lambda: read(owner.agent, handle)) == "lease/revoked"
    again = read(owner.agent, lease(owner.agent).lease_handle)
    assert again.value.get_secret_value() == "another value"
