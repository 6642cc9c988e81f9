"""Customers by frequency and recency: what is expected of them, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from clvmodels.plots.marks import legend_above
from clvmodels.plots.style import axes_or_current, percent, thousands
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.ticker import Formatter
    from numpy.typing import NDArray

XLABEL = "frequency (repeat purchases)"
YLABEL = "recency (first to last purchase)"
# Even to the eye, and the same to colour-blind readers.
COLOURS = "cividis"
# White in black: it is seen on each of the colours, and on both pages.
LINE = "white"
OUTLINE: list[Any] = [withStroke(linewidth=2.4, foreground="black")]
LEVELS = 5


def frequency_recency_matrix(
    table: pd.DataFrame,
    *,
    ax: Axes | None = None,
    label: str = "expected purchases",
    xlabel: str = XLABEL,
    ylabel: str = YLABEL,
) -> Axes:
    """Draw what is expected of customers as colours, by frequency and recency, with the width of its interval.

    Parameters
    ----------
    table
        Indexed by frequency and recency, with the columns ``mean, lower, upper``;
        ``PurchasePosterior.frequency_recency_matrix`` makes it. Cells that are not in it stay blank.
    ax
        Where to draw; pyplot's current Axes by default. The colour bar takes some of its room.
    label
        Of the colours, with its unit.
    xlabel, ylabel
        Labels of frequency and recency, with their units.

    Returns
    -------
    Axes
        The same `ax`. The lines join cells whose intervals are equally wide, and say how wide.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> index = pd.MultiIndex.from_tuples([(0, 0), (1, 1), (1, 2)], names=["frequency", "recency"])
    >>> table = pd.DataFrame({"mean": [0.3, 0.2, 0.4], "lower": [0.2, 0.1, 0.3], "upper": 0.5}, index=index)
    >>> drawn = frequency_recency_matrix(table, ax=Figure().add_subplot())
    >>> drawn.collections[0].get_array().filled(-1).tolist()
    [[0.3, -1.0], [-1.0, 0.2], [-1.0, 0.4]]
    """
    table = checked("frequency_recency_matrix", table)
    return _matrix(table, ax, label, thousands(), xlabel=xlabel, ylabel=ylabel)


def probability_alive_matrix(
    table: pd.DataFrame,
    *,
    ax: Axes | None = None,
    label: str = "probability alive",
    xlabel: str = XLABEL,
    ylabel: str = YLABEL,
) -> Axes:
    """Draw the probability to be alive as `frequency_recency_matrix` draws a number, its colours from 0 to 100 %.

    Parameters
    ----------
    table
        Indexed by frequency and recency, with the columns ``mean, lower, upper`` (from 0 to 1).
    ax
        Where to draw; pyplot's current Axes by default. The colour bar takes some of its room.
    label
        Of the colours.
    xlabel, ylabel
        Labels of frequency and recency, with their units.

    Returns
    -------
    Axes
        The same `ax`.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> index = pd.MultiIndex.from_tuples([(0, 0), (1, 1)], names=["frequency", "recency"])
    >>> table = pd.DataFrame({"mean": [1.0, 0.2], "lower": [1.0, 0.1], "upper": [1.0, 0.3]}, index=index)
    >>> probability_alive_matrix(table, ax=Figure().add_subplot()).collections[0].get_clim()
    (0.0, 1.0)
    """
    table = checked("probability_alive_matrix", table)
    return _matrix(table, ax, label, percent(), xlabel=xlabel, ylabel=ylabel, vmin=0.0, vmax=1.0)


def _matrix(
    table: pd.DataFrame, ax: Axes | None, label: str, numbers: Formatter, *, xlabel: str, ylabel: str, **limits: Any
) -> Axes:
    ax = axes_or_current(ax)
    frequency, column = np.unique(table.index.get_level_values(0).to_numpy(dtype=float), return_inverse=True)
    recency, row = np.unique(table.index.get_level_values(1).to_numpy(dtype=float), return_inverse=True)
    cells = np.full((3, len(recency), len(frequency)), np.nan)
    cells[:, row, column] = table[["mean", "lower", "upper"]].to_numpy(dtype=float).T
    mean, lower, upper = (np.ma.masked_invalid(values) for values in cells)
    if not mean.count():
        limits = {"vmin": 0.0, "vmax": 1.0}
    image = ax.pcolormesh(_edges(frequency), _edges(recency), mean, cmap=COLOURS, rasterized=True, **limits)
    ax.figure.colorbar(image, ax=ax, label=label, format=numbers).outline.set_visible(False)
    _contours(ax, frequency, recency, upper - lower, numbers)
    ax.grid(visible=False)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.yaxis.set_major_formatter(thousands())
    ax.set(xlabel=xlabel, ylabel=ylabel)
    return ax


def _edges(middles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where cells with these middles begin and end: half way between two; half a unit from one alone."""
    if len(middles) == 1:
        return middles[0] + np.array([-0.5, 0.5])
    between = (middles[1:] + middles[:-1]) / 2
    return np.concatenate([[2 * middles[0] - between[0]], between, [2 * middles[-1] - between[-1]]])


def _contours(
    ax: Axes, frequency: NDArray[np.float64], recency: NDArray[np.float64], width: Any, numbers: Formatter
) -> None:
    """Draw labelled lines of equal width, where there is more than one width."""
    if min(width.shape) < 2 or not width.count():
        return
    ticks = MaxNLocator(LEVELS).tick_values(width.min(), width.max())
    levels = ticks[(ticks > width.min()) & (ticks < width.max())]
    if not len(levels):
        return
    lines = ax.contour(frequency, recency, width, levels=levels, colors=LINE, linewidths=1)
    lines.set_path_effects(OUTLINE)
    for text in ax.clabel(lines, fmt=numbers, fontsize="small"):
        text.set_path_effects(OUTLINE)
    ax.plot([], [], color=LINE, linewidth=1, path_effects=OUTLINE, label="width of the interval")
    legend_above(ax)
