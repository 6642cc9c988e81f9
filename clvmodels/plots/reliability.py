"""Reliability: mean purchases or spend in the holdout by calibration frequency, predicted and actual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from clvmodels.names import label
from clvmodels.plots.marks import BAR, intervals_on_bars, legend_above, name_groups
from clvmodels.plots.style import axes_or_current, forecasters, ink, line_style, marker, thousands
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    from matplotlib.axes import Axes


DODGE = 0.1
ENDS = ("actual_lower", "actual_upper")


@runtime_checkable
class HasReliability(Protocol):
    """Anything that can make the table, such as a ``BacktestResult``."""

    def reliability(self) -> pd.DataFrame:
        """Return the table that `reliability` draws."""
        ...


def reliability(source: pd.DataFrame | HasReliability, *, ax: Axes | None = None, unit: str = "purchases") -> Axes:
    r"""Draw the mean holdout purchases, or spend, of customers grouped by their repeat purchases in calibration.

    Parameters
    ----------
    source
        One row per group, indexed by the group's name (``0, 1, ..., 7+``), with the columns ``customers`` (count),
        ``actual`` (mean purchases) and one per forecaster (mean prediction); ``actual_lower`` and ``actual_upper``,
        where they are, as the interval of the actual mean. Or a ``BacktestResult``, whose ``reliability()`` gives this
        table; that of ``reliability(target="value")`` shows the spend.
    ax
        Where to draw; pyplot's current Axes by default.
    unit
        What is counted, for the axis label: "value (USD)".

    Returns
    -------
    Axes
        The same `ax`; the number of customers stands under each group's name.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"customers": [5, 2], "actual": [0.2, 1.5], "model": [0.3, 1.4]}, index=["0", "1+"])
    >>> [tick.get_text() for tick in reliability(table, ax=Figure().add_subplot()).get_xticklabels()]
    ['0\n5', '1+\n2']
    """
    table = checked("reliability", source.reliability() if isinstance(source, HasReliability) else source)
    ax = axes_or_current(ax)
    at = np.arange(len(table))
    ax.bar(at, table["actual"], color=ink(), alpha=0.25, width=BAR, label="actual")
    if set(ENDS) <= set(table.columns):
        intervals_on_bars(ax, at, table, linewidth=1.5, label="interval of the actual mean", edges=ENDS)
    names = forecasters(table.columns, besides={"customers", "actual"})
    for order, name in enumerate(names):
        # Side by side, so that equal predictions do not hide each other.
        beside = at + DODGE * (order - (len(names) - 1) / 2)
        ax.plot(beside, table[name], marker=marker(order), label=label(name), **line_style(order))
    name_groups(ax, table)
    ax.yaxis.set_major_formatter(thousands())
    ax.set(xlabel="repeat purchases in calibration, and number of customers", ylabel=f"mean {unit} in the holdout")
    legend_above(ax)
    return ax
