"""Access out of the ordinary: an entry in the log, and a mail to owners and admins."""

from datetime import timedelta

from access.actor import Actor
from audit.events import Event
from audit.models import Entry
from audit.recording import EntryDraft, record
from foundation.db.clock import database_now
from leases.models import held_by
from tenants.models import Person, ServiceAccount, Tenant
from tenants.notifications import NoticeKind, notify_admins

QUIET = timedelta(days=1)  # after a report about the same holder


def report_many_credentials(actor: Actor, tenant: Tenant, credentials: int) -> None:
    """Report that somebody holds leases on many different credentials at once, once a day.

    Joins the transaction of the lease.
    """
    reported = Entry.objects.of(actor).filter(
        held_by(actor), event=Event.ACCESS_UNUSUAL, at__gt=database_now() - QUIET
    )
    if reported.exists():
        return
    entry = EntryDraft(Event.ACCESS_UNUSUAL)
    limit = tenant.max_credentials_per_person
    entry.add_details(credentials=credentials, limit=limit)
    record(actor, entry)
    notify_admins(
        actor,
        NoticeKind.UNUSUAL_ACCESS,
        holder=_holder_name(actor),
        credentials=str(credentials),
        limit=str(limit),
    )


def _holder_name(actor: Actor) -> str:
    if actor.service_account_id is not None:
        return ServiceAccount.objects.of(actor).get(pk=actor.service_account_id).name
    return Person.objects.get(pk=actor.person).email
