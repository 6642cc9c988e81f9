"""Coverage: how often the predictive intervals held what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from clvmodels.names import label
from clvmodels.plots.marks import by_forecaster, diagonal, legend_above
from clvmodels.plots.style import axes_or_current, ink, line_style, marker, percent
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

DODGE = 0.008
FILLED: dict[str, Any] = {"linestyle": "none"}
OPEN: dict[str, Any] = {"linestyle": "none", "fillstyle": "none"}
THIN: dict[str, Any] = {"linewidth": 0.9}


def coverage(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the share of customers inside their interval against the interval's probability.

    Parameters
    ----------
    table
        One row per forecaster and level, with the columns ``forecaster``, ``level`` (probability of the interval),
        ``covered`` (share of customers inside), ``attainable`` (the share that a perfect forecaster would reach, whose
        intervals end at whole counts) and ``randomised`` (the share where a count on a bound counts in part).
    ax
        Where to draw; pyplot's current Axes by default.

    Returns
    -------
    Axes
        The same `ax`. Right intervals have filled marks on the thin line, and open marks on the diagonal.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> columns = {"level": [0.5, 0.9], "covered": [0.8, 0.95], "attainable": [0.79, 0.96], "randomised": [0.51, 0.88]}
    >>> drawn = coverage(pd.DataFrame(columns).assign(forecaster="model"), ax=Figure().add_subplot())
    >>> drawn.get_xticks().tolist()
    [0.5, 0.9]
    """
    table = checked("coverage", table)
    ax = axes_or_current(ax)
    levels = np.unique(table["level"])
    # Without a forecaster that has intervals, the frame alone.
    diagonal(ax, *(levels[[0, -1]] if len(levels) else (0.5, 1.0)), label="share = probability")
    groups = list(by_forecaster(table, along="level"))
    for order, name, rows in groups:
        # Side by side, so that equal shares do not hide each other.
        beside = rows["level"] + DODGE * (order - (len(groups) - 1) / 2)
        line = line_style(order)
        ax.plot(rows["level"], rows["attainable"], **line | THIN)
        ax.plot(beside, rows["covered"], marker=marker(order), label=label(name), **line | FILLED)
        ax.plot(beside, rows["randomised"], marker=marker(order), **line | OPEN)
    for meaning, style in {"covered": FILLED, "covered, randomised": OPEN}.items():
        ax.plot([], [], marker="o", color=ink(), label=meaning, **style)
    ax.plot([], [], color=ink(), label="attainable with counts", **THIN)
    ax.set_xticks(levels)
    ax.xaxis.set_major_formatter(percent())
    ax.yaxis.set_major_formatter(percent())
    ax.set(xlabel="probability of the interval", ylabel="share of the customers inside their interval")
    legend_above(ax)
    return ax
