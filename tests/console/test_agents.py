"""The pages of agents: everybody's for owners and admins, and a person's own."""

from uuid import UUID, uuid4

import pytest
from django.test import Client

from access.tenancy import tenant_transaction
from foundation.db.ids import public_id
from tenants.agents import connect_agent
from tenants.models import Agent, SuspendedClient
from tests.console.pages import page, page_text, signed_in
from tests.machines import new_client
from tests.people import Somebody, lease, new_agent, read, set_agent, store
from tests.refusals import code_of
from tests.storage import owner_sql

LIST, OWN, CLIENTS = "/admin/agents/", "/account/agents/", "/admin/clients/"


def here(agent_id: UUID | None, step: str = "") -> str:
    """The address of an agent's page."""
    assert agent_id is not None
    return f"/agents/{public_id('agent', agent_id)}/{step}"


def named(who: Somebody) -> str:
    """The public id of somebody's first agent."""
    assert who.agent.agent_id is not None
    return public_id("agent", who.agent.agent_id)


def state(agent_id: UUID | None) -> str:
    return str(owner_sql("SELECT state FROM agent WHERE id = %s", agent_id)[0][0])


def connect(who: Somebody, name: str, software: str = "some software") -> Agent:
    """What consent does, for a client that registered itself under a name."""
    client = new_client(software)
    with tenant_transaction(who.console.tenant_id):
        return connect_agent(who.console, client.pk, name)


@pytest.fixture
def browser(owner: Somebody) -> Client:
    """The owner's."""
    return signed_in(owner)


def test_the_list_says_who_connected_what_from_where_and_what_it_holds(
    owner: Somebody, member: Somebody, browser: Client
) -> None:
    store(owner)
    laptop = connect(member, "Laptop", "Claude Code 9")
    calls = "UPDATE agent SET first_call_at = now(), last_call_at = now(), last_address = %s"
    owner_sql(f"{calls} WHERE id = %s", "192.0.2.7", laptop.pk)
    lease(owner.agent)

    shown = page(browser.get(LIST))

    assert f"Laptop {member.person.email} Claude Code 9" in shown.text
    assert "just now from 192.0.2.7 0 active" in shown.text
    assert "1 of Claude Code" in shown.text
    assert f"/leases/all/?agent={named(owner)}" in {one.get("href") for _, one in shown.tags}
    narrowed = page(browser.get(f"{LIST}?person={owner.id}")).text
    assert "Laptop" not in narrowed
    assert "Nothing matches" in page(browser.get(f"{LIST}?state=suspended")).text


@pytest.mark.parametrize(("word", "then"), [("active", "active"), ("removed", "removed")])
def test_a_new_agent_beside_a_suspended_one_waits_here_first(
    word: str, then: str, owner: Somebody, member: Somebody, browser: Client
) -> None:
    set_agent(owner, member.agent.agent_id, "suspended")
    anew = connect(member, "Second try")
    text = page(browser.get(LIST)).text
    assert "Waiting for your approval" in text
    assert f"Approve Second try of {member.person.email}" in text
    assert "Agents 1 waiting" in text

    assert browser.post(here(anew.pk, "state"), {"state": word})["Location"] == LIST

    assert state(anew.pk) == then
    assert "Waiting for your approval" not in page(browser.get(LIST)).text


def test_suspending_stops_it_and_resuming_lets_it_go_on(owner: Somebody, browser: Client) -> None:
    store(owner)
    handle = lease(owner.agent).lease_handle
    address = here(owner.agent.agent_id)
    assert "its 1 live lease ends" in page(browser.get(address)).text

    done = browser.post(f"{address}state", {"state": "suspended"}, follow=True)

    assert "is suspended" in page(done).text
    assert code_of(lambda: read(owner.agent, handle)) == "lease/revoked"
    assert code_of(lambda: lease(owner.agent)) == "access/permission-denied"
    browser.post(f"{address}state", {"state": "active"})
    assert lease(owner.agent).key == "stripe-api-key"
    assert browser.post(f"{address}state", {"state": "waiting"}).status_code == 422


def test_removing_asks_first_and_says_what_ends(owner: Somebody, browser: Client) -> None:
    store(owner)
    lease(owner.agent)
    address = here(owner.agent.agent_id, "remove")
    assert "end at once: 1" in page(browser.get(address)).text
    assert state(owner.agent.agent_id) == "active"

    assert browser.post(address)["Location"] == LIST

    assert state(owner.agent.agent_id) == "removed"
    assert owner_sql("SELECT state FROM lease") == [("revoked",)]
    assert "Suspend" not in page(browser.get(here(owner.agent.agent_id))).text


