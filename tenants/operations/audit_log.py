"""The tenant's audit log, for its owners and admins. Reading it is recorded too (A7)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from access.actions import Action
from access.actor import Actor
from access.tenancy import TenantQuerySet
from audit.events import Event, Outcome
from audit.models import Entry
from audit.recording import EntryDraft, read_only
from foundation.db.clock import database_now
from foundation.db.ids import parse_public_id
from foundation.db.paging import page
from foundation.errors import NotFound
from tenants.audit_entries import entries_out
from tenants.audit_export import audit_file
from tenants.context import TenantContext, operation
from tenants.memberships import active_membership
from tenants.shapes.audit import (
    ChooseEntries,
    EntryOut,
    EntryPageOut,
    ExportAudit,
    QueryAudit,
)

# A page that follows the log repeats the same query; for this long one entry covers all.
REPEATED_WITHIN = timedelta(minutes=1)
BATCH = 500
IDS = {
    "person_id": "person",
    "agent_id": "agent",
    "service_account_id": "sa",
    "lease_id": "lease",
}


@operation(Action.QUERY_AUDIT, Event.AUDIT_READ)
def query_audit(context: TenantContext, request: QueryAudit) -> EntryPageOut:
    """Entries of the tenant, the newest first.

    The same query from the same place within a minute is recorded once.
    """
    actor, entry = context.actor, context.entry
    _record_query(entry, request, continued=request.cursor is not None)
    entries, next_cursor = _page(actor, request, limit=request.limit, cursor=request.cursor)
    if entries and request.key:
        entry.set_fields(credential_key=request.key)
    if request.cursor is None and _is_repeated(actor, entry):
        entry.discard()
    return EntryPageOut(entries=entries_out(actor, entries), next_cursor=next_cursor)


@operation(Action.SHOW_AUDIT_ENTRY, Event.AUDIT_READ)
def show_audit_entry(context: TenantContext, entry_id: str) -> EntryOut:
    """One entry, and whether its MAC verifies."""
    actor, entry = context.actor, context.entry
    row = Entry.objects.of(actor).filter(pk=parse_public_id("entry", entry_id)).first()
    if row is None:
        raise NotFound("There is no such entry.")
    entry.add_details(entry=entry_id)
    (shown,) = entries_out(actor, [row])
    return shown


@operation(Action.EXPORT_AUDIT, Event.AUDIT_EXPORTED)
def export_audit(context: TenantContext, request: ExportAudit) -> Iterator[str]:
    """All matching entries as the parts of a file, the newest first.

    The export is recorded before the first part is read. Each part has a transaction of its own,
    which checks the actor's token or session and membership again.
    """
    _record_query(context.entry, request, format=request.format)
    now = database_now()
    return audit_file(request.format, _batches(context.actor, request, now))


def _batches(actor: Actor, request: ExportAudit, end: datetime) -> Iterator[list[EntryOut]]:
    cursor, more = None, True
    while more:
        with read_only(actor, Action.EXPORT_AUDIT):
            active_membership(actor).require(Action.EXPORT_AUDIT)
            entries, cursor = _page(actor, request, Q(at__lt=end), limit=BATCH, cursor=cursor)
            batch = entries_out(actor, entries)
        more = cursor is not None
        yield batch


def _page(
    actor: Actor, request: ChooseEntries, *more: Q, limit: int, cursor: str | None
) -> tuple[list[Entry], str | None]:
    rows = _matching(actor, request).filter(*more)
    return page(rows, {"at": _time, "pk": UUID}, limit=limit, cursor=cursor, newest_first=True)


def _time(text: str) -> datetime:
    """A cursor's point in time."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without its offset")
    return at


def _matching(actor: Actor, request: ChooseEntries) -> TenantQuerySet[Entry]:
    """The entries that match, by equality and order only: row-level security keeps patterns from
    using an index.
    """
    named: dict[str, Any] = {
        column: parse_public_id(prefix, getattr(request, column))
        for column, prefix in IDS.items()
        if getattr(request, column) is not None
    }
    plain = {
        "outcome": request.outcome,
        "credential_key": request.key,
        "at__gte": request.since,
        "at__lt": request.until,
    }
    named |= {column: value for column, value in plain.items() if value is not None}
    if request.event is not None:
        named |= _event_filter(request.event)
    return Entry.objects.of(actor).filter(**named)


def _event_filter(word: str) -> dict[str, Any]:
    """One event, or all events of a noun such as `lease`."""
    if "." in word:
        return {"event": word}
    return {"event__in": [event for event in Event if event.partition(".")[0] == word]}


def _record_query(entry: EntryDraft, request: ChooseEntries, **more: object) -> None:
    """Record the query. Its key is named only once found, because anything may be typed there."""
    asked = request.model_dump(
        mode="json", by_alias=True, exclude_none=True, include=set(ChooseEntries.model_fields)
    )
    if "key" in asked:
        asked["key"] = True
    entry.add_details(asked=asked, **more)


def _is_repeated(actor: Actor, entry: EntryDraft) -> bool:
    """Whether the log already has this query by this actor from this address."""
    return (
        Entry.objects.of(actor)
        .filter(
            event=entry.event,
            outcome=Outcome.OK,
            at__gt=database_now() - REPEATED_WITHIN,
            person_id=actor.person_id,
            client_id=actor.client_id,
            token_id=actor.token_id,
            address=actor.address,
            credential_key=entry.credential_key,
            details=entry.details,
        )
        .exists()
    )
