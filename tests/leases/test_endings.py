"""What ends takes its leases with it, in the same transaction, and nothing else's (rule L6)."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from access.levels import Role
from credentials.operations import (
    archive_credential,
    delete_credential,
    remove_grant,
    revoke_credential,
)
from credentials.shapes.credentials import DescribeCredential
from foundation.db.ids import public_id
from tenants.operations import add_member, change_role, remove_member
from tenants.shapes.members import ChangeRole, RemoveMember
from tests.audit_trail import new_entries, told
from tests.people import (
    Somebody,
    grant,
    join,
    lease,
    new_agent,
    new_person,
    read,
    set_agent,
    somebody,
    store,
)
from tests.refusals import code_of
from tests.storage import owner_sql


@pytest.fixture
def user(owner: Somebody, member: Somebody) -> Somebody:
    """A member who may use `stripe-api-key` and whatever is in `infra`."""
    store(owner)
    store(owner, "deploy-key", folderPath="infra")
    grant(owner, member, "user", key="stripe-api-key")
    grant(owner, member, "user", folderPath="infra")
    return member


def _states() -> dict[str, str]:
    return dict(
        owner_sql(
            "SELECT c.key, string_agg(l.state, ' ' ORDER BY l.state) FROM lease l "
            "JOIN credential c ON c.id = l.credential_id GROUP BY c.key"
        )
    )


def test_removing_a_member_ends_all_their_leases_and_nobody_elses(
    owner: Somebody, user: Somebody
) -> None:
    mine, theirs = lease(user.agent), lease(owner.agent)
    lease(user.console, "deploy-key")

    with new_entries(owner.console.tenant_id) as entries:
        remove_member(owner.console, RemoveMember(person_id=user.id))

    assert _states() == {"stripe-api-key": "active revoked", "deploy-key": "revoked"}
    assert sorted(told(entries)) == [
        ("grant.removed", "ok"),
        ("grant.removed", "ok"),
        ("lease.revoked", "ok"),
        ("lease.revoked", "ok"),
        ("member.removed", "ok"),
    ]
    assert code_of(partial(read, user.agent, mine.lease_handle)) == "lease/revoked"
    assert read(owner.agent, theirs.lease_handle).version == 1


def test_rejoining_revives_nothing(owner: Somebody, user: Somebody) -> None:
    handle = lease(user.agent).lease_handle
    remove_member(owner.console, RemoveMember(person_id=user.id))

    add_member(owner.console, user.person, "member")

    assert code_of(partial(read, user.agent, handle)) == "lease/revoked"
    assert code_of(partial(lease, user.agent)) == "auth/invalid-token"
    again = somebody(user.person, owner.console.tenant_id, Role.MEMBER)
    assert code_of(partial(lease, again.agent)) == "access/permission-denied"
    assert code_of(partial(lease, again.agent, "deploy-key")) == "access/permission-denied"
    assert owner_sql("SELECT count(*) FROM credential_grant") == [(0,)]


@pytest.mark.parametrize("state", ["suspended", "removed"])
def test_an_agent_that_is_stopped_loses_its_leases_and_the_persons_others_live(
    owner: Somebody, user: Somebody, state: str
) -> None:
    other = new_agent(user.console, "Batch job")
    stopped, living = lease(user.agent), lease(other)
    assert user.agent.agent_id is not None

    with new_entries(owner.console.tenant_id) as entries:
        set_agent(owner, user.agent.agent_id, state)

    assert ("lease.revoked", "ok") in told(entries)
    assert len(entries) == 2
    assert code_of(partial(read, user.agent, stopped.lease_handle)) == "lease/revoked"
    assert read(other, living.lease_handle).version == 1


def test_a_resumed_agent_starts_anew(owner: Somebody, user: Somebody) -> None:
    handle = lease(user.agent).lease_handle
    assert user.agent.agent_id is not None
    set_agent(owner, user.agent.agent_id, "suspended")
    set_agent(owner, user.agent.agent_id, "active")

    assert code_of(partial(read, user.agent, handle)) == "lease/revoked"
    assert lease(user.agent).key == "stripe-api-key"


def test_removing_a_grant_ends_the_leases_that_lived_by_it(owner: Somebody, user: Somebody) -> None:
    other = join(owner, new_person("carla"))
    grant(owner, other, "user", key="stripe-api-key")
    mine, theirs = lease(user.agent), lease(other.agent)
    elsewhere = lease(user.agent, "deploy-key")
    on_key = grant(owner, user, "user", key="stripe-api-key")

    remove_grant(owner.console, on_key.grant_id)

    assert code_of(partial(read, user.agent, mine.lease_handle)) == "lease/revoked"
    assert read(other.agent, theirs.lease_handle).version == 1
    assert read(user.agent, elsewhere.lease_handle).version == 1


@pytest.mark.parametrize("folder", ["", "infra", "infra/live"])
def test_removing_a_folders_grant_reaches_everything_below(
    owner: Somebody, member: Somebody, folder: str
) -> None:
    store(owner, "deep", folderPath="infra/live/eu")
    store(owner, "beside", folderPath="infrastructure")
    store(owner, "in-it", folderPath=folder)
    beside = grant(owner, member, "user", folderPath="infrastructure")
    given = grant(owner, member, "user", folderPath=folder)
    for key in ("deep", "beside", "in-it"):
        lease(member.agent, key)

    remove_grant(owner.console, given.grant_id)

    # The root has everything below it, what is held by another grant too: ended is the safe side.
    kept = "revoked" if folder == "" else "active"
    assert _states() == {"deep": "revoked", "in-it": "revoked", "beside": kept}
    assert beside.level == "user"


def test_a_lowered_grant_ends_leases_and_a_raised_one_does_not(
    owner: Somebody, user: Somebody
) -> None:
    handle = lease(user.agent).lease_handle

    grant(owner, user, "manager", key="stripe-api-key")
    assert read(user.agent, handle).version == 1
    grant(owner, user, "manager", key="stripe-api-key")
    assert read(user.agent, handle).version == 1
    grant(owner, user, "viewer", key="stripe-api-key")
    assert code_of(partial(read, user.agent, handle)) == "lease/revoked"


def test_a_grant_narrowed_to_other_agents_ends_leases(owner: Somebody, user: Somebody) -> None:
    handle = lease(user.agent).lease_handle
    assert user.agent.agent_id is not None
    same = [public_id("agent", user.agent.agent_id)]
    other = [public_id("agent", new_agent(user.console, "Batch job").agent_id or owner.person.pk)]

    grant(owner, user, "user", key="stripe-api-key", agents=other)

    assert code_of(partial(read, user.agent, handle)) == "lease/revoked"
    grant(owner, user, "user", key="stripe-api-key", agents=same)
    assert lease(user.agent).key == "stripe-api-key"


def test_losing_the_governing_role_ends_leases(owner: Somebody) -> None:
    store(owner)
    admin = join(owner, new_person("ada"), Role.ADMIN)
    handle = lease(admin.agent).lease_handle

    change_role(owner.console, ChangeRole(person_id=admin.id, role="owner"))
    assert read(admin.agent, handle).version == 1
    change_role(owner.console, ChangeRole(person_id=admin.id, role="member"))

    assert code_of(partial(read, admin.agent, handle)) == "lease/revoked"
    assert code_of(partial(lease, admin.agent)) == "access/permission-denied"


@pytest.mark.parametrize("end", [archive_credential, revoke_credential, delete_credential])
def test_a_credential_that_ends_takes_everybodys_leases(
    owner: Somebody,
    user: Somebody,
    end: Callable[..., None],
) -> None:
    mine, theirs = lease(user.agent), lease(owner.agent)
    elsewhere = lease(user.agent, "deploy-key")

    end(owner.console, DescribeCredential(key="stripe-api-key"))

    for who, lent in ((user.agent, mine), (owner.agent, theirs)):
        assert code_of(partial(read, who, lent.lease_handle)) == "lease/revoked"
    assert read(user.agent, elsewhere.lease_handle).version == 1


def test_an_ending_reaches_no_other_tenant(owner: Somebody, outsider: Somebody) -> None:
    store(owner)
    store(outsider)
    both = join(owner, new_person("bea"))
    add_member(outsider.console, both.person, "admin")
    abroad = somebody(both.person, outsider.console.tenant_id, Role.ADMIN)
    handle = lease(abroad.agent).lease_handle

    remove_member(owner.console, RemoveMember(person_id=both.id))

    assert read(abroad.agent, handle).version == 1
    assert code_of(
        partial(read, replace(abroad.agent, tenant_id=owner.console.tenant_id), handle)
    ) == ("lease/invalid-handle")
