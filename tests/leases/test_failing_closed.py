"""When a part fails nothing is disclosed and nothing changes: tampering, a wrong root key, a log
that takes no entry.
"""

import logging
from collections.abc import Callable
from functools import partial
from secrets import token_urlsafe

import pytest
from django.conf import LazySettings
from pydantic import SecretStr

from credentials.envelope import UnsealFailed, require_openable_keys
from credentials.keyrings import open_keys, root_key
from credentials.operations import create_credential, roll_back_rotation, rotate_credential
from credentials.shapes.credentials import CreateCredential, DescribeCredential
from credentials.shapes.rotations import RotateCredential
from foundation.errors import Unavailable
from leases.operations import release_lease, revoke_lease
from leases.shapes import ReleaseLease
from tests.audit_trail import new_entries, told
from tests.people import CANARY, Somebody, lease, read, store
from tests.refusals import code_of, problem_of, refusal
from tests.storage import (
    everything_but_the_log,
    lease_uuid,
    no_entry_can_be_written,
    owner_sql,
)

OTHER = "SELECT {} FROM credential_version v JOIN credential c ON c.id = v.credential_id WHERE {}"

# Each bends version 1 of acme's `stripe-api-key`, the row that the test's lease is on.
TAMPERING = {
    "its value's last bit flipped": "sealed = set_bit(sealed, 8 * length(sealed) - 1, "
    "1 - get_bit(sealed, 8 * length(sealed) - 1))",
    "a bit of its nonce flipped": "sealed = set_bit(sealed, 12, 1 - get_bit(sealed, 12))",
    "another format byte": r"sealed = overlay(sealed PLACING '\x02'::bytea FROM 1 FOR 1)",
    "its value cut": "sealed = substring(sealed FROM 1 FOR length(sealed) - 1)",
    "a tag of one byte": "sealed = substring(sealed FROM 1 FOR 14)",
    "an empty value": "sealed = ''::bytea",
    "its key's first bit flipped": "wrapped_key = set_bit(wrapped_key, 110, "
    "1 - get_bit(wrapped_key, 110))",
    "an empty key": "wrapped_key = ''::bytea",
    "the value of another credential": "sealed = ("
    + OTHER.format("sealed", "c.key = 'other'")
    + ")",
    "the key of another credential": "wrapped_key = ("
    + OTHER.format("wrapped_key", "c.key = 'other'")
    + ")",
    "value and key of another credential": "(sealed, wrapped_key) = ("
    + OTHER.format("sealed, wrapped_key", "c.key = 'other'")
    + ")",
    "value and key of another version": "(sealed, wrapped_key) = ("
    + OTHER.format("sealed, wrapped_key", "c.key = 'stripe-api-key' AND v.number = 2")
    + ")",
    "value and key of another tenant": "(sealed, wrapped_key) = ("
    + OTHER.format("sealed, wrapped_key", "c.key = 'abroad'")
    + ")",
    "the name of another key": "sealed_under = gen_random_uuid()",
    "value, key and key reference of another tenant": "(sealed, wrapped_key, tenant_key_id) = ("
    + OTHER.format("sealed, wrapped_key, tenant_key_id", "c.key = 'abroad'")
    + ")",
}


@pytest.mark.parametrize("change", TAMPERING.values(), ids=TAMPERING)
def test_a_tampered_value_is_not_opened(
    owner: Somebody, outsider: Somebody, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    store(owner, policy={"maxUses": 2})
    store(owner, "other", value="another value")
    store(outsider, "abroad")
    lent = lease(owner.agent)
    rotate_credential(owner.console, RotateCredential(key="stripe-api-key", generate=True))
    owner_sql(
        f"UPDATE credential_version SET {change} WHERE number = 1 AND credential_id = "
        "(SELECT id FROM credential WHERE key = 'stripe-api-key')"
    )
    before = everything_but_the_log()

    with new_entries(owner.console.tenant_id) as entries, caplog.at_level(logging.DEBUG):
        error = refusal(partial(read, owner.agent, lent.lease_handle))

    assert isinstance(error, UnsealFailed)
    assert error.as_problem() == Unavailable().as_problem()
    assert told(entries) == [("credential.read_failed", "failed")]
    assert entries[0].lease_id == lease_uuid(lent.lease_id)
    assert everything_but_the_log() == before
    assert [record.levelname for record in caplog.records].count("CRITICAL") == 1
    assert CANARY not in caplog.text


@pytest.mark.parametrize(
    "change",
    [
        "wrapped = set_bit(wrapped, 200, 1 - get_bit(wrapped, 200))",
        "wrapped = (SELECT wrapped FROM tenant_key WHERE tenant_id <> %(tenant)s)",
        "wrapped = NULL, state = 'destroyed'",
        "state = 'destroyed'",
        "number = 7",
        "root_key_id = 'another'",
    ],
)
def test_a_tampered_tenant_key_opens_nothing(
    owner: Somebody, outsider: Somebody, change: str
) -> None:
    store(owner)
    store(outsider)
    handle = lease(owner.agent).lease_handle
    tenant = f"'{owner.console.tenant_id}'"
    owner_sql(f"UPDATE tenant_key SET {change % {'tenant': tenant}} WHERE tenant_id = {tenant}")

    with new_entries(owner.console.tenant_id) as entries:
        problem = problem_of(partial(read, owner.agent, handle))

    assert (problem["code"], problem["status"]) == ("service/unavailable", 503)
    assert told(entries) == [("credential.read_failed", "failed")]


def test_a_tampered_value_is_not_carried_on_by_a_rollback(owner: Somebody) -> None:
    store(owner)
    rotate_credential(owner.console, RotateCredential(key="stripe-api-key", generate=True))
    owner_sql(
        "UPDATE credential_version SET sealed = set_bit(sealed, 200, 1 - get_bit(sealed, 200)) "
        "WHERE number = 1"
    )
    before = everything_but_the_log()

    assert code_of(
        partial(roll_back_rotation, owner.console, DescribeCredential(key="stripe-api-key"))
    ) == ("service/unavailable")
    assert everything_but_the_log() == before


# -- the root key -------------------------------------------------------------------------------


def _use_root_key(settings: LazySettings, text: str) -> None:
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"root_key": SecretStr(text)})
    _forget_keys()


