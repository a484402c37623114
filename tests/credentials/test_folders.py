"""Folders and tags: what one sees of them, made and removed by those who manage there."""

from functools import partial

import pytest

from credentials.operations import archive_credential as archive
from credentials.operations import (
    create_folder,
    delete_credential,
    list_credentials,
    list_folders,
    list_tags,
    remove_folder,
    remove_grant,
)
from credentials.shapes.credentials import BrowseCredentials, DescribeCredential
from credentials.shapes.folders import FolderPageOut, ListFolders, NameFolder
from tests.audit_trail import new_entries, told
from tests.people import Somebody, grant, store
from tests.refusals import code_of
from tests.storage import owner_sql


def folders(who: Somebody, path: str = "", **more: object) -> FolderPageOut:
    return list_folders(who.console, ListFolders.parse({"folderPath": path, **more}))


def paths(page: FolderPageOut) -> list[str]:
    return [one.folder_path for one in page.folders]


def make(who: Somebody, path: str) -> None:
    create_folder(who.console, NameFolder(folder_path=path))


def remove(who: Somebody, path: str) -> None:
    remove_folder(who.console, NameFolder(folder_path=path))


@pytest.fixture
def shelves(owner: Somebody) -> None:
    """Two folders with something in them; nobody sees by baseline."""
    owner_sql("UPDATE tenant SET baseline_level = 'none'")
    store(owner, "one", folderPath="a/b", tags=["red", "blue"])
    store(owner, "two", folderPath="a/b", tags=["red"])
    store(owner, "three", folderPath="c", tags=["green"])


@pytest.mark.usefixtures("shelves")
def test_folders_are_listed_with_what_is_seen_in_them(owner: Somebody, member: Somebody) -> None:
    seen = [(one.folder_path, one.access, one.credentials) for one in folders(owner).folders]
    assert seen == [("", "admin", 0), ("a", "admin", 0), ("a/b", "admin", 2), ("c", "admin", 1)]

    assert folders(member).folders == []
    grant(owner, member, "user", key="one")
    seen = [(one.folder_path, one.access, one.credentials) for one in folders(member).folders]
    assert seen == [("a/b", None, 1)]
    grant(owner, member, "manager", folderPath="c")
    assert paths(folders(member)) == ["a/b", "c"]


@pytest.mark.usefixtures("shelves")
def test_folders_out_of_sight_are_not_found(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    for who in (member, outsider):
        for path in ("a/b", "no-such-folder"):
            assert code_of(partial(folders, who, path)) == "folder/not-found"
            assert code_of(partial(remove, who, path)) == "folder/not-found"
    assert paths(folders(owner, "a")) == ["a", "a/b"]


@pytest.mark.usefixtures("shelves")
def test_pages_of_folders_lead_through_all(owner: Somebody) -> None:
    first = folders(owner, limit=3)
    rest = folders(owner, limit=3, cursor=first.next_cursor)

    assert paths(first) + paths(rest) == ["", "a", "a/b", "c"]
    assert rest.next_cursor is None


@pytest.mark.usefixtures("shelves")
def test_who_manages_a_folder_makes_and_removes_in_it(owner: Somebody, member: Somebody) -> None:
    grant(owner, member, "manager", folderPath="c")

    with new_entries(owner.console.tenant_id) as entries:
        make(member, "c/new/one")
        remove(member, "c/new/one")

    assert told(entries) == [("folder.created", "ok"), ("folder.removed", "ok")]
    assert [entry.details["folder"] for entry in entries] == ["c/new/one", "c/new/one"]
    assert paths(folders(member)) == ["c", "c/new"]
    for path in ("a/new", "d"):
        assert code_of(partial(make, member, path)) == "access/permission-denied"
    grant(owner, member, "user", folderPath="a")
    assert code_of(partial(remove, member, "a/b")) == "access/permission-denied"


@pytest.mark.usefixtures("shelves")
def test_what_exists_is_not_made_again(owner: Somebody) -> None:
    for path in ("", "a", "a/b"):
        assert code_of(partial(make, owner, path)) == "state/conflict"


@pytest.mark.usefixtures("shelves")
def test_only_what_nothing_hangs_on_is_removed(owner: Somebody, member: Somebody) -> None:
    given = grant(owner, member, "user", folderPath="c")
    for path in ("", "a", "a/b", "c"):
        assert code_of(partial(remove, owner, path)) == "state/conflict"

    delete_credential(owner.console, DescribeCredential(key="three"))
    assert code_of(partial(remove, owner, "c")) == "state/conflict"
    remove_grant(owner.console, given.grant_id)
    remove(owner, "c")

    assert paths(folders(owner)) == ["", "a", "a/b"]
    assert owner_sql("SELECT count(*) FROM credential WHERE state = 'deleted'") == [(1,)]


@pytest.mark.usefixtures("shelves")
def test_tags_are_those_of_what_is_seen(owner: Somebody, member: Somebody) -> None:
    def tags(who: Somebody) -> list[tuple[str, int]]:
        return [(one.tag, one.credentials) for one in list_tags(who.console).tags]

    assert tags(owner) == [("blue", 1), ("green", 1), ("red", 2)]
    assert tags(member) == []
    grant(owner, member, "viewer", key="two")
    assert tags(member) == [("red", 1)]


@pytest.mark.usefixtures("shelves")
def test_a_list_can_be_narrowed_to_a_state(owner: Somebody) -> None:
    archive(owner.console, DescribeCredential(key="one"))

    def keys(state: str) -> list[str]:
        found = list_credentials(owner.console, BrowseCredentials.parse({"state": state}))
        return [one.key for one in found.credentials]

    assert (keys("active"), keys("archived"), keys("revoked")) == (["two", "three"], ["one"], [])
