"""Survival: the share of customers who are still there after some time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clvmodels.plots.marks import ACTUAL, by_group, finish_over_time, line_with_band
from clvmodels.plots.style import axes_or_current, colour, ink, marker, percent
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def survival(
    table: pd.DataFrame, *, ax: Axes | None = None, xlabel: str = "time", ylabel: str = "share still customers"
) -> Axes:
    """Draw the share of each group's customers who are still customers, over time.

    Parameters
    ----------
    table
        Indexed by group and time, with the columns ``mean, lower, upper`` (shares from 0 to 1). Where the column
        ``actual`` exists, the shares that were observed are marks; it is missing where nothing was observed.
    ax
        Where to draw; pyplot's current Axes by default.
    xlabel
        Label of the time axis, with its unit.
    ylabel
        Label of the share axis.

    Returns
    -------
    Axes
        The same `ax`, with all shares from 0 to 100 %.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> index = pd.MultiIndex.from_product([["repeat buyers"], [0, 1]], names=["group", "time"])
    >>> table = pd.DataFrame({"mean": [1.0, 0.7], "lower": [1.0, 0.6], "upper": [1.0, 0.8]}, index=index)
    >>> [text.get_text() for text in survival(table, ax=Figure().add_subplot()).get_legend().get_texts()]
    ['repeat buyers', 'interval']
    """
    table = checked("survival", table)
    ax = axes_or_current(ax)
    observed = ACTUAL in table.columns and bool(table[ACTUAL].notna().any())
    for series, rows in by_group(table):
        line_with_band(ax, rows, **series)
        if observed:
            mark: dict[str, Any] = {"marker": marker(series["order"]), "color": colour(series["order"])}
            ax.plot(rows[ACTUAL], linestyle="none", clip_on=False, **mark)
    if observed:
        ax.plot([], [], marker="o", linestyle="none", color=ink(), label=ACTUAL)
    finish_over_time(ax, table, xlabel=xlabel, ylabel=ylabel)
    ax.set_ylim(0, 1)
    ax.yaxis.set_major_formatter(percent())
    return ax
