"""Customers yet to be won: how many purchases they will make, and for how much."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from clvmodels.compiled.new_customers import new_customer_totals
from clvmodels.errors import InvalidArgument, check_horizon
from clvmodels.intervals import Array
from clvmodels.models.beta_geo_posterior import BetaGeoPosterior
from clvmodels.models.gamma_gamma import GammaGammaPosterior


def predictive_new_customers(
    purchases: BetaGeoPosterior,
    spend: GammaGammaPosterior | None,
    rates: Callable[[int, np.random.Generator], Array],
    *,
    horizon: float,
    random_seed: int | None = None,
) -> pd.DataFrame:
    """Draw what the customers won within the horizon will do in what is left of it.

    They arrive as a Poisson process, each with a first purchase, and go on as BG/NBD and Gamma-Gamma say.

    Parameters
    ----------
    purchases : BetaGeoPosterior
    spend : GammaGammaPosterior, optional
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
    if spend is not None and spend.draw_count != purchases.draw_count:
        found = f"purchases have {purchases.draw_count} draws, spend has {spend.draw_count}"
        raise InvalidArgument(f"{found}; fit both with the same method= and draws=")
    seed, draws, length = purchases.seed_for(random_seed), purchases.predictive_draw_count, check_horizon(horizon)
    rng = np.random.default_rng(int(seed))
    won = rng.poisson(rates(draws, rng) * length)
    no_spend = [np.ones(draws)] * 3
    amounts = no_spend if spend is None else spend.parameter_draws(predictive=True)
    out = np.empty((draws, 2))
    parameters = (*purchases.parameter_draws(predictive=True), *amounts)
    new_customer_totals(seed, won, length, *parameters, spend is not None, out)
    table = pd.DataFrame({"customers": won, "purchases": out[:, 0], "value": out[:, 1]})
    return table if spend is not None else table.drop(columns="value")
