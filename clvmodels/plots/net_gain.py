"""The net gain curve: how many customers are worth an offer, those with the most to gain first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clvmodels.plots.marks import legend_above, line_with_band, name_band
from clvmodels.plots.style import axes_or_current, colour, ink, percent, short_number, thousands
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def net_gain(table: pd.DataFrame, *, ax: Axes | None = None, ylabel: str = "expected net gain") -> Axes:
    """Draw the net gain of an offer to the most promising customers, against their share, and mark those chosen.

    Parameters
    ----------
    table
        Indexed by the share of customers targeted (rising, from 0 to 1), with the columns ``mean, lower, upper``
        (cumulative net gain). Where ``customers`` (how many are targeted) and ``cost`` (what the offers to them cost)
        exist, the legend tells them of the share that is marked: that where
        ``chosen`` is true, or else the best one.
    ax
        Where to draw; pyplot's current Axes by default.
    ylabel
        Label of the value axis, with its unit.

    Returns
    -------
    Axes
        The same `ax`.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> columns = {"mean": [0.0, 9.0, -5.0], "lower": [0.0, 4.0, -9.0], "upper": [0.0, 14.0, 1.0]}
    >>> drawn = net_gain(pd.DataFrame(columns, index=[0.0, 0.25, 1.0]), ax=Figure().add_subplot())
    >>> [text.get_text() for text in drawn.get_legend().get_texts()]
    ['expected', 'best: target 25%, gain 9', 'interval']
    """
    table = checked("net_gain", table)
    ax = axes_or_current(ax)
    ax.axhline(0, color=ink(), linewidth=0.8)
    line_with_band(ax, table, order=0, label="expected")
    chosen = table.query("chosen") if "chosen" in table.columns else table.head(0)
    marked, word = (chosen, "chosen") if len(chosen) else (table.loc[[table["mean"].idxmax()]], "best")
    ax.vlines(marked.index, 0, marked["mean"], color=colour(1), linewidth=1.2, linestyle=":")
    ax.plot(marked["mean"], "s", color=colour(1), clip_on=False, zorder=4, label=_in_words(marked, word))
    name_band(ax, table)
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(percent())
    ax.yaxis.set_major_formatter(thousands())
    ax.set(xlabel="share of customers targeted, most promising first", ylabel=ylabel)
    legend_above(ax)
    return ax


def _in_words(marked: pd.DataFrame, word: str) -> str:
    """Say it of the one row that is marked: "best: target 25% (59 customers, cost 118), gain 90"."""
    share = float(marked.index[0])
    if share == 0:
        return f"{word}: target nobody"
    figures = {str(name): short_number(float(values.iloc[0])) for name, values in marked.items()}
    units = {"customers": "{} customers", "cost": "cost {}"}
    further = ", ".join(text.format(figures[name]) for name, text in units.items() if name in figures)
    return f"{word}: target {100 * share:.3g}%" + (f" ({further})" if further else "") + f", gain {figures['mean']}"
