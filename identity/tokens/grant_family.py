"""A consent with the codes and tokens issued for it, locked, checked and ended as a whole.

Locks are always taken in one order: the membership, then the consent, then codes and tokens.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from access.actions import Channel
from access.actor import Actor
from access.levels import Role
from access.revocation import AccessRevoked, announce_revoked
from access.tenancy import use_tenant
from audit.events import Event
from audit.recording import record_in_transaction
from foundation.db.clock import database_now
from identity.models import Consent
from identity.web.request_context import NO_CONTEXT, RequestContext
from tenants.clients import is_suspended
from tenants.memberships import lock_membership
from tenants.models import Agent, AgentState, Membership
from tenants.notifications import NoticeKind, notify


@dataclass(frozen=True, slots=True)
class GrantFamily:
    """A consent that this transaction has locked, and its agent as the actor.

    `now` is the database's time under the lock, `arrived` its time when the request came in.
    """

    consent: Consent
    membership: Membership | None
    actor: Actor
    now: datetime
    arrived: datetime

    def is_in_force(self) -> bool:
        """Whether anything may still be issued: everything it depends on is active."""
        consent = self.consent
        return (
            consent.ended_at is None
            and consent.client.is_usable()
            and consent.person.is_active
            and consent.tenant.suspended_at is None
            and self.membership is not None
            and self.membership.pk == consent.membership_id
            and self.membership.suspended_at is None
            and self._agent_is_active()
        )

    def _agent_is_active(self) -> bool:
        use_tenant(self.consent.tenant_id)
        agents = Agent.objects.of(self.actor).filter(
            pk=self.consent.agent_id, client_id=self.consent.client_id, state=AgentState.ACTIVE
        )
        return agents.exists() and not is_suspended(self.actor, self.consent.client_id)

    def end(self, event: Event, reason: str) -> None:
        """End the consent with every code and token, and record it; nothing happens if it has
        ended.
        """
        if self.consent.ended_at is not None:
            return
        self.consent.ended_at = self.now
        self.consent.ended_reason = reason
        self.consent.save(update_fields=["ended_at", "ended_reason"])
        self.consent.access_tokens.all().delete()
        record_in_transaction(self.actor, event, reason=reason, consent=str(self.consent.pk))

    def end_for_reuse(self, what: str) -> None:
        """End the family and the agent's leases, because `what` was used a second time."""
        if self.consent.ended_at is None:
            self.end(Event.TOKEN_REUSED, f"{what} reused")
            announce_revoked(
                self.actor, AccessRevoked(reason="token reuse", agent_id=self.consent.agent_id)
            )
            agent = self.consent.agent_name
            notify(self.actor, NoticeKind.TOKEN_REUSED, agent=agent, what=what)


def lock_family(consent: Consent, *, request: RequestContext = NO_CONTEXT) -> GrantFamily:
    """Lock a consent for this transaction, after its membership."""
    actor = agent_actor(consent, request)
    membership = lock_membership(actor, consent.person_id)
    locked = (
        Consent.objects.select_for_update(of=("self",))
        .select_related("client", "person", "tenant")
        .get(pk=consent.pk)
    )
    if membership is not None:
        actor = replace(actor, role=Role(membership.role))
    now = database_now()
    return GrantFamily(locked, membership, actor, now, now - request.age())


def agent_actor(consent: Consent, request: RequestContext = NO_CONTEXT) -> Actor:
    """The person's agent as an actor."""
    return Actor(
        tenant_id=consent.tenant_id,
        channel=channel_of(consent.resource),
        person_id=consent.person_id,
        client_id=consent.client_id,
        agent_id=consent.agent_id,
        agent_name=consent.agent_name,
        scopes=frozenset(consent.scope.split()),
        request_id=request.request_id,
        address=request.address,
    )


def channel_of(resource: str) -> Channel:
    """The channel that a resource's tokens are for."""
    return Channel.MCP if resource == settings.MCP_RESOURCE else Channel.REST


def end_families(condition: Q, event: Event, reason: str) -> None:
    """End every consent in force that meets `condition`; joins the caller's transaction."""
    for consent in Consent.objects.filter(condition, ended_at=None).order_by("pk"):
        lock_family(consent).end(event, reason)
