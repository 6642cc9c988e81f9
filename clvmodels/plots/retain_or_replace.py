"""Retain or replace: whose retention brings more than winning a new customer, and how certain that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clvmodels.plots.marks import legend_above, name_rows, points_in_rows
from clvmodels.plots.style import axes_or_current, colour, customer_label, ink, marker, series_label, thousands
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# The same look in every figure, whichever of them occur.
VERDICTS = ("retain", "replace", "neither", "unclear")


def retain_or_replace(
    table: pd.DataFrame, *, top: int = 20, ax: Axes | None = None, xlabel: str = "gain of keeping over replacing"
) -> Axes:
    """Draw what is gained by keeping a customer rather than winning a new one, with its interval.

    Parameters
    ----------
    table
        Indexed by customer or segment, with the columns ``mean, lower, upper`` (above 0: keeping is better) and
        ``verdict`` ("retain", "replace", "neither", "unclear", or another).
    top
        How many rows to show: those of the largest gain, either way.
    ax
        Where to draw; pyplot's current Axes by default.
    xlabel
        Label of the value axis, with its unit.

    Returns
    -------
    Axes
        The same `ax`, with the largest gain of keeping on top.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> columns = {"mean": [-5.0, 9.0], "lower": [-8.0, 2.0], "upper": [-1.0, 20.0], "verdict": ["replace", "retain"]}
    >>> drawn = retain_or_replace(pd.DataFrame(columns, index=["ann", "bob"]), ax=Figure().add_subplot())
    >>> [tick.get_text() for tick in drawn.get_yticklabels()]
    ['bob', 'ann']
    """
    table = checked("retain_or_replace", table)
    ax = axes_or_current(ax)
    largest = np.argsort(-table["mean"].abs().to_numpy(), kind="stable")[:top]
    shown = table.iloc[largest].sort_values("mean", ascending=False, kind="stable")
    at = np.arange(len(shown))
    ax.axvline(0, color=ink(), linewidth=0.8)
    for order, verdict in enumerate(dict.fromkeys([*VERDICTS, *table["verdict"]])):
        of_this = (shown["verdict"] == verdict).to_numpy()
        shade = ink() if verdict == "unclear" else colour(order)
        name = series_label(verdict)
        points_in_rows(ax, at[of_this], shown.loc[of_this], mark=marker(order), color=shade, label=name)
    name_rows(ax, [customer_label(name) for name in shown.index])
    ax.xaxis.set_major_formatter(thousands())
    ax.set_xlabel(xlabel)
    if len(shown) < len(table):
        ax.set_ylabel(f"the {len(shown):,} largest of {len(table):,}")
    legend_above(ax, side="right")
    return ax
