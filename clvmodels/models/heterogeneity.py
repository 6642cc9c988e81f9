"""How the customers of a population differ: the density of what each has an own value of, over all draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.errors import check_interval
from clvmodels.intervals import DrawBlocks, interval_table

POINTS = 200
SPAN = (0.005, 0.99)


def density_table(customers: Mapping[str, Any], *, interval: float) -> pd.DataFrame:
    """Densities of customers' quantities, with credible interval.

    Parameters
    ----------
    customers : dict of str to frozen scipy distribution
        By quantity; the distribution's parameters are of shape (draws, 1).
    interval : float
        Probability inside the interval.

    Returns
    -------
    pandas.DataFrame, shape (200 x quantities, 3)
        Columns mean, lower, upper of the density, indexed by quantity and `at`: the middles of 200 equal cells between
        the 0.5 % and the 99 % quantile of the customers (the draws' median of each). They stay away from the ends of
        the domain, where a density may be infinite.

    Examples
    --------
    >>> from scipy import stats
    >>> table = density_table({"share": stats.beta([[2.0]], [[1.0]])}, interval=0.9)
    >>> bool(np.allclose(table["mean"], 2 * table.index.get_level_values("at")))
    True
    """
    check_interval(interval)
    tables = {quantity: _density(each, interval) for quantity, each in customers.items()}
    return pd.concat(tables, names=["quantity", "at"])


def _density(distribution: Any, interval: float) -> pd.DataFrame:
    low, high = np.median(distribution.ppf(SPAN), axis=0)
    at = low + (high - low) * (np.arange(POINTS) + 0.5) / POINTS
    return interval_table(pd.Index(at), DrawBlocks.of(distribution.pdf(at)), interval=interval, kind="credible")
