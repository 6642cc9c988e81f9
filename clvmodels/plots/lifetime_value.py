"""The customers of highest lifetime value, each with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clvmodels.names import label
from clvmodels.plots.style import axes_or_current, colour, customer_label, forecasters, ink, marker, thousands
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COLUMNS = ("mean", "lower", "upper")


def lifetime_value(
    table: pd.DataFrame, *, top: int = 15, ax: Axes | None = None, xlabel: str = "lifetime value"
) -> Axes:
    """Draw the `top` customers of highest mean, best first, with their intervals.

    Parameters
    ----------
    table
        Indexed by customer_id, with the columns ``mean, lower, upper`` (as ``LifetimeValue.predictive`` returns it).
        Every further column, such as ``actual`` or a forecaster's mean, is drawn as a mark of its own.
    top
        How many customers to show.
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
    >>> table = pd.DataFrame({"mean": [5.0, 9.0], "lower": [1.0, 2.0], "upper": [8.0, 20.0]}, index=["ann", "bob"])
    >>> [tick.get_text() for tick in lifetime_value(table, ax=Figure().add_subplot()).get_yticklabels()]
    ['bob', 'ann']
    """
    table = checked("lifetime_value", table)
    shown = table.sort_values("mean", ascending=False, kind="stable").head(top)
    ax = axes_or_current(ax)
    at = np.arange(len(shown))
    ax.hlines(at, shown["lower"], shown["upper"], color=colour(0), linewidth=3, alpha=0.45, label="interval")
    ax.plot(shown["mean"], at, "o", color=colour(0), clip_on=False, label="expected")
    if "actual" in shown:
        ax.plot(shown["actual"], at, marker="x", linestyle="none", color=ink(), clip_on=False, label="actual")
    for order, name in enumerate(forecasters(shown.columns, besides={*COLUMNS, "actual"}), start=1):
        mark = {"marker": marker(order), "linestyle": "none", "fillstyle": "none", "clip_on": False}
        ax.plot(shown[name], at, color=colour(order), label=label(name), **mark)
    # Ids are not formulas: a dollar sign in one must not start mathematical text.
    ax.set_yticks(at, [customer_label(customer) for customer in shown.index], parse_math=False)
    ax.invert_yaxis()
    ax.set_xlim(left=0)
    ax.xaxis.set_major_formatter(thousands())
    ax.grid(visible=False, axis="y")
    ax.set(xlabel=xlabel, ylabel="customer")
    ax.legend(loc="lower right")
    return ax
