"""Cohorts: what each has brought, what it still will, and what it cost to win."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clvmodels.plots.marks import BAR, intervals_on_bars, legend_above, name_places
from clvmodels.plots.style import axes_or_current, bar_colour, ink, thousands
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Of the cost: a little wider than its bar.
MARK = 1.2 * BAR


def cohorts(table: pd.DataFrame, *, ax: Axes | None = None, ylabel: str = "value") -> Axes:
    """Draw the value of each cohort, realised and to come, against the cost of winning it.

    Parameters
    ----------
    table
        One row per cohort, indexed by its name ("1997-01"), with the columns ``cost``, ``realised`` and
        ``mean, lower, upper`` (the whole value: realised and to come). What is missing is not drawn.
    ax
        Where to draw; pyplot's current Axes by default.
    ylabel
        Label of the value axis, with its unit.

    Returns
    -------
    Axes
        The same `ax`. A bar that ends above the mark across it has paid back, or will.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> columns = {"cost": [10.0], "realised": [8.0], "mean": [12.0], "lower": [11.0], "upper": [14.0]}
    >>> drawn = cohorts(pd.DataFrame(columns, index=["1997-01"]), ax=Figure().add_subplot())
    >>> [float(bar.get_height()) for bar in drawn.patches]
    [8.0, 4.0]
    """
    table = checked("cohorts", table)
    ax = axes_or_current(ax)
    at = np.arange(len(table))
    ax.bar(at, table["realised"], width=BAR, color=bar_colour(0), label="realised")
    to_come = table["mean"] - table["realised"]
    ax.bar(at, to_come, width=BAR, bottom=table["realised"], color=bar_colour(0), alpha=0.45, label="to come")
    ax.axhline(0, color=ink(), linewidth=0.8)
    intervals_on_bars(ax, at, table, linewidth=1.5, label="interval")
    costs = table["cost"].to_numpy(dtype=float)
    known = np.isfinite(costs)
    if known.any():
        ax.hlines(costs[known], at[known] - MARK / 2, at[known] + MARK / 2, color=ink(), linewidth=3, label="cost")
    name_places(ax, table.index)
    ax.yaxis.set_major_formatter(thousands())
    ax.set(xlabel="cohort", ylabel=ylabel)
    legend_above(ax)
    return ax
