"""The form for one grant: given, changed or removed, and reviewed before it is saved."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from foundation.db.clock import database_now
from foundation.db.ids import public_id
from tests.console.pages import page, signed_in
from tests.console.test_grants import KEY, levels
from tests.credentials.test_changing_grants import new_group
from tests.people import Somebody, grant, store
from tests.storage import owner_sql

GIVE = "/team/grants/give"


@pytest.fixture
def browser(owner: Somebody, member: Somebody) -> Client:
    """The owner's, in a tenant with one credential."""
    store(owner, KEY)
    return signed_in(owner)


def filled(browser: Client, address: str, **typed: Any) -> dict[str, Any]:
    """The form as the page opens it, with some of it changed."""
    form: dict[str, Any] = {}
    name = ""
    for tag, of in page(browser.get(address)).tags:
        name = of.get("name", "") if tag == "select" else name
        if tag == "option" and "selected" in of:
            form[name] = of["value"]
        if tag == "input" and (of.get("type") not in {"radio", "checkbox"} or "checked" in of):
            form[of.get("name", "")] = of.get("value", "on" if "checked" in of else "")
    form.pop("csrfmiddlewaretoken", "")
    return {**form, **typed}


def saved(browser: Client, address: str, form: dict[str, Any]) -> str:
    """Review and save; what the page says then."""
    review = page(browser.post(address, form))
    sent = [of["value"] for _, of in review.tags if of.get("name") == "change"]
    assert sent, review.text
    return page(browser.post("/team/grants/save", {"change": sent}, follow=True)).text


def test_a_grant_with_an_end_and_a_limit(
    owner: Somebody, member: Somebody, browser: Client
) -> None:
    assert member.agent.agent_id
    here = f"{GIVE}?who={member.id}&key={KEY}"
    more = {"limited": "on", "agents": [public_id("agent", member.agent.agent_id)]}
    form = filled(browser, here, ends_after="8h", **more)

    assert levels() == []
    assert "Saved: 1 change." in saved(browser, here, form)

    rows = owner_sql("SELECT level, expires_at - clock_timestamp(), agents FROM credential_grant")
    level, left, agents = rows[0]
    assert (level, agents) == ("user", [member.agent.agent_id])
    assert timedelta(hours=7, minutes=50) < left <= timedelta(hours=8)


def test_the_page_of_a_grant_opens_filled_in_and_keeps_what_is_not_changed(
    owner: Somebody, member: Somebody, browser: Client
) -> None:
    until = database_now() + timedelta(days=3)
    grant(owner, member, "manager", folderPath="stripe", expiresAt=until.isoformat(), agents=[])
    here = f"{GIVE}?who={member.id}&folder=stripe"

    saved(browser, here, filled(browser, here, level="viewer"))
    kept = owner_sql("SELECT level, expires_at, cardinality(agents) FROM credential_grant")
    form = filled(browser, here)
    del form["keep_end"], form["limited"]
    saved(browser, here, form)

    assert kept == [("viewer", until, 0)]
    rows = owner_sql("SELECT level, expires_at, agents FROM credential_grant")
    assert rows == [("viewer", None, None)]
    saved(browser, here, filled(browser, here, level=""))
    assert levels() == []


def test_to_a_group_on_everything(owner: Somebody, member: Somebody, browser: Client) -> None:
    group = new_group(owner, member)

    saved(browser, GIVE, filled(browser, GIVE, who=group, thing="all", level="viewer"))

    assert owner_sql("SELECT level, group_id IS NULL FROM credential_grant") == [("viewer", False)]
    assert "everything" in page(browser.get(f"{GIVE}?who={group}&folder=")).text


def test_what_somebody_else_changed_meanwhile_is_shown_before_it_is_saved(
    owner: Somebody, member: Somebody, browser: Client
) -> None:
    grant(owner, member, "viewer", key=KEY)
    here = f"{GIVE}?who={member.id}&key={KEY}"
    form = filled(browser, here, level="user")
    grant(owner, member, "admin", key=KEY)

    answer = browser.post(here, form)

    assert answer.status_code == 412
    assert "admin user" in page(answer).text
    assert levels() == [("admin",)]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "no such key"}, "name"),
        ({"name": "unknown-key"}, "name"),
        ({"thing": "folder", "name": "a//b"}, "name"),
        ({"who": ""}, "who"),
        ({"who": "person_00000000000000000000000000000000"}, "who"),
        ({"level": ""}, "level"),
        ({"ends_after": "900"}, "ends_after"),
        ({"limited": "on", "agents": ["agent_00000000000000000000000000000000"]}, "agents"),
    ],
)
def test_what_does_not_fit_is_said_beside_the_field_and_kept(
    member: Somebody, browser: Client, typed: dict[str, Any], field: str
) -> None:
    here = f"{GIVE}?who={member.id}&key={KEY}"

    answer = browser.post(here, filled(browser, here, **typed))

    assert answer.status_code in {404, 422}
    assert field in page(answer).errors
    assert page(answer).inputs()["name"] == typed.get("name", KEY)
    assert levels() == []


def test_nobody_else_opens_it(owner: Somebody, member: Somebody, outsider: Somebody) -> None:
    store(owner, KEY)
    foreign = signed_in(outsider).get(f"{GIVE}?who={member.id}&key={KEY}")

    assert signed_in(member).get(GIVE).status_code == 403
    assert foreign.status_code == 404
