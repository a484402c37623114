"""The tenant's key is rotated under everything that it wraps, and destroyed when that is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from django.conf import LazySettings
from pydantic import SecretStr

from access.tenancy import tenant_transaction
from credentials.envelope import active_key, rewrap, unseal
from credentials.keyrings import open_keys, root_key
from credentials.models import Version
from credentials.operations import (
    archive_credential,
    delete_credential,
    destroy_tenant_key,
    list_keys,
    rotate_tenant_key,
    tenant_keys,
)
from credentials.shapes.credentials import DescribeCredential
from credentials.shapes.tenant_keys import KeyPageOut, ListKeys, RotateTenantKey
from credentials.tasks import rewrap_due_keys
from tests.audit_trail import new_entries, told
from tests.credentials.rotations import rotate
from tests.people import CANARY, Somebody, lease, read, store
from tests.racing import crew
from tests.refusals import code_of
from tests.storage import dump, everything_but_the_log, owner_sql


def keys(who: Somebody) -> KeyPageOut:
    return list_keys(who.console, ListKeys())


def counts(who: Somebody) -> list[tuple[int, str, int]]:
    return [(one.number, one.state, one.versions) for one in keys(who).keys]


def turn(who: Somebody) -> str:
    """Rotate; the id of the key that was active before."""
    before = keys(who).keys[0].key_id
    rotate_tenant_key(who.console, RotateTenantKey(active_key_id=before))
    return before


def values() -> list[tuple[bytes, ...]]:
    rows = owner_sql("SELECT sealed FROM credential_version ORDER BY id")
    return [tuple(bytes(one) for one in row) for row in rows]


def wraps() -> list[bytes]:
    rows = owner_sql("SELECT wrapped_key FROM credential_version ORDER BY id")
    return [bytes(row[0]) for row in rows]


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenant_keys, "BATCH", 2)


def test_what_is_stored_after_a_rotation_is_under_the_new_key(owner: Somebody) -> None:
    assert counts(owner) == []
    store(owner, "before")
    handle = lease(owner.agent, "before").lease_handle

    turn(owner)
    store(owner, "after")

    assert counts(owner) == [(2, "active", 1), (1, "decrypt-only", 1)]
    assert keys(owner).waiting == 1
    assert read(owner.agent, handle).value.get_secret_value() == CANARY


def test_the_wraps_follow_and_nothing_else_changes(owner: Somebody, small_batches: None) -> None:
    for number in range(5):
        store(owner, f"key-{number}")
    handle = lease(owner.agent, "key-0").lease_handle
    old, sealed, wrapped = turn(owner), values(), wraps()

    with new_entries(owner.console.tenant_id) as entries:
        rewrap_due_keys()
        rewrap_due_keys()

    assert counts(owner) == [(2, "active", 5), (1, "decrypt-only", 0)]
    assert values() == sealed
    assert not set(wraps()) & set(wrapped)
    assert told(entries) == [("tenant.kek_rewrapped", "ok")] * 3
    assert [one.details["versions"] for one in entries] == [2, 2, 1]
    assert {one.machinery for one in entries} == {"key-rewrap"}
    destroy_tenant_key(owner.console, old)
    assert counts(owner)[1] == (1, "destroyed", 0)
    assert owner_sql("SELECT wrapped FROM tenant_key WHERE number = 1") == [(None,)]
    assert read(owner.agent, handle).value.get_secret_value() == CANARY


def test_a_version_follows_through_several_rotations(owner: Somebody) -> None:
    store(owner)
    rotate(owner.console)
    handle = lease(owner.agent, version="previous").lease_handle

    for _ in range(3):
        turn(owner)
        rewrap_due_keys()

    assert counts(owner)[0] == (4, "active", 2)
    assert read(owner.agent, handle).value.get_secret_value() == CANARY


def test_a_crash_between_batches_leaves_the_rest_to_the_next_run(
    owner: Somebody, outsider: Somebody, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        store(owner, f"key-{number}")
    handles = [lease(owner.agent, f"key-{number}").lease_handle for number in range(5)]
    store(outsider, "abroad")
    old = turn(owner)
    theirs = _rows_of(outsider)

    with monkeypatch.context() as patched:
        patched.setattr(tenant_keys, "rewrap", _Failing(4))
        rewrap_due_keys()

    # The batch in which it failed left nothing behind, half done or not.
    assert counts(owner) == [(2, "active", 2), (1, "decrypt-only", 3)]
    assert code_of(partial(destroy_tenant_key, owner.console, old)) == "state/conflict"
    assert [read(owner.agent, one).value.get_secret_value() for one in handles] == [CANARY] * 5
    rewrap_due_keys()
    assert counts(owner) == [(2, "active", 5), (1, "decrypt-only", 0)]
    assert _rows_of(outsider) == theirs


class _Failing:
    """Does its work until the call with that number, as a process that is killed does."""

    def __init__(self, last: int) -> None:
        self._left = last

    def __call__(self, *arguments: object) -> None:
        self._left -= 1
        if not self._left:
            raise RuntimeError("killed")
        rewrap(*arguments)  # type: ignore[arg-type]


def _rows_of(who: Somebody) -> dict[str, list[str]]:
    tenant = str(who.console.tenant_id)
    return {table: [row for row in rows if tenant in row] for table, rows in dump().items()}


def test_a_damaged_wrap_stands_in_nobodys_way_and_keeps_its_key(
    owner: Somebody, small_batches: None, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(6):
        store(owner, f"key-{number}")
    old = turn(owner)
    owner_sql(
        "UPDATE credential_version SET wrapped_key = set_bit(wrapped_key, 200, "
        "1 - get_bit(wrapped_key, 200)) WHERE id IN "
        "(SELECT id FROM credential_version ORDER BY id LIMIT 3)"
    )

    rewrap_due_keys()
    with new_entries(owner.console.tenant_id) as entries:
        rewrap_due_keys()

    assert counts(owner) == [(2, "active", 3), (1, "decrypt-only", 3)]
    assert entries == []
    assert [record.levelname for record in caplog.records].count("CRITICAL") == 3
    assert code_of(partial(destroy_tenant_key, owner.console, old)) == "state/conflict"


def test_only_a_key_that_wraps_nothing_is_destroyed(owner: Somebody, outsider: Somebody) -> None:
    store(owner)
    active = keys(owner).keys[0].key_id
    assert code_of(partial(destroy_tenant_key, owner.console, active)) == "state/conflict"
    turn(owner)
    assert code_of(partial(destroy_tenant_key, owner.console, active)) == "state/conflict"
    assert code_of(partial(destroy_tenant_key, outsider.console, active)) == "resource/not-found"

    delete_credential(owner.console, DescribeCredential(key="stripe-api-key"))
    destroy_tenant_key(owner.console, active)

    with new_entries(owner.console.tenant_id) as entries:
        destroy_tenant_key(owner.console, active)
    assert entries == []
    assert counts(owner) == [(2, "active", 0), (1, "destroyed", 0)]


def test_a_second_click_does_not_rotate_again(owner: Somebody) -> None:
    store(owner)
    seen = turn(owner)

    again = partial(rotate_tenant_key, owner.console, RotateTenantKey(active_key_id=seen))

    assert code_of(again) == "precondition/failed"
    assert len(keys(owner).keys) == 2


def test_under_a_wrong_root_key_no_key_is_rotated(owner: Somebody, settings: LazySettings) -> None:
    store(owner)
    before = everything_but_the_log()

    with _another_root_key(settings):
        attempt = partial(rotate_tenant_key, owner.console, RotateTenantKey())
        assert code_of(attempt) == "service/unavailable"

    assert everything_but_the_log() == before
    turn(owner)


@contextmanager
def _another_root_key(settings: LazySettings) -> Iterator[None]:
    right = settings.ENVIRONMENT
    settings.ENVIRONMENT = right.model_copy(update={"root_key": SecretStr("A" * 43)})
    _forget_keys()
    try:
        yield
    finally:
        settings.ENVIRONMENT = right
        _forget_keys()


def _forget_keys() -> None:
    root_key.cache_clear()
    open_keys.forget()


def test_a_rotation_waits_for_what_is_being_sealed(owner: Somebody) -> None:
    store(owner)
    for_itself = "SELECT number FROM tenant_key FOR NO KEY UPDATE SKIP LOCKED"

    with tenant_transaction(owner.console.tenant_id):
        active_key(owner.console.tenant_id)
        assert owner_sql(for_itself) == []
        assert owner_sql(for_itself.replace("NO KEY UPDATE", "SHARE")) == [(1,)]

    assert owner_sql(for_itself) == [(1,)]


def test_whatever_happens_at_once_every_wrap_opens_with_the_key_it_names(
    owner: Somebody, small_batches: None
) -> None:
    with crew(7) as everybody:
        for number in range(4):
            names = [f"{word}-{number}" for word in ("rotated", "deleted", "archived", "read")]
            for name in names:
                store(owner, name)
            handle = lease(owner.agent, names[3]).lease_handle
            turn(owner)

            outcomes = everybody.race(
                [
                    rewrap_due_keys,
                    partial(rotate_tenant_key, owner.console, RotateTenantKey()),
                    partial(store, owner, f"stored-{number}"),
                    partial(rotate, owner.console, key=names[0], window=0),
                    partial(delete_credential, owner.console, DescribeCredential(key=names[1])),
                    partial(archive_credential, owner.console, DescribeCredential(key=names[2])),
                    partial(read, owner.agent, handle),
                ]
            )

            assert not [one for one in outcomes if isinstance(one, Exception)]
            _require_sound(owner)
        rewrap_due_keys()
        rewrap_due_keys()
    assert keys(owner).waiting == 0
    for one in keys(owner).keys[1:]:
        destroy_tenant_key(owner.console, one.key_id)
    _require_sound(owner)


def _require_sound(owner: Somebody) -> None:
    assert owner_sql("SELECT count(*) FROM tenant_key WHERE state = 'active'") == [(1,)]
    with tenant_transaction(owner.console.tenant_id):
        living = Version.objects.of(owner.console).filter(wrapped_key__isnull=False)
        assert all(unseal(one) for one in living.select_related("tenant_key"))
