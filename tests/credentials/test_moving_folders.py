"""A folder is renamed or put elsewhere with all that is in it, and rights follow its place."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from access.tenancy import joined_transaction
from credentials.operations import (
    delete_credential,
    describe_credential,
    list_folders,
    move_credential,
    move_folder,
    remove_grant,
    search_credentials,
    update_credential,
)
from credentials.shapes.credentials import (
    DescribeCredential,
    MoveCredential,
    SearchCredentials,
    UpdateCredential,
)
from credentials.shapes.folders import FolderOut, ListFolders, MoveFolder
from foundation.db.clock import database_now
from tenants.operations import add_to_group, create_group
from tenants.shapes.groups import CreateGroup, GroupPlace
from tests.audit_trail import new_entries, told
from tests.people import CANARY, Somebody, grant, join, lease, new_person, read, store
from tests.racing import PATIENCE, crew
from tests.refusals import code_of
from tests.storage import everything_but_the_log, owner_sql, wait_until_somebody_waits


def move(who: Somebody, old: str, new: str) -> FolderOut:
    return move_folder(who.console, MoveFolder.parse({"folderPath": old, "newFolderPath": new}))


def paths(who: Somebody) -> list[str]:
    return [one.folder_path for one in list_folders(who.console, ListFolders()).folders]


def folder_of(who: Somebody, key: str) -> str:
    return describe_credential(who.console, DescribeCredential(key=key)).folder_path


@pytest.fixture
def shelves(owner: Somebody) -> None:
    """`a` and what is below it, and things beside it whose names begin alike; no baseline."""
    owner_sql("UPDATE tenant SET baseline_level = 'none'")
    for key, path in {"one": "a", "two": "a/b", "beside": "a-b", "other": "c"}.items():
        store(owner, key, folderPath=path)


@pytest.mark.usefixtures("shelves")
def test_everything_in_it_and_below_it_goes_along(owner: Somebody, member: Somebody) -> None:
    store(owner, "gone", folderPath="a/b")
    delete_credential(owner.console, DescribeCredential(key="gone"))
    grant(owner, member, "user", folderPath="a/b")
    handle = lease(member.agent, "two").lease_handle

    with new_entries(owner.console.tenant_id) as entries:
        answer = move(owner, "a", "c/new/a")

    assert answer == FolderOut(folder_path="c/new/a", access="admin", credentials=1)
    assert paths(owner) == ["", "a-b", "c", "c/new", "c/new/a", "c/new/a/b"]
    assert (folder_of(owner, "two"), folder_of(owner, "beside")) == ("c/new/a/b", "a-b")
    assert told(entries) == [("folder.moved", "ok")]
    assert entries[0].details == {
        "source": "a", "target": "c/new/a", "folders": 2, "credentials": 2
    }  # fmt: skip
    assert paths(member) == ["c/new/a/b"]
    assert read(member.agent, handle).value.get_secret_value() == CANARY


@pytest.mark.usefixtures("shelves")
def test_it_is_found_by_its_new_place_and_an_older_edit_is_refused(owner: Somebody) -> None:
    seen = describe_credential(owner.console, DescribeCredential(key="two")).revision

    move(owner, "a", "payments")

    hits = search_credentials(owner.console, SearchCredentials(query="payments")).credentials
    assert {one.key for one in hits} == {"one", "two"}
    edit = UpdateCredential(key="two", description="x", revision=seen)
    assert code_of(partial(update_credential, owner.console, edit)) == "precondition/failed"


@pytest.mark.usefixtures("shelves")
def test_who_manages_both_sides_moves(owner: Somebody, member: Somebody) -> None:
    attempt = partial(move, member, "a/b", "c/b")
    assert code_of(attempt) == "folder/not-found"
    grant(owner, member, "manager", folderPath="a/b")
    assert code_of(attempt) == "access/permission-denied"
    assert code_of(partial(move, member, "a/b", "a/renamed")) == "access/permission-denied"
    grant(owner, member, "user", folderPath="c")
    assert code_of(attempt) == "access/permission-denied"
    grant(owner, member, "manager", folderPath="c")

    assert attempt().access == "manager"

    assert paths(member) == ["c", "c/b"]


def test_a_move_gives_nobody_more_than_the_mover_holds(owner: Somebody, member: Somebody) -> None:
    """Or a manager would move it to where they hold admin, and take the approval off a policy."""
    store(owner, "kept", folderPath="a/b", policy={"approval": "required"})
    store(owner, "other", folderPath="mia/deeper")
    grant(owner, member, "manager", folderPath="a")
    own = grant(owner, member, "admin", folderPath="mia")
    grant(owner, member, "admin", key="kept")
    before = everything_but_the_log()

    for old, new in (("a", "mia/a"), ("a", "mia/deeper/a"), ("a/b", "mia/b"), ("a/b", "mia/new/b")):
        assert code_of(partial(move, member, old, new)) == "access/permission-denied"

    assert everything_but_the_log() == before
    remove_grant(owner.console, own.grant_id)
    grant(owner, member, "manager", folderPath="mia")
    assert move(member, "a", "mia/a").access == "manager"


def test_a_move_may_bring_the_mover_less_than_the_whole(owner: Somebody, member: Somebody) -> None:
    """Grants inside the folder go along and are nobody's gain; what ends earlier is covered."""
    store(owner, "kept", folderPath="a/b")
    store(owner, "other", folderPath="c")
    grant(owner, member, "admin", folderPath="a")
    grant(owner, member, "admin", folderPath="a/b")
    grant(owner, member, "admin", folderPath="c", expiresAt=database_now() + timedelta(hours=1))

    assert move(member, "a", "c/a").access == "admin"


