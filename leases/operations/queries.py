"""Leases as people and agents see them, without their handles, and the overview of a tenant."""

from datetime import timedelta
from uuid import UUID

from access.actions import Action
from access.scopes import Scope
from credentials.access_requests import WAITING as WAITING_ACCESS
from credentials.context import CredentialContext, operation
from credentials.credential_requests import WAITING as WAITING_CREDENTIALS
from credentials.models import AccessRequest, CredentialRequest, Rotation
from credentials.shapes.credentials import DescribeCredential
from credentials.upcoming_expirations import approaching_ends, due_rotations, open_windows
from foundation.db.clock import database_now
from foundation.db.ids import public_id
from foundation.db.paging import page
from foundation.errors import Conflict
from leases.approvals import WAITING
from leases.models import Lease
from leases.policy import chosen_leases, in_state, lock_lease
from leases.serializers import agent_names, lease_details
from leases.shapes import (
    LeaseDetailOut,
    LeasePageOut,
    ListLeases,
    OverviewOut,
    ReaderOut,
    ReadersOut,
)
from leases.statistics import denials, leases_given, newest_entries, reads_by_agent, reads_since
from tenants.models import Agent, AgentState


@operation(Action.LIST_LEASES)
def list_leases(context: CredentialContext, request: ListLeases) -> LeasePageOut:
    """Leases, newest first: one's own, or everybody's on what one manages.

    Those of others need `vault:write`, and without a key `vault:admin`.
    """
    rows = chosen_leases(context, request)
    if request.whose == "all":
        # `vault:read` alone shows nothing of what others do.
        context.actor.require_scope(Scope.WRITE if request.key else Scope.ADMIN)
    shown, cursor = page(
        rows.with_names().filter(in_state(request.state)),
        {"pk": UUID},
        limit=request.limit,
        cursor=request.cursor,
        newest_first=True,
    )
    return LeasePageOut(leases=lease_details(context.actor, shown), next_cursor=cursor)


@operation(Action.SHOW_LEASE)
def show_lease(context: CredentialContext, lease_id: str) -> LeaseDetailOut:
    """One lease: one's own, or with `vault:write` and `manager` on its credential any."""
    lease = lock_lease(context, lease_id)
    context.entry.set_fields(lease_id=lease.pk, credential_id=lease.credential_id)
    if not lease.is_held_by(context.actor):
        context.require(lease.credential)
        context.actor.require_scope(Scope.WRITE)
    (shown,) = lease_details(context.actor, [lease])
    return shown


@operation(Action.SHOW_READERS)
def show_readers(context: CredentialContext, request: DescribeCredential) -> ReadersOut:
    """The readers of an open window (R9): live leases on the old version, by their end.

    Needs `manager`. When the list is empty, closing the window affects nobody. Conflict when no
    window is open.
    """
    credential = context.find(request.key)
    context.require(credential)
    windows = Rotation.objects.filter(credential=credential).open()
    window = windows.select_related("previous").first()
    if window is None:
        raise Conflict("No rotation window is open on this credential.")
    leases = list(
        Lease.objects.of(context.actor)
        .live()
        .filter(version_id=window.previous_id)
        .select_related("person", "service_account")
        .order_by("expires_at")
    )
    agents = agent_names(context.actor, leases)
    return ReadersOut(
        key=credential.key,
        previous_version=window.previous.number,
        closes_at=window.closes_at,
        readers=[_reader(lease, agents, window) for lease in leases],
    )


def _reader(lease: Lease, agents: dict[UUID | None, str], window: Rotation) -> ReaderOut:
    return ReaderOut(
        lease_id=public_id("lease", lease.pk),
        holder=lease.holder_name,
        agent=agents.get(lease.agent_id),
        purpose=lease.purpose,
        uses=lease.uses,
        # A lease on the old version ends with the window at the latest.
        expires_at=min(lease.times.expires_at, window.closes_at),
    )


@operation(Action.SHOW_OVERVIEW)
def show_overview(context: CredentialContext) -> OverviewOut:
    """What happens in the tenant; for owners and admins only. Holds no value and no handle.

    The newest entries are a summary, so showing them leaves no entry; reading the audit log does.
    """
    actor, now = context.actor, database_now()
    waiting_leases = Lease.objects.of(actor).filter(WAITING)
    waiting_access = AccessRequest.objects.of(actor).filter(WAITING_ACCESS)
    waiting_credentials = CredentialRequest.objects.of(actor).filter(WAITING_CREDENTIALS)
    waiting = (waiting_leases, waiting_access, waiting_credentials)
    return OverviewOut(
        live_leases=Lease.objects.of(actor).live().count(),
        reads_today=reads_since(actor, now.replace(hour=0, minute=0, second=0, microsecond=0)),
        waiting=sum(rows.count() for rows in waiting),
        agents_waiting=Agent.objects.of(actor).filter(state=AgentState.WAITING).count(),
        rotations_due=due_rotations(actor, now + timedelta(days=7)),
        windows=open_windows(actor),
        ends=approaching_ends(actor, now + timedelta(days=30)),
        leases=leases_given(actor, now),
        denials=denials(actor, now),
        reads=reads_by_agent(actor, now),
        newest=newest_entries(actor),
    )
