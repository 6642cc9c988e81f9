"""How many customers bought how often, and how many the model would have seen."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pandas as pd

from clvmodels.errors import check_interval
from clvmodels.evaluation.groups import MOST_REPEATS, frequency_groups, frequency_labels
from clvmodels.intervals import Array, quantiles
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.rfm import RFM


def frequency_check(
    purchases: PurchasePosterior, rfm: RFM, *, interval: float = 0.9, random_seed: int | None = None
) -> pd.DataFrame:
    """Number of customers by repeat purchases, beside what the fitted model would have seen of as many new customers.

    A posterior predictive check: every customer is drawn anew from the first purchase on, over the customer's own T.

    Parameters
    ----------
    purchases : PurchasePosterior
    rfm : RFM
        The customers that it was fitted to.
    interval : float
        Probability inside the predictive interval.
    random_seed : int, optional
        Replaces the fit's seed.

    Returns
    -------
    DataFrame, indexed by frequency ("0", ..., "6", "7+")
        customers (observed), expected, lower, upper (predictive).

    Raises
    ------
    InvalidArgument
        For an interval outside (0, 1), or an RFM in another time unit.

    Notes
    -----
    Source: Gelman, Meng, Stern (1996), Statistica Sinica 6:733; for this model Fader, Hardie, Lee (2005),
    doi:10.1287/mksc.1040.0098, figure 1.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> published, _ = cdnow_posteriors()
    >>> frequency_check(published, load_cdnow_summary()).loc[["0", "7+"], ["customers", "lower", "upper"]]
               customers   lower   upper
    frequency
    0               1411  1365.0  1445.0
    7+                64    59.0    86.0
    """
    check_interval(interval)
    replicated = purchases.replicated_frequencies(rfm, random_seed=random_seed)
    drawn = reduce(np.add, replicated.map(_customers_by_frequency))
    lower, upper = quantiles(drawn, interval, "predictive")
    observed = frequency_groups(rfm.frame["frequency"].to_numpy(float), first=0)
    index = frequency_labels(first=0)
    columns = {"customers": np.bincount(observed, minlength=len(index)), "expected": np.mean(drawn, axis=0)}
    return pd.DataFrame({**columns, "lower": lower, "upper": upper}, index=index)


def _customers_by_frequency(block: Array) -> Array:
    """Customers with 0, 1, ... and with many purchases (draws, groups) in a block (customers, draws)."""
    exactly = [np.count_nonzero(block == count, axis=0) for count in range(MOST_REPEATS)]
    return np.stack([*exactly, np.count_nonzero(block >= MOST_REPEATS, axis=0)], axis=1).astype(float)
