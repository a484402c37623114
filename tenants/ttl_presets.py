"""Lease durations to choose from, so that nobody has to invent them."""

from dataclasses import dataclass

from foundation.schema.durations import HOUR, MINUTE, format_duration


@dataclass(frozen=True, slots=True)
class TtlPreset:
    """A lease's default and maximum TTL in seconds; None means the tenant's maximum."""

    name: str
    default_ttl: int
    max_ttl: int | None

    @property
    def default_text(self) -> str:
        """The default as a form takes it, such as `15m`."""
        return format_duration(self.default_ttl)

    @property
    def max_text(self) -> str:
        """The maximum as a form takes it; empty for the tenant's."""
        return "" if self.max_ttl is None else format_duration(self.max_ttl)


TTL_PRESETS = (
    TtlPreset("critical", 5 * MINUTE, 15 * MINUTE),
    TtlPreset("standard", 15 * MINUTE, 2 * HOUR),
    TtlPreset("extended", HOUR, 8 * HOUR),
    TtlPreset("operator", HOUR, None),
)
