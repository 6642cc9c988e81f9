"""Paired differences: in which figures the model is better than a baseline, and how certain that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clvmodels.plots.marks import legend_above, name_rows, points_in_rows
from clvmodels.plots.style import axes_or_current, colour, ink, percent
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MARKS = {"better": "o", "no clear difference": "D", "worse": "s"}


def differences(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the advantage of the model over a baseline in each metric, with its interval.

    Parameters
    ----------
    table
        One row per metric, drawn from top to bottom and named by the column ``label``, or else by the index; with the
        columns ``advantage, lower, upper`` (above 0: the model is better), ``scale`` (what 100 % of each is) and
        ``outcome`` ("better", "worse", "no clear difference"; rows with another one are left out). For instance the
        rows of one target of ``BacktestResult.compare``.
    ax
        Where to draw; pyplot's current Axes by default.

    Returns
    -------
    Axes
        The same `ax`.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> columns = {"advantage": [0.2], "lower": [0.1], "upper": [0.3], "scale": [2.0], "outcome": ["better"]}
    >>> drawn = differences(pd.DataFrame(columns, index=["crps"]), ax=Figure().add_subplot())
    >>> [tick.get_text() for tick in drawn.get_yticklabels()]
    ['crps']
    """
    table = checked("differences", table)
    ax = axes_or_current(ax)
    table = table.loc[table["outcome"].isin(list(MARKS))]
    ends = table[["advantage", "lower", "upper"]].div(table["scale"], axis=0)
    colours = {"better": colour(0), "no clear difference": ink(), "worse": colour(1)}
    at = np.arange(len(table))
    ax.axvline(0, color=ink(), linewidth=0.8)
    for outcome, mark in MARKS.items():
        of_this = (table["outcome"] == outcome).to_numpy()
        look = {"point": "advantage", "mark": mark, "color": colours[outcome]}
        points_in_rows(ax, at[of_this], ends.loc[of_this], label=outcome, **look)
    names = table["label"] if "label" in table.columns else table.index
    name_rows(ax, [str(name) for name in names])
    ax.xaxis.set_major_formatter(percent())
    ax.set_xlabel("advantage over the baseline, in % of its error, or of 1 for bias and rankings")
    legend_above(ax, side="right")
    return ax
