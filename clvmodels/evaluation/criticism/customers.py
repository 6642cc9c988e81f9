"""Customers with the same numbers, those who spend, and enough draws to weight them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clvmodels.errors import InvalidArgument
from clvmodels.intervals import Array
from clvmodels.models.expectations import distinct_rows
from clvmodels.models.posterior import Posterior, check_rfm
from clvmodels.rfm import RFM

FEWEST_DRAWS = 100


def distinct_customers(rfm: RFM, *columns: Array) -> tuple[RFM, Array]:
    """One customer of each distinct row of some columns (n,), in their order, and how many there are of each: (m,).

    >>> import pandas as pd
    >>> three = pd.DataFrame({"frequency": [1, 0, 1], "recency": [2, 0, 2], "T": 5}, index=["a", "b", "c"])
    >>> kinds, count = distinct_customers(RFM.from_frame(three, time_unit="week"), np.array([1.0, 0.0, 1.0]))
    >>> kinds.frame.index.tolist(), count.tolist()
    (['b', 'a'], [1.0, 2.0])
    """
    _, which = distinct_rows(*columns)
    first = np.unique(which, return_index=True)[1]
    return replace(rfm, frame=rfm.frame.iloc[first]), np.bincount(which).astype(float)


def dates(rfm: RFM) -> list[Array]:
    """Frequency, T and recency, each (n,): in this order, neighbours have much in common."""
    return [rfm.frame[name].to_numpy(float) for name in ("frequency", "T", "recency")]


def spenders(rfm: RFM, *, include_first: bool) -> RFM:
    """The customers that Gamma-Gamma is fitted to: with purchases that count, and a mean value above zero."""
    check_rfm(rfm)
    number, mean = rfm.spend(include_first=include_first)
    return replace(rfm, frame=rfm.frame.loc[(number > 0) & (mean > 0)])


def check_draws(posterior: Posterior) -> None:
    """Refuse a posterior with too few draws to be weighted."""
    if posterior.draw_count < FEWEST_DRAWS:
        raise InvalidArgument(
            f"the posterior has {posterior.draw_count} draws, and {FEWEST_DRAWS} or more are needed to weight them;"
            " fit with draws=1000, and not with method='map'"
        )
