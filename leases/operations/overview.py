"""A tenant at a glance, for those who govern it: numbers, plots and what comes next."""

from datetime import datetime, timedelta

from access.actions import Action
from access.actor import Actor
from audit.events import Event, Outcome
from audit.models import Entry
from audit.recording import read_only
from credentials.models import AccessRequest, RequestState
from credentials.upcoming_expirations import approaching_ends, due_rotations, open_windows
from foundation.db.clock import DatabaseClock, database_now
from leases.models import Lease, LeaseState
from leases.shapes import OverviewOut
from leases.statistics import denials, leases_given, newest_entries, reads_by_agent
from tenants.memberships import active_membership
from tenants.models import Agent, AgentState


def show_overview(actor: Actor) -> OverviewOut:
    """What goes on in the tenant; owners and admins only. Holds no value and no handle.

    The newest entries stand here as a credential's own trail stands beside it; the log with all
    that an entry says is read, and that reading is logged, elsewhere.
    """
    with read_only(actor, Action.SHOW_OVERVIEW):
        active_membership(actor).require(Action.SHOW_OVERVIEW)
        now = database_now()
        return OverviewOut(
            live_leases=_live_leases(actor),
            reads_today=_reads_since(actor, now.replace(hour=0, minute=0, second=0, microsecond=0)),
            waiting=_waiting(actor),
            agents_waiting=Agent.objects.of(actor).filter(state=AgentState.WAITING).count(),
            rotations_due=due_rotations(actor, now + timedelta(days=7)),
            windows=open_windows(actor),
            ends=approaching_ends(actor, now + timedelta(days=30)),
            leases=leases_given(actor, now),
            denials=denials(actor, now),
            reads=reads_by_agent(actor, now),
            newest=newest_entries(actor),
        )


def _live_leases(actor: Actor) -> int:
    living = Lease.objects.of(actor).filter(state=LeaseState.ACTIVE, expires_at__gt=DatabaseClock())
    return living.count()


def _reads_since(actor: Actor, start: datetime) -> int:
    return (
        Entry.objects.of(actor)
        .filter(event=Event.CREDENTIAL_READ, outcome=Outcome.OK, at__gte=start)
        .count()
    )


def _waiting(actor: Actor) -> int:
    """Leases and wishes for more access that a person has to decide on."""
    leases = Lease.objects.of(actor).filter(state=LeaseState.PENDING_APPROVAL, decided_at=None)
    wishes = AccessRequest.objects.of(actor).filter(state=RequestState.PENDING)
    return leases.count() + wishes.count()
