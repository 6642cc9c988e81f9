"""The probability integral transform: where in its predicted distribution each outcome came to lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clvmodels.plots.marks import legend_above
from clvmodels.plots.style import axes_or_current, colour, ink, percent
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def pit(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the histogram of one forecaster's transformed outcomes, with the band that chance allows.

    Parameters
    ----------
    table
        One row per bin, in order, with the columns ``lower, upper`` (edges; each bin begins where the last one ended),
        ``share`` (of the customers), ``expected`` (share, of a right forecaster), ``band_lower`` and ``band_upper``.
    ax
        Where to draw; pyplot's current Axes by default.

    Returns
    -------
    Axes
        The same `ax`. A hump says that the intervals are too wide, a valley too narrow, a slope off to one side.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> columns = {"lower": [0.0, 0.5], "upper": [0.5, 1.0], "share": [0.4, 0.6]}
    >>> table = pd.DataFrame(columns).assign(expected=0.5, band_lower=0.45, band_upper=0.55)
    >>> [float(bar.get_height()) for bar in pit(table, ax=Figure().add_subplot()).containers[0]]
    [0.4, 0.6]
    """
    table = checked("pit", table)
    ax = axes_or_current(ax)
    edges = [*table["lower"], table["upper"].iloc[-1]]
    width = table["upper"] - table["lower"]
    ax.bar(table["lower"], table["share"], width=0.96 * width, align="edge", color=ink(), alpha=0.25, label="customers")
    band = {"baseline": table["band_lower"], "fill": True, "color": colour(0), "alpha": 0.4, "linewidth": 0}
    ax.stairs(table["band_upper"], edges, label="interval", **band)
    ax.stairs(table["expected"], edges, baseline=None, color=colour(0), linewidth=1.5, label="expected")
    ax.set(xlabel="probability integral transform of what happened", ylabel="share of the customers")
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_formatter(percent())
    ax.grid(visible=False, axis="x")
    legend_above(ax)
    return ax
