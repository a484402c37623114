"""Agents: which there are, what they are called, and stopping them."""

from uuid import UUID

from access.actions import Action
from access.actor import Actor
from access.revocation import AccessRevoked, announce_revoked
from access.scopes import Scope, satisfies
from access.tenancy import TenantQuerySet
from audit.events import Event
from audit.recording import audited, read_only
from foundation.db.ids import NO_ID, parse_public_id, public_id
from foundation.db.paging import page
from foundation.errors import Conflict, Denied, Invalid, NotFound
from tenants.agents import continue_under
from tenants.clients import living_agents, with_client
from tenants.memberships import ActiveMembership, active_membership, lock_membership
from tenants.models import Agent, AgentState
from tenants.shapes.tenants import (
    AgentOut,
    AgentPageOut,
    ChangeAgent,
    ListAgents,
    MergeAgents,
    RenameAgent,
)

EVENTS = {
    AgentState.SUSPENDED: Event.CLIENT_SUSPENDED,
    AgentState.ACTIVE: Event.CLIENT_RESUMED,
    AgentState.REMOVED: Event.CLIENT_REMOVED,
}


def list_agents(actor: Actor, request: ListAgents) -> AgentPageOut:
    """One's own agents, or with `vault:admin` everybody's for owners and admins; newest first."""
    with read_only(actor, Action.LIST_AGENTS):
        stands = active_membership(actor)
        if request.whose == "all":
            _require_all(actor, stands)
        rows = with_client(_filtered(actor, request))
        found, more = page(
            rows.select_related("person"),
            {"pk": UUID},
            limit=request.limit,
            cursor=request.cursor,
            newest_first=True,
        )
        return AgentPageOut(agents=[agent_out(one) for one in found], next_cursor=more)


def _filtered(actor: Actor, request: ListAgents) -> TenantQuerySet[Agent]:
    rows = Agent.objects.of(actor)
    if request.whose == "mine":
        rows = rows.filter(person_id=actor.person_id or NO_ID)
    if request.person_id is not None:
        rows = rows.filter(person_id=parse_public_id("person", request.person_id))
    if request.state is None:
        return rows.exclude(state=AgentState.REMOVED)
    return rows.filter(state=request.state)


def show_agent(actor: Actor, agent_id: str) -> AgentOut:
    """One's own agent, or anybody's for owners and admins; a removed one too, the log names it."""
    with read_only(actor, Action.SHOW_AGENT):
        only_of = _whose(actor, active_membership(actor))
        rows = with_client(Agent.objects.of(actor)).select_related("person")
        agent = rows.filter(pk=parse_public_id("agent", agent_id)).first()
        if agent is None or only_of not in (None, agent.person_id):
            raise _no_agent()
        return agent_out(agent)


def change_agent(actor: Actor, request: ChangeAgent) -> AgentOut:
    """Suspend, resume (also: approve a waiting one) or remove an agent; its leases end with it."""
    with audited(actor, Action.CHANGE_AGENT, EVENTS[AgentState(request.state)]) as entry:
        active_membership(actor).require(Action.CHANGE_AGENT)
        agent = _held(actor, request.agent_id)
        entry.add_details(agent=str(agent.pk), name=agent.name)
        _move_to(actor, agent, AgentState(request.state))
        return agent_out(agent)


def disconnect_agent(actor: Actor, agent_id: str) -> None:
    """Remove an agent of one's own, for good; what it leased ends at once.

    A suspended one stays: without it the person's next agent would not have to wait.
    """
    with audited(actor, Action.DISCONNECT_AGENT, Event.CLIENT_REMOVED) as entry:
        active_membership(actor)
        agent = _held(actor, agent_id, only_of=actor.person)
        entry.add_details(agent=str(agent.pk), name=agent.name)
        if agent.state == AgentState.SUSPENDED:
            raise Denied("This agent is suspended; an owner or admin of the tenant removes it.")
        _move_to(actor, agent, AgentState.REMOVED)


