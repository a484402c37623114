"""How many leases there are on a credential, asked of the app above by signals."""

from collections.abc import Iterable
from typing import Any, cast

from django.dispatch import Signal

from access.actor import Actor
from access.revocation import AccessRevoked
from credentials.models import Credential
from foundation.db.prepared import Statement

# Receivers answer statements that count by the database's clock, for one round trip with others.
live_lease_count = Signal()
# Receivers answer numbers, by the database's clock.
ending_lease_count = Signal()


def active_leases(credential: Credential) -> Statement[int]:
    """Counts the live leases on a credential."""
    ((_, statement),) = live_lease_count.send(sender=None, credential=credential)
    return cast(Statement[int], statement)


def leases_that_end(actor: Actor, ended: AccessRevoked) -> int:
    """Live leases that `ended` would end."""
    return _total(ending_lease_count.send(sender=None, actor=actor, ended=ended))


def _total(answers: Iterable[tuple[object, Any]]) -> int:
    return sum(count for _, count in answers)
