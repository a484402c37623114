"""Agents: listing, renaming, merging, suspending and removing them."""

from uuid import UUID

from access.actions import Action
from access.actor import Actor
from access.revocation import AccessRevoked, announce_revoked
from access.scopes import Scope, satisfies
from access.tenancy import TenantQuerySet
from audit.events import Event
from foundation.db.ids import NO_ID, parse_public_id, public_id
from foundation.db.paging import page
from foundation.errors import Conflict, Denied, Invalid, NotFound
from tenants.agents import continue_under
from tenants.clients import connected_agents, with_client
from tenants.context import TenantContext, operation
from tenants.memberships import lock_membership
from tenants.models import Agent, AgentState
from tenants.shapes.agents import (
    AgentOut,
    AgentPageOut,
    ChangeAgent,
    ListAgents,
    MergeAgents,
    RenameAgent,
)

EVENTS = {
    AgentState.SUSPENDED: Event.AGENT_SUSPENDED,
    AgentState.ACTIVE: Event.AGENT_RESUMED,
    AgentState.REMOVED: Event.AGENT_REMOVED,
}


@operation(Action.LIST_AGENTS)
def list_agents(context: TenantContext, request: ListAgents) -> AgentPageOut:
    """One's own agents, or with `vault:admin` everybody's for owners and admins; newest first."""
    membership = context.membership
    if request.whose == "all":
        if not membership.is_admin:
            raise Denied("Only an owner or admin of the tenant sees the agents of others.")
        context.actor.require_scope(Scope.ADMIN)
    rows = with_client(_filtered(context.actor, request))
    agents, next_cursor = page(
        rows.select_related("person"),
        {"pk": UUID},
        limit=request.limit,
        cursor=request.cursor,
        newest_first=True,
    )
    return AgentPageOut(agents=[agent_out(agent) for agent in agents], next_cursor=next_cursor)


def _filtered(actor: Actor, request: ListAgents) -> TenantQuerySet[Agent]:
    rows = Agent.objects.of(actor)
    if request.whose == "mine":
        rows = rows.filter(person_id=actor.person_id or NO_ID)
    if request.person_id is not None:
        rows = rows.filter(person_id=parse_public_id("person", request.person_id))
    if request.state is None:
        return rows.exclude(state=AgentState.REMOVED)
    return rows.filter(state=request.state)


@operation(Action.SHOW_AGENT)
def show_agent(context: TenantContext, agent_id: str) -> AgentOut:
    """One's own agent, or anybody's for owners and admins; also a removed one, for the log."""
    only_of = _manageable_person(context)
    rows = with_client(Agent.objects.of(context.actor)).select_related("person")
    agent = rows.filter(pk=parse_public_id("agent", agent_id)).first()
    if agent is None or only_of not in (None, agent.person_id):
        raise _no_agent()
    return agent_out(agent)


def _event_of_state(request: ChangeAgent) -> Event:
    return EVENTS[AgentState(request.state)]


@operation(Action.CHANGE_AGENT, _event_of_state)
def change_agent(context: TenantContext, request: ChangeAgent) -> AgentOut:
    """Suspend, resume (which approves a waiting one) or remove an agent, and end its leases."""
    actor = context.actor
    agent = _lock_agent(actor, request.agent_id)
    context.entry.add_details(agent=str(agent.pk), name=agent.name)
    _set_state(actor, agent, AgentState(request.state))
    return agent_out(agent)


@operation(Action.DISCONNECT_AGENT, Event.AGENT_REMOVED)
def disconnect_agent(context: TenantContext, agent_id: str) -> None:
    """Remove an agent of one's own for good; its leases end at once.

    Denied for a suspended one: without it the person's next agent would need no approval.
    """
    actor = context.actor
    context.require_membership()
    agent = _lock_agent(actor, agent_id, only_of=actor.person)
    context.entry.add_details(agent=str(agent.pk), name=agent.name)
    if agent.state == AgentState.SUSPENDED:
        raise Denied("This agent is suspended; an owner or admin of the tenant removes it.")
    _set_state(actor, agent, AgentState.REMOVED)


def _set_state(actor: Actor, agent: Agent, state: AgentState) -> None:
    agent.state = state
    agent.save(update_fields=["state"])
    if state != AgentState.ACTIVE:
        announce_revoked(actor, AccessRevoked(reason=f"agent {state}", agent_id=agent.pk))


@operation(Action.RENAME_AGENT, Event.AGENT_RENAMED)
def rename_agent(context: TenantContext, request: RenameAgent) -> AgentOut:
    """Rename an agent of one's own, or as an owner or admin anybody's."""
    actor = context.actor
    agent = _lock_agent(actor, request.agent_id, only_of=_manageable_person(context))
    others = _active_agents(actor).filter(person_id=agent.person_id).exclude(pk=agent.pk)
    if others.filter(name=request.name).exists():
        raise Conflict("Another agent of this person has this name.", field="name")
    context.entry.add_details(agent=str(agent.pk), before=agent.name, name=request.name)
    agent.name = request.name
    agent.save(update_fields=["name"])
    return agent_out(agent)


@operation(Action.MERGE_AGENTS, Event.AGENT_MERGED)
def merge_agents(context: TenantContext, request: MergeAgents) -> AgentOut:
    """Declare an agent to be an earlier one of the same person under a new registration.

    The earlier one keeps its name and grants and takes over the client of the other, which is
    removed. The leases of both end, and the client has to connect again. If either was suspended or
    waiting for approval, the result is too.
    """
    actor = context.actor
    only_of = _manageable_person(context)
    agent = _lock_agent(actor, request.agent_id, only_of=only_of)
    earlier = _lock_agent(actor, request.into_id, only_of=only_of)
    if agent.pk == earlier.pk or agent.person_id != earlier.person_id:
        raise Invalid("intoId: another agent of the same person.", "intoId")
    context.entry.add_details(agent=str(agent.pk), into=str(earlier.pk), name=earlier.name)
    continue_under(actor, earlier, agent, agent.client_id)
    return agent_out(_active_agents(actor).select_related("person").get(pk=earlier.pk))


def _manageable_person(context: TenantContext) -> UUID | None:
    """The person whose agents the actor may manage; None for everybody's: owners and admins, with
    a token only when its scopes include `vault:admin`.
    """
    everybody = context.membership.is_admin and satisfies(context.actor.scopes, Scope.ADMIN)
    return None if everybody else context.actor.person


def _active_agents(actor: Actor) -> TenantQuerySet[Agent]:
    return with_client(connected_agents(actor))


def _lock_agent(actor: Actor, agent_id: str, *, only_of: UUID | None = None) -> Agent:
    """The agent, locked after its person's membership; NotFound also for one of somebody else."""
    known = _active_agents(actor).filter(pk=parse_public_id("agent", agent_id)).first()
    if known is None or only_of not in (None, known.person_id):
        raise _no_agent()
    lock_membership(actor, known.person_id)
    agent = _active_agents(actor).locked().select_related("person").filter(pk=known.pk).first()
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
