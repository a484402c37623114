"""Many at the same moment, against the real database: a use is counted once, an end is an end."""

from collections.abc import Callable
from functools import partial

import pytest

from access.levels import Role
from credentials.operations import archive_credential, remove_grant, rotate_credential
from credentials.shapes.credentials import DescribeCredential
from credentials.shapes.rotations import RotateCredential
from foundation.errors import LeaseConsumed, LeaseRevoked, QuotaExceeded, VaultError
from leases.operations import revoke_lease
from leases.shapes import LeaseOut, SecretOut
from leases.tasks import expire_due_leases
from tenants.operations import remove_member
from tenants.shapes.members import RemoveMember
from tests.audit_trail import told, trail
from tests.people import CANARY, Somebody, grant, join, lease, new_person, read, store
from tests.racing import crew, race
from tests.refusals import code_of
from tests.storage import let_time_pass, owner_sql


@pytest.mark.parametrize(
    ("rounds", "readers"),
    [(10, 20), pytest.param(200, 50, marks=[pytest.mark.full, pytest.mark.timeout(900)])],
)
def test_a_single_use_is_one_use(owner: Somebody, rounds: int, readers: int) -> None:
    store(owner, policy={"maxUses": 1})
    with crew(readers) as agents:
        for number in range(rounds):
            handle = lease(owner.agent).lease_handle

            outcomes = agents.race([partial(read, owner.agent, handle)] * readers)

            won = [one for one in outcomes if isinstance(one, SecretOut)]
            assert [one.value.get_secret_value() for one in won] == [CANARY]
            lost = [one for one in outcomes if not isinstance(one, SecretOut)]
            assert {type(one) for one in lost} == {LeaseConsumed}
            assert _count(owner, "credential.read", "ok") == number + 1
    assert _count(owner, "credential.read_failed", "denied") == rounds * (readers - 1)
    assert owner_sql("SELECT max(uses), min(uses) FROM lease") == [(1, 1)]


def _count(who: Somebody, event: str, outcome: str) -> int:
    return int(
        owner_sql(
            "SELECT count(*) FROM audit_entry WHERE tenant_id = %s AND event = %s AND outcome = %s",
            who.console.tenant_id,
            event,
            outcome,
        )[0][0]
    )


def test_seven_uses_are_seven(owner: Somebody) -> None:
    store(owner, policy={"maxUses": 7})
    handle = lease(owner.agent).lease_handle

    outcomes = race(*[partial(read, owner.agent, handle)] * 16)

    left = [one.uses_left for one in outcomes if isinstance(one, SecretOut)]
    assert sorted(one for one in left if one is not None) == list(range(7))


def test_no_read_that_begins_after_a_revocation_was_answered_succeeds(owner: Somebody) -> None:
    store(owner)
    with crew(5) as everybody:
        for _ in range(10):
            lent = lease(owner.agent)

            def revoke_and_read(lent: LeaseOut = lent) -> str:
                revoke_lease(owner.console, lent.lease_id)
                return code_of(partial(read, owner.agent, lent.lease_handle))

            outcomes = everybody.race(
                [revoke_and_read, *[partial(read, owner.agent, lent.lease_handle)] * 4]
            )

            assert outcomes[0] == "lease/revoked"
            assert all(isinstance(one, SecretOut | LeaseRevoked) for one in outcomes[1:])
            _require_no_read_after_the_end(owner)


def _require_no_read_after_the_end(who: Somebody) -> None:
    """By the log's own times: no disclosure of a lease later than its revocation."""
    assert not owner_sql(
        "SELECT r.id FROM audit_entry r JOIN audit_entry e ON e.lease_id = r.lease_id "
        "WHERE r.event = 'credential.read' AND e.event = 'lease.revoked' AND r.at > e.at "
        "AND r.tenant_id = %s",
        who.console.tenant_id,
    )


