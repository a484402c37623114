"""How many leases there are on a credential, asked of the app above by signals."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.dispatch import Signal

from access.actor import Actor
from access.revocation import AccessRevoked

# Receivers answer numbers, by the database's clock.
live_lease_count = Signal()
ending_lease_count = Signal()


def active_leases(credential_id: UUID) -> int:
    """Live leases on a credential."""
    return _total(live_lease_count.send(sender=None, credential_id=credential_id))


def leases_that_end(actor: Actor, ended: AccessRevoked) -> int:
    """Live leases that `ended` would end."""
    return _total(ending_lease_count.send(sender=None, actor=actor, ended=ended))


def _total(answers: Iterable[tuple[object, Any]]) -> int:
    return sum(count for _, count in answers)
