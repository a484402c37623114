"""Rotation with a dual window: R1 to R8."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from credentials.operations import (
    archive_credential,
    describe_credential,
)
from credentials.tasks import close_due_rotations
from foundation.errors import WindowOpen
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tests.audit_trail import new_entries, told, trail
from tests.credentials.rotations import KEY, NEW, rotate, value, versions
from tests.people import CANARY, Somebody, grant, lease, read, store
from tests.refusals import code_of, refusal
from tests.storage import everything_but_the_log, owner_sql, wait_until


def test_both_values_are_valid_until_the_window_closes(owner: Somebody) -> None:
    store(owner)
    old = lease(owner.agent).lease_handle

    with new_entries(owner.console.tenant_id) as entries:
        rotation = rotate(owner.console, window="1h", reason="quarterly")

    new = lease(owner.agent).lease_handle
    assert value(owner.agent, old) == CANARY
    assert value(owner.agent, new) == NEW
    assert (rotation.previous_version, rotation.current_version) == (1, 2)
    assert (rotation.state, rotation.key) == ("open", KEY.key)
    assert rotation.closes_at - rotation.opens_at == timedelta(hours=1)
    assert told(entries) == [("credential.rotated", "ok")]
    assert (entries[0].version, entries[0].details["previous"]) == (2, 1)
    assert entries[0].details["reason"] == "quarterly"
    assert describe_credential(owner.console, KEY).rotation == rotation
    assert versions() == [(1, "previous"), (2, "current")]


def test_at_the_windows_end_the_old_value_fails_without_any_worker(owner: Somebody) -> None:
    store(owner)
    old = lease(owner.agent).lease_handle
    rotation = rotate(owner.console, window=1)
    assert value(owner.agent, old) == CANARY

    wait_until(rotation.closes_at)

    assert code_of(partial(read, owner.agent, old)) == "lease/expired"
    assert versions() == [(1, "previous"), (2, "current")]


def test_the_worker_destroys_what_the_window_leaves_behind_once(
    owner: Somebody, outsider: Somebody
) -> None:
    for who in (owner, outsider):
        store(who)
        lease(who.agent)
        rotate(who.console)
    owner_sql("UPDATE rotation SET closes_at = clock_timestamp()")

    close_due_rotations()
    close_due_rotations()

    assert owner_sql("SELECT DISTINCT state FROM rotation") == [("closed",)]
    assert (
        owner_sql("SELECT state, sealed, wrapped_key FROM credential_version WHERE number = 1")
        == [("destroyed", None, None)] * 2
    )
    for who in (owner, outsider):
        (closed,) = trail(who.console.tenant_id, event="credential.rotation_closed")
        assert (closed.machinery, closed.person_id) == ("rotation-window", None)
        (ended,) = trail(who.console.tenant_id, event="lease.expired")
        assert ended.version == 1
    assert value(owner.agent, lease(owner.agent).lease_handle) == NEW


def test_a_window_that_is_open_is_left_alone(owner: Somebody) -> None:
    store(owner)
    rotate(owner.console)

    close_due_rotations()

    assert versions() == [(1, "previous"), (2, "current")]


def test_a_second_rotation_names_the_open_one(owner: Somebody) -> None:
    store(owner)
    rotation = rotate(owner.console)

    error = refusal(partial(rotate, owner.console, generate=True))

    assert isinstance(error, WindowOpen)
    assert error.extra["rotationId"] == rotation.rotation_id
    assert (error.code, error.status) == ("rotation/window-open", 409)


def test_a_window_whose_time_is_over_is_closed_on_the_way(owner: Somebody) -> None:
    store(owner)
    rotate(owner.console)
    owner_sql("UPDATE rotation SET closes_at = clock_timestamp()")

    with new_entries(owner.console.tenant_id) as entries:
        again = rotate(owner.console, newValue="third")

    assert (again.previous_version, again.current_version) == (2, 3)
    assert told(entries) == [("credential.rotation_closed", "ok"), ("credential.rotated", "ok")]
    assert versions() == [(1, "destroyed"), (2, "previous"), (3, "current")]


def test_the_same_idempotency_key_is_the_same_rotation(owner: Somebody) -> None:
    store(owner)
    first = rotate(owner.console, idempotencyKey="once")

    assert rotate(owner.console, idempotencyKey="once") == first
    assert versions() == [(1, "previous"), (2, "current")]
    for other in ({"newValue": "another"}, {"window": 5}, {"reason": "another"}):
        error = refusal(partial(rotate, owner.console, idempotencyKey="once", **other))
        assert (error.code, error.extra["field"]) == ("input/invalid", "idempotencyKey")
    assert code_of(partial(rotate, owner.agent, idempotencyKey="once")) == "rotation/window-open"


def test_an_idempotency_key_is_for_one_credential(owner: Somebody) -> None:
    store(owner)
    store(owner, "other")
    rotate(owner.console, idempotencyKey="once")

    assert code_of(partial(rotate, owner.console, key="other", idempotencyKey="once")) == (
        "input/invalid"
    )


def test_an_emergency_ends_the_old_value_and_its_leases_at_once(owner: Somebody) -> None:
    store(owner)
    old = lease(owner.agent).lease_handle

    with new_entries(owner.console.tenant_id) as entries:
        rotation = rotate(owner.console, window=0)

    assert rotation.state == "closed"
    assert code_of(partial(read, owner.agent, old)) == "lease/revoked"
    assert versions() == [(1, "destroyed"), (2, "current")]
    assert sorted(told(entries)) == [("credential.rotated", "ok"), ("lease.revoked", "ok")]
    assert rotate(owner.console, generate=True).current_version == 3


def test_a_generated_value_is_new_and_never_answered(owner: Somebody) -> None:
    store(owner, type="generic-secret")
    rotation = rotate(owner.console, generate={"length": 48, "alphabet": "hex"})

    drawn = value(owner.agent, lease(owner.agent).lease_handle)

    assert len(drawn) == 48
    assert set(drawn) <= set("0123456789abcdef")
    assert drawn not in str(rotation.wire())


@pytest.mark.parametrize(
    "bad",
    [
        {"generate": True, "newValue": NEW},
        {"newValue": None},
        {"newValue": None, "generate": False},
        {"newValue": ""},
        {"newValue": "x" * 65_537},
        {"generate": {"length": 15}},
        {"generate": {"alphabet": "emoji"}},
        {"generate": "yes"},
        {"window": -1},
        {"window": "8d"},
        {"window": True},
        {"reason": "x" * 501},
        {"reason": "\u202e"},
        {"idempotencyKey": ""},
        {"state": "open"},
    ],
)
def test_a_malformed_rotation_changes_nothing(owner: Somebody, bad: dict[str, Any]) -> None:
    store(owner)
    before = everything_but_the_log()

    assert code_of(partial(rotate, owner.console, **bad)) == "input/invalid"
    assert everything_but_the_log() == before


def test_a_type_that_nobody_can_draw_is_not_generated(owner: Somebody) -> None:
    store(owner, type="database-url", value="postgresql://app:pw@db.example.org/shop")

    assert refusal(partial(rotate, owner.console, generate=True)).extra["field"] == "generate"
    assert code_of(partial(rotate, owner.console, newValue="no url")) == "input/invalid"
    assert (
        rotate(owner.console, newValue="mysql://app:pw@db2.example.org/shop").current_version == 2
    )
    assert describe_credential(owner.console, KEY).metadata["host"] == "db2.example.org"


def test_secret_fields_go_along(owner: Somebody) -> None:
    store(owner, type="oauth-token", secretFields={"refreshToken": "kept"})
    rotate(owner.console)

    secret = read(owner.agent, lease(owner.agent).lease_handle)

    assert secret.value.get_secret_value() == NEW
    assert secret.secret_fields["refreshToken"].get_secret_value() == "kept"


def test_windows_default_to_the_credentials_then_the_tenants(owner: Somebody) -> None:
    change_settings(owner.console, ChangeSettings(default_window=120, max_window=600))
    store(owner)
    store(owner, "own", policy={"window": 0})
    store(owner, "asked", policy={"window": 0})

    def length(key: str, **more: Any) -> timedelta:
        rotation = rotate(owner.console, key=key, **more)
        return rotation.closes_at - rotation.opens_at

    assert length(KEY.key) == timedelta(seconds=120)
    assert length("own") == timedelta(0)
    assert length("asked", window="10m") == timedelta(seconds=600)
    assert code_of(partial(rotate, owner.console, key="own", window=601)) == "input/invalid"


def test_only_an_active_credential_rotates(owner: Somebody) -> None:
    store(owner)
    archive_credential(owner.console, KEY)

    assert code_of(partial(rotate, owner.console)) == "state/conflict"


def test_a_user_does_not_rotate(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key=KEY.key)

    assert code_of(partial(rotate, member.agent)) == "access/permission-denied"
    grant(owner, member, "manager", key=KEY.key)
    assert rotate(member.agent).current_version == 2
