"""What several plots draw: points with intervals, groups and their sizes, a diagonal, a legend above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from clvmodels.plots.style import colour, ink, marker

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from matplotlib.axes import Axes

# In a table by forecaster, what happened stands under this name.
ACTUAL = "actual"
# Wider than a marker: a short interval is not hidden.
INTERVAL: dict[str, Any] = {"linewidth": 8, "alpha": 0.5}
# Of the legend: what a line and the gap beside it take is given in letters.
LETTERS_PER_INCH = 15
HANDLE = 10


def points_with_intervals(ax: Axes, at: Any, table: pd.DataFrame, *, point: str = "mean", order: int = 0) -> None:
    """Draw the column `point` at the places `at`, each on its interval from the column lower to the column upper."""
    ax.vlines(at, table["lower"], table["upper"], color=colour(order), label="interval", **INTERVAL)
    style = {"marker": marker(order), "linestyle": "none", "clip_on": False}
    ax.plot(at, table[point], color=colour(order), label=point, zorder=3, **style)


def name_groups(ax: Axes, table: pd.DataFrame) -> None:
    """Name the groups on the x axis by the table's index, and write the column customers underneath."""
    ax.set_xticks(range(len(table)), [f"{group}\n{count:,}" for group, count in table["customers"].items()])
    ax.grid(visible=False, axis="x")


def diagonal(ax: Axes, low: float, high: float, *, label: str) -> None:
    """Draw the line where y is x, faint enough for others to lie on it."""
    ax.plot([low, high], [low, high], color=ink(), linewidth=0.8, alpha=0.6, label=label)


def by_forecaster(table: pd.DataFrame, *, along: str) -> Iterator[tuple[int, str, pd.DataFrame]]:
    """Yield place, name and rows of each forecaster in order of appearance, the rows sorted by the column `along`."""
    names = [name for name in table["forecaster"].unique() if name != ACTUAL]
    for order, name in enumerate(names):
        yield order, name, rows_of(table, name, along=along)


def rows_of(table: pd.DataFrame, name: str, *, along: str) -> pd.DataFrame:
    """Return one forecaster's rows, sorted by the column `along`."""
    return table.loc[lambda rows: rows["forecaster"] == name].sort_values(by=along)


def legend_above(ax: Axes, *, side: Literal["left", "right"] = "left") -> None:
    """Put the legend above the axes, where no data can lie, in as many columns as fit, flush with the given side."""
    lengths = [len(text) for text in ax.get_legend_handles_labels()[1]]
    room = LETTERS_PER_INCH * ax.get_window_extent().width / ax.figure.dpi
    columns = next((count for count in (4, 3, 2) if _letters(lengths, columns=count) <= room), 1)
    at = {"loc": f"lower {side}", "bbox_to_anchor": (0 if side == "left" else 1, 1), "borderaxespad": 0.2}
    ax.legend(ncols=columns, fontsize="small", handlelength=3, columnspacing=1.2, **at)


def _letters(lengths: list[int], *, columns: int) -> int:
    """Return how many letters wide a legend is, which fills its columns one after the other."""
    return sum(int(part.max()) + HANDLE for part in np.array_split(lengths, columns) if len(part))
