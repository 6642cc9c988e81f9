"""Heterogeneity: how a purchase rate, a dropout probability or a mean spend is spread over the customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clvmodels.plots.marks import legend_above, line_with_band, name_band
from clvmodels.plots.style import axes_or_current, thousands
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

# A density soars at an end where it is so many times that of the row beside it.
SOARING = 1.5
SOARING_SHARE = 40


def heterogeneity(
    table: pd.DataFrame, *, ax: Axes | None = None, xlabel: str = "value", ylabel: str = "density of customers"
) -> Axes:
    """Draw a density over the customers, with its interval.

    Parameters
    ----------
    table
        Indexed by the values, rising, with the columns ``mean, lower, upper`` (densities there); one quantity of
        ``heterogeneity()`` of a posterior.
    ax
        Where to draw; pyplot's current Axes by default.
    xlabel
        Label of the value axis, with its unit.
    ylabel
        Label of the density axis.

    Returns
    -------
    Axes
        The same `ax`. Where the density soars at an end, towards infinity, it leaves through the top: the axis ends
        at what it is a fortieth of the way in.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"mean": [9.0, 2.0, 1.0], "lower": [8.0, 1.5, 0.5], "upper": [10.0, 2.5, 1.5]})
    >>> drawn = heterogeneity(table, ax=Figure().add_subplot(), xlabel="purchases per week")
    >>> [round(float(end), 9) for end in drawn.get_ylim()]
    [0.0, 2.625]
    """
    table = checked("heterogeneity", table)
    ax = axes_or_current(ax)
    line_with_band(ax, table, order=0, label="mean")
    name_band(ax, table)
    ax.margins(x=0)
    ax.set_ylim(0, 1.05 * _highest(table[["mean", "upper"]].max(axis=1).to_numpy(dtype=float)) or None)
    ax.xaxis.set_major_formatter(thousands())
    ax.yaxis.set_major_formatter(thousands())
    ax.set(xlabel=xlabel, ylabel=ylabel)
    legend_above(ax)
    return ax


def _highest(values: NDArray[np.float64]) -> float:
    """Return the highest finite value, apart from ends that soar; 0 without any."""
    shown = np.isfinite(values)
    inset = max(1, len(values) // SOARING_SHARE)
    if len(values) > 2 * inset:
        shown[:inset] &= not values[0] > SOARING * values[1]
        shown[-inset:] &= not values[-1] > SOARING * values[-2]
    return float(values[shown].max(initial=0.0))
