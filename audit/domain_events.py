"""What was committed, told to whoever listens in this process (live pages).

A listener hears of it after the commit and must neither wait nor fail: it takes a note and
returns. News carry ids only, never names, purposes or values.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.db import transaction


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """Something happened in a tenant: the event's name and, where there is one, its entry."""

    tenant_id: UUID
    event: str
    entry_id: UUID | None = None


Listener = Callable[[DomainEvent], None]
_listeners: list[Listener] = []


def subscribe(listener: Listener) -> None:
    """Called once by the app that tells pages; each listener hears all news."""
    if listener not in _listeners:
        _listeners.append(listener)


def publish_on_commit(news: DomainEvent) -> None:
    """Tell the listeners when the running transaction has committed; nobody if it does not."""
    for listener in _listeners:
        transaction.on_commit(partial(listener, news), robust=True)
