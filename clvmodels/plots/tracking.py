"""Purchases over time, before and after the calibration end: what each forecaster expected, and what was counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import pandas as pd

from clvmodels.names import label
from clvmodels.plots.marks import BAND, legend_above
from clvmodels.plots.style import axes_or_current, colour, forecasters, ink, line_style, thousands
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@runtime_checkable
class HasTracking(Protocol):
    """Anything that can make the table and knows its time unit, such as a ``BacktestResult``."""

    @property
    def split(self) -> Any:
        """What was cut; its ``calibration`` has the ``time_unit``."""
        ...

    def tracking(self, *, cumulative: bool) -> pd.DataFrame:
        """Return the table that `tracking` draws."""
        ...


def tracking(
    source: pd.DataFrame | HasTracking,
    *,
    ax: Axes | None = None,
    time_unit: str | None = None,
    cumulative: bool = True,
) -> Axes:
    """Draw the purchases of all customers against the time since the calibration end.

    Parameters
    ----------
    source
        One row per period, with the columns ``end`` (time units since the calibration end; up to 0 in calibration),
        ``actual`` (count), and one per forecaster (mean): cumulative, or per period. What is missing is not drawn.
        Where ``<forecaster>_lower`` and ``<forecaster>_upper`` exist, they are drawn as a band. Or a
        ``BacktestResult``, whose ``tracking(cumulative=...)`` gives this table.
    ax
        Where to draw; pyplot's current Axes by default.
    time_unit
        Name of the unit of ``end``, for the axis labels; by default the result's own.
    cumulative
        Whether the table is cumulative, drawn as lines from the first period's start. Otherwise each period is a step.

    Returns
    -------
    Axes
        The same `ax`. A table that begins in the calibration holds repeat purchases there, and gets a line at its end.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"end": [1.0, 2.0], "actual": [9, 21], "model": [10.0, 20.0]})
    >>> tracking(table, ax=Figure().add_subplot(), time_unit="week").get_xlabel()
    'weeks since the calibration end'
    """
    if isinstance(source, HasTracking):
        table, unit = source.tracking(cumulative=cumulative), time_unit or source.split.calibration.time_unit
    else:
        table, unit = checked("tracking", source), time_unit or "time unit"
    ax = axes_or_current(ax)
    table = _from_start(table, cumulative=cumulative)
    for order, name in enumerate(forecasters(table.columns, besides={"end", "actual"})):
        _draw_forecaster(ax, table, name, order=order, cumulative=cumulative)
    path = _path(cumulative=cumulative)
    ax.plot(table["end"], table["actual"], color=ink(), linewidth=2, label="actual", zorder=4, **path)
    start, last = table["end"].iloc[[0, -1]]
    if start < 0 < last:
        ax.axvline(0, color=ink(), linewidth=0.8, label="calibration end")
    what = "repeat purchases" if start < 0 else "purchases"
    how = ", cumulative" if cumulative else f" per {unit}"
    ax.set(xlabel=f"{unit}s since the calibration end", ylabel=f"{what} of all customers{how}")
    ax.set_xlim(start, last)
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_formatter(thousands())
    legend_above(ax)
    return ax


def _from_start(table: pd.DataFrame, *, cumulative: bool) -> pd.DataFrame:
    """Put the first period's start in front: a cumulative number begins at 0, a step at its own height."""
    ends = table["end"].to_numpy(dtype=float)
    length = ends[1] - ends[0] if len(ends) > 1 else 1.0
    first = table.iloc[[0]].astype(float)
    start = (first * (0 if cumulative else 1)).assign(end=0.0 if ends[0] > 0 else ends[0] - length)
    return pd.concat([start, table.astype(float)], ignore_index=True)


def _path(*, cumulative: bool) -> dict[str, Any]:
    return {"drawstyle": "default" if cumulative else "steps-pre"}


def _draw_forecaster(ax: Axes, table: pd.DataFrame, name: str, *, order: int, cumulative: bool) -> None:
    lower, upper = f"{name}_lower", f"{name}_upper"
    if {lower, upper} <= set(table.columns):
        band: dict[str, Any] = {"color": colour(order), **BAND}
        if cumulative:
            ax.fill_between(table["end"], table[lower], table[upper], **band)
        else:
            ax.stairs(table[upper][1:], table["end"], baseline=table[lower][1:], fill=True, **band)
    ax.plot(table["end"], table[name], label=label(name), **line_style(order), **_path(cumulative=cumulative))
