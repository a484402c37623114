"""Renewing: only what lives, only by its holder, never past its fixed end."""

from datetime import timedelta
from functools import partial

import pytest

from access.actor import Actor
from credentials.operations import archive_credential, rotate_credential
from credentials.shapes.credentials import DescribeCredential
from credentials.shapes.rotations import RotateCredential
from leases.operations import renew_lease, revoke_lease
from leases.shapes import LeaseStateOut, RenewLease
from tests.audit_trail import new_entries, told
from tests.people import Somebody, grant, lease, read, store
from tests.refusals import code_of, refusal
from tests.storage import let_time_pass, owner_sql


def renew(actor: Actor, handle: str, ttl: int | str | None = None) -> LeaseStateOut:
    more = {} if ttl is None else {"ttl": ttl}
    return renew_lease(actor, RenewLease.parse({"leaseHandle": handle, **more}))


def test_a_lease_lasts_the_asked_time_from_now(owner: Somebody) -> None:
    store(owner)
    lent = lease(owner.agent, ttl=60)

    with new_entries(owner.console.tenant_id) as entries:
        renewed = renew(owner.agent, lent.lease_handle, "10m")

    assert renewed.expires_at is not None
    assert timedelta(minutes=9) < renewed.expires_at - lent.issued_at <= timedelta(minutes=11)
    assert (renewed.lease_id, renewed.state) == (lent.lease_id, "active")
    assert told(entries) == [("lease.renewed", "ok")]
    assert entries[0].details["ttl"] == 600
    assert read(owner.agent, lent.lease_handle).expires_at == renewed.expires_at


def test_without_a_ttl_the_usual_one_counts(owner: Somebody) -> None:
    store(owner, policy={"defaultTtl": 300})
    lent = lease(owner.agent, ttl=60)

    renewed = renew(owner.agent, lent.lease_handle)

    assert renewed.expires_at is not None
    assert timedelta(seconds=299) < renewed.expires_at - lent.issued_at < timedelta(seconds=330)


def test_never_past_the_maximum_fixed_at_issue(owner: Somebody) -> None:
    store(owner, policy={"maxTtl": 120})
    lent = lease(owner.agent, ttl=60)

    renewed = renew(owner.agent, lent.lease_handle, "1h")

    assert renewed.expires_at == lent.issued_at + timedelta(seconds=120)
    assert renew(owner.agent, lent.lease_handle, "2h").expires_at == renewed.expires_at


def test_renewing_never_shortens(owner: Somebody) -> None:
    store(owner)
    lent = lease(owner.agent, ttl=600)

    assert renew(owner.agent, lent.lease_handle, 1).expires_at == lent.expires_at


@pytest.mark.parametrize("ttl", [0, -1, True, 1.5, "60", 2**31])
def test_a_malformed_ttl_is_refused(ttl: object) -> None:
    error = refusal(lambda: RenewLease.parse({"leaseHandle": "x", "ttl": ttl}))

    assert (error.code, error.extra["field"]) == ("input/invalid", "ttl")


def test_what_ended_is_not_renewed(owner: Somebody) -> None:
    store(owner, policy={"maxUses": 1})
    expired, revoked, consumed = (lease(owner.agent) for _ in range(3))
    let_time_pass(expired.lease_id, 900)
    revoke_lease(owner.console, revoked.lease_id)
    read(owner.agent, consumed.lease_handle)

    assert code_of(lambda: renew(owner.agent, expired.lease_handle)) == "lease/expired"
    assert code_of(lambda: renew(owner.agent, revoked.lease_handle)) == "lease/revoked"
    assert code_of(lambda: renew(owner.agent, consumed.lease_handle)) == "lease/consumed"


def test_only_its_own_person_and_client_renews(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    handle = lease(member.agent).lease_handle

    for stranger in (owner.agent, owner.console, member.console):
        assert code_of(partial(renew, stranger, handle)) == "lease/invalid-handle"


def test_a_right_that_ran_out_is_not_prolonged(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    handle = lease(member.agent).lease_handle
    owner_sql("UPDATE credential_grant SET expires_at = clock_timestamp()")

    assert code_of(lambda: renew(member.agent, handle)) == "access/permission-denied"


def test_neither_an_archived_credential_nor_a_closed_window_is_prolonged(owner: Somebody) -> None:
    store(owner)
    store(owner, "rotated")
    archived, pinned = lease(owner.agent).lease_handle, lease(owner.agent, "rotated").lease_handle
    archive_credential(owner.console, DescribeCredential(key="stripe-api-key"))
    rotate_credential(owner.console, RotateCredential(key="rotated", generate=True))
    owner_sql("UPDATE rotation SET closes_at = clock_timestamp()")

    assert code_of(lambda: renew(owner.agent, archived)) == "lease/revoked"
    assert code_of(lambda: renew(owner.agent, pinned)) == "lease/expired"
