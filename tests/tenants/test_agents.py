"""Agents: one person's one client in one tenant, from connecting to removal."""

from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from access.actions import Channel
from access.actor import ALL_SCOPES, Actor
from access.tenancy import tenant_transaction
from foundation.db.ids import public_id
from foundation.errors import Denied
from tenants.agents import connect_agent, free_name
from tenants.models import Agent
from tenants.operations import (
    disconnect_agent,
    list_agents,
    merge_agents,
    remove_member,
    rename_agent,
    show_agent,
)
from tenants.shapes.agents import AgentOut, ListAgents, MergeAgents, RenameAgent
from tenants.shapes.members import RemoveMember
from tests.audit_trail import new_entries, told
from tests.people import Somebody, lease, new_agent, read, set_agent, store
from tests.refusals import code_of, problem_of
from tests.storage import owner_sql


def connect(who: Somebody, name: str, client: UUID | None = None) -> Agent:
    with tenant_transaction(who.console.tenant_id):
        return connect_agent(who.console, client or uuid4(), name)


def state(agent: Agent) -> str:
    return str(owner_sql("SELECT state FROM agent WHERE id = %s", agent.pk)[0][0])


def through(who: Somebody, agent: Agent) -> Actor:
    """The person's actor with that agent."""
    return replace(who.agent, agent_id=agent.pk, client_id=agent.client_id)


def test_a_new_agent_is_named_and_told(owner: Somebody) -> None:
    client = uuid4()

    with new_entries(owner.console.tenant_id) as entries:
        agent = connect(owner, "Laptop", client)

    assert (agent.name, agent.state, agent.client_id) == ("Laptop", "active", client)
    assert told(entries) == [("client.authorized", "ok")]
    assert entries[0].details["agent"] == str(agent.pk)


def test_a_client_that_connects_again_keeps_its_agent_under_its_new_name(owner: Somebody) -> None:
    agent = connect(owner, "Laptop")

    again = connect(owner, "Laptop at work", agent.client_id)

    assert (again.pk, again.name) == (agent.pk, "Laptop at work")


def test_the_name_of_another_agent_means_that_one(owner: Somebody) -> None:
    store(owner)
    agent = connect(owner, "Laptop")
    handle = lease(through(owner, agent)).lease_handle

    again = connect(owner, "Laptop")

    assert again.pk == agent.pk
    assert again.client_id != agent.client_id
    assert code_of(partial(lease, through(owner, agent))) == "auth/invalid-token"
    assert code_of(partial(read, through(owner, again), handle)) == "lease/invalid-handle"
    assert owner_sql("SELECT state FROM lease") == [("revoked",)]
    assert lease(through(owner, again)).key == "stripe-api-key"


def test_agents_of_others_take_the_scope_for_them(owner: Somebody, member: Somebody) -> None:
    """An owner's own agent without `vault:admin` neither sees nor renames them."""
    theirs, program = connect(member, "Laptop"), replace(owner.agent, channel=Channel.REST)
    named = public_id("agent", theirs.pk)
    wish = RenameAgent(agent_id=named, name="Desktop")

    assert code_of(partial(list_agents, program, ListAgents(whose="all"))) == (
        "auth/insufficient-scope"
    )
    for call in (partial(show_agent, program, named), partial(rename_agent, program, wish)):
        assert code_of(call) == "resource/not-found"
    assert [one.person for one in list_agents(program, ListAgents()).agents] == [owner.person.email]
    admins_only = replace(program, scopes=ALL_SCOPES)
    assert rename_agent(admins_only, wish).name == "Desktop"


def test_a_name_is_a_persons_own(owner: Somebody, member: Somebody) -> None:
    assert connect(owner, "Laptop").pk != connect(member, "Laptop").pk


def test_a_new_agent_of_somebody_with_a_suspended_one_waits(owner: Somebody) -> None:
    store(owner)
    first = connect(owner, "Laptop")
    set_agent(owner, first.pk, "suspended")

    second = connect(owner, "Another laptop")

    assert second.state == "waiting"
    assert code_of(partial(lease, through(owner, second))) == "access/permission-denied"
    set_agent(owner, second.pk, "active")
    assert lease(through(owner, second)).key == "stripe-api-key"


def test_registering_anew_is_no_way_out_of_a_suspension(owner: Somebody) -> None:
    suspended = connect(owner, "Laptop")
    set_agent(owner, suspended.pk, "suspended")

    assert connect(owner, "Laptop").state == "suspended"
    assert connect(owner, "Laptop", suspended.client_id).state == "suspended"
    assert connect(owner, "New name", suspended.client_id).state in {"suspended", "waiting"}


