"""Customers yet to be won: how many purchases they will make, and for how much."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from clvmodels.errors import check_horizon
from clvmodels.intervals import Array
from clvmodels.models.by_period import check_lives, predictive_new_by_period
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.models.spend import SpendPosterior


def predictive_new_customers(
    purchases: PurchasePosterior,
    spend: SpendPosterior | None,
    rates: Callable[[int, np.random.Generator], Array],
    *,
    horizon: float,
    random_seed: int | None = None,
) -> pd.DataFrame:
    """Draw what the customers won within the horizon will do in what is left of it.

    They arrive as a Poisson process, each with a first purchase, and go on as the models say.

    Parameters
    ----------
    purchases : PurchasePosterior
    spend : SpendPosterior, optional
        Without it there is no value.
    rates : callable
        (number of draws, numpy Generator) -> customers won per time unit, shape (draws,).
    horizon : float
        In the posterior's time unit.
    random_seed : int, optional
        Replaces the fit's seed.

    Raises
    ------
    InvalidArgument
        If the two posteriors have different numbers of draws, or the horizon is negative or infinite.

    Returns
    -------
    DataFrame
        A row per draw: customers, purchases (first ones included) and value (margin 1, not discounted).

    Examples
    --------
    >>> from clvmodels.models.beta_geo import BetaGeo
    >>> purchases = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week", random_seed=1)
    >>> draws = predictive_new_customers(purchases, None, lambda size, rng: np.full(size, 100.0), horizon=10)
    >>> bool(abs(draws["customers"].mean() - 1000) < 10)
    True
    """
    draws, length = purchases.predictive_draw_count, check_horizon(horizon)
    rng = np.random.default_rng(int(purchases.seed_for(random_seed)))
    expected = rates(draws, rng) * length
    check_lives(float(expected.sum()), draws)
    won = rng.poisson(expected)
    edges = np.array([0.0, length])
    made = predictive_new_by_period(
        purchases, spend, won[:, None], windows=edges[None, :], edges=edges, random_seed=random_seed
    )
    table = pd.DataFrame({"customers": won, "purchases": made[:, 0, 1], "value": made[:, 0, 0]})
    return table if spend is not None else table.drop(columns="value")