@pytest.mark.parametrize("moved", ["credential", "folder"])
def test_a_grant_that_is_being_given_is_waited_for(
    owner: Somebody, member: Somebody, moved: str
) -> None:
    """The check is made on what is committed when the target cannot change any more."""
    store(owner, "kept", folderPath="a")
    store(owner, "other", folderPath="c")
    grant(owner, member, "manager", folderPath="a")
    grant(owner, member, "manager", folderPath="c")
    mia = join(owner, new_person("mia"))
    attempts: dict[str, Callable[[], object]] = {
        "credential": partial(_into, member, "kept", "c/deeper"),
        "folder": partial(move, member, "a", "c/deeper/a"),
    }

    with ThreadPoolExecutor(1) as other:
        with joined_transaction(owner.console.tenant_id):
            grant(owner, mia, "admin", folderPath="c")
            waiting = other.submit(code_of, attempts[moved])
            wait_until_somebody_waits()
        code = waiting.result(PATIENCE)
        other.submit(connections.close_all).result(PATIENCE)

    assert code == "access/permission-denied"
    assert folder_of(owner, "kept") == "a"


def test_a_move_takes_no_more_statements_for_more_credentials(
    owner: Somebody, member: Somebody
) -> None:
    store(owner, "other", folderPath="c")
    for path, credentials in {"few": 2, "many": 20}.items():
        for number in range(credentials):
            store(owner, f"{path}-{number}", folderPath=f"{path}/{number}")
        grant(owner, member, "manager", folderPath=path)
    grant(owner, member, "manager", folderPath="c")

    assert _statements(member, "few") == _statements(member, "many")


def _statements(who: Somebody, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        move(who, path, f"c/{path}")
    return len(captured)


@pytest.mark.usefixtures("shelves")
@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("", "d", "state/conflict"),
        ("a", "", "state/conflict"),
        ("a", "a", "state/conflict"),
        ("a", "c", "state/conflict"),
        ("a", "a/b/a", "state/conflict"),
        ("no-such-folder", "d", "folder/not-found"),
        ("a", "1/2/3/4/5/6/7/8", "input/invalid"),
        ("a", "../a", "input/invalid"),
    ],
)
def test_what_makes_no_sense_is_refused(owner: Somebody, old: str, new: str, code: str) -> None:
    before = everything_but_the_log()

    assert code_of(partial(move, owner, old, new)) == code

    assert everything_but_the_log() == before


@pytest.mark.usefixtures("shelves")
def test_leases_end_where_the_right_came_from_a_folder_that_is_no_longer_above(
    owner: Somebody, member: Somebody
) -> None:
    group = create_group(owner.console, CreateGroup(name="Readers")).group_id
    add_to_group(owner.console, GroupPlace(group_id=group, person_id=member.id))
    given = {"groupId": group, "level": "user", "folderPath": "a"}
    grant(owner, member, **given, personId=None)
    grant(owner, member, "user", key="one")
    store(owner, "three", folderPath="a/b/c")
    handles = {key: lease(member.agent, key).lease_handle for key in ("one", "two", "three")}
    grant(owner, member, "user", folderPath="a/b/c")
    own = lease(owner.agent, "two").lease_handle

    move(owner, "a/b", "a/renamed")
    assert read(member.agent, handles["two"]).key == "two"
    with new_entries(owner.console.tenant_id) as entries:
        move(owner, "a/renamed", "c/b")

    assert told(entries) == [("lease.revoked", "ok"), ("folder.moved", "ok")]
    assert entries[0].credential_key == "two"
    assert code_of(partial(read, member.agent, handles["two"])) == "lease/revoked"
    assert [read(member.agent, handles[key]).key for key in ("one", "three")] == ["one", "three"]
    assert read(owner.agent, own).key == "two"
    move(owner, "c/b", "a/b")
    assert code_of(partial(read, member.agent, handles["two"])) == "lease/revoked"


@pytest.mark.usefixtures("shelves")
def test_moves_at_once_lose_nothing(owner: Somebody) -> None:
    with crew(6) as everybody:
        for number in range(3):
            for one in ("x", "y"):
                store(owner, f"{one}-{number}", folderPath=f"{one}{number}/in")

            everybody.race(
                [
                    partial(move, owner, f"x{number}", f"y{number}/x"),
                    partial(move, owner, f"y{number}", f"x{number}/y"),
                    partial(move, owner, f"x{number}", f"z{number}"),
                    partial(store, owner, f"new-{number}", folderPath=f"x{number}/in"),
                    partial(_into, owner, f"y-{number}", f"x{number}/in"),
                    partial(lease, owner.agent, f"x-{number}"),
                ]
            )

    found = paths(owner)
    assert all(one.rpartition("/")[0] in found for one in found)
    rows = owner_sql("SELECT count(*) FROM credential c JOIN folder f ON f.id = c.folder_id")
    assert rows == [(4 + 3 * 3,)]


def _into(who: Somebody, key: str, path: str) -> None:
    move_credential(who.console, MoveCredential(key=key, folder_path=path))
