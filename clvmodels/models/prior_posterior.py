"""What was believed of the parameters before the data and after them, as densities."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import special, stats

from clvmodels.errors import InvalidArgument
from clvmodels.intervals import Array
from clvmodels.models.priors import Prior

POINTS = 200
TAIL = 0.005
# Of the distance between the two tails, added to both.
MARGIN = 0.1
SHARES = ("phi", "delta", "share_1", "part_2", "part_4")
IMPROPER = ("Flat", "HalfFlat")


def prior_and_posterior(draws: Mapping[str, Array], priors: Mapping[str, Prior]) -> pd.DataFrame:
    """Prior and posterior densities on the same values.

    Parameters
    ----------
    draws : dict of str to array (draws,)
        Of the posterior, in the parametrisation of the priors: above 0, and the `SHARES` below 1 as well.
    priors : dict of str to Prior

    Returns
    -------
    pandas.DataFrame, shape (200 x parameters, 2)
        Columns prior and posterior, indexed by parameter and `at`, which is where the posterior is, as the prior may be
        far wider. The prior is exact, and missing where it is improper (flat). The posterior is a Gaussian kernel
        density of the draws' logarithms (of shares, their log odds), on which scale `at` is even, so that none of it
        lies outside the domain.

    Raises
    ------
    InvalidArgument
        If there are no priors, as for given parameters, one draw only, or a parameter that is the same in all.

    Examples
    --------
    >>> drawn = np.random.default_rng(1).gamma(9.0, size=4000)
    >>> table = prior_and_posterior({"r": drawn}, {"r": Prior("Gamma", alpha=9.0, beta=1.0)})
    >>> bool((table["prior"] - table["posterior"]).abs().max() < 0.02)
    True
    """
    if not priors:
        raise InvalidArgument("parameters that were given have no prior; fit the model to get a prior and a posterior")
    fixed = [name for name, values in draws.items() if np.ptp(values) == 0]
    if fixed:
        raise InvalidArgument(
            f"{', '.join(fixed)}: all draws are the same, and a point has no density; fit with another method than"
            " 'map', and a prior that is no point"
        )
    tables = {name: _densities(values, priors[name], share=name in SHARES) for name, values in draws.items()}
    return pd.concat(tables, names=["parameter", "at"])


def _densities(draws: Array, prior: Prior, *, share: bool) -> pd.DataFrame:
    unbounded, back = (special.logit, special.expit) if share else (np.log, np.exp)
    drawn = unbounded(draws)
    low, high = np.quantile(drawn, [TAIL, 1 - TAIL])
    margin = MARGIN * (high - low)
    even = np.linspace(low - margin, high + margin, POINTS)
    at = back(even)
    slope = 1 / (at * (1 - at)) if share else 1 / at
    posterior = stats.gaussian_kde(drawn)(even) * slope
    before = np.nan if prior.distribution in IMPROPER else np.exp(prior.log_density(at))
    return pd.DataFrame({"prior": before, "posterior": posterior}, index=at)
