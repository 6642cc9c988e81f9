"""Prior sensitivity: how a result moves as the prior is weakened and strengthened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clvmodels.plots.marks import legend_above, points_with_intervals
from clvmodels.plots.style import axes_or_current, thousands
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def prior_sensitivity(table: pd.DataFrame, *, ax: Axes | None = None, ylabel: str = "mean") -> Axes:
    """Draw a result under the prior raised to several powers: 1 is the prior as chosen.

    Parameters
    ----------
    table
        One row per power, indexed by it (0.5, 1, 2), with the columns ``mean, lower, upper``.
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
    >>> columns = {"mean": [9.0, 10.0, 11.0], "lower": [7.0, 8.0, 9.0], "upper": [11.0, 12.0, 13.0]}
    >>> drawn = prior_sensitivity(pd.DataFrame(columns, index=[0.5, 1, 2]), ax=Figure().add_subplot())
    >>> [tick.get_text() for tick in drawn.get_xticklabels()]
    ['0.5', '1', '2']
    """
    table = checked("prior_sensitivity", table)
    ax = axes_or_current(ax)
    at = np.arange(len(table))
    points_with_intervals(ax, at, table)
    ax.set_xticks(at, [f"{power:g}" for power in table.index])
    ax.set_xlim(-0.5, len(table) - 0.5)
    ax.yaxis.set_major_formatter(thousands())
    ax.grid(visible=False, axis="x")
    ax.set(xlabel="power of the prior", ylabel=ylabel)
    legend_above(ax)
    return ax