def test_merging_into_another_agent_is_no_way_out_of_a_suspension(owner: Somebody) -> None:
    good, bad = connect(owner, "Good"), connect(owner, "Bad")
    set_agent(owner, bad.pk, "suspended")

    merged = connect(owner, "Good", bad.client_id)

    assert (merged.pk, merged.state) == (good.pk, "suspended")
    assert state(bad) == "removed"


def test_a_removed_agent_stays_removed_and_its_client_starts_anew(owner: Somebody) -> None:
    agent = connect(owner, "Laptop")
    set_agent(owner, agent.pk, "removed")

    for wanted in ("active", "suspended", "removed"):
        assert code_of(partial(set_agent, owner, agent.pk, wanted)) == ("resource/not-found")
    assert connect(owner, "Laptop", agent.client_id).pk != agent.pk


@pytest.mark.parametrize(
    ("wanted", "event"),
    [
        ("suspended", "agent.suspended"),
        ("active", "agent.resumed"),
        ("removed", "agent.removed"),
    ],
)
def test_every_change_is_told(owner: Somebody, wanted: str, event: str) -> None:
    agent = connect(owner, "Laptop")

    with new_entries(owner.console.tenant_id) as entries:
        changed = set_agent(owner, agent.pk, wanted)

    assert (changed.state, changed.name) == (wanted, "Laptop")
    assert told(entries) == [(event, "ok")]


@pytest.mark.parametrize("wanted", ["waiting", "", "ACTIVE", "deleted"])
def test_other_states_are_refused(owner: Somebody, wanted: str) -> None:
    agent = connect(owner, "Laptop")

    assert code_of(partial(set_agent, owner, agent.pk, wanted)) == "input/invalid"


