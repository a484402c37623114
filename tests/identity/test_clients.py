"""OAuth clients in a tenant: a suspension affects that tenant only."""

from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from access.actor import Actor
from access.tenancy import tenant_transaction
from foundation.db.ids import public_id, uuid7
from foundation.errors import Denied
from identity.models import Client
from identity.operations import change_client_state, list_clients, remove_client
from identity.shapes import ChangeClient, ClientOut, ListClients
from tenants.agents import connect_agent
from tenants.models import Agent
from tenants.operations import disconnect_agent, list_agents, merge_agents
from tenants.shapes.agents import ListAgents, MergeAgents
from tests.audit_trail import new_entries, told
from tests.machines import new_client
from tests.people import Somebody, lease, read, set_agent, store
from tests.refusals import code_of, problem_of
from tests.storage import owner_sql


def connect(who: Somebody, client: Client, name: str = "Laptop") -> Agent:
    with tenant_transaction(who.console.tenant_id):
        return connect_agent(who.console, client.pk, name)


def through(who: Somebody, agent: Agent) -> Actor:
    """The person's actor with that agent."""
    return replace(who.agent, agent_id=agent.pk, client_id=agent.client_id)


def suspend(who: Somebody, client: Client, state: str = "suspended") -> ClientOut:
    wish = {"clientId": public_id("client", client.pk), "state": state}
    return change_client_state(who.console, ChangeClient.parse(wish))


def listed(who: Somebody) -> list[tuple[str, str, int, int]]:
    clients = list_clients(who.console, ListClients()).clients
    return [(one.name, one.state, one.agents, one.people) for one in clients]


def state(agent_id: UUID) -> str:
    return str(owner_sql("SELECT state FROM agent WHERE id = %s", agent_id)[0][0])


@pytest.fixture
def code(database: None) -> Client:
    """A client that registered itself."""
    return new_client("Code")


def test_a_tenant_sees_the_clients_that_its_people_connected(
    owner: Somebody, member: Somebody, outsider: Somebody, code: Client
) -> None:
    new_client("nobody's")
    connect(owner, code)
    connect(member, code)
    connect(outsider, new_client("theirs"))

    assert listed(owner) == [("Code", "active", 2, 2)]
    assert listed(outsider) == [("theirs", "active", 1, 1)]


def test_what_the_operator_registered_can_be_suspended_before_anybody_connects_it(
    owner: Somebody, code: Client
) -> None:
    Client.objects.update(registration_source="manual")
    assert listed(owner) == [("Code", "active", 0, 0)]

    suspend(owner, code)

    assert listed(owner) == [("Code", "suspended", 0, 0)]
    with pytest.raises(Denied):
        connect(owner, code)


def test_suspended_everything_of_it_stops_here_and_nowhere_else(
    owner: Somebody, member: Somebody, outsider: Somebody, code: Client
) -> None:
    store(owner)
    store(outsider)
    here, there = through(owner, connect(owner, code)), through(outsider, connect(outsider, code))
    handle, kept = lease(here).lease_handle, lease(there).lease_handle

    with new_entries(owner.console.tenant_id) as entries:
        assert suspend(owner, code).state == "suspended"
        assert suspend(owner, code).state == "suspended"

    assert told(entries) == [("lease.revoked", "ok"), ("client.suspended", "ok")]
    assert entries[-1].details == {"client": str(code.pk), "name": "Code"}
    for refused in (partial(lease, here), partial(list_agents, here, ListAgents())):
        assert code_of(refused) == "access/permission-denied"
    assert code_of(partial(read, here, handle)) == "lease/revoked"
    with pytest.raises(Denied):
        connect(member, code)
    assert lease(owner.agent).key == "stripe-api-key"
    assert read(there, kept).key == "stripe-api-key"
    assert listed(outsider) == [("Code", "active", 1, 1)]


