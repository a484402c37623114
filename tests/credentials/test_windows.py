"""An open window: shortened, lengthened, closed, rolled back, by many at once."""

from datetime import timedelta
from functools import partial

from credentials.operations import (
    change_window,
    roll_back_rotation,
)
from credentials.shapes.credentials import DescribeCredential
from credentials.shapes.rotations import ChangeWindow, RotationOut
from credentials.tasks import close_due_rotations
from foundation.errors import WindowOpen
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tests.audit_trail import new_entries, told
from tests.credentials.rotations import KEY, rotate, shift, value, versions
from tests.people import CANARY, Somebody, grant, lease, read, store
from tests.racing import crew, race
from tests.refusals import code_of
from tests.storage import owner_sql


def test_a_manager_shortens_and_closes_an_admin_lengthens(
    owner: Somebody, member: Somebody
) -> None:
    store(owner)
    grant(owner, member, "manager", key=KEY.key)
    old = lease(owner.agent).lease_handle
    rotate(member.console, window=600)

    assert shift(member.console, 60).state == "open"
    assert code_of(partial(shift, member.console, 900)) == "access/permission-denied"
    lengthened = shift(owner.console, "2h")
    assert lengthened.closes_at - lengthened.opens_at > timedelta(minutes=119)
    assert value(owner.agent, old) == CANARY

    with new_entries(owner.console.tenant_id) as entries:
        assert shift(member.console, 0).state == "closed"

    assert told(entries)[-1] == ("credential.rotation_closed", "ok")
    assert code_of(partial(read, owner.agent, old)) == "lease/revoked"
    assert versions() == [(1, "destroyed"), (2, "current")]


def test_a_window_is_never_longer_than_the_tenants_maximum(owner: Somebody) -> None:
    change_settings(owner.console, ChangeSettings(default_window=60, max_window=600))
    store(owner)
    rotate(owner.console)

    assert code_of(partial(shift, owner.console, 601)) == "input/invalid"
    owner_sql("UPDATE rotation SET opened_at = opened_at - interval '9 minutes'")
    assert code_of(partial(shift, owner.console, 300)) == "input/invalid"
    assert shift(owner.console, 30).state == "open"


def test_without_an_open_window_there_is_nothing_to_change_or_roll_back(owner: Somebody) -> None:
    store(owner)
    shifted = partial(shift, owner.console, 60)
    rolled = partial(roll_back_rotation, owner.console, KEY)
    assert (code_of(shifted), code_of(rolled)) == ("state/conflict", "state/conflict")

    rotate(owner.console)
    owner_sql("UPDATE rotation SET closes_at = clock_timestamp()")

    assert (code_of(shifted), code_of(rolled)) == ("state/conflict", "state/conflict")


def test_rolled_back_the_old_value_is_a_new_version(owner: Somebody) -> None:
    store(owner, type="oauth-token", secretFields={"refreshToken": "kept"})
    before = lease(owner.agent).lease_handle
    rotate(owner.console)
    during = lease(owner.agent).lease_handle
    sealed = owner_sql("SELECT sealed, wrapped_key FROM credential_version WHERE number = 1")

    with new_entries(owner.console.tenant_id) as entries:
        rotation = roll_back_rotation(owner.console, KEY)

    assert rotation.state == "rolled_back"
    assert versions() == [(1, "destroyed"), (2, "destroyed"), (3, "current")]
    secret = read(owner.agent, lease(owner.agent).lease_handle)
    assert (secret.version, secret.value.get_secret_value()) == (3, CANARY)
    assert secret.secret_fields["refreshToken"].get_secret_value() == "kept"
    for handle in (before, during):
        assert code_of(partial(read, owner.agent, handle)) == "lease/revoked"
    again = owner_sql("SELECT sealed, wrapped_key FROM credential_version WHERE number = 3")
    assert not {bytes(one) for one in again[0]} & {bytes(one) for one in sealed[0]}
    assert ("credential.rotation_rolled_back", "ok") in told(entries)
    assert rotate(owner.console).current_version == 4


# -- at once ------------------------------------------------------------------------------------


def test_parallel_rotations_have_one_winner(owner: Somebody) -> None:
    with crew(8) as everybody:
        for number in range(5):
            key = f"key-{number}"
            store(owner, key)

            outcomes = everybody.race([partial(rotate, owner.console, key=key)] * 8)

            assert sum(isinstance(one, RotationOut) for one in outcomes) == 1
            assert sum(isinstance(one, WindowOpen) for one in outcomes) == 7
    assert owner_sql("SELECT count(*) FROM rotation") == [(5,)]


def test_a_repeated_rotation_at_once_is_one_rotation(owner: Somebody) -> None:
    store(owner)

    outcomes = race(*[partial(rotate, owner.console, idempotencyKey="once")] * 6)

    assert len({one.rotation_id for one in outcomes if isinstance(one, RotationOut)}) == 1
    assert not [one for one in outcomes if isinstance(one, Exception)]
    assert owner_sql("SELECT count(*) FROM rotation") == [(1,)]


def test_closing_rolling_back_and_the_worker_at_once_end_in_one_state(owner: Somebody) -> None:
    with crew(4) as everybody:
        for number in range(5):
            key = f"key-{number}"
            store(owner, key)
            rotate(owner.console, key=key)

            everybody.race(
                [
                    partial(roll_back_rotation, owner.console, DescribeCredential(key=key)),
                    partial(change_window, owner.console, ChangeWindow(key=key, window=0)),
                    partial(rotate, owner.console, key=key),
                    close_due_rotations,
                ]
            )

            assert _counted(key, "current") == 1
            assert _counted(key, "previous") == _open(key)


def _counted(key: str, state: str) -> int:
    return int(
        owner_sql(
            "SELECT count(*) FROM credential_version v JOIN credential c ON c.id = v.credential_id "
            "WHERE c.key = %s AND v.state = %s",
            key,
            state,
        )[0][0]
    )


def _open(key: str) -> int:
    return int(
        owner_sql(
            "SELECT count(*) FROM rotation r JOIN credential c ON c.id = r.credential_id "
            "WHERE c.key = %s AND r.state = 'open'",
            key,
        )[0][0]
    )
