"""Prior and posterior: what was believed of a parameter before the data, and what after them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from clvmodels.plots.marks import BAND, legend_above
from clvmodels.plots.style import axes_or_current, colour, line_style, marker, thousands
from clvmodels.plots.tables import checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def prior_posterior(
    table: pd.DataFrame, *, ax: Axes | None = None, xlabel: str = "value", ylabel: str = "density"
) -> Axes:
    """Draw both densities of a parameter: the posterior as a filled line, the prior dashed.

    Parameters
    ----------
    table
        Indexed by the values, rising, with the columns ``prior`` and ``posterior`` (densities there); one parameter of
        ``prior_and_posterior()`` of a posterior. A prior that is missing throughout is not drawn.
    ax
        Where to draw; pyplot's current Axes by default.
    xlabel
        Label of the value axis: the parameter, with its unit.
    ylabel
        Label of the density axis.

    Returns
    -------
    Axes
        The same `ax`, which is as high as the posterior and what is finite of the prior.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"prior": [1.0, 0.5], "posterior": [0.2, 3.0]}, index=[0.1, 0.2])
    >>> [line.get_linestyle() for line in prior_posterior(table, ax=Figure().add_subplot(), xlabel="r").lines]
    ['-', '--']
    """
    table = checked("prior_posterior", table)
    ax = axes_or_current(ax)
    finite: Any = table[["posterior", "prior"]].astype(float).where(np.isfinite)
    ax.fill_between(finite.index, 0, finite["posterior"], color=colour(0), **BAND)
    for order, name in enumerate(finite.columns):
        if name == "posterior" or finite[name].notna().any():
            single: dict[str, Any] = {"marker": marker(order)} if len(finite) == 1 else {}
            ax.plot(finite[name], label=name, **line_style(order) | single)
    ax.margins(x=0)
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_formatter(thousands())
    ax.yaxis.set_major_formatter(thousands())
    ax.set(xlabel=xlabel, ylabel=ylabel)
    legend_above(ax)
    return ax