def test_a_member_looks_after_their_own(owner: Somebody, member: Somebody) -> None:
    anew = new_agent(member.console, "Claude Code (2)")
    browser = signed_in(member)
    assert "Claude Code (2)" in page(browser.get(OWN)).text
    assert owner.person.email not in page_text(browser.get(OWN))
    address = here(anew.agent_id)

    taken = browser.post(address, {"name": "Claude Code"})
    assert (taken.status_code, "has this name" in page(taken).errors["name"]) == (422, True)
    assert (
        "is now called Night shift"
        in page(browser.post(address, {"name": "Night shift"}, follow=True)).text
    )
    assert browser.post(f"{address}merge", {"into_id": "agent_x"}).status_code == 422
    into = named(member)
    assert browser.post(f"{address}merge", {"into_id": into})["Location"] == f"/agents/{into}/"
    assert state(anew.agent_id) == "removed"
    assert browser.post(f"/agents/{into}/remove")["Location"] == OWN
    assert state(member.agent.agent_id) == "removed"


def test_a_member_neither_frees_nor_sheds_what_was_suspended(
    owner: Somebody, member: Somebody
) -> None:
    set_agent(owner, member.agent.agent_id, "suspended")
    browser, address = signed_in(member), here(member.agent.agent_id)

    assert "Disconnect" not in page(browser.get(address)).text
    for step, form in (("state", {"state": "active"}), ("remove", {})):
        assert browser.post(f"{address}{step}", form).status_code == 403
    assert state(member.agent.agent_id) == "suspended"


def test_agents_of_others_are_nobodys_business(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    assert signed_in(member).get(LIST).status_code == 403
    for who in (member, outsider):
        browser = signed_in(who)
        for agent_id in (owner.agent.agent_id, uuid4()):
            address = here(agent_id)
            answers = [browser.get(address), browser.get(f"{address}remove")]
            for step, form in (
                ("", {"name": "Mine"}),
                ("state", {"state": "removed"}),
                ("merge", {"into_id": named(who)}),
                ("remove", {}),
            ):
                answers.append(browser.post(f"{address}{step}", form))
            assert {one.status_code for one in answers} == {404}
    assert state(owner.agent.agent_id) == "active"
    assert member.person.email not in page_text(signed_in(outsider).get(LIST))


# -- the software that agents are ---------------------------------------------------------------


def of_client(agent: Agent, step: str) -> str:
    return f"{CLIENTS}{public_id('client', agent.client_id)}/{step}"


def test_a_client_is_suspended_after_a_question_and_resumed(
    owner: Somebody, member: Somebody, browser: Client
) -> None:
    agent = connect(member, "Laptop", "Code 9")
    assert "Code 9" in page(browser.get(CLIENTS)).text
    assert "agents here: 1, of people: 1" in page(browser.get(of_client(agent, "suspend"))).text

    assert browser.post(of_client(agent, "suspend"))["Location"] == CLIENTS

    assert "software suspended" in page(browser.get(LIST)).text
    assert "software suspended" in page(browser.get(here(agent.pk))).text
    done = page(browser.post(of_client(agent, "resume"), follow=True)).text
    assert "Code 9 is resumed" in done
    assert "software suspended" not in page(browser.get(LIST)).text


def test_removing_a_client_removes_its_agents_after_a_question(
    owner: Somebody, member: Somebody, browser: Client
) -> None:
    agent = connect(member, "Laptop", "Code 9")
    assert "suspend it first" in page(browser.get(of_client(agent, "remove"))).text
    assert state(agent.pk) == "active"

    assert browser.post(of_client(agent, "remove"))["Location"] == CLIENTS

    assert state(agent.pk) == "removed"
    assert "No client yet" in page(browser.get(CLIENTS)).text


def test_clients_are_not_for_members_and_those_of_others_unknown(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    agent = connect(owner, "Laptop", "Code 9")
    for who, code in ((member, 403), (outsider, 404)):
        other = signed_in(who)
        for step in ("suspend", "resume", "remove"):
            assert other.post(of_client(agent, step)).status_code == code
        assert "Code 9" not in page_text(other.get(CLIENTS))
    with tenant_transaction(owner.console.tenant_id):
        assert not SuspendedClient.objects.exists()
    assert state(agent.pk) == "active"
