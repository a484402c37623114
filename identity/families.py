"""A consent and all that descends from it: held for a change, found in force, ended as a whole.

One order of locks everywhere: the membership, then the consent, then codes and tokens.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import connection
from django.db.models import Q
from oauthlib.common import Request

from access.actions import Door
from access.actor import Actor
from access.endings import Ended, announce
from access.levels import Role
from access.tenancy import use_tenant
from audit.events import Event
from audit.recording import record_joined
from identity.models import Client, Consent
from tenants.models import Agent, AgentState, Membership
from tenants.standing import hold_membership


@dataclass(frozen=True, slots=True)
class Times:
    """The database's clock: when this transaction began, and now."""

    began: datetime
    now: datetime

    @classmethod
    def read(cls) -> Self:
        with connection.cursor() as cursor:
            cursor.execute("SELECT transaction_timestamp(), clock_timestamp()")
            began, now = cursor.fetchone()
        return cls(began, now)


@dataclass(frozen=True, slots=True)
class Family:
    """A consent that this transaction holds, who acts for it, and the time under the lock."""

    consent: Consent
    membership: Membership | None
    actor: Actor
    times: Times

    def is_in_force(self) -> bool:
        """Whether anything may still be issued: nobody and nothing behind it has ended."""
        consent = self.consent
        return (
            consent.ended_at is None
            and consent.client.is_usable(None)
            and consent.person.is_active
            and consent.tenant.suspended_at is None
            and self.membership is not None
            and self.membership.pk == consent.membership_id
            and self.membership.suspended_at is None
            and self._agent_is_active()
        )

    def _agent_is_active(self) -> bool:
        use_tenant(self.consent.tenant_id)
        return Agent.objects.of(self.actor).filter(
            pk=self.consent.agent_id,
            client_id=self.consent.client_id,
            state=AgentState.ACTIVE,
        ).exists()

    def end(self, event: Event, reason: str) -> None:
        """End the consent with every code and token; an entry says so. Nothing to do: no entry."""
        if self.consent.ended_at is not None:
            return
        self.consent.ended_at = self.times.now
        self.consent.ended_reason = reason
        self.consent.save(update_fields=["ended_at", "ended_reason"])
        self.consent.access_tokens.all().delete()
        record_joined(self.actor, event, reason=reason, consent=str(self.consent.pk))

    def end_for_reuse(self, what: str) -> None:
        """Somebody used `what` a second time: the family ends, and the agent's leases with it."""
        if self.consent.ended_at is None:
            self.end(Event.TOKEN_REUSED, f"{what} reused")
            announce(self.actor, Ended(reason="token reuse", agent_id=self.consent.agent_id))


def hold(consent: Consent, *, request_id: str = "", address: str = "") -> Family:
    """Lock a consent for this transaction, its membership before it."""
    actor = acting_for(consent, request_id, address)
    membership = hold_membership(actor, consent.person_id)
    held = (
        Consent.objects.select_for_update(of=("self",))
        .select_related("client", "person", "tenant")
        .get(pk=consent.pk)
    )
    if membership is not None:
        actor = replace(actor, role=Role(membership.role))
    return Family(held, membership, actor, Times.read())


def hold_for(consent: Consent, request: Request) -> Family:
    """Lock a consent for a request at the protocol's endpoints."""
    headers = request.headers
    return hold(
        consent,
        request_id=headers.get("X-Vault-Request", ""),
        address=headers.get("X-Vault-Address", ""),
    )


def acting_for(consent: Consent, request_id: str = "", address: str = "") -> Actor:
    """The person's agent, as the audit log names it."""
    return Actor(
        tenant_id=consent.tenant_id,
        door=door_of(consent.resource),
        person_id=consent.person_id,
        client_id=consent.client_id,
        agent_id=consent.agent_id,
        agent_name=consent.agent_name,
        scopes=frozenset(consent.scope.split()),
        request_id=request_id,
        address=address,
    )


def door_of(resource: str) -> Door:
    """The door that a resource's tokens open."""
    return Door.MCP if resource == settings.MCP_RESOURCE else Door.REST


def end_where(condition: Q, event: Event, reason: str) -> None:
    """End every living consent that meets `condition`; joins the caller's transaction."""
    for consent in Consent.objects.filter(condition, ended_at=None).order_by("pk"):
        hold(consent).end(event, reason)


def usable_client(client_id: str) -> Client | None:
    """The client that an OAuth `client_id` names, unless it was suspended or removed."""
    client = Client.objects.filter(client_id=client_id).first()
    return client if client is not None and client.is_usable(None) else None
