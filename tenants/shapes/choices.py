"""Who and what a form in the browser offers to choose from. Ids are public ones (`agent_…`)."""

from foundation.schema.shapes import Shape
from tenants.shapes.fields import RoleWord


class AgentChoiceOut(Shape):
    """An agent that is not removed, with its person's e-mail address."""

    agent_id: str
    name: str
    email: str


class AgentChoicesOut(Shape):
    """The tenant's agents, by name."""

    agents: list[AgentChoiceOut]


class AdminOut(Shape):
    """An owner or admin; the name may be empty."""

    name: str
    email: str
    role: RoleWord


class AdminsOut(Shape):
    """The tenant's owners and admins, owners first."""

    admins: list[AdminOut]
