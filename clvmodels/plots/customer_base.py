"""The customer base in time to come: how many will be alive, and how many will buy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clvmodels.plots.marks import by_group, finish_over_time, line_with_band
from clvmodels.plots.style import axes_or_current
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def customer_base(
    table: pd.DataFrame,
    *,
    ax: Axes | None = None,
    xlabel: str = "time from the observation end on",
    ylabel: str = "customers",
) -> Axes:
    """Draw numbers of customers over time.

    Parameters
    ----------
    table
        Indexed by quantity ("alive", "active") and time, with the columns ``mean, lower, upper`` (customers).
    ax
        Where to draw; pyplot's current Axes by default.
    xlabel
        Label of the time axis, with its unit.
    ylabel
        Label of the axis of numbers.

    Returns
    -------
    Axes
        The same `ax`.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> index = pd.MultiIndex.from_product([["alive"], [0, 52]], names=["quantity", "time"])
    >>> table = pd.DataFrame({"mean": [900.0, 700.0], "lower": [880.0, 650.0], "upper": [930.0, 740.0]}, index=index)
    >>> customer_base(table, ax=Figure().add_subplot()).lines[0].get_ydata().tolist()
    [900.0, 700.0]
    """
    table = checked("customer_base", table)
    ax = axes_or_current(ax)
    for series, rows in by_group(table):
        line_with_band(ax, rows, **series)
    finish_over_time(ax, table, xlabel=xlabel, ylabel=ylabel)
    return ax