def _move_to(actor: Actor, agent: Agent, state: AgentState) -> None:
    agent.state = state
    agent.save(update_fields=["state"])
    if state != AgentState.ACTIVE:
        announce_revoked(actor, AccessRevoked(reason=f"agent {state}", agent_id=agent.pk))


def rename_agent(actor: Actor, request: RenameAgent) -> AgentOut:
    """Call an agent of one's own something else; owners and admins may rename anybody's."""
    with audited(actor, Action.RENAME_AGENT, Event.CLIENT_RENAMED) as entry:
        agent = _held(actor, request.agent_id, only_of=_whose(actor, active_membership(actor)))
        others = _alive(actor).filter(person_id=agent.person_id).exclude(pk=agent.pk)
        if others.filter(name=request.name).exists():
            raise Conflict("Another agent of this person has this name.", field="name")
        entry.add_details(agent=str(agent.pk), before=agent.name, name=request.name)
        agent.name = request.name
        agent.save(update_fields=["name"])
        return agent_out(agent)


def merge_agents(actor: Actor, request: MergeAgents) -> AgentOut:
    """Say that an agent is an earlier one of the same person under a new registration.

    The earlier one goes on, with its name and all that was allowed to it, under the client of the
    other, which is removed. The leases of both end, and the client connects once more. A suspension
    of either, or its waiting for approval, stays.
    """
    with audited(actor, Action.MERGE_AGENTS, Event.CLIENT_MERGED) as entry:
        only_of = _whose(actor, active_membership(actor))
        agent = _held(actor, request.agent_id, only_of=only_of)
        earlier = _held(actor, request.into_id, only_of=only_of)
        if agent.pk == earlier.pk or agent.person_id != earlier.person_id:
            raise Invalid("intoId: another agent of the same person.", "intoId")
        entry.add_details(agent=str(agent.pk), into=str(earlier.pk), name=earlier.name)
        continue_under(actor, earlier, agent, agent.client_id)
        return agent_out(_alive(actor).select_related("person").get(pk=earlier.pk))


def _require_all(actor: Actor, stands: ActiveMembership) -> None:
    if not stands.is_admin:
        raise Denied("Only an owner or admin of the tenant sees the agents of others.")
    actor.require_scope(Scope.ADMIN)


def _whose(actor: Actor, stands: ActiveMembership) -> UUID | None:
    """Whose agents the actor may touch: None means everybody's, which a token must be for, too."""
    everybodys = stands.is_admin and satisfies(actor.scopes, Scope.ADMIN)
    return None if everybodys else actor.person


def _alive(actor: Actor) -> TenantQuerySet[Agent]:
    return with_client(living_agents(actor))


def _held(actor: Actor, agent_id: str, *, only_of: UUID | None = None) -> Agent:
    """The agent, locked behind its person's membership; somebody else's is as unknown as none."""
    found = _alive(actor).filter(pk=parse_public_id("agent", agent_id)).first()
    if found is None or only_of not in (None, found.person_id):
        raise _no_agent()
    lock_membership(actor, found.person_id)
    agent = _alive(actor).locked().select_related("person").filter(pk=found.pk).first()
    if agent is None:
        raise _no_agent()
    return agent


def _no_agent() -> NotFound:
    return NotFound("There is no such agent.")


def agent_out(agent: Agent) -> AgentOut:
    """The agent as a shape."""
    return AgentOut.model_validate(
        {
            "agent_id": public_id("agent", agent.pk),
            "name": agent.name,
            "person_id": public_id("person", agent.person_id),
            "person": agent.person.email,
            "client_id": public_id("client", agent.client_id),
            "state": agent.state,
            "client_suspended": agent.client_suspended,
            "created_at": agent.created_at,
            "first_call_at": agent.first_call_at,
            "last_call_at": agent.last_call_at,
            "last_address": agent.last_address or None,
        }
    )