def test_agents_are_the_owners_and_admins_business(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    agent = connect(owner, "Laptop")
    unknown = problem_of(partial(set_agent, outsider, uuid4(), "removed"))

    assert code_of(partial(set_agent, member, agent.pk, "removed")) == ("access/permission-denied")
    assert problem_of(partial(set_agent, outsider, agent.pk, "removed")) == unknown
    assert state(agent) == "active"


def test_a_persons_agents_leave_with_them(owner: Somebody, member: Somebody) -> None:
    agent = connect(member, "Laptop")

    remove_member(owner.console, RemoveMember(person_id=member.id))

    assert state(agent) == "removed"


def test_only_a_member_connects_an_agent(owner: Somebody, member: Somebody) -> None:
    remove_member(owner.console, RemoveMember(person_id=member.id))

    with pytest.raises(Denied):
        connect(member, "Laptop")


def test_a_free_name(owner: Somebody) -> None:
    new_agent(owner.console, "Laptop")
    new_agent(owner.console, "Laptop 2")

    with tenant_transaction(owner.console.tenant_id):
        assert free_name(owner.person.pk, owner.console, "Laptop") == "Laptop 3"
        assert free_name(owner.person.pk, owner.console, "Phone") == "Phone"
        assert len(free_name(owner.person.pk, owner.console, "x" * 80)) <= 80


# -- looking, naming, merging -------------------------------------------------------------------


def names(who: Somebody, **more: Any) -> list[str]:
    return [one.name for one in list_agents(who.console, ListAgents.parse(more)).agents]


def public(agent: Agent) -> str:
    return public_id("agent", agent.pk)


def rename(who: Somebody, agent: Agent, name: str) -> str:
    return rename_agent(who.console, RenameAgent(agent_id=public(agent), name=name)).name


def merge(who: Somebody, agent: Agent, into: Agent) -> AgentOut:
    request = MergeAgents(agent_id=public(agent), into_id=public(into))
    return merge_agents(who.console, request)


def test_everybody_sees_their_own_agents_and_governors_all(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    connect(member, "Laptop")
    gone = connect(member, "Old")
    set_agent(owner, gone.pk, "removed")

    assert names(member) == ["Laptop", "Claude Code"]
    assert sorted(names(owner, whose="all")) == ["Claude Code", "Claude Code", "Laptop"]
    assert names(owner, whose="all", personId=member.id) == ["Laptop", "Claude Code"]
    assert names(owner, whose="all", state="removed") == ["Old"]
    assert names(outsider, whose="all", personId=member.id) == []
    assert code_of(partial(names, member, whose="all")) == "access/permission-denied"
    assert names(member, personId=owner.id) == []


def test_an_agent_shows_whose_it_is_and_when_it_called(owner: Somebody) -> None:
    agent = connect(owner, "Laptop")
    owner_sql(
        "UPDATE agent SET first_call_at = now(), last_call_at = now(), "
        "last_address = '192.0.2.7' WHERE id = %s",
        agent.pk,
    )

    (shown, _) = list_agents(owner.console, ListAgents()).agents

    assert (shown.person, shown.last_address) == ("olivia@example.org", "192.0.2.7")
    assert shown.first_call_at is not None
    assert shown.client_id == public_id("client", agent.client_id)


def test_an_agent_is_renamed_by_its_person_and_by_governors(
    owner: Somebody, member: Somebody
) -> None:
    mine, theirs = connect(member, "Laptop"), connect(owner, "Desk")

    with new_entries(owner.console.tenant_id) as entries:
        assert rename(member, mine, "Phone") == "Phone"
        assert rename(owner, mine, "Tablet") == "Tablet"

    assert told(entries) == [("agent.renamed", "ok")] * 2
    assert code_of(partial(rename, member, theirs, "Mine")) == "resource/not-found"
    assert code_of(partial(rename, member, mine, "Claude Code")) == "state/conflict"


def test_a_new_registration_is_merged_into_the_earlier_agent(owner: Somebody) -> None:
    store(owner)
    earlier, anew = connect(owner, "Laptop"), connect(owner, "Claude Code (2)")
    lease(through(owner, earlier))
    lease(through(owner, anew))

    merged = merge(owner, anew, earlier)

    assert (merged.agent_id, merged.name) == (public(earlier), "Laptop")
    assert merged.client_id == public_id("client", anew.client_id)
    assert state(anew) == "removed"
    assert owner_sql("SELECT DISTINCT state FROM lease") == [("revoked",)]
    earlier.client_id = anew.client_id
    assert lease(through(owner, earlier)).key == "stripe-api-key"


@pytest.mark.parametrize("stopped", ["suspended", "waiting"])
def test_merging_frees_nobody(owner: Somebody, stopped: str) -> None:
    earlier, anew = connect(owner, "Laptop"), connect(owner, "Another")
    owner_sql("UPDATE agent SET state = %s WHERE id = %s", stopped, anew.pk)

    assert merge(owner, anew, earlier).state == stopped


def test_only_agents_of_one_person_are_merged(owner: Somebody, member: Somebody) -> None:
    mine, theirs = connect(member, "Laptop"), connect(owner, "Desk")

    assert code_of(partial(merge, owner, mine, theirs)) == "input/invalid"
    assert code_of(partial(merge, owner, mine, mine)) == "input/invalid"
    assert code_of(partial(merge, member, mine, theirs)) == "resource/not-found"


def test_a_person_disconnects_their_own_agent_and_nobody_elses(
    owner: Somebody, member: Somebody
) -> None:
    store(owner)
    mine, theirs = connect(member, "Laptop"), connect(owner, "Desk")

    disconnect_agent(member.console, public(mine))

    assert state(mine) == "removed"
    foreign = partial(disconnect_agent, member.console, public(theirs))
    assert code_of(foreign) == "resource/not-found"
    assert code_of(partial(disconnect_agent, owner.console, public(mine))) == "resource/not-found"


def test_disconnecting_is_no_way_out_of_a_suspension(owner: Somebody, member: Somebody) -> None:
    agent = connect(member, "Laptop")
    set_agent(owner, agent.pk, "suspended")

    refused = code_of(partial(disconnect_agent, member.console, public(agent)))

    assert (refused, state(agent)) == ("access/permission-denied", "suspended")
    assert connect(member, "Another laptop").state == "waiting"


def test_one_agent_is_shown_to_its_person_and_to_governors(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    mine, theirs = connect(member, "Laptop"), connect(owner, "Desk")
    unknown = problem_of(partial(show_agent, outsider.console, public_id("agent", uuid4())))

    assert show_agent(member.console, public(mine)).name == "Laptop"
    assert show_agent(owner.console, public(mine)).person == member.person.email
    for who, agent in ((member, theirs), (outsider, mine)):
        assert problem_of(partial(show_agent, who.console, public(agent))) == unknown
    disconnect_agent(member.console, public(mine))
    assert show_agent(member.console, public(mine)).state == "removed"
