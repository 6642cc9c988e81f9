"""One customer's history: the probability to be alive, day by day, and the purchases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from clvmodels.plots.marks import legend_above, line_with_band, name_band
from clvmodels.plots.style import axes_or_current, colour, marker, percent
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def history_alive(
    table: pd.DataFrame, *, ax: Axes | None = None, xlabel: str = "date", ylabel: str = "probability alive"
) -> Axes:
    """Draw how sure it was on each day that a customer is still one, and mark the purchases.

    Parameters
    ----------
    table
        Indexed by date, with the columns ``mean, lower, upper`` (from 0 to 1) and ``purchase`` (bool);
        ``PurchasePosterior.probability_alive_path`` makes it.
    ax
        Where to draw; pyplot's current Axes by default.
    xlabel
        Label of the date axis.
    ylabel
        Label of the probability axis.

    Returns
    -------
    Axes
        The same `ax`, with all probabilities from 0 to 100 %.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> columns = {"mean": [1.0, 0.7], "lower": [1.0, 0.6], "upper": [1.0, 0.8], "purchase": [True, False]}
    >>> table = pd.DataFrame(columns, index=pd.to_datetime(["1997-01-01", "1997-01-02"]))
    >>> [text.get_text() for text in history_alive(table, ax=Figure().add_subplot()).get_legend().get_texts()]
    ['mean', 'purchase', 'interval']
    """
    table = checked("history_alive", table)
    ax = axes_or_current(ax)
    line_with_band(ax, table, order=0, label="mean")
    bought = table.loc[table["purchase"], "mean"]
    if len(bought):
        style = {"marker": marker(1), "color": colour(1), "linestyle": "none", "clip_on": False, "zorder": 3}
        ax.plot(bought.index, bought, label="purchase", **style)
    name_band(ax, table)
    ax.margins(x=0)
    dates = AutoDateLocator()
    ax.xaxis.set_major_locator(dates)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(dates))
    ax.set_ylim(0, 1)
    ax.yaxis.set_major_formatter(percent())
    ax.set(xlabel=xlabel, ylabel=ylabel)
    legend_above(ax)
    return ax
