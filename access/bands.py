"""Four sizes of lease to choose from, so that nobody has to invent durations."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Band:
    """What a lease usually and at most lasts, in seconds; None means the tenant's maximum."""

    name: str
    default_ttl: int
    max_ttl: int | None


BANDS = (
    Band("critical", 5 * 60, 15 * 60),
    Band("standard", 15 * 60, 2 * 3600),
    Band("extended", 3600, 8 * 3600),
    Band("operator", 3600, None),
)
