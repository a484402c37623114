"""Entries of the audit log as the rows of a list."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from audit.events import Event, Outcome
from tenants.shapes.audit import EntryOut, SummaryPartOut


class Line(NamedTuple):
    """A row of the list; `lease` is the entry of the lease that a read directly followed."""

    entry: EntryOut
    summary: list[SummaryPartOut]
    lease: EntryOut | None


def audit_lines(entries: Sequence[EntryOut]) -> Iterator[Line]:
    """The entries; a read and the lease right before it are one row."""
    waiting = list(reversed(entries))
    while waiting:
        entry = waiting.pop()
        before = waiting[-1] if waiting else None
        if before is not None and _is_its_lease(entry, before):
            waiting.pop()
            yield Line(entry, _leased_and(entry.summary), before)
        else:
            yield Line(entry, entry.summary, None)


def _is_its_lease(entry: EntryOut, before: EntryOut) -> bool:
    return (
        entry.lease_id is not None
        and entry.lease_id == before.lease_id
        and (entry.event, entry.outcome) == (Event.CREDENTIAL_READ, Outcome.OK)
        and before.event == Event.LEASE_CREATED
        and entry.genuine
        and before.genuine
    )


def _leased_and(summary: Sequence[SummaryPartOut]) -> list[SummaryPartOut]:
    return [
        part.model_copy(update={"text": f"leased and {part.text}"}) if part.kind == "verb" else part
        for part in summary
    ]
