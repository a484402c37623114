"""What a grant gives and what somebody has, in a form in which the two can be compared."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from access.levels import Level
from credentials.context import CredentialContext
from credentials.models import Credential, Folder, Grant
from credentials.permissions import active_grants, grants_that_reach


@dataclass(frozen=True, slots=True)
class Terms:
    """A level, its end (None: no end), and the agents it is limited to (None: any)."""

    level: Level
    until: datetime | None = None
    agents: frozenset[UUID] | None = None

    @classmethod
    def of(cls, grant: Grant) -> "Terms":
        """What a grant gives."""
        agents = None if grant.agents is None else frozenset(grant.agents)
        return cls(Level.of(grant.level), grant.expires_at, agents)

    def covers(self, other: "Terms") -> bool:
        """Whether `other` gives nothing beyond this: no higher, no longer, to no other agent."""
        return (
            self.level >= other.level
            and ends_no_earlier(self.until, other.until)
            and (self.agents is None or (other.agents is not None and other.agents <= self.agents))
        )

    def gives_less_than(self, before: "Terms") -> bool:
        """Whether level or agents shrink. An earlier end does not count: reads check the time."""
        fewer = self.agents is not None and (
            before.agents is None or not before.agents <= self.agents
        )
        return fewer or self.level < before.level


def ends_no_earlier(end: datetime | None, other: datetime | None) -> bool:
    """Whether `end` is the same as `other` or later; None never ends."""
    return end is None or (other is not None and end >= other)


def current_terms(context: CredentialContext, target: Credential | Folder) -> list[Terms]:
    """All that the actor has on the target now: by membership, and by grants on it or above it."""
    base_level = context.membership.base_level
    by_membership = [Terms(base_level)] if base_level else []
    grants = active_grants(context.actor, grants_that_reach(target))
    return [*by_membership, *map(Terms.of, grants)]


def is_covered(given: Terms, current: Iterable[Terms]) -> bool:
    """Whether a single one of these terms covers what would be given.

    Two that cover it only together do not count, because each may end or change separately.
    """
    return any(terms.covers(given) for terms in current)
