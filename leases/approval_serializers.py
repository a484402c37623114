"""Requests for leases turned into shapes: who asked for what, and whether the reader may decide."""

from collections.abc import Sequence
from uuid import UUID

from access.actions import RULES, Action
from access.actor import Actor
from access.levels import Level
from credentials.permissions import Permissions
from foundation.db.ids import public_id
from leases.approvals import is_stale
from leases.lookups import is_holder
from leases.models import Lease, LeaseState
from leases.serializers import agent_fields, agent_names, holder_out
from leases.shapes import ApprovalOut
from tenants.memberships import ActiveMembership

# Told apart by the decision as long as nothing was lent; afterwards it is `issued` for good.
_UNLENT = {LeaseState.DENIED: "denied", LeaseState.WITHDRAWN: "withdrawn"}


def approvals_out(
    actor: Actor, stands: ActiveMembership, held: Permissions, leases: Sequence[Lease]
) -> list[ApprovalOut]:
    """Requests as lists show them."""
    agents = agent_names(actor, leases)
    return [_out(actor, stands, held, lease, agents) for lease in leases]


def _out(
    actor: Actor,
    stands: ActiveMembership,
    held: Permissions,
    lease: Lease,
    agents: dict[UUID | None, str],
) -> ApprovalOut:
    return ApprovalOut.model_validate(
        {
            **agent_fields(lease, agents),
            "approval_id": public_id("lease", lease.pk),
            "state": _state(lease),
            "key": lease.credential.key,
            "folder_path": lease.credential.folder.path,
            "version": lease.version.number,
            "asker": holder_out(lease),
            "purpose": lease.purpose,
            "ttl_seconds": lease.ttl,
            "approved_ttl_seconds": lease.approved_ttl,
            "requested_at": lease.requested_at,
            "decided_at": lease.decided_at,
            "decided_by": lease.decided_by.email if lease.decided_by else None,
            "decision_reason": lease.decision_reason,
            "mine": is_holder(actor, lease),
            "may_decide": _may_decide(actor, stands, held, lease),
        }
    )


def _state(lease: Lease) -> str:
    state = LeaseState(lease.state)
    if state != LeaseState.PENDING_APPROVAL:
        return _UNLENT.get(state, "issued")
    if lease.decided_at is None:
        return "waiting"
    return "lapsed" if is_stale(lease) else "approved"


def _may_decide(actor: Actor, stands: ActiveMembership, held: Permissions, lease: Lease) -> bool:
    rule = RULES[Action.DECIDE_LEASE]
    return (
        _state(lease) == "waiting"
        and actor.channel in rule.channels
        and held.on(lease.credential) >= (rule.level or Level.ADMIN)
        and (stands.tenant.self_approval or not is_holder(actor, lease))
    )
