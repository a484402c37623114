"""What a grant gives, and what somebody holds, so that the two can be compared."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from access.actor import Actor
from access.levels import Level
from credentials.models import Credential, Folder, Grant
from credentials.permissions import grants_that_reach, living_grants
from tenants.memberships import ActiveMembership


@dataclass(frozen=True, slots=True)
class Terms:
    """A level, its end in time (None: no end), the agents it is limited to (None: any)."""

    level: Level
    until: datetime | None = None
    agents: frozenset[UUID] | None = None

    def covers(self, other: "Terms") -> bool:
        """Whether `other` gives nothing beyond this: no higher, no longer, to no other agent."""
        return (
            self.level >= other.level
            and ends_no_earlier(self.until, other.until)
            and (self.agents is None or (other.agents is not None and other.agents <= self.agents))
        )


def ends_no_earlier(one: datetime | None, other: datetime | None) -> bool:
    """Whether `one` ends at the same time as `other` or later; None never ends."""
    return one is None or (other is not None and one >= other)


def terms_of(grant: Grant) -> Terms:
    """What a grant gives."""
    agents = None if grant.agents is None else frozenset(grant.agents)
    return Terms(Level.of(grant.level), grant.expires_at, agents)


def terms_held(actor: Actor, stands: ActiveMembership, thing: Credential | Folder) -> list[Terms]:
    """All that the actor holds on the thing now: by membership, by grants on it and above it."""
    by_membership = [Terms(stands.base_level)] if stands.base_level else []
    grants = living_grants(actor, grants_that_reach(thing))
    return [*by_membership, *map(terms_of, grants)]


def is_covered(given: Terms, held: Iterable[Terms]) -> bool:
    """Whether one of the terms that somebody holds covers what would be given.

    Two that cover it only together do not count: each may end or change by itself.
    """
    return any(one.covers(given) for one in held)
