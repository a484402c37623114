"""The tenant's audit log, for its owners and admins. Looking at it is an entry, too (A7)."""

import hmac
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
from audit.recording import EntryDraft, audited, entry_mac, read_only
from foundation.db.clock import database_now
from foundation.db.ids import parse_public_id
from foundation.db.paging import page
from foundation.errors import NotFound
from tenants.audit_entries import ActorNames, entries_out, entry_fields
from tenants.audit_export import audit_file
from tenants.memberships import active_membership
from tenants.shapes.audit import (
    ChooseEntries,
    EntryDetailOut,
    EntryOut,
    EntryPageOut,
    ExportAudit,
    QueryAudit,
)

# A page that follows the log asks the same again and again; one entry says so for this long.
SAME_LOOK = timedelta(minutes=1)
BATCH = 500
IDS = {
    "person_id": "person",
    "agent_id": "agent",
    "service_account_id": "sa",
    "lease_id": "lease",
}


def query_audit(actor: Actor, request: QueryAudit) -> EntryPageOut:
    """Entries of the tenant, the newest first.

    The same question from the same place within a minute is one entry.
    """
    with audited(actor, Action.QUERY_AUDIT, Event.AUDIT_READ) as entry:
        active_membership(actor).require(Action.QUERY_AUDIT)
        _say(entry, request, continued=request.cursor is not None)
        found, more = _page(actor, request, limit=request.limit, cursor=request.cursor)
        if found and request.key:
            entry.set_fields(credential_key=request.key)
        if request.cursor is None and _was_said(actor, entry):
            entry.discard()
        return EntryPageOut(entries=entries_out(actor, found), next_cursor=more)


def show_audit_entry(actor: Actor, entry_id: str) -> EntryDetailOut:
    """One entry, with the word of its MAC."""
    with audited(actor, Action.SHOW_AUDIT_ENTRY, Event.AUDIT_READ) as entry:
        active_membership(actor).require(Action.SHOW_AUDIT_ENTRY)
        row = Entry.objects.of(actor).filter(pk=parse_public_id("entry", entry_id)).first()
        if row is None:
            raise NotFound("There is no such entry.")
        entry.add_details(entry=entry_id)
        genuine = hmac.compare_digest(bytes(row.mac), entry_mac(row))
        fields = entry_fields(row, ActorNames(actor, [row]))
        return EntryDetailOut.model_validate({**fields, "genuine": genuine})


def export_audit(actor: Actor, request: ExportAudit) -> Iterator[str]:
    """All that fits the request as parts of a file, the newest first.

    Who exports what is on record before the first part is read. Each part is a transaction of its
    own, in which the actor's token or session and standing are read anew.
    """
    with audited(actor, Action.EXPORT_AUDIT, Event.AUDIT_EXPORTED) as entry:
        active_membership(actor).require(Action.EXPORT_AUDIT)
        _say(entry, request, format=request.format)
        now = database_now()
    return audit_file(request.format, _batches(actor, request, now))


def _batches(actor: Actor, request: ExportAudit, end: datetime) -> Iterator[list[EntryOut]]:
    cursor, more = None, True
    while more:
        with read_only(actor, Action.EXPORT_AUDIT):
            active_membership(actor).require(Action.EXPORT_AUDIT)
            found, cursor = _page(actor, request, Q(at__lt=end), limit=BATCH, cursor=cursor)
            batch = entries_out(actor, found)
        more = cursor is not None
        yield batch


def _page(
    actor: Actor, request: ChooseEntries, *more: Q, limit: int, cursor: str | None
) -> tuple[list[Entry], str | None]:
    rows = _chosen(actor, request).filter(*more)
    return page(rows, {"at": _moment, "pk": UUID}, limit=limit, cursor=cursor, newest_first=True)


def _moment(text: str) -> datetime:
    """The place of a cursor in time."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a moment without its offset")
    return at


def _chosen(actor: Actor, request: ChooseEntries) -> TenantQuerySet[Entry]:
    """The entries that the request names, by comparisons that row-level security lets through to
    the indexes: equality and order, never patterns.
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
        named |= _events(request.event)
    return Entry.objects.of(actor).filter(**named)


def _events(word: str) -> dict[str, Any]:
    """One event, or all of a noun."""
    if "." in word:
        return {"event": word}
    return {"event__in": [event for event in Event if event.partition(".")[0] == word]}


def _say(entry: EntryDraft, request: ChooseEntries, **more: object) -> None:
    """What was asked for. A key is named only where there is one: anything may be typed there."""
    asked = request.model_dump(
        mode="json", by_alias=True, exclude_none=True, include=set(ChooseEntries.model_fields)
    )
    if "key" in asked:
        asked["key"] = True
    entry.add_details(asked=asked, **more)


def _was_said(actor: Actor, entry: EntryDraft) -> bool:
    """Whether the log says already that this actor just asked this from here."""
    return (
        Entry.objects.of(actor)
        .filter(
            event=entry.event,
            outcome=Outcome.OK,
            at__gt=database_now() - SAME_LOOK,
            person_id=actor.person_id,
            client_id=actor.client_id,
            token_id=actor.token_id,
            address=actor.address,
            credential_key=entry.credential_key,
            details=entry.details,
        )
        .exists()
    )
