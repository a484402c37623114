"""Finding one appearance of a secret in bytes that may not be complete yet."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from disclosure.encodings import Appearance, Filler

MOST_FILLERS = 4  # NULs and line breaks between two units
# These are looked for at full speed; what follows is compared unit by unit.
ANCHOR_UNITS = 5
ESCAPED_ANCHOR_UNITS = 2  # each has many forms, and to compile them takes longer than to compare
ANCHOR_REACH = 64  # bytes; an anchor is no farther from the beginning
LONGEST_FILLERS = 32
BASE_STEPS = 2_000_000
STEPS_PER_BYTE = 4
LONGEST_PIECE = 32  # bytes; no form of a unit and no filler is longer


@dataclass(frozen=True, slots=True)
class Span:
    """A secret, from `start` up to `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Beginning:
    """What reaches the end of the bytes and may be a secret's first `units` units."""

    start: int
    units: int


class RedactionError(ValueError):
    """To search on would take too long; nothing that was not searched may pass."""


class Budget:
    """How many units may be compared still: a body made for it, of a secret made for it, could
    otherwise keep a processor busy for hours.
    """

    def __init__(self) -> None:
        self._left = BASE_STEPS

    def add(self, size: int) -> None:
        """For so many more bytes."""
        self._left += STEPS_PER_BYTE * size

    def spend(self, steps: int) -> None:
        """RedactionError when there is no more."""
        self._left -= steps
        if self._left < 0:
            raise RedactionError("The secret cannot be searched for in reasonable time.")


class Matcher:
    """Finds one appearance.

    Several readings of the same bytes are followed side by side, because `%` may be a character of
    its own or the beginning of `%25`.
    """

    def __init__(self, appearance: Appearance) -> None:
        self._units = appearance.units
        self._filler = appearance.filler
        # A first character of base64 that shares bits with what precedes it would match too often.
        self._skipped = int(self._units[0].is_shared and len(self._units) > 1)
        self._anchors = tuple(re.compile(source) for source in self._anchor_sources() if source)
        self._first = re.compile(self._units[0].first_bytes)
        begun = self._units[: self._skipped + 2 * ANCHOR_UNITS]
        self._reach = sum(unit.lengths[-1] for unit in begun) + MOST_FILLERS * LONGEST_FILLERS

    def _anchor_sources(self) -> tuple[bytes, ...]:
        """Patterns of the first units, and of the next where a line may end in the first."""
        units = self._units[self._skipped :]
        sources = [unit.source for unit in units[: 2 * ANCHOR_UNITS]]
        if self._filler.is_rare:
            return b"".join(sources[:ANCHOR_UNITS]), b"".join(sources[ANCHOR_UNITS:])
        length = ANCHOR_UNITS if len(units[0].lengths) == 1 else ESCAPED_ANCHOR_UNITS
        fillers = b"" if self._filler.required else b"{0,%d}" % MOST_FILLERS
        between = b"(?:" + self._filler.pattern.pattern + b")" + fillers
        return (between.join(sources[:length]),)

    def find(self, data: bytes, budget: Budget) -> Iterator[Span | Beginning]:
        """Every place where the appearance is, or where more bytes could complete it."""
        for pattern in self._anchors:
            position = 0
            while anchor := pattern.search(data, position):
                position = anchor.start() + 1
                yield from self._from_anchor(data, anchor.start(), budget)
        for first in self._first.finditer(data, max(0, len(data) - self._reach)):
            found = self._follow(data, first.start(), budget)
            if isinstance(found, Beginning):
                yield found

    def _from_anchor(self, data: bytes, at: int, budget: Budget) -> Iterator[Span | Beginning]:
        exact = not self._skipped and not self._filler.is_rare
        earliest = at if exact else max(0, at - ANCHOR_REACH)
        for first in self._first.finditer(data, earliest, at + 1):
            if found := self._follow(data, first.start(), budget):
                yield found

    def _follow(self, data: bytes, start: int, budget: Budget) -> Span | Beginning | None:
        positions = {start}
        reached_end = None
        for index, unit in enumerate(self._units):
            if index:
                unfinished = any(_is_begun(self._filler, data, at) for at in positions)
                positions = _after_fillers(self._filler, data, positions)
            else:
                unfinished = False
            near_end = [at for at in positions if len(data) - at < LONGEST_PIECE]
            if unfinished or any(unit.begins_with(data[at:]) for at in near_end):
                reached_end = Beginning(start, index)
            positions = {end for at in positions for end in unit.ends(data, at)}
            if not positions:
                budget.spend(index + 1)
                return reached_end
        budget.spend(len(self._units))
        return Span(start, max(positions))


def _is_begun(filler: Filler, data: bytes, at: int) -> bool:
    rest = data[at : at + LONGEST_PIECE + 1]
    return len(rest) <= LONGEST_PIECE and bool(filler.begun.fullmatch(rest))


def _after_fillers(filler: Filler, data: bytes, positions: set[int]) -> set[int]:
    """The positions, and those behind the fillers that begin there."""
    found = set() if filler.required else set(positions)
    new = positions
    for _ in range(1 if filler.required else MOST_FILLERS):
        new = {match.end() for at in new if (match := filler.pattern.match(data, at))}
        if not new:
            break
        found |= new
    return found