def _forget_keys() -> None:
    root_key.cache_clear()
    open_keys.forget()


@pytest.fixture(autouse=True)
def no_key_is_left_behind(request: pytest.FixtureRequest) -> None:
    request.addfinalizer(_forget_keys)


@pytest.mark.parametrize(
    "text", [token_urlsafe(32), "A" * 45, "A" * 64], ids=["other", "odd", "long"]
)
def test_with_a_wrong_root_key_nothing_works_and_nothing_changes(
    owner: Somebody, settings: LazySettings, text: str
) -> None:
    store(owner)
    handle = lease(owner.agent).lease_handle
    require_openable_keys()
    right = settings.ENVIRONMENT.root_key.get_secret_value()
    before = everything_but_the_log()

    _use_root_key(settings, text)
    attempts: dict[str, Callable[[], object]] = {
        "read": partial(read, owner.agent, handle),
        "store": partial(store, owner, "another"),
        "rotate": partial(
            rotate_credential,
            owner.console,
            RotateCredential(key="stripe-api-key", generate=True),
        ),
        "readiness": require_openable_keys,
    }
    with new_entries(owner.console.tenant_id) as entries:
        problems = {name: problem_of(attempt) for name, attempt in attempts.items()}

    assert {problem["status"] for problem in problems.values()} == {503}
    assert text not in str(problems)
    assert right not in str(problems)
    assert sorted(told(entries)) == [
        ("credential.created", "failed"),
        ("credential.read_failed", "failed"),
        ("credential.rotated", "failed"),
    ]
    assert everything_but_the_log() == before

    _use_root_key(settings, right)
    assert read(owner.agent, handle).value.get_secret_value() == CANARY


def test_a_wrong_root_key_does_not_become_a_new_tenants_key(
    owner: Somebody, outsider: Somebody, settings: LazySettings
) -> None:
    store(owner)

    _use_root_key(settings, token_urlsafe(32))

    assert code_of(partial(store, outsider)) == "service/unavailable"
    assert owner_sql("SELECT count(*) FROM tenant_key") == [(1,)]


# -- the log ------------------------------------------------------------------------------------


def test_no_entry_no_value(owner: Somebody) -> None:
    store(owner, policy={"maxUses": 1})
    handle = lease(owner.agent).lease_handle
    before = everything_but_the_log()

    with new_entries(owner.console.tenant_id) as entries, no_entry_can_be_written():
        problem = problem_of(partial(read, owner.agent, handle))

    assert (problem["code"], problem["status"]) == ("service/unavailable", 503)
    assert CANARY not in str(problem)
    assert entries == []
    assert everything_but_the_log() == before
    assert read(owner.agent, handle).uses_left == 0


def test_no_entry_no_change(owner: Somebody) -> None:
    store(owner)
    lent = lease(owner.agent)
    before = everything_but_the_log()

    with no_entry_can_be_written():
        for attempt in (
            partial(lease, owner.agent),
            partial(revoke_lease, owner.console, lent.lease_id),
            partial(release_lease, owner.agent, ReleaseLease(lease_handle=lent.lease_handle)),
        ):
            assert code_of(attempt) == "service/unavailable"

    assert everything_but_the_log() == before
    assert read(owner.agent, lent.lease_handle).version == 1


def test_a_refusal_that_cannot_be_recorded_says_no_more_than_that(
    owner: Somebody, member: Somebody
) -> None:
    store(owner)

    with no_entry_can_be_written():
        assert code_of(partial(lease, member.agent)) == "service/unavailable"
        assert code_of(partial(lease, member.agent, "no-such-key")) == "service/unavailable"


def test_the_failure_itself_is_recorded_where_that_can_be_done(owner: Somebody) -> None:
    store(owner)
    handle = lease(owner.agent).lease_handle

    with new_entries(owner.console.tenant_id) as entries, no_entry_can_be_written("ok"):
        assert code_of(partial(read, owner.agent, handle)) == "service/unavailable"

    assert told(entries) == [("credential.read_failed", "failed")]


def test_a_value_is_not_logged_when_storing_it_fails(
    owner: Somebody, caplog: pytest.LogCaptureFixture
) -> None:
    request = CreateCredential.parse({"key": "k", "type": "generic-secret", "value": CANARY})

    with no_entry_can_be_written("ok"), caplog.at_level(logging.DEBUG):
        error = refusal(partial(create_credential, owner.console, request))

    assert CANARY not in caplog.text + str(error) + repr(error) + repr(request)
    assert owner_sql("SELECT count(*) FROM credential") == [(0,)]
