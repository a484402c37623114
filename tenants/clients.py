"""OAuth clients in one tenant: used by its people's agents, or suspended here.

`identity` defines clients; here a client is a plain id, and only its suspension in this tenant
counts.
"""

from uuid import UUID

from django.db.models import Exists, OuterRef

from access.actor import Actor
from access.revocation import AccessRevoked, announce_revoked
from access.tenancy import TenantQuerySet
from tenants.memberships import lock_memberships
from tenants.models import Agent, AgentState, SuspendedClient


def with_client(rows: TenantQuerySet[Agent]) -> TenantQuerySet[Agent]:
    """Agents, annotated with whether their client is suspended in their tenant."""
    same = {"tenant_id": OuterRef("tenant_id"), "client_id": OuterRef("client_id")}
    known = {"client_suspended": Exists(SuspendedClient.objects.filter(**same))}
    return rows.annotate(**known)


def connected_agents(actor: Actor, client_id: UUID | None = None) -> TenantQuerySet[Agent]:
    """The tenant's agents without the removed ones, of one client or of all."""
    rows = Agent.objects.of(actor).exclude(state=AgentState.REMOVED)
    return rows if client_id is None else rows.filter(client_id=client_id)


def is_suspended(actor: Actor, client_id: UUID) -> bool:
    """Whether the client is suspended in this tenant."""
    return SuspendedClient.objects.of(actor).filter(client_id=client_id).exists()


def suspend_client(actor: Actor, client_id: UUID) -> bool:
    """Suspend the client in this tenant and end its agents' leases; False when it already was."""
    _lock_people(actor, client_id)
    _, is_new = SuspendedClient.objects.get_or_create(
        tenant_id=actor.tenant_id, client_id=client_id
    )
    if is_new:
        announce_revoked(actor, AccessRevoked(reason="client suspended", client_id=client_id))
    return is_new


def resume_client(actor: Actor, client_id: UUID) -> bool:
    """End the client's suspension in this tenant; False when there was none."""
    count, _ = SuspendedClient.objects.of(actor).filter(client_id=client_id).delete()
    return count > 0


def remove_agents(actor: Actor, client_id: UUID) -> list[UUID]:
    """Remove every agent of the client in this tenant and end their leases; returns their ids."""
    _lock_people(actor, client_id)
    removed = list(connected_agents(actor, client_id).locked().order_by("pk"))
    for agent in removed:
        agent.state = AgentState.REMOVED
        agent.save(update_fields=["state"])
    if removed:
        announce_revoked(actor, AccessRevoked(reason="client removed", client_id=client_id))
    return [agent.pk for agent in removed]


def _lock_people(actor: Actor, client_id: UUID) -> None:
    """Lock the memberships first, as every operation that ends access does."""
    people = connected_agents(actor, client_id).values_list("person_id", flat=True)
    lock_memberships(actor, people)
