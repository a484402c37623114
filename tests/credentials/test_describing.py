"""One credential's metadata and trail; never a value."""

from functools import partial

import pytest

from access.actions import Channel
from access.actor import Actor
from credentials.operations import (
    describe_credential,
    give_grant,
    rotate_credential,
    update_credential,
)
from credentials.shapes.credentials import CredentialDetailOut, DescribeCredential, UpdateCredential
from credentials.shapes.grants import GiveGrant
from credentials.shapes.rotations import RotateCredential
from foundation.db.ids import parse_public_id
from leases.operations import release_lease
from leases.shapes import ReleaseLease
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tests.audit_trail import new_entries, told
from tests.machines import new_account
from tests.people import CANARY, IN_FORCE, PURPOSE, Somebody, grant, lease, read, store
from tests.refusals import code_of, problem_of
from tests.storage import let_time_pass


def describe(who: Somebody, key: str = "stripe-api-key") -> CredentialDetailOut:
    return describe_credential(who.agent, DescribeCredential(key=key))


def test_a_new_credential(owner: Somebody) -> None:
    store(owner, metadata={"service": "stripe"}, policy={"maxUses": 3, "maxTtl": "1h"})

    shown = describe(owner)

    assert (shown.key, shown.folder_path, shown.state, shown.version) == (
        "stripe-api-key",
        "stripe",
        "active",
        1,
    )
    assert shown.metadata == {"service": "stripe"}
    assert (shown.policy.max_uses, shown.policy.max_ttl_seconds) == (3, 3600)
    assert (shown.policy.agents, shown.policy.approval) == (None, "none")
    assert [(one.version, one.state) for one in shown.versions] == [(1, "current")]
    assert (shown.rotation, shown.active_leases) == (None, 0)
    assert (shown.last_leased_at, shown.last_read_at) == (None, None)
    assert [(one.event, one.actor) for one in shown.recent_audit] == [
        ("credential.created", owner.person.email)
    ]
    assert CANARY not in str(shown.wire())


def test_leases_and_reads_show_who_did_what_for_what(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    lent = lease(member.agent)
    read(member.agent, lent.lease_handle)

    shown = describe(owner)

    assert shown.active_leases == 1
    assert shown.last_leased_at is not None
    assert shown.last_read_at is not None
    assert shown.last_leased_at < shown.last_read_at
    newest = shown.recent_audit[0]
    assert (newest.event, newest.outcome) == ("credential.read", "ok")
    assert (newest.actor, newest.agent) == (member.person.email, "Claude Code")
    assert newest.purpose is None  # what another person's agent wrote is not for an agent
    by_person = describe_credential(owner.console, DescribeCredential(key="stripe-api-key"))
    assert by_person.recent_audit[0].purpose == PURPOSE


def test_a_service_account_stands_in_the_trail_by_its_name(owner: Somebody) -> None:
    store(owner)
    account = new_account(owner, "Deploys")
    given = {"serviceAccountId": account, "level": "user", "key": "stripe-api-key"}
    give_grant(owner.console, GiveGrant.parse(given))
    robot = Actor(
        tenant_id=owner.console.tenant_id,
        channel=Channel.REST,
        service_account_id=parse_public_id("sa", account),
        scopes=owner.agent.scopes,
        authentication=IN_FORCE,
    )
    lease(robot)

    assert describe(owner).recent_audit[0].actor == "Deploys"


def test_living_leases_count_by_time(owner: Somebody) -> None:
    store(owner)
    over, given_back, _ = (lease(owner.agent) for _ in range(3))
    let_time_pass(over.lease_id, 900)
    release_lease(owner.agent, ReleaseLease(lease_handle=given_back.lease_handle))

    assert describe(owner).active_leases == 1


def test_an_open_window_and_its_versions(owner: Somebody) -> None:
    store(owner)
    rotation = rotate_credential(
        owner.console, RotateCredential(key="stripe-api-key", generate=True)
    )

    shown = describe(owner)

    assert shown.rotation == rotation
    assert [(one.version, one.state) for one in shown.versions] == [(2, "current"), (1, "previous")]


def test_the_trail_is_the_credentials_own_and_its_newest(owner: Somebody) -> None:
    store(owner)
    store(owner, "other")
    for number in range(25):
        request = UpdateCredential(key="stripe-api-key", description=f"change {number}")
        update_credential(owner.console, request)

    assert len(describe(owner).recent_audit) == 5
    whole = DescribeCredential(key="stripe-api-key", audit_entries=20)
    shown = describe_credential(owner.console, whole)

    assert len(shown.recent_audit) == 20
    assert {one.event for one in shown.recent_audit} == {"credential.updated"}
    moments = [one.at for one in shown.recent_audit]
    assert moments == sorted(moments, reverse=True)


def test_refused_attempts_are_in_the_trail(owner: Somebody, member: Somebody) -> None:
    store(owner)
    code_of(partial(lease, member.agent))

    newest = describe(owner).recent_audit[0]

    assert (newest.event, newest.outcome, newest.actor) == (
        "lease.denied",
        "denied",
        member.person.email,
    )


@pytest.mark.parametrize("key", ["no-such-key", "STRIPE-API-KEY"])
def test_unknown_and_invisible_are_one_answer(
    owner: Somebody, member: Somebody, outsider: Somebody, key: str
) -> None:
    store(owner)
    unknown = problem_of(partial(describe, owner, key))
    assert unknown["code"] == "credential/not-found"
    assert problem_of(partial(describe, outsider)) == unknown
    assert describe(member).access == "viewer"

    change_settings(owner.console, ChangeSettings(baseline_level="none"))

    assert problem_of(partial(describe, member)) == unknown


def test_looking_leaves_no_entry(owner: Somebody) -> None:
    store(owner)

    with new_entries(owner.console.tenant_id) as entries:
        describe(owner)
        code_of(partial(describe, owner, "no-such-key"))

    assert told(entries) == [("access.denied", "denied")]
    assert "no-such-key" not in str(entries[0].__dict__)
