"""Every page about credentials, folders and leases, opened at every level: 200, 403 or 404.

What a level allows is read from the table of actions, so a page cannot offer more or less than
the operation behind it.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from access.actions import RULES
from access.levels import Level, Role
from audit.operation import Operation
from console.page import Page
from console.pages.table import SECTIONS
from credentials import operations as credentials
from credentials.shapes.credentials import DescribeCredential
from credentials.shapes.rotations import RotateCredential
from leases import operations as leases
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tests.console.pages import NEW, filled, signed_in
from tests.console.pages import page as parsed
from tests.people import Somebody, grant, join, lease, new_person, store
from tests.proofs import let_proofs_age
from tests.walk.addresses import Address

FOLDER, KEY, OTHER = "infra", "stripe-api-key", "elsewhere"
# What a page needs on the credential or folder that its address names.
ABOUT: dict[str, Operation[Any, Any, Any]] = {
    "credential": credentials.describe_credential,
    "edit_credential": credentials.update_credential,
    "move_credential": credentials.move_credential,
    "rotate_credential": credentials.rotate_credential,
    "rotation_window": credentials.change_window,
    "roll_back_rotation": credentials.roll_back_rotation,
    "reveal_credential": leases.lease_credential,
    "archive_credential": credentials.archive_credential,
    "restore_credential": credentials.restore_credential,
    "revoke_credential": credentials.revoke_credential,
    "delete_credential": credentials.delete_credential,
    "move_folder": credentials.move_folder,
    "remove_folder": credentials.remove_folder,
    "revoke_lease": leases.revoke_lease,
}
# Open to everybody: they show what one sees.
LISTS = {"credentials", "folders", "check_credential"}
# Open to those who manage anything, or may store somewhere.
MANAGERS = {"store_credential", "import", "all_leases", "revoke_leases"}


@dataclass(frozen=True)
class Visitor:
    """Somebody with a level on everything in the folder."""

    name: str
    level: Level
    role: Role = Role.MEMBER


VISITORS = [
    Visitor("owner", Level.ADMIN, Role.OWNER),
    Visitor("admin", Level.ADMIN, Role.ADMIN),
    Visitor("keeper", Level.ADMIN),
    Visitor("manager", Level.MANAGER),
    Visitor("user", Level.USER),
    Visitor("viewer", Level.VIEWER),
    Visitor("nobody", Level.NONE),
]


def pages() -> list[Page]:
    chosen = [section for section in SECTIONS if section.name in {"credentials", "leases"}]
    return [page for section in chosen for page in section.rows() if page.name]


def test_each_page_is_looked_at() -> None:
    assert {page.name for page in pages()} == ABOUT.keys() | LISTS | MANAGERS


@pytest.fixture
def full(owner: Somebody) -> dict[str, str]:
    """A credential with an open window and a lease of the owner's, and an empty folder."""
    change_settings(owner.console, ChangeSettings.parse({"baselineLevel": "none"}))
    store(owner, KEY, folderPath=FOLDER)
    store(owner, OTHER, folderPath="other")
    rotation = {"key": KEY, "newValue": "sk_live_another_value_1234567890"}
    credentials.rotate_credential(owner.console, RotateCredential.parse(rotation))
    held = lease(owner.agent, KEY)
    return {"key": KEY, "folder_path": FOLDER, "lease_id": held.lease_id}


def browser_of(visitor: Visitor, owner: Somebody) -> Client:
    if visitor.role is Role.OWNER:
        return signed_in(owner)
    somebody = join(owner, new_person(visitor.name), visitor.role)
    if visitor.role is Role.MEMBER and visitor.level:
        grant(owner, somebody, visitor.level.word, folderPath=FOLDER)
    return signed_in(somebody)


def expected(page: Page, visitor: Visitor) -> int:
    if page.name in LISTS:
        return 200
    if page.name in MANAGERS:
        return 200 if visitor.level >= Level.MANAGER else 403
    needed = RULES[ABOUT[page.name].action].level
    assert needed
    if visitor.level >= needed:
        return 200
    return 404 if visitor.level < Level.VIEWER else 403


@pytest.mark.parametrize("visitor", VISITORS, ids=[one.name for one in VISITORS])
def test_a_page_opens_at_the_level_of_its_operation(
    owner: Somebody, full: dict[str, str], visitor: Visitor, subtests: pytest.Subtests
) -> None:
    browser = browser_of(visitor, owner)
    for page in pages():
        with subtests.test(page.name):
            here = Address(page.address).of(full)
            answer = browser.get(here, {"key": KEY} if page.name in LISTS else {})
            assert answer.status_code == expected(page, visitor)


