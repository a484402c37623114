"""The actor's membership in the tenant, read inside the operation's transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, Exists, OuterRef, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from access.actions import RULES, Action, Channel
from access.actor import Actor
from access.authentication import ENDED
from access.levels import Level, Role
from foundation.db.ids import NO_ID
from foundation.errors import Denied, Unauthenticated
from tenants.models import (
    Agent,
    AgentState,
    GroupMember,
    Membership,
    ServiceAccount,
    ServiceAccountState,
    SuspendedClient,
    Tenant,
)

AGENT_REFUSALS = {
    AgentState.WAITING: "This agent waits for an owner or admin of the tenant to approve it.",
    AgentState.SUSPENDED: "This agent is suspended; an owner or admin of the tenant can resume it.",
}
CLIENT_SUSPENDED = (
    "This agent's software is suspended in this tenant; an owner or admin can resume it."
)


@dataclass(frozen=True, slots=True)
class ActiveMembership:
    """The tenant with its settings, and what membership alone permits in it.

    `base_level` is the level on everything: `admin` for owners and admins, the tenant's baseline
    for members, none for service accounts. A token that is narrowed to some credentials keeps the
    base level on those and has no admin rights.
    """

    tenant: Tenant
    membership_id: UUID | None
    is_admin: bool
    base_level: Level
    is_owner: bool = False

    def require(self, action: Action) -> None:
        """Refuse what only owners and admins, or only owners, of the tenant may do."""
        if RULES[action].admins_only:
            self.require_admin()
        if RULES[action].owners_only and not self.is_owner:
            raise Denied("Only an owner of the tenant may do this.")

    def require_admin(self) -> None:
        """Refuse anyone but owners and admins of the tenant."""
        if not self.is_admin:
            raise Denied("Only an owner or admin of the tenant may do this.")


def active_membership(actor: Actor, *, keep: bool = False) -> ActiveMembership:
    """The actor's membership now.

    Refused when the token, session, person, membership, agent or tenant has ended or is suspended.
    `keep` locks the membership (shared) until the transaction ends: other requests are not held up,
    only what ends the membership waits.
    """
    if actor.is_system:
        tenant = Tenant.objects.get(pk=actor.tenant_id)
        by_operator = actor.channel is Channel.COMMAND
        base_level = Level.ADMIN if by_operator else Level.NONE
        return ActiveMembership(
            tenant, None, is_admin=by_operator, base_level=base_level, is_owner=by_operator
        )
    if actor.service_account_id:
        return _of_service_account(actor, actor.service_account_id, keep=keep)
    if keep:
        _share(actor, "SELECT FROM membership WHERE tenant_id = %s AND person_id = %s FOR SHARE")
    membership = _memberships(actor).first()
    if membership is None or membership.tenant.suspended_at:
        raise Unauthenticated("Your access to this tenant has ended.")
    _require_authentication(membership)
    if actor.agent_id:
        _require_active_agent(getattr(membership, "agent_state", None))
        if getattr(membership, "client_suspended", True):
            raise Denied(CLIENT_SUSPENDED)
    role = Role(membership.role)
    base_level = Level.ADMIN if role.is_admin else Level.of(membership.tenant.baseline_level)
    return ActiveMembership(
        membership.tenant,
        membership.pk,
        is_admin=role.is_admin and actor.allowed_credentials is None,
        base_level=base_level,
        is_owner=role is Role.OWNER and actor.allowed_credentials is None,
    )


def _of_service_account(actor: Actor, account_id: UUID, *, keep: bool) -> ActiveMembership:
    """Service accounts have no baseline and no admin rights: only their grants count."""
    if keep:
        _share(actor, "SELECT FROM service_account WHERE tenant_id = %s AND id = %s FOR SHARE")
    rows = ServiceAccount.objects.of(actor).filter(pk=account_id)
    account = rows.select_related("tenant").annotate(authenticated=_authenticated(actor)).first()
    if account is None or account.tenant.suspended_at:
        raise Unauthenticated("This service account's access has ended.")
    _require_authentication(account)
    if account.state == ServiceAccountState.REMOVED:
        raise Unauthenticated("This service account was removed.")
    if account.state == ServiceAccountState.SUSPENDED:
        raise Denied(
            "This service account is suspended; an owner or admin of the tenant can resume it."
        )
    return ActiveMembership(account.tenant, None, is_admin=False, base_level=Level.NONE)


def _memberships(actor: Actor) -> QuerySet[Membership]:
    rows = Membership.objects.select_related("tenant").filter(
        tenant_id=actor.tenant_id,
        person_id=actor.person,
        person__is_active=True,
        suspended_at=None,
    )
    rows = rows.annotate(authenticated=_authenticated(actor))
    if actor.agent_id is None:
        return rows
    agents = Agent.objects.of(actor).filter(
        pk=actor.agent_id, person_id=OuterRef("person_id"), client_id=actor.client_id or NO_ID
    )
    suspended = SuspendedClient.objects.of(actor).filter(client_id=actor.client_id or NO_ID)
    return rows.annotate(
        agent_state=Subquery(agents.values("state")[:1]), client_suspended=Exists(suspended)
    )


def _authenticated(actor: Actor) -> RawSQL:
    """The actor's authentication as a column of a row that is read anyway, after its lock."""
    required = actor.required_authentication()
    return RawSQL(required.condition, required.parameters, output_field=BooleanField())  # noqa: S611  # our own text


def _require_authentication(row: object) -> None:
    if getattr(row, "authenticated", False) is not True:
        raise Unauthenticated(ENDED)


def _require_active_agent(state: str | None) -> None:
    if state is None or state == AgentState.REMOVED:
        raise Unauthenticated("This agent was removed; connect it again.")
    if state != AgentState.ACTIVE:
        raise Denied(AGENT_REFUSALS[AgentState(state)])


def _share(actor: Actor, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [actor.tenant_id, actor.subject])


def lock_membership(actor: Actor, person_id: UUID) -> Membership | None:
    """Lock a person's membership, as the first step of every operation that ends their access."""
    return (
        Membership.objects.select_for_update()
        .filter(tenant_id=actor.tenant_id, person_id=person_id)
        .first()
    )


def lock_memberships(actor: Actor, person_ids: Iterable[UUID]) -> None:
    """The same for several people at once, always in the same order."""
    rows = Membership.objects.filter(tenant_id=actor.tenant_id, person_id__in=set(person_ids))
    list(rows.select_for_update().order_by("pk"))


def lock_service_account(actor: Actor, account_id: UUID) -> ServiceAccount | None:
    """Lock a service account, as the first step of every operation that ends its access."""
    return ServiceAccount.objects.of(actor).locked().filter(pk=account_id).first()


def groups_of(actor: Actor, person_id: UUID) -> list[UUID]:
    """The ids of the tenant's groups that a person is in."""
    rows = GroupMember.objects.of(actor).filter(person_id=person_id)
    return list(rows.values_list("group_id", flat=True))
