"""Who still holds the old value while a rotation window is open."""

from typing import Any

from access.actions import Action
from access.actor import Actor
from audit.recording import read_only
from credentials.models import Rotation, RotationState
from credentials.permissions import find_credential, require_permission
from credentials.shapes.credentials import DescribeCredential
from foundation.db.clock import DatabaseClock, database_now, is_past
from foundation.db.ids import public_id
from foundation.errors import Conflict
from leases.models import Lease, LeaseState
from leases.serializers import holder_name
from leases.shapes import ReaderOut, ReadersOut
from tenants.memberships import active_membership
from tenants.models import Agent


def show_readers(actor: Actor, request: DescribeCredential) -> ReadersOut:
    """The readers of an open window (R9): living leases on the old version, by their end.

    Needs `manager`. When the list is empty the window can be closed without breaking anybody.
    Conflict when no window is open.
    """
    with read_only(actor, Action.SHOW_READERS) as entry:
        stands = active_membership(actor)
        credential = find_credential(actor, request.key, entry)
        require_permission(actor, stands, credential, Action.SHOW_READERS)
        window = (
            Rotation.objects.filter(credential=credential, state=RotationState.OPEN)
            .select_related("previous")
            .first()
        )
        if window is None or is_past(window.closes_at, database_now()):
            raise Conflict("No rotation window is open on this credential.")
        return ReadersOut(
            key=credential.key,
            previous_version=window.previous.number,
            closes_at=window.closes_at,
            readers=_readers(actor, window),
        )


def _readers(actor: Actor, window: Rotation) -> list[ReaderOut]:
    leases = list(
        Lease.objects.of(actor)
        .filter(
            version_id=window.previous_id,
            state=LeaseState.ACTIVE,
            expires_at__gt=DatabaseClock(),
        )
        .select_related("person", "service_account")
        .order_by("expires_at")
    )
    agents = dict(
        Agent.objects.of(actor)
        .filter(pk__in=[lease.agent_id for lease in leases if lease.agent_id])
        .values_list("pk", "name")
    )
    return [ReaderOut.model_validate(_reader(lease, agents, window)) for lease in leases]


def _reader(lease: Lease, agents: dict[Any, str], window: Rotation) -> dict[str, Any]:
    """A lease on the old value ends with the window at the latest."""
    assert lease.expires_at is not None
    return {
        "lease_id": public_id("lease", lease.pk),
        "holder": holder_name(lease),
        "agent": agents.get(lease.agent_id),
        "purpose": lease.purpose,
        "uses": lease.uses,
        "expires_at": min(lease.expires_at, window.closes_at),
    }
