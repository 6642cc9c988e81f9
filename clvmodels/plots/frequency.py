"""Customers by their repeat purchases: how many the model expects, and whether they spend alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clvmodels.plots.marks import legend_above, name_groups, points_with_intervals
from clvmodels.plots.style import axes_or_current, ink, thousands
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Below a fiftieth of the highest count, the numbers on a square-root axis run into each other.
LOWEST_TICK = 0.02


def frequency_check(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the number of customers with each number of repeat purchases, and what the fitted model expects.

    Parameters
    ----------
    table
        One row per group, indexed by its name (``0, 1, ..., 7+``), with the columns ``customers`` (count),
        ``expected, lower, upper``.
    ax
        Where to draw; pyplot's current Axes by default.

    Returns
    -------
    Axes
        The same `ax`. Heights are square roots of counts: small groups stay visible, and bars still begin at 0.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> columns = {"customers": [90, 10], "expected": [88.0, 12.0], "lower": [80.0, 7.0], "upper": [93.0, 18.0]}
    >>> drawn = frequency_check(pd.DataFrame(columns, index=["0", "1+"]), ax=Figure().add_subplot())
    >>> drawn.get_yticks().tolist()
    [0.0, 2.0, 5.0, 10.0, 20.0, 50.0]
    """
    table = checked("frequency_check", table)
    ax = axes_or_current(ax)
    at = np.arange(len(table))
    ax.bar(at, table["customers"], color=ink(), alpha=0.25, width=0.7, label="actual")
    points_with_intervals(ax, at, table, point="expected")
    ax.set_xticks(at, [str(group) for group in table.index])
    ax.set_yscale("function", functions=(np.sqrt, np.square))
    highest = float(table[["customers", "upper"]].max(axis=None))
    ax.set_ylim(0, 1.05 * highest)
    ax.set_yticks(_root_ticks(highest))
    ax.yaxis.set_major_formatter(thousands())
    ax.grid(visible=False, axis="x")
    ax.set(xlabel="repeat purchases", ylabel="customers (square-root scale)")
    legend_above(ax)
    return ax


def spend_by_frequency(
    table: pd.DataFrame, *, ax: Axes | None = None, ylabel: str = "mean value of a purchase"
) -> Axes:
    r"""Draw the mean value of a purchase by the number of repeat purchases.

    Parameters
    ----------
    table
        One row per group, indexed by its name (``1, 2, ..., 7+``), with the columns ``customers`` (count), ``mean`` and
        its interval ``lower, upper``.
    ax
        Where to draw; pyplot's current Axes by default.
    ylabel
        Label of the value axis, with its unit.

    Returns
    -------
    Axes
        The same `ax`; a line shows the mean of all groups, weighted by their customers.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> columns = {"customers": [30, 10], "mean": [20.0, 24.0], "lower": [18.0, 19.0], "upper": [22.0, 29.0]}
    >>> drawn = spend_by_frequency(pd.DataFrame(columns, index=["1", "2+"]), ax=Figure().add_subplot())
    >>> [tick.get_text() for tick in drawn.get_xticklabels()], drawn.lines[0].get_ydata()
    (['1\n30', '2+\n10'], [21.0, 21.0])
    """
    table = checked("spend_by_frequency", table)
    ax = axes_or_current(ax)
    known = table.dropna(subset=["mean"])
    overall = float(np.average(known["mean"], weights=known["customers"]))
    ax.axhline(overall, color=ink(), linewidth=1, label="mean of all customers")
    points_with_intervals(ax, np.arange(len(table)), table)
    name_groups(ax, table)
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_formatter(thousands())
    ax.set(xlabel="repeat purchases, and number of customers", ylabel=ylabel)
    legend_above(ax)
    return ax


def _root_ticks(highest: float) -> list[float]:
    """Return 0 and the 1, 2, 5, 10, ... up to `highest` that stand far enough apart on a square-root axis."""
    steps = [step * 10.0**power for power in range(int(np.log10(max(highest, 1))) + 1) for step in (1, 2, 5)]
    return [0.0, *(step for step in steps if LOWEST_TICK * highest <= step <= highest)]
