"""How many leases live on a credential, or by something: asked of the app above through
registered counters.

Apps import downwards only, so `leases` registers itself here when it starts.
"""

from collections.abc import Callable
from uuid import UUID

from access.actor import Actor
from access.revocation import AccessRevoked

_counters: list[Callable[[UUID], int]] = []


def register_counter(counter: Callable[[UUID], int]) -> None:
    """Called once by the app that lends; `counter` counts living leases by database time."""
    _counters.append(counter)


_matching: list[Callable[[Actor, AccessRevoked], int]] = []


def register_matcher(matcher: Callable[[Actor, AccessRevoked], int]) -> None:
    """Called once by the app that lends; `matcher` counts living leases that would end."""
    _matching.append(matcher)


def leases_that_end(actor: Actor, ended: AccessRevoked) -> int:
    """Living leases that `ended` would end."""
    return sum(matcher(actor, ended) for matcher in _matching)


def active_leases(credential_id: UUID) -> int:
    """Living leases on a credential, all of them."""
    return sum(counter(credential_id) for counter in _counters)
