"""Concentration: the share of the total value that the most valuable customers hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clvmodels.plots.marks import diagonal, legend_above, line_with_band, name_band
from clvmodels.plots.style import axes_or_current, percent
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def concentration(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the share of the total value that customers hold, the most valuable first: a Lorenz curve from the top.

    Parameters
    ----------
    table
        Indexed by the share of the customers (from 0 to 1), with the columns ``mean, lower, upper`` (shares of the
        total), as from ``LifetimeValue.concentration``.
    ax
        Where to draw; pyplot's current Axes by default.

    Returns
    -------
    Axes
        The same `ax`. On the diagonal all customers would be worth the same.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> columns = {"mean": [0.0, 0.8, 1.0], "lower": [0.0, 0.7, 1.0], "upper": [0.0, 0.9, 1.0]}
    >>> drawn = concentration(pd.DataFrame(columns, index=[0.0, 0.5, 1.0]), ax=Figure().add_subplot())
    >>> [text.get_text() for text in drawn.get_legend().get_texts()]
    ['all worth the same', 'customers as ranked', 'interval']
    """
    table = checked("concentration", table)
    ax = axes_or_current(ax)
    diagonal(ax, 0, 1, label="all worth the same")
    line_with_band(ax, table, order=0, label="customers as ranked")
    name_band(ax, table)
    ax.set(xlabel="share of the customers, most valuable first", ylabel="share of the total value")
    ax.set_xlim(0, 1)
    # Customers worth less than nothing take the curve above 100 %.
    ax.set_ylim(bottom=min(0.0, ax.dataLim.ymin), top=1.0 if ax.dataLim.ymax <= 1 else None)
    ax.xaxis.set_major_formatter(percent())
    ax.yaxis.set_major_formatter(percent())
    legend_above(ax)
    return ax
