"""Time and peak memory of our fit and our scoring as the customers become more, on one log-log plot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from fit_simulated import fitted
from processes import Run
from score_simulated import scored

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
STAGES: dict[str, Callable[[int], Run]] = {"fit, 1,000 draws": fitted, "scoring, four quantities": scored}
PLOT = Path(__file__).with_name("growth.png")
Table = list[dict[str, Any]]


def measure(largest: int) -> Iterator[dict[str, Any]]:
    """One row per stage and number of customers."""
    sizes = [size for size in SIZES if size <= largest]
    for stage, measured in STAGES.items():
        yield from (_row(stage, size, measured(size)) for size in sizes)


def as_markdown(table: Table) -> str:
    head = ["| work | customers | time | peak memory |", "|---|---|---|---|"]
    rows = [f"| {row['work']} | {row['customers']:,} | {row['s']:.2f} s | {row['MB']:,.0f} MB |" for row in table]
    return "\n".join([*head, *rows, "", "![time and peak memory by number of customers](growth.png)"])


def draw(table: Table) -> None:
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogFormatter

    figure = Figure(figsize=(9, 4), layout="constrained")
    axes: Sequence[Any] = figure.subplots(1, 2)
    for ax, unit, title in zip(axes, ("s", "MB"), ("time, seconds", "peak memory of the process, MB"), strict=True):
        for work, marker in zip(STAGES, "os", strict=True):
            points = [(row["customers"], row[unit]) for row in table if row["work"] == work]
            ax.plot(*zip(*points, strict=True), marker=marker, label=work)
        ax.set(xscale="log", yscale="log", title=title, xlabel="customers")
        ax.yaxis.set_major_formatter(LogFormatter())
        ax.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.5, 0.5)))
        _linear(ax, table, unit)
        ax.grid(which="major", alpha=0.3)
        ax.legend(frameon=False)
    figure.savefig(PLOT, dpi=120)


def _row(stage: str, size: int, run: Run) -> dict[str, Any]:
    return {"work": stage, "customers": size, "s": run.seconds, "MB": run.peak_bytes / 1e6}


def _linear(ax: Any, table: Table, unit: str) -> None:
    """A dotted line of growth in proportion to the customers, ending at the largest figure."""
    last = max(table, key=lambda row: (row["customers"], row[unit]))
    sizes = sorted({row["customers"] for row in table})
    shown = ax.get_ylim()
    ax.plot(sizes, [last[unit] * size / last["customers"] for size in sizes], ":", color="grey", label="proportional")
    ax.set_ylim(shown)
