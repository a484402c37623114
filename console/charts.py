"""Plots as shapes for an SVG: numbers in, coordinates out. The stylesheet gives the colours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from leases.shapes import CountOut, ReadsOut

WIDTH, HEIGHT = 360, 150
LEFT, TOP, BOTTOM = 26, 8, 22  # room for the numbers at the side and the times below
GAP = 0.25  # of a slot


@dataclass(frozen=True, slots=True)
class Mark:
    """One column: its slot, the column itself, and what it says."""

    slot_x: float
    slot_width: float
    x: float
    y: float
    width: float
    height: float
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across with its number, or a time below."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Columns:
    """A plot of counts over time; `marks` are its table, too."""

    marks: list[Mark]
    rules: list[Tick]
    times: list[Tick]
    total: int
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    top: int = TOP
    base: int = HEIGHT - BOTTOM
    plot_height: int = HEIGHT - BOTTOM - TOP


def columns(points: Sequence[CountOut], say: Callable[[datetime], str]) -> Columns:
    """Columns over time; `say` words a moment, as in `14:00` or `24 Nov`."""
    highest = _ceiling(max((point.count for point in points), default=0))
    slot = (WIDTH - LEFT) / max(len(points), 1)
    tall = HEIGHT - BOTTOM - TOP
    marks = []
    for number, point in enumerate(points):
        height = round(tall * point.count / highest, 2)
        marks.append(
            Mark(
                slot_x=round(LEFT + number * slot, 2),
                slot_width=round(slot, 2),
                x=round(LEFT + (number + GAP / 2) * slot, 2),
                y=round(HEIGHT - BOTTOM - height, 2),
                width=round(slot * (1 - GAP), 2),
                height=height,
                label=say(point.at),
                count=point.count,
            )
        )
    rules = [Tick(TOP, str(highest)), Tick(TOP + tall / 2, f"{highest / 2:g}")]
    return Columns(marks, rules, _times(marks), sum(point.count for point in points))


def _ceiling(highest: int) -> int:
    """The next even number with one leading digit, so that its half is a whole number."""
    step: int = 10 ** (len(str(highest)) - 1)
    rounded = -(-max(highest, 1) // step) * step
    return rounded + rounded % 2


def _times(marks: list[Mark]) -> list[Tick]:
    """The first, the middle and the last; more would not be readable."""
    chosen = {0, len(marks) // 2, len(marks) - 1} if marks else set()
    return [
        Tick(marks[item].slot_x + marks[item].slot_width / 2, marks[item].label)
        for item in sorted(chosen)
    ]


@dataclass(frozen=True, slots=True)
class Bar:
    """How much of the longest bar somebody's is, in percent."""

    name: str
    of: str
    count: int
    percent: float


def bars(readers: Sequence[ReadsOut]) -> list[Bar]:
    """Bars side by side under each other, the longest first."""
    most = max((reader.count for reader in readers), default=1)
    return [
        Bar(item.name, item.of if item.of != item.name else "", item.count, 100 * item.count / most)
        for item in readers
    ]
