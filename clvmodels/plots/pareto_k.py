"""Pareto k-hat of every customer: whether importance sampling may stand in for a fit without that customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from clvmodels.plots.marks import legend_above
from clvmodels.plots.style import axes_or_current, colour, ink
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LIMIT = 0.7
GOLDEN = (5**0.5 - 1) / 2


def pareto_k(table: pd.DataFrame, *, ax: Axes | None = None, limit: float = LIMIT) -> Axes:
    r"""Draw a strip of k-hats for each part of the model, with the limit above which they warn.

    Parameters
    ----------
    table
        One row per distinct customer summary, with the columns ``part`` ("purchases", "spend"), ``k_hat`` and
        ``customers`` (how many have this summary).
    ax
        Where to draw; pyplot's current Axes by default.
    limit
        Up to it a k-hat is trusted; lower than 0.7 where there are fewer than 2,155 draws.

    Returns
    -------
    Axes
        The same `ax`; under each part stands how many customers are above the limit. The place across a strip means
        nothing. An infinite k-hat is counted, not drawn; a missing one is not above.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"part": "purchases", "k_hat": [0.1, 0.9], "customers": [40, 2]})
    >>> [tick.get_text() for tick in pareto_k(table, ax=Figure().add_subplot()).get_xticklabels()]
    ['purchases\n2 of 42 customers above']
    """
    table = checked("pareto_k", table)
    ax = axes_or_current(ax)
    codes, parts = table["part"].factorize()
    # Spread evenly without random numbers: multiples of the golden ratio, less their whole part.
    across = codes - 0.35 + 0.7 * (np.arange(len(table)) * GOLDEN % 1)
    k_hat = table["k_hat"].to_numpy()
    above = k_hat > limit
    many: dict[str, Any] = {"linewidths": 0, "rasterized": True}
    ax.scatter(across[~above], k_hat[~above], s=14, color=colour(0), alpha=0.5, label=f"up to {limit:.2g}", **many)
    ax.scatter(across[above], k_hat[above], s=30, color=colour(1), marker="^", label=f"above {limit:.2g}", **many)
    ax.axhline(limit, color=ink(), linewidth=1, label=f"limit {limit:.2g}")
    ax.set_xticks(
        range(len(parts)), [f"{part}\n{_count(table[codes == at], limit=limit)}" for at, part in enumerate(parts)]
    )
    ax.set_xlim(-0.5, len(parts) - 0.5)
    ax.grid(visible=False, axis="x")
    ax.set(xlabel="part of the model", ylabel="Pareto k-hat")
    legend_above(ax)
    return ax


def _count(rows: Any, *, limit: float) -> str:
    above = rows.loc[rows["k_hat"] > limit, "customers"].sum()
    return f"{above:,} of {rows['customers'].sum():,} customers above"
