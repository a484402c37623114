"""What forms in the browser offer to choose from, and whom members can ask for access."""

from access.actions import Action
from access.levels import Role
from foundation.db.ids import public_id
from tenants.context import TenantContext, operation
from tenants.models import Agent, AgentState, Membership
from tenants.shapes.choices import (
    AdminOut,
    AdminsOut,
    AgentChoiceOut,
    AgentChoicesOut,
)


@operation(Action.LIST_AGENT_CHOICES)
def list_agent_choices(context: TenantContext) -> AgentChoicesOut:
    """Every agent of the tenant that is not removed.

    Open to every member, because a grant may be given by someone who is no owner or admin.
    """
    agents = Agent.objects.filter(tenant_id=context.membership.tenant.pk)
    return AgentChoicesOut(
        agents=[
            AgentChoiceOut(
                agent_id=public_id("agent", agent.pk), name=agent.name, email=agent.person.email
            )
            for agent in agents.exclude(state=AgentState.REMOVED)
            .select_related("person")
            .order_by("name", "created_at")
        ]
    )


@operation(Action.LIST_ADMINS)
def list_admins(context: TenantContext) -> AdminsOut:
    """The owners and admins whom a member can ask."""
    admins = Membership.objects.filter(
        tenant_id=context.membership.tenant.pk,
        role__in=[role for role in Role if role.is_admin],
        suspended_at=None,
        person__is_active=True,
    ).select_related("person")
    return AdminsOut(
        admins=[
            AdminOut.model_validate(
                {
                    "name": admin.person.name,
                    "email": admin.person.email,
                    "role": admin.role,
                }
            )
            for admin in admins.order_by("-role", "person__email")
        ]
    )
