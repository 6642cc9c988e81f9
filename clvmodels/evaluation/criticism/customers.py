"""Customers with the same numbers, and enough draws to weight them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clvmodels.errors import InvalidArgument
from clvmodels.intervals import Array
from clvmodels.models.expectations import distinct_rows
from clvmodels.models.posterior import Posterior
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


def check_draws(posterior: Posterior) -> None:
    """Refuse a posterior with too few draws to be weighted."""
    if posterior.draw_count < FEWEST_DRAWS:
        raise InvalidArgument(
            f"the posterior has {posterior.draw_count} draws, and {FEWEST_DRAWS} or more are needed to weight them;"
            " fit with draws=1000, and not with method='map'"
        )
