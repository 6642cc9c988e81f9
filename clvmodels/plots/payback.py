"""Payback: when the margin of newly won customers has brought back what it cost to win them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from clvmodels.plots.marks import by_group, finish_over_time, line_with_band
from clvmodels.plots.style import axes_or_current, colour, ink, marker
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COST: dict[str, Any] = {"linestyle": "--", "linewidth": 1.2}
MARKS_PER_LINE = 6


def payback(
    table: pd.DataFrame,
    *,
    ax: Axes | None = None,
    xlabel: str = "time since the customers were won",
    ylabel: str = "cumulative margin per customer",
) -> Axes:
    """Draw the margin that a customer of each channel has brought by each time, against what the customer cost.

    Parameters
    ----------
    table
        Indexed by channel and time (from 0 on), with the columns ``mean, lower, upper`` (cumulative discounted margin
        per customer, with its predictive interval) and ``cost`` (per customer, the same at all times of a channel).
    ax
        Where to draw; pyplot's current Axes by default.
    xlabel
        Label of the time axis, with its unit.
    ylabel
        Label of the value axis, with its unit.

    Returns
    -------
    Axes
        The same `ax`. Each channel's cost is a dashed line in its colour, which ends in its marker; a cost that all
        channels share is one grey line.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> index = pd.MultiIndex.from_product([["search"], [0, 1]], names=["channel", "time"])
    >>> columns = {"mean": [0.0, 9.0], "lower": [0.0, 7.0], "upper": [0.0, 11.0], "cost": 8.0}
    >>> drawn = payback(pd.DataFrame(columns, index=index), ax=Figure().add_subplot())
    >>> [text.get_text() for text in drawn.get_legend().get_texts()]
    ['search', 'cost', 'interval']
    """
    table = checked("payback", table)
    ax = axes_or_current(ax)
    channels = list(by_group(table))
    costs = np.array([rows["cost"].iloc[0] for _, rows in channels], dtype=float)
    shared = bool(np.isfinite(costs[0]) and (costs == costs[0]).all())
    for (series, rows), cost in zip(channels, costs, strict=True):
        order, step = series["order"], max(len(rows) // MARKS_PER_LINE, 1)
        # Dashes are for costs, so that markers tell the channels apart, beside each other where the lines meet.
        line_with_band(ax, rows, linestyle="-", marker=marker(order), markevery=(order % step, step), **series)
        if np.isfinite(cost) and not shared:
            end: dict[str, Any] = {"color": colour(order), "marker": marker(order), "markevery": [1], "clip_on": False}
            ax.plot([0.0, rows.index[-1]], [cost, cost], **COST, **end)
    if shared:
        ax.axhline(costs[0], color=ink(), alpha=0.6, label="cost", **COST)
    elif np.isfinite(costs).any():
        ax.plot([], [], color=ink(), label="cost", **COST)
    finish_over_time(ax, table, xlabel=xlabel, ylabel=ylabel)
    return ax
