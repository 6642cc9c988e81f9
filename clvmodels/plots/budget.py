"""The budget: revenue of coming periods, from customers there are and from new ones, against a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clvmodels.plots.marks import BAR, intervals_on_bars, legend_above, name_places
from clvmodels.plots.style import axes_or_current, bar_colour, colour, ink, short_number, thousands
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Place among the colours: blue and green stay apart for every reader, and the target has the one between.
PARTS = {"base": 0, "new": 2}
WIDE = ("wide_lower", "wide_upper")


def budget(
    table: pd.DataFrame, *, target: float | None = None, ax: Axes | None = None, ylabel: str = "revenue"
) -> Axes:
    """Draw the revenue expected in each period, stacked by its source, with the interval of the whole.

    Parameters
    ----------
    table
        Indexed by source ("base": customers there are; "new": customers to be won; "total") and period ("1997-10"),
        with the columns ``mean, lower, upper`` and, where there are any, ``wide_lower, wide_upper`` (the interval
        widened by earlier errors). Intervals are those of the total, or of the base where there is no total.
    target
        Revenue aimed at in each period, drawn as a line; none by default.
    ax
        Where to draw; pyplot's current Axes by default.
    ylabel
        Label of the value axis, with its unit.

    Returns
    -------
    Axes
        The same `ax`.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> index = pd.MultiIndex.from_product([["base", "new", "total"], ["1997-10"]], names=["source", "period"])
    >>> table = pd.DataFrame({"mean": [9.0, 2.0, 11.0], "lower": [7.0, 1.0, 8.5], "upper": [12, 3, 14]}, index=index)
    >>> drawn = budget(table, target=10.0, ax=Figure().add_subplot())
    >>> [text.get_text() for text in drawn.get_legend().get_texts()]
    ['target 10', 'interval', 'base', 'new']
    """
    table = checked("budget", table)
    ax = axes_or_current(ax)
    sources, periods = (table.index.unique(level) for level in (0, 1))
    by_source = {source: table.xs(source, level=0).reindex(periods) for source in sources}
    at = np.arange(len(periods))
    ax.axhline(0, color=ink(), linewidth=0.8)
    if target is not None:
        ax.axhline(target, color=colour(1), linestyle="--", label=f"target {short_number(target)}")
    reached = np.zeros(len(periods))
    for source in [name for name in PARTS if name in by_source]:
        mean = by_source[source]["mean"].fillna(0).to_numpy()
        ax.bar(at, mean, width=BAR, bottom=reached, color=bar_colour(PARTS[source]), label=source)
        reached = reached + mean
    whole = next(by_source[name] for name in ("total", *PARTS) if name in by_source)
    if set(WIDE) <= set(whole.columns):
        intervals_on_bars(ax, at, whole, edges=WIDE, linewidth=1, label="widened interval")
    intervals_on_bars(ax, at, whole, linewidth=3, label="interval")
    name_places(ax, periods)
    ax.yaxis.set_major_formatter(thousands())
    ax.set(xlabel="period", ylabel=ylabel)
    legend_above(ax)
    return ax
