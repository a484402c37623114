"""The page of folders: a tree with what is in it, and folders made, moved and removed."""

from credentials.operations import list_folders
from credentials.shapes.folders import ListFolders
from tests.console.pages import page, signed_in
from tests.people import Somebody, grant, lease, store

FOLDERS = "/folders/"


def paths(who: Somebody) -> list[str]:
    return [one.folder_path for one in list_folders(who.console, ListFolders()).folders]


def test_the_tree_shows_each_folder_with_what_is_in_it(owner: Somebody) -> None:
    for key, path in {"one": "a", "two": "a/b", "three": "a/b", "four": "a-b"}.items():
        store(owner, key, folderPath=path)

    shown = page(signed_in(owner).get(FOLDERS))

    text = shown.text[shown.text.index("The top") :]
    assert text.startswith("The top 0 4 ")
    assert [text.index(row) for row in ("a 1 2 ", "a/ b 2 0 ", "a-b 1 0 ")] == sorted(
        text.index(row) for row in ("a 1 2 ", "a/ b 2 0 ", "a-b 1 0 ")
    )
    links = {one.get("href", "") for tag, one in shown.tags if tag == "a"}
    assert {
        "/credentials/?folder=a%2Fb",
        "/team/grants/?folder=a%2Fb",
        "/team/access/?folder=a%2Fb",
        "/folders/a/b/move",
    } <= links
    assert not [one for one in links if one.endswith("/remove")]


def test_a_folder_is_made_and_removed(owner: Somebody) -> None:
    browser = signed_in(owner)
    assert browser.post(FOLDERS, {"folder_path": "a/new"})["Location"] == FOLDERS
    assert paths(owner) == ["", "a", "a/new"]
    for wrong in ("", "../a", "a"):
        refused = browser.post(FOLDERS, {"folder_path": wrong})
        assert refused.status_code in {409, 422}
        assert "folder_path" in page(refused).errors

    assert browser.get("/folders/a/new/remove").status_code == 200
    assert browser.post("/folders/a/new/remove")["Location"] == FOLDERS
    store(owner, folderPath="a")
    assert browser.post("/folders/a/remove").status_code == 409
    assert paths(owner) == ["", "a"]


def test_a_folder_is_moved_with_what_is_in_it(owner: Somebody, member: Somebody) -> None:
    store(owner, "one", folderPath="a/b")
    grant(owner, member, "user", folderPath="a")
    held = lease(member.agent, "one").lease_id
    browser = signed_in(owner)
    assert page(browser.get("/folders/a/b/move")).inputs()["folder_path"] == "a/b"

    assert browser.post("/folders/a/b/move", {"folder_path": "c"})["Location"] == FOLDERS

    assert paths(owner) == ["", "a", "c"]
    assert held not in str(browser.get("/leases/all/").content)
    refused = browser.post("/folders/c/move", {"folder_path": "a"})
    assert (refused.status_code, page(refused).errors) == (
        409,
        {"folder_path": "This folder exists already."},
    )
    for unknown in ("no-such-folder", "a/b", "a//b"):
        assert browser.get(f"/folders/{unknown}/move").status_code == 404
        assert browser.post(f"/folders/{unknown}/remove").status_code == 404


def test_who_sees_folders_changes_none(owner: Somebody, member: Somebody) -> None:
    store(owner, folderPath="a")
    browser = signed_in(member)

    shown = browser.get(FOLDERS)
    assert shown.status_code == 200
    assert "Create folder" not in page(shown).text
    assert browser.post(FOLDERS, {"folder_path": "b"}).status_code == 403
    for address in ("/folders/a/move", "/folders/a/remove"):
        assert browser.get(address).status_code == 403
        assert browser.post(address, {"folder_path": "b"}).status_code == 403
    assert paths(owner) == ["", "a"]


def test_a_manager_creates_and_moves_folders_below_theirs(
    owner: Somebody, member: Somebody
) -> None:
    store(owner, folderPath="a")
    store(owner, "other", folderPath="b")
    grant(owner, member, "manager", folderPath="a")
    browser = signed_in(member)

    assert browser.post(FOLDERS, {"folder_path": "a/new"}).status_code == 302
    assert browser.post("/folders/a/new/move", {"folder_path": "a/named"}).status_code == 302
    refused = browser.post("/folders/a/named/move", {"folder_path": "b/named"})
    assert refused.status_code == 403
    assert browser.post("/folders/a/named/remove", {"confirm": "on"}).status_code == 302
    assert paths(owner) == ["", "a", "b"]