def test_resumed_each_agent_stands_as_it_stood(
    owner: Somebody, member: Somebody, code: Client
) -> None:
    store(owner)
    mine, stopped = connect(owner, code), connect(member, code)
    set_agent(owner, stopped.pk, "suspended")
    suspend(owner, code)
    shown = list_agents(owner.console, ListAgents(person_id=owner.id)).agents
    assert {one.name: one.client_suspended for one in shown} == {
        "Laptop": True,
        "Claude Code": False,
    }

    with new_entries(owner.console.tenant_id) as entries:
        suspend(owner, code, "active")
        suspend(owner, code, "active")

    assert told(entries) == [("client.resumed", "ok")]
    assert lease(through(owner, mine)).key == "stripe-api-key"
    assert state(stopped.pk) == "suspended"


def test_registering_anew_is_no_way_out(owner: Somebody, member: Somebody, code: Client) -> None:
    """Anybody can register: what counts is who used the suspended client."""
    agent = connect(member, code)
    suspend(owner, code)

    assert connect(member, new_client("Code"), "Another").state == "waiting"
    assert connect(owner, new_client("Code"), "Another").state == "active"
    disconnect_agent(member.console, public_id("agent", agent.pk))
    assert connect(member, new_client("Code"), "A third").state == "waiting"


@pytest.mark.parametrize("way", ["named again", "merged"])
def test_going_on_under_another_client_waits_for_approval(
    way: str, owner: Somebody, member: Somebody, code: Client
) -> None:
    agent = connect(member, code)
    suspend(owner, code)
    if way == "merged":
        other = public_id("agent", member.agent.agent_id or uuid7())
        into = public_id("agent", agent.pk)
        assert merge_agents(member.console, MergeAgents(agent_id=other, into_id=into)).state == (
            "waiting"
        )
    else:
        assert connect(member, new_client("Code")).pk == agent.pk

    assert state(agent.pk) == "waiting"


def test_removing_takes_its_agents_out_of_this_tenant_alone(
    owner: Somebody, outsider: Somebody, code: Client
) -> None:
    store(owner)
    mine, theirs = connect(owner, code), connect(outsider, code)
    lease(through(owner, mine))
    client_id = public_id("client", code.pk)

    with new_entries(owner.console.tenant_id) as entries:
        remove_client(owner.console, client_id)

    assert told(entries) == [("lease.revoked", "ok"), ("client.removed", "ok")]
    assert entries[-1].details["agents"] == [str(mine.pk)]
    assert (state(mine.pk), state(theirs.pk)) == ("removed", "active")
    assert listed(owner) == []
    assert code_of(partial(remove_client, owner.console, client_id)) == "resource/not-found"
    assert connect(owner, code).state == "active"


def test_removed_while_suspended_it_cannot_come_back(owner: Somebody, code: Client) -> None:
    connect(owner, code)
    suspend(owner, code)
    for _ in range(2):
        remove_client(owner.console, public_id("client", code.pk))

    assert listed(owner) == [("Code", "suspended", 0, 0)]
    with pytest.raises(Denied):
        connect(owner, code)


def test_clients_are_the_owners_and_admins_business(
    owner: Somebody, member: Somebody, outsider: Somebody, code: Client
) -> None:
    connect(owner, code)
    calls: list[Any] = [
        suspend,
        lambda who, one: remove_client(who.console, public_id("client", one.pk)),
    ]
    for call in calls:
        assert code_of(partial(call, member, code)) == "access/permission-denied"
        unknown = problem_of(partial(call, outsider, Client(pk=uuid7())))
        assert problem_of(partial(call, outsider, code)) == unknown
    assert code_of(partial(listed, member)) == "access/permission-denied"
    assert listed(owner) == [("Code", "active", 1, 1)]


def test_what_the_operator_stopped_is_shown_as_such(owner: Somebody, code: Client) -> None:
    connect(owner, code)
    Client.objects.update(state="suspended")

    assert listed(owner) == [("Code", "stopped", 1, 1)]
