"""Connecting an agent: what consent does in the authorization server's own transaction."""

from uuid import UUID

from django.db.models import Q

from access.actions import Action
from access.actor import Actor
from access.levels import Role
from access.revocation import AccessRevoked, announce_revoked
from access.tenancy import TenantQuerySet
from audit.events import Event
from audit.recording import record_in_transaction
from foundation.errors import Denied
from tenants.clients import is_suspended, with_client
from tenants.memberships import lock_membership
from tenants.models import Agent, AgentState
from tenants.notifications import NoticeKind, notify

STRICTER = (AgentState.ACTIVE, AgentState.WAITING, AgentState.SUSPENDED)


def connect_agent(actor: Actor, client_id: UUID, name: str) -> Agent:
    """The agent that `client_id` is for this person in this tenant, named `name`.

    A client that was connected before keeps its agent. The name of another agent of the same person
    refers to that agent: it continues under the new registration, and the leases of the old one
    end. A new agent waits for approval when the person has a suspended one, or one whose software
    is suspended.

    Joins the caller's transaction. Denied for somebody who is not a member, and for suspended
    software.
    """
    actor.require(Action.CONNECT_AGENT)
    membership = lock_membership(actor, actor.person)
    if membership is None or membership.role == Role.AUDITOR:
        raise Denied("Only a member of the tenant can connect an agent to it, and no auditor.")
    if is_suspended(actor, client_id):
        raise Denied("This software is suspended in this tenant; an owner or admin can resume it.")
    agents = Agent.objects.of(actor).filter(person_id=actor.person)
    active = agents.exclude(state=AgentState.REMOVED)
    own = active.filter(client_id=client_id).first()
    named = active.filter(name=name).order_by("-created_at").first()
    if named is not None and named.client_id != client_id:
        agent = continue_under(actor, named, own, client_id)
    elif own is not None:
        agent = own
        agent.name = name
        agent.save(update_fields=["name"])
    else:
        agent = _new(actor, client_id, name, waits=_has_suspended(agents))
    if agent is not own and agent is not named:
        notify(actor, NoticeKind.AGENT_CONNECTED, agent=name, state=agent.state)
    record_in_transaction(
        actor,
        Event.CLIENT_AUTHORIZED,
        agent=str(agent.pk),
        client=str(client_id),
        state=agent.state,
    )
    return agent


def continue_under(actor: Actor, named: Agent, own: Agent | None, client_id: UUID) -> Agent:
    """Let the agent `named` continue under the client `client_id`, whose agent so far was `own`.

    This is no way out of a suspension or of waiting for approval, and software that is suspended
    here needs approval to continue under a new registration.
    """
    states = [AgentState(named.state)]
    if is_suspended(actor, named.client_id):
        states.append(AgentState.WAITING)
    announce_revoked(actor, AccessRevoked(reason="agent registered anew", agent_id=named.pk))
    if own is not None:
        announce_revoked(actor, AccessRevoked(reason="agent merged", agent_id=own.pk))
        states.append(AgentState(own.state))
        own.state = AgentState.REMOVED
        own.save(update_fields=["state"])
    named.state = max(states, key=STRICTER.index)
    named.client_id = client_id
    named.save(update_fields=["client_id", "state"])
    return named


def _has_suspended(agents: TenantQuerySet[Agent]) -> bool:
    """Whether one is suspended. Removed agents count: their person may have removed them."""
    suspended = Q(state=AgentState.SUSPENDED) | Q(client_suspended=True)
    return with_client(agents).filter(suspended).exists()


def _new(actor: Actor, client_id: UUID, name: str, *, waits: bool) -> Agent:
    return Agent.objects.create(
        tenant_id=actor.tenant_id,
        person_id=actor.person,
        client_id=client_id,
        name=name,
        state=AgentState.WAITING if waits else AgentState.ACTIVE,
        last_address=actor.address,  # the person's browser, until the agent calls
    )


def free_name(person_id: UUID, actor: Actor, wanted: str) -> str:
    """`wanted`, or `wanted 2`, `wanted 3` …: the first name that no agent of this person has."""
    taken = set(
        Agent.objects.of(actor)
        .filter(person_id=person_id)
        .exclude(state=AgentState.REMOVED)
        .values_list("name", flat=True)
    )
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted[:76]} {number}"
    return name
