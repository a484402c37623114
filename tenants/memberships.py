"""The actor's membership in the tenant, read inside the operation's transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Exists, OuterRef, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from access.actions import RULES, Action, Channel
from access.actor import Actor
from access.authentication import ENDED
from access.levels import Level, Role
from foundation.db.clock import DatabaseClock
from foundation.db.ids import NO_ID
from foundation.db.prepared import (
    Parameter,
    PreparedQuery,
    PreparedText,
    Statement,
    execute,
    fetch,
)
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

NO_GRANTS = "An auditor holds nothing but the audit log; give them another role first."
TENANT, SUBJECT, AGENT, CLIENT = map(Parameter, ("tenant", "subject", "agent", "client"))
SHARE_MEMBERSHIP = PreparedText(
    "SELECT FROM membership WHERE tenant_id = %(tenant)s AND person_id = %(subject)s FOR SHARE"
)
SHARE_ACCOUNT = PreparedText(
    "SELECT FROM service_account WHERE tenant_id = %(tenant)s AND id = %(subject)s FOR SHARE"
)


@dataclass(frozen=True, slots=True)
class ActiveMembership:
    """The tenant with its settings, and what membership alone permits in it.

    `base_level` is the level on everything: `admin` for owners and admins, the tenant's baseline
    for members, none for auditors and service accounts. A token that is narrowed to some
    credentials keeps the base level on those and has no admin rights.
    """

    tenant: Tenant
    membership_id: UUID | None
    is_admin: bool
    base_level: Level
    is_owner: bool = False
    is_auditor: bool = False
    role: Role | None = None
    agent_name: str = ""

    def require(self, action: Action) -> None:
        """Refuse what only owners and admins, or only owners, of the tenant may do, and auditors
        everything but the log.
        """
        if self.role is Role.AUDITOR:
            if not (self.is_auditor and RULES[action].auditors):
                raise Denied("An auditor reads the tenant's audit log and nothing else.")
            return
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
        return _of_system(actor)
    statement = membership_statement(actor)
    if keep:
        return membership_of_rows(actor, execute(share_membership(actor), statement)[1])
    return membership_of_rows(actor, fetch(statement))


def membership_statement(actor: Actor) -> Statement[list[Any]]:
    """Reads what `membership_of_rows` needs, and as `read_at` the database's time.

    An operation that takes locks sends it after them.
    """
    required = actor.required_authentication()
    values = {
        "tenant": actor.tenant_id,
        "subject": actor.subject,
        "agent": actor.agent_id,
        "client": actor.client_id or NO_ID,
        **{f"required_{n}": value for n, value in enumerate(required.parameters)},
    }
    query = _query(
        required.condition,
        len(required.parameters),
        of_account=actor.service_account_id is not None,
        of_agent=actor.agent_id is not None,
    )
    return query(**values)


def share_membership(actor: Actor) -> Statement[Any]:
    """Locks the membership or the service account (shared) until the transaction ends."""
    share = SHARE_ACCOUNT if actor.service_account_id else SHARE_MEMBERSHIP
    return share(tenant=actor.tenant_id, subject=actor.subject)


def membership_of_rows(actor: Actor, rows: Sequence[Any]) -> ActiveMembership:
    """The membership in the rows of `membership_statement`; refused as `active_membership` says."""
    row = rows[0] if rows else None
    if actor.service_account_id:
        return _of_service_account(row)
    if row is None or row.tenant.suspended_at:
        raise Unauthenticated("Your access to this tenant has ended.")
    _require_authentication(row)
    if actor.agent_id:
        _require_active_agent(row.agent_state)
        if row.client_suspended:
            raise Denied(CLIENT_SUSPENDED)
    role = Role(row.role)
    whole = actor.allowed_credentials is None
    return ActiveMembership(
        row.tenant,
        row.pk,
        is_admin=role.is_admin and whole,
        base_level=base_level(role, Level.of(row.tenant.baseline_level)),
        is_owner=role is Role.OWNER and whole,
        is_auditor=role is Role.AUDITOR and whole,
        role=role,
        agent_name=row.agent_name if actor.agent_id else "",
    )


def base_level(role: Role, baseline: Level) -> Level:
    """The level that a role gives on everything in a tenant with this baseline."""
    if role is Role.AUDITOR:
        return Level.NONE
    return Level.ADMIN if role.is_admin else baseline


def _of_system(actor: Actor) -> ActiveMembership:
    tenant = Tenant.objects.get(pk=actor.tenant_id)
    by_operator = actor.channel is Channel.COMMAND
    level = Level.ADMIN if by_operator else Level.NONE
    return ActiveMembership(
        tenant, None, is_admin=by_operator, base_level=level, is_owner=by_operator
    )


def _of_service_account(account: ServiceAccount | None) -> ActiveMembership:
    """Service accounts have no baseline and no admin rights: only their grants count."""
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


@cache
def _query(
    condition: str, parameters: int, *, of_account: bool, of_agent: bool
) -> PreparedQuery[Any]:
    """The membership or the service account, with the actor's authentication as a column.

    It is read after the operation's lock, so it sees what ended while the lock was waited for.
    """
    required = [Parameter(f"required_{n}") for n in range(parameters)]
    authenticated = RawSQL(condition, required, output_field=BooleanField())  # noqa: S611  # our own text
    build = _accounts if of_account else partial(_memberships, of_agent=of_agent)
    return PreparedQuery(
        lambda: build().annotate(authenticated=authenticated, read_at=DatabaseClock())
    )


def _accounts() -> QuerySet[Any]:
    rows = ServiceAccount.objects.filter(tenant_id=TENANT, pk=SUBJECT)
    return rows.select_related("tenant")


def _memberships(*, of_agent: bool) -> QuerySet[Any]:
    rows = Membership.objects.select_related("tenant").filter(
        tenant_id=TENANT, person_id=SUBJECT, person__is_active=True, suspended_at=None
    )
    if not of_agent:
        return rows
    agents = Agent.objects.filter(
        tenant_id=TENANT, pk=AGENT, person_id=OuterRef("person_id"), client_id=CLIENT
    )
    suspended = SuspendedClient.objects.filter(tenant_id=TENANT, client_id=CLIENT)
    return rows.annotate(
        agent_state=Subquery(agents.values("state")[:1]),
        agent_name=Subquery(agents.values("name")[:1]),
        client_suspended=Exists(suspended),
    )


def _require_authentication(row: Membership | ServiceAccount) -> None:
    if getattr(row, "authenticated", False) is not True:
        raise Unauthenticated(ENDED)


def _require_active_agent(state: str | None) -> None:
    if state is None or state == AgentState.REMOVED:
        raise Unauthenticated("This agent was removed; connect it again.")
    if state != AgentState.ACTIVE:
        raise Denied(AGENT_REFUSALS[AgentState(state)])


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
