"""What drives an answer: how far it moves between the low and the high end of each input, as a tornado."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clvmodels.plots.marks import BAR, legend_above, name_rows
from clvmodels.plots.style import axes_or_current, colour, customer_label, ink, short_number, thousands
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

ENDS = ("low", "high")


def drivers(table: pd.DataFrame, *, ax: Axes | None = None, xlabel: str = "answer") -> Axes:
    """Draw between which answers each input moves the answer, those that move it most on top.

    Parameters
    ----------
    table
        Indexed by the input's name, with the columns ``answer_low, answer_high`` (the answer where this input is at its
        low, at its high end), ``answer`` (as it stands, the same in each row) and ``low, high`` (the input's ends,
        written beside the bar where they are not missing).
    ax
        Where to draw; pyplot's current Axes by default.
    xlabel
        Label of the answer's axis, with its unit.

    Returns
    -------
    Axes
        The same `ax`.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> columns = {"answer_low": [8.0, 14.0], "answer_high": [11.0, 5.0], "answer": 10.0, "low": 0.1, "high": 0.2}
    >>> drawn = drivers(pd.DataFrame(columns, index=["margin", "discount rate"]), ax=Figure().add_subplot())
    >>> [tick.get_text() for tick in drawn.get_yticklabels()]
    ['discount rate', 'margin']
    """
    table = checked("drivers", table)
    ax = axes_or_current(ax)
    reached = table[["answer_low", "answer", "answer_high"]]
    swing = (reached.max(axis=1) - reached.min(axis=1)).to_numpy(dtype=float)
    table = table.iloc[np.argsort(-swing, kind="stable")]
    for place in (0, 1):
        _draw_end(ax, table, place=place)
    ax.axvline(table["answer"].iloc[0], color=ink(), linewidth=1.2, label="as it stands")
    name_rows(ax, [customer_label(name, length=40) for name in table.index])
    # Room for the numbers beside the bars, also where all bars go one way.
    ax.use_sticky_edges = False
    ax.margins(x=0.14)
    ax.xaxis.set_major_formatter(thousands())
    ax.set_xlabel(xlabel)
    legend_above(ax)
    return ax


def _draw_end(ax: Axes, table: pd.DataFrame, *, place: int) -> None:
    """Draw the bars of one end of the inputs, the low one at place 0, the high one at 1, with the input beside each."""
    moved = table[["answer_low", "answer_high"]].sub(table["answer"], axis=0)
    moved = moved.where(np.isfinite(moved), 0).to_numpy(dtype=float)
    # Where both ends move the answer the same way, each has one half of the row, so that neither hides the other.
    offset = np.where(moved.prod(axis=1) > 0, BAR / 4, 0)
    rows = np.arange(len(table)) + offset * (2 * place - 1)
    bars = {"left": table["answer"], "height": BAR - 2 * offset, "color": colour(place)}
    ax.barh(rows, moved[:, place], label=f"input {ENDS[place]}", **bars)
    # A bar without length has its number on the side that the other end leaves free.
    free = np.where(moved[:, 1 - place] == 0, 2 * place - 1, -moved[:, 1 - place])
    sides = np.sign(np.where(moved[:, place] == 0, free, moved[:, place]))
    ends = zip(table[ENDS[place]], table[f"answer_{ENDS[place]}"], strict=True)
    for text, row, at, side in zip(map(_beside, ends), rows, table["answer"] + moved[:, place], sides, strict=True):
        towards = {"xytext": (4 * side, 0), "textcoords": "offset points", "ha": "left" if side > 0 else "right"}
        ax.annotate(text, (at, row), va="center", fontsize="small", **towards)


def _beside(end: tuple[float, float]) -> str:
    """Return what stands beside a bar: the input, and the answer where no bar can be so long."""
    given, answer = end
    shown = "" if np.isnan(given) else short_number(given)
    return f"{shown} \N{RIGHTWARDS ARROW} \N{INFINITY}" if np.isinf(answer) else shown
