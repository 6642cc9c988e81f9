"""The total of the holdout, forecast at several origins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clvmodels.plots.marks import intervals, legend_above, name_places, points_with_intervals
from clvmodels.plots.style import axes_or_current, colour, ink, thousands
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def totals(table: pd.DataFrame, *, ax: Axes | None = None, ylabel: str = "total of the holdout") -> Axes:
    """Draw predicted and actual total at each origin, with the model's own interval and the widened one.

    Parameters
    ----------
    table
        One row per origin, indexed by its Timestamp, with the columns ``predicted``, ``lower, upper`` (the model's own
        interval), ``wide_lower, wide_upper`` (widened by the errors at earlier origins; missing where there are too
        few) and ``actual``.
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
    >>> columns = {"predicted": 9.0, "lower": 7.0, "upper": 11.0, "wide_lower": 5.0, "wide_upper": 14.0, "actual": 12.0}
    >>> drawn = totals(pd.DataFrame(columns, index=pd.to_datetime(["1998-01-01"])), ax=Figure().add_subplot())
    >>> [tick.get_text() for tick in drawn.get_xticklabels()]
    ['1998-01-01']
    """
    table = checked("totals", table)
    ax = axes_or_current(ax)
    at = np.arange(len(table))
    wide = {"color": colour(0), "linewidth": 1.5, "label": "widened interval"}
    intervals(ax, at, table, edges=("wide_lower", "wide_upper"), **wide)
    points_with_intervals(ax, at, table, point="predicted")
    ax.plot(at, table["actual"], "x", color=ink(), markeredgewidth=2, label="actual", zorder=4)
    name_places(ax, [f"{origin:%Y-%m-%d}" for origin in table.index])
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_formatter(thousands())
    ax.set(xlabel="calibration end", ylabel=ylabel)
    legend_above(ax)
    return ax
