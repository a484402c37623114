"""What can be done with tenants, members and agents."""

from uuid import UUID

from django.db import IntegrityError
from django.db.models import Q

from access.actions import Action, Door
from access.actor import Actor, machinery
from access.endings import Ended, announce
from access.errors import Conflict, Denied, Invalid, NotFound
from access.levels import Role
from access.tenancy import tenant_transaction
from audit.events import Event
from audit.recording import Draft, audited, record
from tenants.models import Agent, AgentState, Membership, Person, Tenant
from tenants.shapes import AgentOut, ChangeSettings, MemberOut, RoleWord, TenantOut
from tenants.standing import hold_membership, standing


def create_tenant(slug: str, name: str, owner: Person) -> TenantOut:
    """A new tenant with its first owner; an operator's command, so there is no actor yet."""
    with tenant_transaction(tenant_id := Tenant().pk):
        if Tenant.objects.filter(slug=slug).exists():
            raise Conflict(f"The tenant {slug} exists already.")
        tenant = Tenant.objects.create(pk=tenant_id, slug=slug, name=name)
        Membership.objects.create(tenant=tenant, person=owner, role=Role.OWNER)
        actor = machinery("create-tenant", tenant.pk, Door.COMMAND)
        record(actor, Draft(Event.TENANT_CREATED, details={"owner": str(owner.pk)}))
    return TenantOut(id=tenant.pk, slug=tenant.slug, name=tenant.name)


def change_settings(actor: Actor, request: ChangeSettings) -> None:
    """Change the tenant's settings; Invalid when the result breaks one of their rules."""
    with audited(actor, Action.CHANGE_SETTINGS, Event.TENANT_SETTINGS_UPDATED) as entry:
        standing(actor).require(Action.CHANGE_SETTINGS)
        tenant = Tenant.objects.select_for_update().get(pk=actor.tenant_id)
        changed = request.model_dump(exclude_none=True)
        for name, value in changed.items():
            setattr(tenant, name, value)
        _require_consistent(tenant)
        tenant.save()
        entry.detail(changed=changed)


def _require_consistent(tenant: Tenant) -> None:
    if not 1 <= tenant.default_ttl <= tenant.max_ttl <= 7 * 86_400:
        raise Invalid("1 second ≤ default TTL ≤ maximum TTL ≤ 7 days must hold.", "maxTtl")
    if not 0 <= tenant.default_window <= tenant.max_window <= 7 * 86_400:
        raise Invalid("0 ≤ default window ≤ maximum window ≤ 7 days must hold.", "maxWindow")


def add_member(actor: Actor, person: Person, role: RoleWord) -> MemberOut:
    """Make an existing person a member; Conflict when they are one, only owners make owners."""
    with audited(actor, Action.ADD_MEMBER, Event.MEMBER_JOINED) as entry:
        standing(actor).require(Action.ADD_MEMBER)
        entry.detail(person=str(person.pk), role=role)
        _require_owner_for(actor, role)
        if hold_membership(actor, person.pk):
            raise _member_already()
        try:
            Membership.objects.create(tenant_id=actor.tenant_id, person=person, role=role)
        except IntegrityError:  # somebody added them at the same moment
            raise _member_already() from None
    return MemberOut(person_id=person.pk, email=person.email, name=person.name, role=role)


def _member_already() -> Conflict:
    return Conflict("This person is a member already.")


def change_role(actor: Actor, person_id: UUID, role: RoleWord) -> None:
    """Give a member another role; the last owner stays one, and only owners make owners."""
    with audited(actor, Action.CHANGE_MEMBER, Event.MEMBER_ROLE_CHANGED) as entry:
        standing(actor).require(Action.CHANGE_MEMBER)
        entry.detail(person=str(person_id), role=role)
        member = _member(actor, person_id)
        _require_owner_for(actor, member.role, role)
        if member.role == Role.OWNER and role != Role.OWNER.value:
            _require_another_owner(member)
        lowered = Role(member.role).governs and not Role(role).governs
        member.role = role
        member.save(update_fields=["role"])
        if lowered:
            announce(actor, Ended(reason="role lowered", person_id=person_id))


def remove_member(actor: Actor, person_id: UUID) -> None:
    """Take a person out of the tenant: membership, agents, grants and leases end at once."""
    with audited(actor, Action.REMOVE_MEMBER, Event.MEMBER_REMOVED) as entry:
        standing(actor).require(Action.REMOVE_MEMBER)
        entry.detail(person=str(person_id))
        member = _member(actor, person_id)
        _require_owner_for(actor, member.role)
        if member.role == Role.OWNER:
            _require_another_owner(member)
        Agent.objects.of(actor).filter(person_id=person_id).update(state=AgentState.REMOVED)
        announce(actor, Ended(reason="member removed", person_id=person_id, leaves=True))
        member.delete()


def _member(actor: Actor, person_id: UUID) -> Membership:
    # All owner rows are locked in one order, so that two owners cannot remove each other at once.
    list(
        Membership.objects.select_for_update()
        .filter(Q(role=Role.OWNER) | Q(person_id=person_id), tenant_id=actor.tenant_id)
        .order_by("pk")
    )
    member = hold_membership(actor, person_id)
    if member is None:
        raise NotFound("There is no such member.")
    return member


def _require_owner_for(actor: Actor, *roles: str) -> None:
    if Role.OWNER not in roles or actor.is_machinery:
        return
    mine = Membership.objects.filter(
        tenant_id=actor.tenant_id, person_id=actor.person, role=Role.OWNER
    )
    if not mine.exists():
        raise Denied("Only an owner can make, change or remove an owner.")


def _require_another_owner(member: Membership) -> None:
    others = Membership.objects.filter(
        tenant_id=member.tenant_id, role=Role.OWNER, suspended_at=None, person__is_active=True
    ).exclude(pk=member.pk)
    if not others.exists():
        raise Conflict("A tenant keeps at least one owner; make somebody else an owner first.")


def change_agent(actor: Actor, agent_id: UUID, state: str) -> AgentOut:
    """Suspend, resume (also: approve a waiting one) or remove an agent; its leases end with it."""
    events = {
        AgentState.SUSPENDED: Event.CLIENT_SUSPENDED,
        AgentState.ACTIVE: Event.CLIENT_RESUMED,
        AgentState.REMOVED: Event.CLIENT_REMOVED,
    }
    if state not in events:
        raise Invalid("state: one of active, suspended, removed.", "state")
    with audited(actor, Action.CHANGE_AGENT, events[AgentState(state)]) as entry:
        standing(actor).require(Action.CHANGE_AGENT)
        entry.detail(agent=str(agent_id))
        found = Agent.objects.fetch(actor, pk=agent_id)
        hold_membership(actor, found.person_id)
        agent = Agent.objects.of(actor).locked().get(pk=agent_id)
        if agent.state == AgentState.REMOVED:
            raise NotFound("There is no such agent.")
        agent.state = state
        agent.save(update_fields=["state"])
        if state != AgentState.ACTIVE:
            announce(actor, Ended(reason=f"agent {state}", agent_id=agent_id))
    return agent_out(agent)


def agent_out(agent: Agent) -> AgentOut:
    """The agent as a shape."""
    return AgentOut.model_validate(
        {
            "id": agent.pk,
            "name": agent.name,
            "person_id": agent.person_id,
            "client_id": agent.client_id,
            "state": agent.state,
            "created_at": agent.created_at,
        }
    )
