"""Reading: what is disclosed, to whom, how often, until when."""

from dataclasses import replace
from functools import partial

import pytest

from credentials.operations import (
    rotate_credential,
    update_credential,
)
from credentials.shapes.credentials import UpdateCredential
from credentials.shapes.rotations import RotateCredential
from foundation.db.clock import is_past
from leases.operations import release_lease, revoke_lease
from leases.shapes import ReadCredential, ReleaseLease
from tests.audit_trail import new_entries, told, trail
from tests.people import CANARY, PURPOSE, Somebody, grant, lease, new_agent, read, store
from tests.refusals import code_of, problem_of, refusal
from tests.storage import let_time_pass, owner_sql, wait_until


def test_a_handle_opens_the_value_and_its_secret_fields(owner: Somebody) -> None:
    store(owner, type="oauth-token", secretFields={"refreshToken": "canary-refresh"})
    lent = lease(owner.agent)

    with new_entries(owner.console.tenant_id) as entries:
        secret = read(owner.agent, lent.lease_handle)

    assert secret.value.get_secret_value() == CANARY
    assert secret.secret_fields["refreshToken"].get_secret_value() == "canary-refresh"
    assert secret.wire()["value"] == CANARY
    assert secret.wire()["secretFields"] == {"refreshToken": "canary-refresh"}
    assert (secret.lease_id, secret.key, secret.type) == (
        lent.lease_id,
        "stripe-api-key",
        "oauth-token",
    )
    assert (secret.version, secret.expires_at, secret.uses_left) == (1, lent.expires_at, None)
    assert told(entries) == [("credential.read", "ok")]
    (entry,) = entries
    assert entry.person_id == owner.person.pk
    assert (entry.agent_id, entry.purpose) == (owner.agent.agent_id, PURPOSE)
    assert (entry.credential_key, entry.version) == ("stripe-api-key", 1)
    assert entry.lease_id is not None


@pytest.mark.parametrize(
    "value", ["x", "ünï©ødé \U0001f511", "two\nlines\t", "x" * 65_536, '{"a": "\\u0000"}']
)
def test_a_value_comes_back_as_it_was_stored(owner: Somebody, value: str) -> None:
    store(owner, type="generic-secret", value=value)

    assert read(owner.agent, lease(owner.agent).lease_handle).value.get_secret_value() == value


def test_neither_text_nor_repr_of_the_answer_shows_a_value(owner: Somebody) -> None:
    store(owner, type="oauth-token", secretFields={"refreshToken": "canary-refresh"})

    secret = read(owner.agent, lease(owner.agent).lease_handle)

    assert CANARY not in f"{secret!r}{secret}{secret.model_dump()!r}"
    assert "canary-refresh" not in f"{secret!r}{secret}{secret.model_dump()!r}"


# -- whose --------------------------------------------------------------------------------------


