"""Leases and requests for leases turned into shapes, without handles."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from access.actions import Action
from access.actor import Actor
from credentials.context import CredentialContext
from credentials.shapes.grants import SubjectOut
from foundation.db.clock import database_now, is_past
from foundation.db.ids import public_id
from leases.approvals import is_stale
from leases.models import Lease, LeaseState
from leases.shapes import ApprovalOut, LeaseDetailOut, LeaseStateOut
from tenants.decisions import may_decide
from tenants.models import Agent

# How requests that were never issued ended; any other lease was `issued`.
_NEVER_ISSUED = {LeaseState.DENIED: "denied", LeaseState.WITHDRAWN: "withdrawn"}


def lease_state(lease: Lease) -> LeaseStateOut:
    """The lease as operations that change it answer it."""
    return LeaseStateOut.model_validate(_state(lease))


def lease_details(actor: Actor, leases: Sequence[Lease]) -> list[LeaseDetailOut]:
    """Leases as lists show them."""
    agents, now = agent_names(actor, leases), database_now()
    return [_detail(actor, lease, agents, now) for lease in leases]


def agent_names(actor: Actor, leases: Sequence[Lease]) -> dict[UUID | None, str]:
    """The names of the agents that these leases were issued to."""
    ids = {lease.agent_id for lease in leases if lease.agent_id}
    return dict(Agent.objects.of(actor).filter(pk__in=ids).values_list("pk", "name"))


def _detail(
    actor: Actor, lease: Lease, agents: dict[UUID | None, str], now: datetime
) -> LeaseDetailOut:
    over = lease.state == LeaseState.ACTIVE and is_past(lease.expires_at, now)
    return LeaseDetailOut.model_validate(
        {
            **_state(lease),
            **_agent(lease, agents),
            "state": LeaseState.EXPIRED if over else lease.state,
            "folder_path": lease.credential.folder.path,
            "holder": _holder(lease),
            "mine": lease.is_held_by(actor),
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
        "uses_left": lease.uses_left,
    }


def _agent(lease: Lease, agents: dict[UUID | None, str]) -> dict[str, str | None]:
    return {
        "agent_id": public_id("agent", lease.agent_id) if lease.agent_id else None,
        "agent": agents.get(lease.agent_id),
    }


def _holder(lease: Lease) -> SubjectOut:
    if lease.person_id is not None:
        identifier = public_id("person", lease.person_id)
        return SubjectOut(kind="person", id=identifier, name=lease.holder_name)
    identifier = public_id("sa", lease.holder_id)
    return SubjectOut(kind="service_account", id=identifier, name=lease.holder_name)


def approvals_out(context: CredentialContext, leases: Sequence[Lease]) -> list[ApprovalOut]:
    """Requests as lists show them."""
    agents = agent_names(context.actor, leases)
    return [_approval(context, lease, agents) for lease in leases]


def _approval(
    context: CredentialContext, lease: Lease, agents: dict[UUID | None, str]
) -> ApprovalOut:
    state, mine = _approval_state(lease), lease.is_held_by(context.actor)
    level = context.permissions.on(lease.credential)
    return ApprovalOut.model_validate(
        {
            **_agent(lease, agents),
            "approval_id": public_id("lease", lease.pk),
            "state": state,
            "key": lease.credential.key,
            "folder_path": lease.credential.folder.path,
            "version": lease.version.number,
            "asker": _holder(lease),
            "purpose": lease.purpose,
            "ttl_seconds": lease.ttl,
            "approved_ttl_seconds": lease.approved_ttl,
            "requested_at": lease.requested_at,
            "decided_at": lease.decided_at,
            "decided_by": lease.decided_by.email if lease.decided_by else None,
            "decision_reason": lease.decision_reason,
            "mine": mine,
            "may_decide": state == "waiting"
            and may_decide(context, Action.DECIDE_LEASE, level=level, own=mine),
        }
    )


def _approval_state(lease: Lease) -> str:
    state = LeaseState(lease.state)
    if state != LeaseState.PENDING_APPROVAL:
        return _NEVER_ISSUED.get(state, "issued")
    if lease.decided_at is None:
        return "waiting"
    return "lapsed" if is_stale(lease) else "approved"
