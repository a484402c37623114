"""Changing what a credential is called, says and allows, where it is, and ending it."""

from collections.abc import Callable
from functools import partial

import pytest

from credentials.operations import (
    archive_credential,
    delete_credential,
    describe_credential,
    move_credential,
    remove_grant,
    request_access,
    restore_credential,
    revoke_credential,
    rotate_credential,
    update_credential,
)
from credentials.shapes.access_requests import RequestAccess
from credentials.shapes.credentials import (
    CredentialOut,
    DescribeCredential,
    MoveCredential,
    SeenCredential,
    UpdateCredential,
)
from credentials.shapes.rotations import RotateCredential
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tests.audit_trail import new_entries, told
from tests.people import CANARY, Somebody, grant, lease, read, store
from tests.racing import race
from tests.refusals import code_of, problem_of, refusal
from tests.storage import everything_but_the_log, owner_sql

KEY = DescribeCredential(key="stripe-api-key")


def update(who: Somebody, key: str = "stripe-api-key", **changes: object) -> CredentialOut:
    return update_credential(who.console, UpdateCredential.parse({"key": key, **changes}))


def move(who: Somebody, folder: str) -> CredentialOut:
    return move_credential(who.console, MoveCredential(key=KEY.key, folder_path=folder))


# -- update -------------------------------------------------------------------------------------


def test_what_is_left_out_stays(owner: Somebody) -> None:
    store(owner, description="Charges", tags=["payments"], metadata={"service": "stripe"})

    with new_entries(owner.console.tenant_id) as entries:
        changed = update(owner, tags=["billing"])

    assert (changed.description, changed.tags, changed.version) == ("Charges", ["billing"], 1)
    assert describe_credential(owner.console, KEY).metadata == {"service": "stripe"}
    assert told(entries) == [("credential.updated", "ok")]
    assert entries[0].details["changed"] == ["tags"]


def test_leases_and_grants_hang_on_the_credential_and_not_on_its_key(
    owner: Somebody, member: Somebody
) -> None:
    store(owner)
    grant(owner, member, "user", key=KEY.key)
    handle = lease(member.agent).lease_handle

    update(owner, newKey="payments-key")

    assert read(member.agent, handle).key == "payments-key"
    assert lease(member.agent, "payments-key").version == 1
    assert code_of(partial(lease, member.agent)) == "credential/not-found"


def test_a_key_that_is_taken_is_not_taken_over(owner: Somebody) -> None:
    store(owner)
    store(owner, "other")

    error = refusal(partial(update, owner, newKey="other"))

    assert (error.code, error.extra["field"]) == ("state/conflict", "newKey")
    assert update(owner, newKey=KEY.key).key == KEY.key


def test_an_edit_of_something_older_is_refused(owner: Somebody) -> None:
    read_before = store(owner).revision
    assert update(owner, tags=["billing"], revision=read_before).revision == read_before + 1

    seen = SeenCredential(key=KEY.key, revision=read_before)
    for call in (
        partial(update, owner, tags=[], revision=read_before),
        partial(
            move_credential,
            owner.console,
            MoveCredential(key=KEY.key, folder_path="b", revision=read_before),
        ),
        partial(archive_credential, owner.console, seen),
        partial(restore_credential, owner.console, seen),
        partial(revoke_credential, owner.console, seen),
        partial(delete_credential, owner.console, seen),
    ):
        error = refusal(call)
        assert (error.code, error.extra["revision"]) == ("precondition/failed", read_before + 1)

    shown = describe_credential(owner.console, KEY)
    assert (shown.tags, shown.state, shown.folder_path) == (["billing"], "active", "stripe")
    archive_credential(owner.console, SeenCredential(key=KEY.key, revision=shown.revision))


def test_two_edits_of_the_same_at_once_are_one(owner: Somebody) -> None:
    seen = store(owner).revision

    outcomes = race(*[partial(update, owner, tags=["billing"], revision=seen)] * 3)

    assert sum(isinstance(one, CredentialOut) for one in outcomes) == 1


