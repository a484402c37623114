"""What the audit log says."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from access.tenancy import tenant_transaction
from audit.models import Entry


def trail(tenant_id: UUID, **matching: object) -> list[Entry]:
    """A tenant's entries, oldest first."""
    with tenant_transaction(tenant_id):
        return list(Entry.objects.filter(tenant_id=tenant_id, **matching).order_by("at", "id"))


def told(entries: list[Entry]) -> list[tuple[str, str]]:
    """Event and outcome of each."""
    return [(entry.event, entry.outcome) for entry in entries]


@contextmanager
def new_entries(tenant_id: UUID) -> Iterator[list[Entry]]:
    """The list that is yielded holds, after the block, what the block added to the log."""
    before = {entry.pk for entry in trail(tenant_id)}
    added: list[Entry] = []
    yield added
    added += [entry for entry in trail(tenant_id) if entry.pk not in before]
