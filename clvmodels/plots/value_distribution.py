"""How many customers are worth how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clvmodels.plots.marks import BAR, intervals_on_bars, legend_above, name_places
from clvmodels.plots.style import axes_or_current, bar_colour, short_number, thousands
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

UNITS = ((1e9, "bn"), (1e6, "m"), (1e3, "k"))


def value_distribution(table: pd.DataFrame, *, ax: Axes | None = None, xlabel: str = "value of a customer") -> Axes:
    """Draw the number of customers in each class of value as bars, with the interval on each.

    Parameters
    ----------
    table
        Indexed by the lower and the upper edge of the classes, in order, with the columns ``mean, lower, upper``
        (numbers of customers), as from ``LifetimeValue.distribution``. An infinite edge leaves its class open.
    ax
        Where to draw; pyplot's current Axes by default.
    xlabel
        Label of the value axis, with its unit.

    Returns
    -------
    Axes
        The same `ax`.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> classes = pd.MultiIndex.from_tuples([(0, 1), (1, 20_000), (20_000, float("inf"))])
    >>> table = pd.DataFrame({"mean": [90.0, 9, 1], "lower": [80.0, 5, 0], "upper": [95.0, 19, 2]}, index=classes)
    >>> drawn = value_distribution(table, ax=Figure().add_subplot())
    >>> [tick.get_text() for tick in drawn.get_xticklabels()]
    ['0–1', '1–20k', '20k +']
    """
    table = checked("value_distribution", table)
    ax = axes_or_current(ax)
    at = np.arange(len(table))
    ax.bar(at, table["mean"], width=BAR, color=bar_colour(0), alpha=0.7, label="mean")
    intervals_on_bars(ax, at, table, linewidth=2, label="interval")
    name_places(ax, [_class_name(lower, upper) for lower, upper in table.index])
    ax.yaxis.set_major_formatter(thousands())
    ax.set(xlabel=xlabel, ylabel="customers")
    legend_above(ax)
    return ax


def _class_name(lower: float, upper: float) -> str:
    """Return the edges of a class in few letters."""
    if np.isinf(lower):
        return f"below {_short(upper)}"
    return f"{_short(lower)} +" if np.isinf(upper) else f"{_short(lower)}–{_short(upper)}"


def _short(value: float) -> str:
    """Return a round number in few letters: 5k for 5,000."""
    size, letter = next(((size, letter) for size, letter in UNITS if abs(value) >= size), (1, ""))
    return f"{short_number(value / size)}{letter}"
