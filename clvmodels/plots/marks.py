"""What several plots draw: points and lines with intervals, names of groups, rows and places, a legend above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from clvmodels.plots.style import colour, customer_label, ink, line_style, marker, series_label, thousands

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd
    from matplotlib.axes import Axes

# In a table by forecaster, what happened stands under this name.
ACTUAL = "actual"
# Wider than a marker: a short interval is not hidden.
INTERVAL: dict[str, Any] = {"linewidth": 8, "alpha": 0.5}
BAND: dict[str, Any] = {"alpha": 0.3, "linewidth": 0}
MOST_FULL_BANDS = 3
EDGES = ("lower", "upper")
BAR = 0.7
# Of the legend: what a line and the gap beside it take is given in letters.
LETTERS_PER_INCH = 15
HANDLE = 10
# Of the ticks, whose letters are larger; where they are turned, a line of them is so high.
TICK_LETTERS_PER_INCH = 12.5
LINE = 0.25
# On fewer places a bar would be a wall.
FEWEST_PLACES = 4


def intervals(
    ax: Axes, at: Any, table: pd.DataFrame, *, edges: tuple[str, str] = EDGES, across: bool = False, **style: Any
) -> bool:
    """Draw the interval of each row at its place, and return whether there is any: one without end is not drawn."""
    ends = table[list(edges)].to_numpy(dtype=float)
    known = np.isfinite(ends).all(axis=1)
    if known.any():
        draw = ax.hlines if across else ax.vlines
        draw(np.asarray(at)[known], *ends[known].T, **style)
    return bool(known.any())


def points_with_intervals(ax: Axes, at: Any, table: pd.DataFrame, *, point: str = "mean", order: int = 0) -> None:
    """Draw the column `point` at the places `at`, each on its interval from the column lower to the column upper."""
    intervals(ax, at, table, color=colour(order), label="interval", **INTERVAL)
    style = {"marker": marker(order), "linestyle": "none", "clip_on": False}
    ax.plot(at, table[point], color=colour(order), label=point, zorder=3, **style)


def points_in_rows(
    ax: Axes, at: Any, table: pd.DataFrame, *, mark: str, color: str, label: str, point: str = "mean"
) -> None:
    """Draw the column `point` in the rows `at`, each on its interval from left to right; nothing where none is."""
    intervals(ax, at, table, across=True, color=color, **INTERVAL)
    if len(table):
        ax.plot(table[point], at, mark, color=color, label=label)


def intervals_on_bars(
    ax: Axes, at: Any, table: pd.DataFrame, *, linewidth: float, label: str, edges: tuple[str, str] = EDGES
) -> None:
    """Draw intervals as upright lines that can be seen on bars; they stand upright in the legend, too."""
    if intervals(ax, at, table, edges=edges, color=ink(), linewidth=linewidth):
        ax.plot([], [], "|", color=ink(), markersize=11, markeredgewidth=linewidth, label=label)


def line_with_band(ax: Axes, table: pd.DataFrame, *, order: int, label: str, among: int = 1, **style: Any) -> None:
    """Draw the column mean over the index, on the band from lower to upper; a single row is a point on its interval.

    Bands are fainter where there are many lines, `among` which this is one.
    """
    fainter = {"alpha": BAND["alpha"] / (2 if among > MOST_FULL_BANDS else 1)}
    ax.fill_between(table.index, table["lower"], table["upper"], color=colour(order), **BAND | fainter)
    if len(table) == 1:
        intervals(ax, table.index, table, color=colour(order), **INTERVAL)
        style["marker"] = marker(order)
    ax.plot(table.index, table["mean"], label=label, **line_style(order) | style)


def name_band(ax: Axes, table: pd.DataFrame) -> None:
    """Say in the legend what the bands are, where there is one."""
    if np.isfinite(table[list(EDGES)].to_numpy(dtype=float)).all(axis=1).any():
        ax.fill_between([], [], [], color=ink(), label="interval", **BAND)


def by_group(table: pd.DataFrame) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Yield what `line_with_band` wants to know of each value of the index's first level, and its rows, in order."""
    groups = table.groupby(level=0, sort=False, observed=True, dropna=False)
    for order, (name, rows) in enumerate(groups):
        yield {"order": order, "label": series_label(name), "among": len(groups)}, rows.droplevel(0).sort_index()


def name_groups(ax: Axes, table: pd.DataFrame) -> None:
    """Name the groups on the x axis by the table's index, and write the column customers underneath."""
    ax.set_xticks(range(len(table)), [f"{group}\n{count:,}" for group, count in table["customers"].items()])
    ax.grid(visible=False, axis="x")


def name_places(ax: Axes, names: Iterable[object]) -> None:
    """Name the places 0, 1, ... on the x axis, turned where the names would run into each other."""
    shown = [customer_label(name) for name in names]
    room = _width(ax) / max(len(shown), 1)
    level = max(map(len, shown), default=0) + 2 <= TICK_LETTERS_PER_INCH * room
    turned = {} if level else {"rotation": 40 if room > LINE else 70, "ha": "right", "rotation_mode": "anchor"}
    ax.set_xticks(range(len(shown)), shown, parse_math=False, **turned)
    spare = max(FEWEST_PLACES - len(shown), 0) / 2
    ax.set_xlim(-0.5 - spare, len(shown) - 0.5 + spare)
    ax.grid(visible=False, axis="x")


def name_rows(ax: Axes, names: Iterable[str]) -> None:
    """Name the rows 0, 1, ... on the y axis, the first on top. Names are not formulas: a dollar sign is one."""
    shown = list(names)
    ax.set_yticks(range(len(shown)), shown, parse_math=False)
    ax.set_ylim(len(shown) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")


def finish_over_time(ax: Axes, table: pd.DataFrame, *, xlabel: str, ylabel: str) -> None:
    """Finish a plot of lines with bands over time: say what the bands are, name the axes, put the legend above."""
    name_band(ax, table)
    ax.margins(x=0)
    if ax.dataLim.ymin >= 0:
        ax.set_ylim(bottom=0)
    ax.xaxis.set_major_formatter(thousands())
    ax.yaxis.set_major_formatter(thousands())
    ax.set(xlabel=xlabel, ylabel=ylabel)
    legend_above(ax)


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
    room = LETTERS_PER_INCH * _width(ax)
    columns = next((count for count in (4, 3, 2) if _letters(lengths, columns=count) <= room), 1)
    at = {"loc": f"lower {side}", "bbox_to_anchor": (0 if side == "left" else 1, 1), "borderaxespad": 0.2}
    legend = ax.legend(ncols=columns, fontsize="small", handlelength=3, columnspacing=1.2, **at)
    for text in legend.get_texts():
        text.set_parse_math(False)


def _width(ax: Axes) -> float:
    """Return how many inches wide the axes are."""
    return ax.get_window_extent().width / ax.figure.dpi


def _letters(lengths: list[int], *, columns: int) -> int:
    """Return how many letters wide a legend is, which fills its columns one after the other."""
    return sum(int(part.max()) + HANDLE for part in np.array_split(lengths, columns) if len(part))
