"""A figure with its interval for each of some rows in their order: periods, tenures, segments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clvmodels.plots.marks import legend_above, name_places, points_with_intervals
from clvmodels.plots.style import axes_or_current, ink, thousands
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def interval_points(table: pd.DataFrame, *, ax: Axes | None = None, xlabel: str = "", ylabel: str = "expected") -> Axes:
    """Draw the mean of each row on its interval, with a line at zero.

    Parameters
    ----------
    table
        Indexed by what the rows are, with the columns ``mean, lower, upper``.
    ax
        Where to draw; pyplot's current Axes by default.
    xlabel
        What the rows are.
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
    >>> table = pd.DataFrame({"mean": [30.0, 25.0], "lower": [20.0, 15.0], "upper": [40.0, 35.0]}, index=["Oct", "Nov"])
    >>> [tick.get_text() for tick in interval_points(table, ax=Figure().add_subplot()).get_xticklabels()]
    ['Oct', 'Nov']
    """
    table = checked("interval_points", table)
    ax = axes_or_current(ax)
    ax.axhline(0, color=ink(), linewidth=0.8)
    points_with_intervals(ax, np.arange(len(table)), table)
    name_places(ax, table.index)
    ax.yaxis.set_major_formatter(thousands())
    ax.set(xlabel=xlabel, ylabel=ylabel)
    legend_above(ax)
    return ax
