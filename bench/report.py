"""The results as a table in Markdown and as a picture."""

from dataclasses import dataclass, field
from statistics import median


@dataclass
class Row:
    """One scenario at one concurrency: a list of rounds, each beside its control's."""

    name: str
    connections: int
    rates: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    p99_ratios: list[float] = field(default_factory=list)
    errors: int = 0

    @property
    def noise(self) -> float:
        """Half the spread of the ratios, relative to their median."""
        return (max(self.ratios) - min(self.ratios)) / 2 / median(self.ratios)

    def facts(self) -> dict[str, float | int | str]:
        """The medians, for the JSON file."""
        return {
            "name": self.name,
            "connections": self.connections,
            "perSecond": round(median(self.rates), 1),
            "ratio": round(median(self.ratios), 3),
            "noise": round(self.noise, 3),
            "cpuMilliseconds": round(median(self.cpu), 3),
            "p50Milliseconds": round(median(self.p50), 2),
            "p99Milliseconds": round(median(self.p99), 2),
            "p99Ratio": round(median(self.p99_ratios), 2),
            "errors": self.errors,
        }


HEAD = (
    "| call | connections | calls/s | of the SDK's no-op | ± | web CPU, ms | p50, ms | p99, ms |"
    " p99 of the no-op's | errors |\n|---|---|---|---|---|---|---|---|---|---|\n"
)


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = []
    for row in rows:
        facts = row.facts()
        lines.append(
            f"| {row.name} | {row.connections} | {facts['perSecond']:.0f} |"
            f" **{facts['ratio']:.2f}x** | {row.noise:.0%} | {facts['cpuMilliseconds']:.2f} |"
            f" {facts['p50Milliseconds']:.1f} | {facts['p99Milliseconds']:.1f} |"
            f" {facts['p99Ratio']:.1f}x | {row.errors} |"
        )
    return HEAD + "\n".join(lines) + "\n"


def cost_table(costs: dict[str, dict[str, float]]) -> str:
    """Where the CPU time of a call goes, as a Markdown table of microseconds."""
    calls = sorted(costs)
    layers = list(costs[calls[0]])
    lines = [
        f"| {layer} | {' | '.join(f'{costs[call][layer]:.0f}' for call in calls)} |"
        for layer in layers
    ]
    sums = " | ".join(f"{sum(costs[call].values()):.0f}" for call in calls)
    head = f"| CPU of the web process, µs | {' | '.join(calls)} |\n|---|{'---|' * len(calls)}\n"
    return head + "\n".join(lines) + f"\n| all, without the HTTP server | {sums} |\n"


def picture(rows: list[Row]) -> str:
    """Bars of the ratios, as SVG that reads in light and dark."""
    height = 28 * len(rows) + 20
    longest = max(1.0, *(median(row.ratios) for row in rows))
    bars = []
    for number, row in enumerate(rows):
        ratio, y = median(row.ratios), 28 * number + 14
        bars.append(
            f'<text x="0" y="{y + 13}">{row.name}, {row.connections}</text>'
            f'<rect x="190" y="{y}" width="{ratio / longest * 400:.0f}" height="18" rx="2"/>'
            f'<text x="{196 + ratio / longest * 400:.0f}" y="{y + 13}">{ratio:.2f}x</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="660" height="{height}" role="img">'
        "<title>Calls per second, as a share of the SDK's no-op</title>"
        "<style>text{font:13px sans-serif;fill:#6e7781}rect{fill:#1f7a5c}</style>"
        f"{''.join(bars)}</svg>\n"
    )
