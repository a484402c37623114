"""The matrix: what it shows, what a change would do, and that all of it is saved or nothing."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from foundation.db.clock import database_now
from foundation.db.ids import public_id
from tests.console.pages import page, page_text, signed_in
from tests.credentials.test_changing_grants import new_group
from tests.people import Somebody, grant, lease, store
from tests.storage import owner_sql

KEY = "stripe-api-key"


@pytest.fixture
def browser(owner: Somebody, member: Somebody) -> Client:
    """The owner's, in a tenant with one credential."""
    store(owner, KEY)
    return signed_in(owner)


def edited(browser: Client, **cells: str) -> dict[str, Any]:
    """The whole form as the page has it, with some cells changed."""
    shown = page(browser.get("/team/grants/?edit=1"))
    form: dict[str, Any] = {}
    name = ""
    for tag, attributes in shown.tags:
        if tag == "select" and attributes["name"].startswith("cell|"):
            name = attributes["name"]
            form[name] = ""
        if tag == "input" and attributes.get("name", "").startswith("was|"):
            form[attributes["name"]] = attributes["value"]
            form[attributes["name"].replace("was|", "cell|")] = json.loads(attributes["value"])[
                "level"
            ]
    return {**form, **cells}


def reviewed(browser: Client, form: dict[str, Any]) -> list[str]:
    """The changes that the review page would send on."""
    answer = browser.post("/team/grants/review", form)
    assert answer.status_code == 200, page(answer).text
    return [
        one["value"]
        for tag, one in page(answer).tags
        if tag == "input" and one.get("name") == "change"
    ]


def cell(whom: str, kind: str = "key", name: str = KEY) -> str:
    return f"cell|{whom}|{kind}|{name}"


def levels() -> list[tuple[Any, ...]]:
    return owner_sql("SELECT level FROM credential_grant ORDER BY level")


def test_the_table_tells_grants_from_what_is_inherited(
    owner: Somebody, member: Somebody, browser: Client
) -> None:
    grant(owner, member, "manager", folderPath="stripe")
    text = page(browser.get("/team/grants/")).text

    assert "manager : own grant on the folder stripe" in text
    assert "admin : owner of the tenant" in text
    assert "viewer : every member" in text
    assert "<select" not in page_text(browser.get("/team/grants/")).split("matrix")[1]


def test_several_cells_are_reviewed_and_saved_together(
    owner: Somebody, member: Somebody, browser: Client
) -> None:
    group = new_group(owner, member)
    form = edited(browser)
    form |= {cell(member.id): "user", cell(group, "folder", "stripe"): "manager"}

    changes = reviewed(browser, form)

    assert (len(changes), levels()) == (2, [])
    saved = browser.post("/team/grants/save", {"change": changes})
    assert saved["Location"] == "/team/grants/"
    assert levels() == [("manager",), ("user",)]


def test_the_review_counts_the_leases_that_would_end(
    owner: Somebody, member: Somebody, browser: Client
) -> None:
    grant(owner, member, "user", key=KEY)
    held = lease(member.agent, KEY)
    form = {**edited(browser), cell(member.id): ""}

    text = page(browser.post("/team/grants/review", form)).text
    assert "user no grant 1" in text
    browser.post("/team/grants/save", {"change": reviewed(browser, form)})

    assert levels() == []
    assert held.lease_id
    assert owner_sql("SELECT state FROM lease") == [("revoked",)]


def test_a_changed_level_keeps_end_and_agents(
    owner: Somebody, member: Somebody, browser: Client
) -> None:
    until = database_now() + timedelta(days=3)
    grant(owner, member, "viewer", key=KEY, expiresAt=until.isoformat(), agents=[])
    form = {**edited(browser), cell(member.id): "user"}

    browser.post("/team/grants/save", {"change": reviewed(browser, form)})

    rows = owner_sql("SELECT level, expires_at, cardinality(agents) FROM credential_grant")
    assert rows == [("user", until, 0)]