def test_no_lease_outlives_an_archive_it_raced_with(owner: Somebody) -> None:
    with crew(6) as everybody:
        for number in range(8):
            key = f"key-{number}"
            store(owner, key)

            outcomes = everybody.race(
                [
                    partial(archive_credential, owner.console, DescribeCredential(key=key)),
                    *[partial(lease, owner.agent, key)] * 5,
                ]
            )

            assert outcomes[0] is None
            for lent in outcomes:
                if isinstance(lent, LeaseOut):
                    assert code_of(partial(read, owner.agent, lent.lease_handle)) == "lease/revoked"
    assert owner_sql("SELECT count(*) FROM lease WHERE state = 'active'") == [(0,)]


@pytest.mark.parametrize("ending", ["member", "grant"])
def test_no_lease_outlives_a_removal_it_raced_with(owner: Somebody, ending: str) -> None:
    store(owner)
    with crew(6) as everybody:
        for number in range(6):
            leaver = join(owner, new_person(f"leaver{number}"))
            given = grant(owner, leaver, "user", key="stripe-api-key")
            ends: dict[str, Callable[[], object]] = {
                "member": partial(remove_member, owner.console, RemoveMember(person_id=leaver.id)),
                "grant": partial(remove_grant, owner.console, given.grant_id),
            }

            outcomes = everybody.race([ends[ending], *[partial(lease, leaver.agent)] * 5])

            assert not isinstance(outcomes[0], Exception)
            assert all(isinstance(one, LeaseOut | VaultError) for one in outcomes[1:])
            assert owner_sql("SELECT count(*) FROM lease WHERE state = 'active'") == [(0,)]


def test_a_limit_holds_when_everybody_asks_at_once(owner: Somebody) -> None:
    store(owner, policy={"maxActiveLeases": 3})

    outcomes = race(*[partial(lease, owner.agent)] * 12)

    assert sum(isinstance(one, LeaseOut) for one in outcomes) == 3
    assert sum(isinstance(one, QuotaExceeded) for one in outcomes) == 9


def test_leases_taken_during_a_rotation_are_on_one_value_or_the_other(owner: Somebody) -> None:
    with crew(6) as everybody:
        for number in range(6):
            key = f"key-{number}"
            store(owner, key)
            rotate = RotateCredential.parse({"key": key, "newValue": "new", "window": 600})

            outcomes = everybody.race(
                [
                    partial(rotate_credential, owner.console, rotate),
                    *[partial(lease, owner.agent, key)] * 5,
                ]
            )

            for lent in outcomes[1:]:
                assert isinstance(lent, LeaseOut)
                secret = read(owner.agent, lent.lease_handle)
                assert secret.value.get_secret_value() == {1: CANARY, 2: "new"}[lent.version]


def test_no_lease_on_a_value_outlives_the_emergency_that_ended_it(owner: Somebody) -> None:
    with crew(6) as everybody:
        for number in range(6):
            key = f"key-{number}"
            store(owner, key)
            rotate = RotateCredential.parse({"key": key, "newValue": "new", "window": 0})

            outcomes = everybody.race(
                [
                    partial(rotate_credential, owner.console, rotate),
                    *[partial(lease, owner.agent, key)] * 5,
                ]
            )

            for lent in outcomes[1:]:
                assert isinstance(lent, LeaseOut)
                if lent.version == 1:
                    assert code_of(partial(read, owner.agent, lent.lease_handle)) == "lease/revoked"
                else:
                    assert read(owner.agent, lent.lease_handle).version == 2


def test_two_workers_note_an_end_once(owner: Somebody) -> None:
    store(owner)
    for _ in range(4):
        let_time_pass(lease(owner.agent).lease_id, 900)

    outcomes = race(*[expire_due_leases] * 4)
    expire_due_leases()

    assert outcomes == [None] * 4
    assert (
        told(trail(owner.console.tenant_id, event="lease.expired")) == [("lease.expired", "ok")] * 4
    )


def test_many_people_read_many_leases_at_once(owner: Somebody) -> None:
    store(owner)
    people = [owner, *(join(owner, new_person(f"p{n}"), Role.ADMIN) for n in range(5))]
    handles = [(who, lease(who.agent).lease_handle) for who in people for _ in range(2)]

    outcomes = race(*(partial(read, who.agent, handle) for who, handle in handles))

    assert all(isinstance(one, SecretOut) for one in outcomes)
