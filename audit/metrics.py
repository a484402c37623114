"""What this process counts for Prometheus: entries by event, and refusals by code."""

from typing import Any

from prometheus_client import Counter

from audit.domain_events import DomainEvent

entries = Counter("vault_audit_entries", "Audit entries committed by this process.", ["event"])
refusals = Counter("vault_refusals", "Refused or failed operations by error code.", ["code"])


def count_entry(event: DomainEvent, **_: Any) -> None:
    """A receiver of `event_committed`."""
    entries.labels(str(event.event)).inc()