@pytest.mark.parametrize("visitor", VISITORS, ids=[one.name for one in VISITORS])
def test_a_page_leads_to_nothing_that_is_refused(
    owner: Somebody, full: dict[str, str], visitor: Visitor, subtests: pytest.Subtests
) -> None:
    """Every link and form of the lists and of the credential's page."""
    browser = browser_of(visitor, owner)
    shown = ["/credentials/", "/folders/", "/leases/"]
    if visitor.level:
        shown.append(f"/credentials/{KEY}/")
    if visitor.level >= Level.MANAGER:
        shown.append("/leases/all/")
    for here in shown:
        for link in links_of(browser, here):
            with subtests.test(f"{here} -> {link}"):
                assert browser.get(link).status_code == 200


def links_of(browser: Client, here: str) -> list[str]:
    found = parsed(browser.get(here))
    links = {tag.get("href", "") for name, tag in found.tags if name == "a"}
    about = ("/credentials/", "/folders/", "/leases/", "/import/", "/team/", "/admin/audit/")
    return sorted(link for link in links if link.startswith(about))


def test_a_manager_stores_in_their_folder_and_nowhere_else(
    owner: Somebody, full: dict[str, str]
) -> None:
    browser = browser_of(Visitor("manager", Level.MANAGER), owner)
    refused = browser.post(NEW, filled(key="new-key", folder_path="other"))
    assert refused.status_code == 403
    assert 'name="key"' in refused.content.decode()
    assert "new-key" in refused.content.decode()
    assert browser.post(NEW, filled(key="new-key", folder_path=FOLDER)).status_code == 302


def test_a_manager_makes_the_policy_stricter_and_not_looser(
    owner: Somebody, full: dict[str, str]
) -> None:
    browser = browser_of(Visitor("manager", Level.MANAGER), owner)
    opened = page_inputs(browser, f"/credentials/{KEY}/edit")
    stricter = {**opened, "disclosure": "broker", "approval": "required", "max_uses": "1"}
    assert browser.post(f"/credentials/{KEY}/edit", stricter).status_code == 302
    policy = described(owner).policy
    assert (policy.disclosure, policy.approval, policy.max_uses) == ("broker", "none", None)
    opened = page_inputs(browser, f"/credentials/{KEY}/edit")
    looser = browser.post(f"/credentials/{KEY}/edit", {**opened, "disclosure": "model"})
    assert looser.status_code == 403
    assert described(owner).policy.disclosure == "broker"


def described(owner: Somebody) -> Any:
    return credentials.describe_credential(owner.console, DescribeCredential(key=KEY))


def page_inputs(browser: Client, here: str) -> dict[str, Any]:
    found = parsed(browser.get(here)).inputs()
    return filled(**{name: text for name, text in found.items() if name != "csrfmiddlewaretoken"})


def test_a_keeper_gives_access_in_the_browser(owner: Somebody, full: dict[str, str]) -> None:
    browser = browser_of(Visitor("keeper", Level.ADMIN), owner)
    friend = join(owner, new_person("friend"))
    here = f"/team/grants/give?key={KEY}"
    asked = {"who": friend.id, "thing": "key", "name": KEY, "level": "user", "was": ""}
    reviewed = browser.post(here, {**asked, "ends_after": "8h"})
    assert reviewed.status_code == 200
    change = page_change(reviewed)
    saved = browser.post(f"/team/grants/save?key={KEY}", {"change": change})
    assert saved["Location"] == f"/team/access/?key={KEY}"
    assert signed_in(friend).get(f"/credentials/{KEY}/").status_code == 200


def page_change(answer: Any) -> str:
    return parsed(answer).inputs()["change"]


def test_old_addresses_lead_on(owner: Somebody, full: dict[str, str]) -> None:
    browser = signed_in(owner)
    for old, new in {
        "/admin/credentials/": "/credentials/",
        "/admin/credentials/?folder=a%2Fb": "/credentials/?folder=a%2Fb",
        f"/admin/credentials/{KEY}/": f"/credentials/{KEY}/",
        f"/admin/folders/{FOLDER}/move": f"/folders/{FOLDER}/move",
        "/admin/import/": "/import/",
        "/admin/leases/?state=any": "/leases/all/?state=any",
        "/admin/leases/revoke": "/leases/revoke",
    }.items():
        moved = browser.post(old)
        assert (moved.status_code, moved["Location"]) == (308, new)


def test_showing_a_value_takes_a_recent_sign_in(owner: Somebody, full: dict[str, str]) -> None:
    browser = browser_of(Visitor("user", Level.USER), owner)
    let_proofs_age()
    assert browser.get(f"/credentials/{KEY}/value").status_code == 302
