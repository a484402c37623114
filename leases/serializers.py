"""Leases turned into shapes, without their handles."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from access.actor import Actor
from access.tenancy import TenantQuerySet
from credentials.shapes.credentials import SubjectOut
from foundation.db.clock import database_now, is_past
from foundation.db.ids import public_id
from leases.lookups import is_holder
from leases.models import Lease
from leases.models import LeaseState as State
from leases.shapes import LeaseDetailOut, LeaseStateOut
from tenants.models import Agent


def uses_left(lease: Lease) -> int | None:
    """Uses that are left, or None when they are not counted."""
    return None if lease.max_uses is None else lease.max_uses - lease.uses


def holder_name(lease: Lease) -> str:
    """Whom people know the holder as: a person's e-mail or a service account's name."""
    if lease.person is not None:
        return lease.person.email
    assert lease.service_account is not None
    return lease.service_account.name


def holder_out(lease: Lease) -> SubjectOut:
    """The holder with id and name."""
    if lease.person_id is not None:
        identifier = public_id("person", lease.person_id)
        return SubjectOut(kind="person", id=identifier, name=holder_name(lease))
    identifier = public_id("sa", lease.holder_id)
    return SubjectOut(kind="service_account", id=identifier, name=holder_name(lease))


def lease_state(lease: Lease) -> LeaseStateOut:
    """The lease as endings show it."""
    return LeaseStateOut.model_validate(_state(lease))


def with_names(rows: TenantQuerySet[Lease]) -> TenantQuerySet[Lease]:
    """With all that an answer names but the agents, which are read once a list."""
    return rows.select_related(
        "credential__folder", "version", "person", "service_account", "decided_by"
    )


def lease_details(actor: Actor, leases: Sequence[Lease]) -> list[LeaseDetailOut]:
    """Leases as lists show them."""
    agents, now = agent_names(actor, leases), database_now()
    return [_detail(actor, lease, agents, now) for lease in leases]


def agent_names(actor: Actor, leases: Sequence[Lease]) -> dict[UUID | None, str]:
    """The names of the agents that these leases were lent to."""
    ids = {lease.agent_id for lease in leases if lease.agent_id}
    return dict(Agent.objects.of(actor).filter(pk__in=ids).values_list("pk", "name"))


def agent_fields(lease: Lease, agents: dict[UUID | None, str]) -> dict[str, str | None]:
    """The agent's id and name; both None when none acted."""
    return {
        "agent_id": public_id("agent", lease.agent_id) if lease.agent_id else None,
        "agent": agents.get(lease.agent_id),
    }


def _detail(
    actor: Actor, lease: Lease, agents: dict[UUID | None, str], now: datetime
) -> LeaseDetailOut:
    over = lease.state == State.ACTIVE and is_past(lease.expires_at, now)
    return LeaseDetailOut.model_validate(
        {
            **_state(lease),
            **agent_fields(lease, agents),
            "state": State.EXPIRED if over else lease.state,
            "folder_path": lease.credential.folder.path,
            "holder": holder_out(lease),
            "mine": is_holder(actor, lease),
            "ttl_seconds": lease.ttl,
            "requested_at": lease.requested_at,
            "renewed_at": lease.renewed_at,
            "max_expires_at": lease.max_expires_at,
            "uses": lease.uses,
            "ended_at": lease.ended_at,
            "ended_reason": lease.ended_reason,
        }
    )


def _state(lease: Lease) -> dict[str, Any]:
    return {
        "lease_id": public_id("lease", lease.pk),
        "key": lease.credential.key,
        "state": lease.state,
        "version": lease.version.number,
        "purpose": lease.purpose,
        "issued_at": lease.issued_at,
        "expires_at": lease.expires_at,
        "uses_left": uses_left(lease),
    }
