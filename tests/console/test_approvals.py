"""Approvals: the inbox, one request, and the decision, also as seen by the agent that waits."""

from functools import partial

import pytest

from access.levels import Role
from foundation.db.ids import public_id, uuid7
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tests.console.pages import page, page_text, signed_in
from tests.leases.asking import ask
from tests.people import CANARY, Somebody, grant, join, lease, new_person, read, store
from tests.refusals import code_of
from tests.storage import owner_sql

KEY = "stripe-api-key"


@pytest.fixture
def waiting(owner: Somebody, member: Somebody) -> str:
    """The member's agent asked for a credential that the owner has to approve."""
    store(owner, KEY, policy={"approval": "required"})
    grant(owner, member, "user", key=KEY)
    return ask(member.agent, KEY)


def test_what_waits_is_counted_and_listed(owner: Somebody, member: Somebody, waiting: str) -> None:
    inbox = page(signed_in(owner).get("/approvals/"))

    assert "Approvals 1 waiting" in inbox.text
    assert f"Decide : {KEY} for {member.person.email}" in inbox.text
    own = page(signed_in(member).get("/approvals/")).text
    assert "1 waiting" not in own
    assert f"View : {KEY}" in own


def test_an_approval_lets_the_waiting_agent_in(
    owner: Somebody, member: Somebody, waiting: str
) -> None:
    browser = signed_in(owner)
    address = f"/approvals/{waiting}/"
    shown = page(browser.get(address)).text
    for fact in (member.person.email, "Claude Code", "15 minutes", "version 1", "list recent"):
        assert fact in shown

    answer = browser.post(address, {"decision": "approve", "ttl": "5m", "reason": "go on"})

    assert answer["Location"] == "/approvals/"
    given = lease(member.agent, KEY)
    assert given.ttl_seconds == 300
    assert read(member.agent, given.lease_handle).value.get_secret_value() == CANARY
    decided = page(browser.get("/approvals/?state=decided")).text
    assert "approved and fetched" in decided


def test_a_refusal_is_told_with_its_reason(owner: Somebody, member: Somebody, waiting: str) -> None:
    sent = {"decision": "deny", "ttl": "", "reason": "not on a Friday"}
    assert signed_in(owner).post(f"/approvals/{waiting}/", sent).status_code == 302

    assert code_of(partial(lease, member.agent, KEY)) == "access/permission-denied"
    shown = page(signed_in(member).get(f"/approvals/{waiting}/")).text
    assert "denied" in shown
    assert "not on a Friday" in shown


@pytest.mark.parametrize("word", ["", "APPROVE", "yes"])
def test_what_is_neither_yes_nor_no_decides_nothing(
    owner: Somebody, waiting: str, word: str
) -> None:
    answer = signed_in(owner).post(f"/approvals/{waiting}/", {"decision": word})

    assert answer.status_code == 422
    assert "Choose Approve or Deny." in page(answer).text
    assert owner_sql("SELECT decided_at FROM lease") == [(None,)]


@pytest.mark.parametrize("ttl", ["2h", "soon", "0s"])
def test_a_time_that_cannot_be_is_said_beside_the_field(
    owner: Somebody, waiting: str, ttl: str
) -> None:
    sent = {"decision": "approve", "ttl": ttl, "reason": "typed <before>"}
    answer = signed_in(owner).post(f"/approvals/{waiting}/", sent)

    assert answer.status_code == 422
    assert "ttl" in page(answer).errors
    assert "typed &lt;before&gt;" in page_text(answer)
    assert owner_sql("SELECT decided_at FROM lease") == [(None,)]


def test_deciding_twice_changes_nothing(owner: Somebody, waiting: str) -> None:
    browser = signed_in(owner)
    browser.post(f"/approvals/{waiting}/", {"decision": "deny", "reason": "first"})

    again = browser.post(f"/approvals/{waiting}/", {"decision": "approve"})

    assert again.status_code == 422
    assert "decided already" in page(again).text
    assert owner_sql("SELECT state, decision_reason FROM lease") == [("denied", "first")]


def test_nobody_decides_on_what_they_asked_for_themselves(owner: Somebody) -> None:
    store(owner, KEY, policy={"approval": "required"})
    own = ask(owner.agent, KEY)
    browser = signed_in(owner)

    assert "Waiting for somebody else" in page(browser.get(f"/approvals/{own}/")).text
    assert browser.post(f"/approvals/{own}/", {"decision": "approve"}).status_code == 422
    change_settings(owner.console, ChangeSettings(self_approval=True))
    assert browser.post(f"/approvals/{own}/", {"decision": "approve"}).status_code == 302


def test_who_asked_takes_it_back(owner: Somebody, member: Somebody, waiting: str) -> None:
    assert signed_in(owner).post(f"/approvals/{waiting}/withdraw").status_code == 404

    assert signed_in(member).post(f"/approvals/{waiting}/withdraw")["Location"] == "/approvals/"

    assert "withdrawn" in page(signed_in(owner).get(f"/approvals/{waiting}/")).text


def test_a_request_is_nobody_elses_business(
    owner: Somebody, member: Somebody, outsider: Somebody, waiting: str
) -> None:
    colleague = join(owner, new_person("nora"))
    unknown = public_id("lease", uuid7())
    for who in (colleague, outsider):
        browser = signed_in(who)
        for one in (waiting, unknown, "no-such"):
            assert browser.get(f"/approvals/{one}/").status_code in {403, 404}
            assert browser.post(f"/approvals/{one}/", {"decision": "approve"}).status_code in {
                403,
                404,
            }
        assert KEY not in page_text(browser.get("/approvals/"))
    assert owner_sql("SELECT decided_at FROM lease") == [(None,)]


def test_an_admin_of_one_credential_decides_on_it(
    owner: Somebody, member: Somebody, waiting: str
) -> None:
    keeper = join(owner, new_person("kim"), Role.MEMBER)
    grant(owner, keeper, "admin", key=KEY)

    browser = signed_in(keeper)
    assert "1 waiting" in page(browser.get("/approvals/")).text
    browser.post(f"/approvals/{waiting}/", {"decision": "approve", "reason": ""})

    assert lease(member.agent, KEY).ttl_seconds == 900


def test_htmx_fetches_the_list_alone(owner: Somebody, waiting: str) -> None:
    part = page_text(signed_in(owner).get("/approvals/", headers={"HX-Request": "true"}))

    assert KEY in part
    assert "<html" not in part