def test_a_handle_works_only_for_the_person_and_client_it_was_given_to(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    handle = lease(owner.agent).lease_handle
    strangers = [
        owner.console,
        new_agent(owner.console, "Batch job"),
        member.agent,
        member.console,
        outsider.agent,
        replace(owner.agent, tenant_id=outsider.console.tenant_id),
        replace(owner.agent, person_id=member.person.pk),
        replace(owner.agent, agent_id=member.agent.agent_id),
        replace(owner.agent, client_id=member.agent.client_id),
        replace(owner.agent, client_id=None, agent_id=None),
    ]

    nonsense = problem_of(lambda: read(owner.agent, "vlt_lease_nonsense"))

    assert nonsense["code"] == "lease/invalid-handle"
    for stranger in strangers:
        assert problem_of(partial(read, stranger, handle)) == nonsense
    assert read(owner.agent, handle).value.get_secret_value() == CANARY


def test_a_refused_read_is_recorded_where_the_stranger_belongs(
    owner: Somebody, outsider: Somebody
) -> None:
    store(owner)
    handle = lease(owner.agent).lease_handle

    with (
        new_entries(owner.console.tenant_id) as acme,
        new_entries(outsider.console.tenant_id) as globex,
    ):
        code_of(lambda: read(outsider.agent, handle))

    assert acme == []
    assert told(globex) == [("credential.read_failed", "denied")]
    assert globex[0].lease_id is None
    assert globex[0].details["code"] == "lease/invalid-handle"


def test_a_console_lease_is_read_at_the_console(owner: Somebody) -> None:
    store(owner)
    handle = lease(owner.console).lease_handle

    assert read(owner.console, handle).value.get_secret_value() == CANARY
    assert code_of(lambda: read(owner.agent, handle)) == "lease/invalid-handle"


def test_a_handle_without_its_row_is_invalid(owner: Somebody) -> None:
    store(owner)
    handle = lease(owner.agent).lease_handle
    owner_sql("DELETE FROM lease")

    assert code_of(lambda: read(owner.agent, handle)) == "lease/invalid-handle"


@pytest.mark.parametrize(
    "change",
    [
        "client_id = gen_random_uuid()",
        "agent_id = gen_random_uuid()",
        "person_id = (SELECT id FROM person WHERE email LIKE 'marc%')",
        "version_id = (SELECT id FROM credential_version WHERE number = 2)",
        "max_expires_at = max_expires_at + interval '1 microsecond'",
    ],
)
def test_a_row_that_no_longer_says_what_the_handle_says_is_not_read(
    owner: Somebody, member: Somebody, change: str
) -> None:
    store(owner)
    handle = lease(owner.agent).lease_handle
    rotate_credential(owner.console, RotateCredential(key="stripe-api-key", generate=True))
    owner_sql(f"UPDATE lease SET {change}")

    assert code_of(lambda: read(owner.agent, handle)) == "lease/invalid-handle"


# -- until when ---------------------------------------------------------------------------------


def test_time_ends_a_lease_without_any_worker(owner: Somebody) -> None:
    store(owner)
    lent = lease(owner.agent, ttl=1)
    assert read(owner.agent, lent.lease_handle).version == 1

    wait_until(lent.expires_at)

    error = refusal(lambda: read(owner.agent, lent.lease_handle))
    assert (error.code, error.status) == ("lease/expired", 410)
    assert owner_sql("SELECT state, uses FROM lease") == [("active", 1)]


def test_the_very_end_is_over(owner: Somebody) -> None:
    store(owner)
    end = lease(owner.agent).expires_at

    assert is_past(end, end)
    assert not is_past(end, end.replace(microsecond=0) - (end - end.replace(microsecond=0)))


def test_an_own_dead_lease_says_which_way_it_died(owner: Somebody) -> None:
    store(owner, policy={"maxUses": 1})
    expired, revoked, released, consumed = (lease(owner.agent) for _ in range(4))
    let_time_pass(expired.lease_id, 900)
    revoke_lease(owner.console, revoked.lease_id)
    release_lease(owner.agent, ReleaseLease(lease_handle=released.lease_handle))
    read(owner.agent, consumed.lease_handle)

    assert code_of(lambda: read(owner.agent, expired.lease_handle)) == "lease/expired"
    assert code_of(lambda: read(owner.agent, revoked.lease_handle)) == "lease/revoked"
    assert code_of(lambda: read(owner.agent, released.lease_handle)) == "lease/revoked"
    error = refusal(lambda: read(owner.agent, consumed.lease_handle))
    assert (error.code, error.status) == ("lease/consumed", 410)
    assert "vault.lease_credential" in error.hint


def test_nobody_else_learns_that_a_lease_died(owner: Somebody, member: Somebody) -> None:
    store(owner)
    lent = lease(owner.agent)
    revoke_lease(owner.console, lent.lease_id)

    assert code_of(lambda: read(member.agent, lent.lease_handle)) == "lease/invalid-handle"


def test_uses_are_counted_down_and_then_spent(owner: Somebody) -> None:
    store(owner, policy={"maxUses": 3})
    lent = lease(owner.agent)
    assert lent.uses_left == 3

    left = [read(owner.agent, lent.lease_handle).uses_left for _ in range(3)]

    assert left == [2, 1, 0]
    assert code_of(lambda: read(owner.agent, lent.lease_handle)) == "lease/consumed"
    assert len(trail(owner.console.tenant_id, event="credential.read")) == 3


def test_a_refused_read_spends_no_use(owner: Somebody, member: Somebody) -> None:
    store(owner, policy={"maxUses": 1})
    lent = lease(owner.agent)
    assert owner.agent.agent_id is not None
    code_of(lambda: read(member.agent, lent.lease_handle))
    update_credential(
        owner.console,
        UpdateCredential.parse({"key": "stripe-api-key", "policy": {"agents": []}}),
    )
    assert code_of(lambda: read(owner.agent, lent.lease_handle)) == "access/permission-denied"
    update_credential(
        owner.console, UpdateCredential.parse({"key": "stripe-api-key", "policy": {}})
    )

    assert read(owner.agent, lent.lease_handle).uses_left == 0


# -- malformed ----------------------------------------------------------------------------------


@pytest.mark.parametrize("handle", ["", "x" * 513, None, 7, True, ["vlt_lease_"]])
def test_what_cannot_be_a_handle_is_refused_by_its_shape(handle: object) -> None:
    assert code_of(lambda: ReadCredential.parse({"leaseHandle": handle})) == "input/invalid"