def test_owners_are_members_of_the_tenant(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    store(owner)
    update(owner, owners=[member.id, owner.id, member.id])

    shown = describe_credential(owner.console, KEY)
    assert set(shown.owner_ids) == {owner.id, member.id}
    assert set(shown.owners) == {owner.person.email, member.person.email}
    for stranger in (outsider.id, "person_nobody"):
        error = refusal(partial(update, owner, owners=[stranger]))
        assert (error.code, error.extra["field"]) == ("input/invalid", "owners")
    update(owner, owners=[])
    assert describe_credential(owner.console, KEY).owners == []


def test_two_who_want_the_same_new_key_at_once(owner: Somebody) -> None:
    for number in range(6):
        store(owner, f"key-{number}")

    outcomes = race(*(partial(update, owner, f"key-{n}", newKey="wanted") for n in range(6)))

    failed = [one for one in outcomes if isinstance(one, Exception)]
    assert [getattr(one, "code", repr(one)) for one in failed] == ["state/conflict"] * 5


def test_the_policy_is_an_admins(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "manager", key=KEY.key)

    assert update(member, description="by the manager").description == "by the manager"
    assert code_of(partial(update, member, policy={"maxUses": 5})) == "access/permission-denied"
    update(owner, policy={"maxUses": 5})
    assert lease(owner.agent).uses_left == 5


@pytest.mark.parametrize(
    "bad",
    [
        {"newKey": "a b"},
        {"metadata": {"password": "x"}},
        {"tags": ["a b"]},
        {"description": "\u202e"},
        {"policy": {"maxTtl": "2d"}},
        {"value": "x"},
        {"description": 7},
    ],
)
def test_a_change_that_breaks_a_rule_changes_nothing(
    owner: Somebody, bad: dict[str, object]
) -> None:
    store(owner)
    before = everything_but_the_log()

    assert code_of(partial(update, owner, **bad)) == "input/invalid"  # type: ignore[arg-type]  # also wrong types
    assert everything_but_the_log() == before


# -- move ---------------------------------------------------------------------------------------


def test_a_move_needs_a_manager_here_and_there(owner: Somebody, member: Somebody) -> None:
    store(owner)
    store(owner, "other", folderPath="infra")
    grant(owner, member, "manager", folderPath="stripe")

    assert code_of(partial(move, member, "infra")) == "access/permission-denied"
    assert move(member, "stripe/deeper").folder_path == "stripe/deeper"
    grant(owner, member, "manager", folderPath="infra")
    assert move(member, "infra/new").folder_path == "infra/new"


def test_a_move_gives_nobody_more_than_the_mover_holds(owner: Somebody, member: Somebody) -> None:
    """Or a manager would move it to where they hold admin, and take the approval off its policy."""
    store(owner, policy={"approval": "required"})
    store(owner, "other", folderPath="mia/deeper")
    grant(owner, member, "manager", folderPath="stripe")
    own = grant(owner, member, "admin", folderPath="mia")

    for target in ("mia", "mia/deeper"):
        assert code_of(partial(move, member, target)) == "access/permission-denied"
    assert code_of(partial(update, member, policy={})) == "access/permission-denied"
    remove_grant(owner.console, own.grant_id)
    grant(owner, member, "manager", folderPath="mia")
    assert move(member, "mia").access == "manager"
    grant(owner, member, "admin", key=KEY.key)
    grant(owner, member, "admin", folderPath="stripe")
    assert move(member, "stripe").access == "admin"


def test_a_target_out_of_sight_is_denied_and_not_a_missing_credential(
    owner: Somebody, member: Somebody
) -> None:
    store(owner)
    change_settings(owner.console, ChangeSettings(baseline_level="none"))
    grant(owner, member, "manager", key=KEY.key)

    assert code_of(partial(move, member, "infra")) == "access/permission-denied"


def test_a_move_tells_from_where_to_where(owner: Somebody) -> None:
    store(owner)

    with new_entries(owner.console.tenant_id) as entries:
        move(owner, "")

    assert told(entries) == [("credential.moved", "ok")]
    assert entries[0].details == {"source": "stripe", "target": ""}


# -- ending -------------------------------------------------------------------------------------


def test_archived_is_out_of_use_and_can_be_undone(owner: Somebody) -> None:
    store(owner)
    archive_credential(owner.console, KEY)
    archive_credential(owner.console, KEY)
    assert describe_credential(owner.console, KEY).state == "archived"
    assert code_of(partial(lease, owner.agent)) == "state/conflict"
    assert update(owner, description="still described").state == "archived"

    restore_credential(owner.console, KEY)

    assert read(owner.agent, lease(owner.agent).lease_handle).value.get_secret_value() == CANARY


def test_revoked_is_final_and_keeps_its_history(owner: Somebody) -> None:
    store(owner)
    revoke_credential(owner.console, KEY)
    attempts: list[Callable[[], object]] = [
        partial(restore_credential, owner.console, KEY),
        partial(archive_credential, owner.console, KEY),
        partial(update, owner, description="x"),
        partial(move, owner, "infra"),
        partial(lease, owner.agent),
        partial(rotate_credential, owner.console, RotateCredential(key=KEY.key, generate=True)),
    ]

    for attempt in attempts:
        assert code_of(attempt) == "state/conflict"
    shown = describe_credential(owner.console, KEY)
    assert (shown.state, [one.version for one in shown.versions]) == ("revoked", [1])
    revoke_credential(owner.console, KEY)


def test_deleted_destroys_every_value_and_leaves_a_tombstone(
    owner: Somebody, member: Somebody
) -> None:
    store(owner)
    grant(owner, member, "user", key=KEY.key)
    rotate_credential(owner.console, RotateCredential(key=KEY.key, generate=True))

    with new_entries(owner.console.tenant_id) as entries:
        delete_credential(owner.console, KEY)

    assert told(entries) == [("credential.deleted", "ok")]
    assert (
        owner_sql("SELECT state, sealed, wrapped_key FROM credential_version")
        == [("destroyed", None, None)] * 2
    )
    assert owner_sql("SELECT state FROM rotation") == [("closed",)]
    assert owner_sql("SELECT count(*) FROM credential_grant") == [(0,)]
    unknown = problem_of(
        partial(describe_credential, owner.console, DescribeCredential(key="no-such-key"))
    )
    assert problem_of(partial(describe_credential, owner.console, KEY)) == unknown
    assert problem_of(partial(restore_credential, owner.console, KEY)) == unknown
    assert problem_of(partial(delete_credential, owner.console, KEY)) == unknown


def test_a_tombstone_keeps_nothing_that_people_wrote(owner: Somebody, member: Somebody) -> None:
    store(
        owner,
        description="the acme account",
        tags=["acme"],
        metadata={"account": "acme-7"},
        policy={"agents": []},
    )
    wish = RequestAccess(key=KEY.key, level="user", reason="the monthly report")
    request_access(member.console, wish)

    delete_credential(owner.console, KEY)

    ((row,),) = owner_sql("SELECT c::text FROM credential c")
    assert "acme" not in row
    assert owner_sql(
        "SELECT description, tags, metadata::text, owners, search_text FROM credential"
    ) == [("", [], "{}", [], "")]
    assert owner_sql("SELECT extracted::text FROM credential_version") == [("{}",)]
    assert owner_sql("SELECT state FROM access_request") == [("withdrawn",)]
