"""What was committed, for receivers in this process such as live pages."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.dispatch import Signal

from foundation.db.loop import on_commit

# Sent after the commit with `event`. A receiver must neither block nor do I/O; its failure is
# logged and changes nothing.
event_committed = Signal()


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """Something happened in a tenant: ids only, never names, purposes or values."""

    tenant_id: UUID
    event: str
    entry_id: UUID | None = None


def publish_on_commit(event: DomainEvent) -> None:
    """Send `event_committed` when the running transaction has committed, and not if it does not."""
    send = partial(event_committed.send_robust, sender=DomainEvent, event=event)
    on_commit(send)
