"""Every list with the longest legal values: nothing overflows, and no row fills the screen."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from access.levels import Role
from console.page import GET, Audience
from console.pages.table import PAGES
from credentials.operations import create_folder, request_access, request_credential
from credentials.shapes.access_requests import RequestAccess
from credentials.shapes.credential_requests import RequestCredential
from credentials.shapes.folders import NameFolder
from identity.operations import add_account_key
from identity.shapes import AddAccountKey
from tenants.operations import add_to_group, create_group
from tenants.shapes.groups import CreateGroup, GroupPlace
from tests.browser.chromium import in_chromium
from tests.browser.test_store_by_keyboard import sign_in
from tests.machines import new_account, new_secret, new_token, public_jwk
from tests.people import Somebody, grant, join, lease, new_agent, new_person, read, store
from tests.refusals import refusal

WIDTHS = (1440, 1280, 390)
TALLEST = 160
FOLDER = "/".join(f"{'f' * 127}{number}" for number in range(8))
KEY = "k" * 128
# What is too wide, too wide for its card, and too tall.
MEASURE = """(tallest) => {
  // The matrix of grants scrolls sideways, with its first column in place.
  const cards = [...document.querySelectorAll('.flush:not(:has(.matrix))')];
  const over = cards.filter((card) => card.scrollWidth > card.clientWidth + 1);
  const rows = [...document.querySelectorAll('tbody tr')]
    .map((row) => [Math.round(row.getBoundingClientRect().height), row.innerText]);
  return {
    title: document.title,
    wide: Math.max(document.scrollingElement.scrollWidth - innerWidth, 0),
    over: over.map((card) => card.getAttribute('aria-label') || card.innerText.slice(0, 30)),
    tall: rows.filter(([height]) => height > tallest)
      .map(([height, text]) => `${height}: ${text.slice(0, 40)}`),
  };
}"""


@pytest.fixture
def things(owner: Somebody) -> Iterator[dict[str, str]]:
    """One of everything, each text as long as it may be."""
    person = new_person("p" * 60)
    person.name = "N" * 120
    person.save()
    colleague = join(owner, person, Role.MEMBER)
    store(
        owner,
        KEY,
        folderPath=FOLDER,
        description="d" * 1024,
        tags=[f"{number:02}{'t' * 126}" for number in range(32)],
        metadata={f"m{number:02}": "v" * 1024 for number in range(32)},
    )
    store(owner, "guarded", folderPath=FOLDER, policy={"approval": "required"})
    create_folder(owner.console, NameFolder(folder_path=f"{'e' * 128}/{'e' * 128}"))
    group = create_group(owner.console, CreateGroup(name="G" * 80, description="g" * 500))
    place = {"groupId": group.group_id, "personId": colleague.id}
    add_to_group(owner.console, GroupPlace.parse(place))
    grant(owner, colleague, "manager", folderPath=FOLDER)
    grant(owner, colleague, "user", key=KEY)
    agent = new_agent(colleague.console, "A" * 80)
    agent = replace(agent, claimed={"client_name": "C" * 80})
    for actor in (agent, owner.console):
        read(actor, lease(actor, KEY, purpose="w" * 500).lease_handle)
        refusal(partial(lease, actor, "guarded", purpose="q" * 500))
    request_access(agent, RequestAccess.parse({"key": KEY, "level": "admin", "reason": "r" * 500}))
    missing = {"key": "m" * 128, "type": "api-key", "purpose": "x" * 500, "folderPath": FOLDER}
    refusal(lambda: request_credential(agent, RequestCredential.parse(missing)))
    account = new_account(owner, "S" * 80)
    new_secret(owner, account, name="s" * 60)
    jwk = {"accountId": account, "name": "j" * 60, "jwk": public_jwk()}
    add_account_key(owner.console, AddAccountKey.parse(jwk))
    new_token(owner, name="t" * 60)
    yield {
        "key": KEY,
        "group_id": group.group_id,
        "subject_id": colleague.id,
        "account_id": account,
        "person_id": colleague.id,
    }


def addresses(things: dict[str, str]) -> Iterator[str]:
    """Every page with a table that can be opened with what there is."""
    for page in PAGES:
        if page.methods != GET and "POST" not in page.methods:
            continue
        if page.open_to is Audience.ANYBODY or page.methods == ("POST",) or not page.name:
            continue
        address = "/" + page.address
        for name, value in things.items():
            for converter in ("str", "path"):
                address = address.replace(f"<{converter}:{name}>", value)
        if "<" not in address:
            yield address
    yield f"/team/access/?key={KEY}"
    yield f"/team/access/?folder={FOLDER}"
    yield "/leases/?state=any"


@pytest.mark.full
def test_no_list_overflows_and_no_row_fills_the_screen(
    server: str, owner: Somebody, things: dict[str, str], subtests: pytest.Subtests
) -> None:
    def steps(page: Page) -> dict[tuple[str, int], Any]:
        page.goto(server)
        sign_in(page, owner.person.email)
        expect(page.get_by_role("heading", level=1)).to_have_text("Acme")
        found = {}
        for address in addresses(things):
            page.goto(f"{server}{address}")
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                found[address, width] = page.evaluate(MEASURE, TALLEST)
        return found

    found = in_chromium(steps)
    assert len(found) > 3 * 30
    for (address, width), measured in found.items():
        with subtests.test(f"{address[:60]} at {width}"):
            assert "Sign in" not in measured.pop("title")
            assert measured == {"wide": 0, "over": [], "tall": []}