def test_an_end_for_what_is_given_now(member: Somebody, browser: Client) -> None:
    form = {**edited(browser), cell(member.id): "user", "ends_after": "8h"}

    browser.post("/team/grants/save", {"change": reviewed(browser, form)})

    left = owner_sql("SELECT expires_at - clock_timestamp() FROM credential_grant")[0][0]
    assert timedelta(hours=7, minutes=50) < left <= timedelta(hours=8)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    owner: Somebody, member: Somebody, browser: Client
) -> None:
    early = {**edited(browser), cell(member.id): "user"}
    changes = reviewed(browser, early)
    grant(owner, member, "manager", key=KEY)

    for address, form in (("review", early), ("save", {"change": changes})):
        answer = browser.post(f"/team/grants/{address}", form)
        assert answer.status_code == 412
        assert "Somebody else has changed" in page(answer).text
        assert "manager user" in page(answer).text
    assert levels() == [("manager",)]


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("review", {}),
        ("review", {"cell|person_x|drawer|y": "user"}),
        ("review", {"cell|person_x|key|y": "user", "was|person_x|key|y": "["}),
        ("review", {"cell|person_x|key|y": "user", "ends_after": "soon"}),
        ("save", {}),
        ("save", {"change": ["{"]}),
        ("save", {"change": ["[" * 9000]}),
        ("save", {"change": ["{}", "[]"]}),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    browser: Client, address: str, form: dict[str, Any]
) -> None:
    answer = browser.post(f"/team/grants/{address}", form)

    assert answer.status_code == 422
    assert levels() == []


def test_a_table_that_cannot_be_reviewed_keeps_what_was_chosen(
    member: Somebody, browser: Client
) -> None:
    form = {**edited(browser), cell(member.id): "manager", "ends_after": "soon"}

    shown = page(browser.post(f"/team/grants/review?query={KEY}", form))

    assert "One number and a unit" in shown.errors["ends_after"]
    chosen = page_text(browser.post(f"/team/grants/review?query={KEY}", form))
    here = chosen.split(f'name="{cell(member.id)}"')[1].split("</select>")[0]
    assert '<option value="manager" selected>' in here
    assert shown.inputs()["ends_after"] == "soon"


def test_agents_for_what_is_given_now(owner: Somebody, member: Somebody, browser: Client) -> None:
    assert member.agent.agent_id
    agent = public_id("agent", member.agent.agent_id)
    form = {**edited(browser), cell(member.id): "user", "agents": [agent]}
    assert "limited" in page(browser.post("/team/grants/review", form)).errors

    changes = reviewed(browser, {**form, "limited": "on"})
    browser.post("/team/grants/save", {"change": changes})

    assert owner_sql("SELECT agents FROM credential_grant") == [([member.agent.agent_id],)]


def test_one_foreign_name_among_them_and_nothing_is_saved(
    owner: Somebody, member: Somebody, outsider: Somebody, browser: Client
) -> None:
    change = {"key": KEY, "level": "user", "expected": None}
    sent = [json.dumps({**change, "personId": one.id}) for one in (member, outsider)]

    assert browser.post("/team/grants/save", {"change": sent}).status_code == 404
    assert levels() == []


def test_editing_needs_a_fresh_sign_in(owner: Somebody, browser: Client) -> None:
    session = browser.session
    session["account_authentication_methods"] = []
    session.save()

    assert browser.get("/team/grants/").status_code == 200
    assert "/account/reauthenticate" in browser.get("/team/grants/?edit=1")["Location"]
    assert browser.post("/team/grants/save", {"change": []}).status_code in {302, 422}


def test_a_member_has_no_matrix_but_their_own_reach(
    owner: Somebody, member: Somebody, browser: Client
) -> None:
    own = signed_in(member)

    assert own.get("/team/grants/").status_code == 403
    assert "Grants" not in page(own.get("/team/")).text
    assert own.get(f"/team/reach/{owner.id}/").status_code == 403
    assert own.get(f"/team/access/?key={KEY}").status_code == 403
    assert KEY in page(own.get(f"/team/reach/{member.id}/")).text


def test_reach_and_access_tell_the_rule(
    owner: Somebody, member: Somebody, outsider: Somebody, browser: Client
) -> None:
    grant(owner, member, "user", folderPath="stripe")

    reach = page(browser.get(f"/team/reach/{member.id}/")).text
    assert "user: own grant on the folder stripe" in reach
    access = page(browser.get(f"/team/access/?key={KEY}")).text
    assert member.person.email in access
    assert "stripe" in page(browser.get("/team/access/?folder=stripe")).text
    assert browser.get(f"/team/reach/{outsider.id}/").status_code == 404
    assert browser.get("/team/reach/nobody/").status_code == 404
    assert signed_in(outsider).get(f"/team/access/?key={KEY}").status_code == 404
