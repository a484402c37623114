"""How many leases live on a credential: asked of the app above through a registered counter.

Apps import downwards only, so `leases` registers itself here when it starts.
"""

from collections.abc import Callable
from uuid import UUID

_counters: list[Callable[[UUID], int]] = []


def register_counter(counter: Callable[[UUID], int]) -> None:
    """Called once by the app that lends; `counter` counts living leases by database time."""
    _counters.append(counter)


def active_leases(credential_id: UUID) -> int:
    """Living leases on a credential, all of them."""
    return sum(counter(credential_id) for counter in _counters)
