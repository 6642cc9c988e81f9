"""Customers in tenths: mean predictions against what happened, and how much of it the highest ranked brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clvmodels.names import label
from clvmodels.plots.marks import ACTUAL, by_forecaster, diagonal, legend_above, rows_of
from clvmodels.plots.style import axes_or_current, ink, line_style, marker, percent, thousands
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def reliability_by_decile(table: pd.DataFrame, *, ax: Axes | None = None, unit: str = "purchases") -> Axes:
    """Draw mean outcome against mean prediction, where each forecaster groups customers by its own predictions.

    Parameters
    ----------
    table
        One row per forecaster and tenth, with the columns ``forecaster``, ``decile`` (1 = the lowest tenth of its
        predictions, ..., 10), ``customers`` (count), ``predicted`` and ``actual`` (means).
    ax
        Where to draw; pyplot's current Axes by default.
    unit
        What is predicted, for the axis labels.

    Returns
    -------
    Axes
        The same `ax`. A point above the diagonal is a tenth that was predicted too low.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> columns = {"decile": [1, 2], "customers": [5, 5], "predicted": [0.2, 3.0], "actual": [0.1, 2.0]}
    >>> drawn = reliability_by_decile(pd.DataFrame(columns).assign(forecaster="model"), ax=Figure().add_subplot())
    >>> drawn.lines[-1].get_xdata().tolist()
    [0.2, 3.0]
    """
    table = checked("reliability_by_decile", table)
    ax = axes_or_current(ax)
    diagonal(ax, 0, table[["predicted", "actual"]].max(axis=None), label="predicted = actual")
    for order, name, rows in by_forecaster(table, along="decile"):
        style = {"marker": marker(order), "clip_on": False, **line_style(order)}
        ax.plot(rows["predicted"], rows["actual"], label=label(name), **style)
    ax.set(xlabel=f"mean {unit} predicted, by tenth of the predictions", ylabel=f"mean {unit} in the holdout")
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_formatter(thousands())
    ax.yaxis.set_major_formatter(thousands())
    legend_above(ax)
    return ax


def lift(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the cumulative gains: the share of the actual total that the highest ranked customers brought.

    Parameters
    ----------
    table
        One row per forecaster and tenth, with the columns ``forecaster``, ``decile`` (1 = the tenth ranked highest,
        ..., 10), ``share`` (of the actual total, in this tenth), ``cumulative`` (share up to it) and ``lift`` (10 times
        the share). The forecaster "actual", where present, ranks by what happened: no ranking can be better.
    ax
        Where to draw; pyplot's current Axes by default.

    Returns
    -------
    Axes
        The same `ax`.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> columns = {"decile": [1, 2], "share": [0.5, 0.2], "cumulative": [0.5, 0.7], "lift": [5.0, 2.0]}
    >>> drawn = lift(pd.DataFrame(columns).assign(forecaster="model"), ax=Figure().add_subplot())
    >>> drawn.lines[-1].get_ydata().tolist()
    [0.0, 0.5, 0.7]
    """
    table = checked("lift", table)
    ax = axes_or_current(ax)
    diagonal(ax, 0, 1, label="at random")
    if ACTUAL in set(table["forecaster"]):
        _gains(ax, rows_of(table, ACTUAL, along="decile"), color=ink(), linewidth=2, label="best possible")
    for order, name, rows in by_forecaster(table, along="decile"):
        _gains(ax, rows, marker=marker(order), clip_on=False, label=label(name), **line_style(order))
    ax.set(xlabel="share of the customers, highest ranked first", ylabel="share of the actual total")
    ax.set(xlim=(0, 1), ylim=(0, None))
    ax.xaxis.set_major_formatter(percent())
    ax.yaxis.set_major_formatter(percent())
    legend_above(ax)
    return ax


def _gains(ax: Axes, rows: pd.DataFrame, **style: Any) -> None:
    """Draw one ranking, from no customers to all."""
    ax.plot([0.0, *(rows["decile"] / 10)], [0.0, *rows["cumulative"]], **style)
