"""Agents: one person's one client in one tenant."""

from datetime import datetime
from typing import Literal

from foundation.schema.shapes import Shape
from tenants.shapes.fields import Listing, Name, PublicId

AgentStateWord = Literal["active", "waiting", "suspended", "removed"]


class ListAgents(Listing):
    """Whose agents to list: one's own, or everybody's for owners and admins.

    Removed ones only when asked for.
    """

    whose: Literal["mine", "all"] = "mine"
    person_id: PublicId | None = None
    state: AgentStateWord | None = None


class ChangeAgent(Shape):
    """Suspend, resume (which approves a waiting one) or remove an agent."""

    agent_id: PublicId
    state: Literal["active", "suspended", "removed"]


class RenameAgent(Shape):
    """A new name for an agent."""

    agent_id: PublicId
    name: Name


class MergeAgents(Shape):
    """An agent that is the same as an earlier one of the same person."""

    agent_id: PublicId
    into_id: PublicId


class AgentOut(Shape):
    """One person's one client in one tenant.

    `clientSuspended`: its software is suspended here, so it may do nothing, whatever its own state.
    """

    agent_id: str
    name: str
    person_id: str
    person: str
    client_id: str
    state: AgentStateWord
    client_suspended: bool
    created_at: datetime
    first_call_at: datetime | None
    last_call_at: datetime | None
    last_address: str | None


class AgentPageOut(Shape):
    """A page of agents, the newest first."""

    agents: list[AgentOut]
    next_cursor: str | None
