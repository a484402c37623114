"""Giving back, revoking, and noting that time is over."""

from functools import partial

from access.actor import Actor, system_actor
from foundation.db.due_rows import due_rows
from leases.operations import expire_due_lease, release_lease, revoke_lease
from leases.shapes import LeaseStateOut, ReleaseLease
from leases.tasks import expire_due_leases
from tests.audit_trail import new_entries, told, trail
from tests.people import Somebody, grant, lease, read, store
from tests.refusals import code_of, problem_of
from tests.storage import lease_uuid, let_time_pass, owner_sql


def release(actor: Actor, handle: str) -> LeaseStateOut:
    return release_lease(actor, ReleaseLease(lease_handle=handle))


def test_a_lease_given_back_is_over_at_once(owner: Somebody) -> None:
    store(owner)
    lent = lease(owner.agent)

    with new_entries(owner.console.tenant_id) as entries:
        released = release(owner.agent, lent.lease_handle)

    assert (released.lease_id, released.state) == (lent.lease_id, "revoked")
    assert told(entries) == [("lease.revoked", "ok")]
    assert code_of(lambda: read(owner.agent, lent.lease_handle)) == "lease/revoked"


def test_giving_back_and_revoking_twice_change_nothing_more(owner: Somebody) -> None:
    store(owner)
    lent = lease(owner.agent)
    first = release(owner.agent, lent.lease_handle)

    with new_entries(owner.console.tenant_id) as entries:
        assert release(owner.agent, lent.lease_handle) == first
        assert revoke_lease(owner.console, lent.lease_id) == first

    assert entries == []


def test_nobody_gives_back_anothers_lease(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    store(owner)
    handle = lease(owner.agent).lease_handle

    for stranger in (member.agent, outsider.agent, owner.console):
        assert code_of(partial(release, stranger, handle)) == "lease/invalid-handle"
    assert read(owner.agent, handle).version == 1


def test_a_manager_revokes_a_lease_of_somebody_else(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "manager", key="stripe-api-key")
    lent = lease(owner.agent)

    with new_entries(owner.console.tenant_id) as entries:
        assert revoke_lease(member.console, lent.lease_id).state == "revoked"

    assert told(entries) == [("lease.revoked", "ok")]
    assert entries[0].person_id == member.person.pk
    assert entries[0].details["holder"] == str(owner.person.pk)
    assert code_of(lambda: read(owner.agent, lent.lease_handle)) == "lease/revoked"


def test_a_user_revokes_only_their_own(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    theirs, foreign = lease(member.agent), lease(owner.agent)

    assert code_of(lambda: revoke_lease(member.console, foreign.lease_id)) == (
        "access/permission-denied"
    )
    assert revoke_lease(member.console, theirs.lease_id).state == "revoked"
    assert read(owner.agent, foreign.lease_handle).version == 1


def test_another_tenants_lease_is_as_unknown_as_none(owner: Somebody, outsider: Somebody) -> None:
    store(owner)
    lent = lease(owner.agent)
    unknown = problem_of(lambda: revoke_lease(outsider.console, "lease_" + "0" * 32))

    assert problem_of(lambda: revoke_lease(outsider.console, lent.lease_id)) == unknown
    for malformed in ("", "lease_", "cred_" + "0" * 32, "lease_" + "g" * 32, lent.lease_handle):
        assert problem_of(partial(revoke_lease, owner.console, malformed)) == unknown
    assert read(owner.agent, lent.lease_handle).version == 1


def test_a_lease_whose_time_is_over_stays_expired(owner: Somebody) -> None:
    store(owner)
    revoked, released = lease(owner.agent), lease(owner.agent)
    for lent in (revoked, released):
        let_time_pass(lent.lease_id, 900)

    with new_entries(owner.console.tenant_id) as entries:
        assert revoke_lease(owner.console, revoked.lease_id).state == "expired"
        assert release(owner.agent, released.lease_handle).state == "expired"

    assert told(entries) == [("lease.expired", "ok")] * 2
    assert code_of(lambda: read(owner.agent, revoked.lease_handle)) == "lease/expired"
    assert code_of(lambda: read(owner.agent, released.lease_handle)) == "lease/expired"


def test_terminal_states_never_leave(owner: Somebody) -> None:
    store(owner, policy={"maxUses": 1})
    consumed, expired = lease(owner.agent), lease(owner.agent)
    read(owner.agent, consumed.lease_handle)
    let_time_pass(expired.lease_id, 900)
    expire_due_leases()

    with new_entries(owner.console.tenant_id) as entries:
        assert revoke_lease(owner.console, consumed.lease_id).state == "consumed"
        assert revoke_lease(owner.console, expired.lease_id).state == "expired"

    assert entries == []


# -- the worker ---------------------------------------------------------------------------------


def test_the_worker_notes_what_is_over_in_every_tenant_once(
    owner: Somebody, outsider: Somebody
) -> None:
    store(owner)
    store(outsider)
    over, living = lease(owner.agent), lease(owner.agent)
    elsewhere = lease(outsider.agent)
    let_time_pass(over.lease_id, 900)
    let_time_pass(elsewhere.lease_id, 900)

    expire_due_leases()
    expire_due_leases()

    (entry,) = trail(owner.console.tenant_id, event="lease.expired")
    assert (entry.door, entry.machinery, entry.person_id) == ("worker", "expiry", None)
    assert entry.lease_id == lease_uuid(over.lease_id)
    assert entry.details["holder"] == str(owner.person.pk)
    assert len(trail(outsider.console.tenant_id, event="lease.expired")) == 1
    assert read(owner.agent, living.lease_handle).version == 1
    assert code_of(lambda: read(owner.agent, over.lease_handle)) == "lease/expired"


def test_the_worker_touches_nothing_that_is_not_over(owner: Somebody) -> None:
    store(owner)
    lent = lease(owner.agent)
    worker = system_actor("expiry", owner.console.tenant_id)

    assert not expire_due_lease(worker, lease_uuid(lent.lease_id))
    assert due_rows("leases_due") == []
    assert read(owner.agent, lent.lease_handle).version == 1


def test_a_worker_of_one_tenant_cannot_end_a_lease_of_another(
    owner: Somebody, outsider: Somebody
) -> None:
    store(owner)
    lent = lease(owner.agent)
    let_time_pass(lent.lease_id, 900)

    stray = system_actor("expiry", outsider.console.tenant_id)

    assert not expire_due_lease(stray, lease_uuid(lent.lease_id))
    assert owner_sql("SELECT state FROM lease") == [("active",)]


def test_nobody_but_machinery_expires_leases(owner: Somebody) -> None:
    store(owner)
    lent = lease(owner.agent)
    let_time_pass(lent.lease_id, 900)

    for actor in (owner.console, owner.agent):
        assert code_of(partial(expire_due_lease, actor, lease_uuid(lent.lease_id))) == (
            "access/permission-denied"
        )
