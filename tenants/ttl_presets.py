"""Four sizes of lease to choose from, so that nobody has to invent durations."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TtlPreset:
    """What a lease usually and at most lasts, in seconds; None means the tenant's maximum."""

    name: str
    default_ttl: int
    max_ttl: int | None


TTL_PRESETS = (
    TtlPreset("critical", 5 * 60, 15 * 60),
    TtlPreset("standard", 15 * 60, 2 * 3600),
    TtlPreset("extended", 3600, 8 * 3600),
    TtlPreset("operator", 3600, None),
)
