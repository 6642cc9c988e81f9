"""Cumulative purchases in the holdout: what each forecaster expected, and what was counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from clvmodels.plots.style import axes_or_current, colour, forecasters, ink, label, line_style, thousands

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class HasTracking(Protocol):
    """Anything that can make the table and knows its time unit, such as a ``BacktestResult``."""

    @property
    def split(self) -> Any:
        """What was cut; its ``calibration`` has the ``time_unit``."""
        ...

    def tracking(self) -> pd.DataFrame:
        """Return the table that `tracking` draws."""
        ...


def tracking(source: pd.DataFrame | HasTracking, *, ax: Axes | None = None, time_unit: str | None = None) -> Axes:
    """Draw the cumulative purchases of all customers against the time since the calibration end.

    Parameters
    ----------
    source
        One row per period, with the columns ``end`` (time units since the calibration end), ``actual`` (cumulative
        count), and one per forecaster (cumulative mean). Where ``<forecaster>_lower`` and ``<forecaster>_upper``
        exist, they are drawn as a band. Or a ``BacktestResult``, whose ``tracking()`` gives this table.
    ax
        Where to draw; pyplot's current Axes by default.
    time_unit
        Name of the unit of ``end``, for the axis label; by default the result's own.

    Returns
    -------
    Axes
        The same `ax`.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"end": [1.0, 2.0], "actual": [9, 21], "model": [10.0, 20.0]})
    >>> tracking(table, ax=Figure().add_subplot(), time_unit="week").get_xlabel()
    'weeks since the calibration end'
    """
    if isinstance(source, pd.DataFrame):
        table, unit = source, time_unit or "time unit"
    else:
        table, unit = source.tracking(), time_unit or source.split.calibration.time_unit
    ax = axes_or_current(ax)
    table = _from_zero(table)
    for order, name in enumerate(forecasters(table.columns, besides={"end", "actual"})):
        _draw_forecaster(ax, table, name, order=order)
    ax.plot(table["end"], table["actual"], color=ink(), linewidth=2, label="actual", zorder=4)
    ax.set(xlabel=f"{unit}s since the calibration end", ylabel="purchases of all customers, cumulative")
    ax.set_xlim(0, table["end"].iloc[-1])
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_formatter(thousands())
    ax.legend(loc="upper left")
    return ax


def _from_zero(table: pd.DataFrame) -> pd.DataFrame:
    """Put the origin in front: at the calibration end nothing has been bought yet."""
    origin = pd.DataFrame(0.0, index=[0], columns=table.columns)
    return pd.concat([origin, table.astype(float)], ignore_index=True)


def _draw_forecaster(ax: Axes, table: pd.DataFrame, name: str, *, order: int) -> None:
    lower, upper = f"{name}_lower", f"{name}_upper"
    if {lower, upper} <= set(table.columns):
        ax.fill_between(table["end"], table[lower], table[upper], color=colour(order), alpha=0.3, linewidth=0)
    ax.plot(table["end"], table[name], label=label(name), **line_style(order))
