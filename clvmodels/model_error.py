r"""What a model does not know about itself: an interval of a total widened by the errors of the past.

A posterior covers chance and the uncertainty of its parameters, but not that the model is wrong. What that costs is
seen where the same model forecast from earlier origins. With e the log of actual over predicted total at J origins, and
v the variance that the model itself gave it,

.. math:: e_j \sim N(0, v_j + \tau^2), \quad \tau^2 \sim \text{scaled-inverse-}\chi^2(2, 0.15^2)

and every draw of the total is multiplied by :math:`\exp(\tau z)`, tau from its posterior and z standard normal. With
v = 0 this is a t distribution with J + 2 degrees of freedom and scale^2 = (J RMS^2 + 2 x 0.15^2) / (J + 2). The level
is not corrected: past errors say how far a model may be off, hardly in which direction it will be.

A conformal interval would not do: from J past errors it has no level above J / (J + 1), and there are few origins.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
PRIOR_WEIGHT, PRIOR_SCALE = 2.0, 0.15
GRID = np.geomspace(1e-3, 3.0, 400)


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelError:
    """Errors of totals that were forecast from earlier origins.

    Attributes
    ----------
    origins : DataFrame
        One row each: origin (the calibration end), horizon, predicted and actual total, both above 0.
    random_seed : int
        Of the factors.

    Examples
    --------
    >>> past = pd.DataFrame({"origin": ["1997-05-01"], "horizon": [20.0], "predicted": [900.0], "actual": [1000.0]})
    >>> wide = ModelError(origins=past, random_seed=1).widened(np.full(1000, 1600.0))
    >>> bool(1100 < np.quantile(wide, 0.05) < 1350)
    True
    """

    origins: pd.DataFrame
    random_seed: int

    @cached_property
    def log_errors(self) -> Array:
        """Log of actual over predicted, shape (origins,)."""
        return np.log(self.origins["actual"].to_numpy(float) / self.origins["predicted"].to_numpy(float))

    def widened(self, totals: Array) -> Array:
        """Multiply draws of a total (draws,), or of its parts (draws, parts), by the factors that the past calls for.

        For quantiles: the mean of what comes out is not finite.
        """
        whole = totals.reshape(len(totals), -1).sum(axis=1)
        return (totals.T * self.factors(whole)).T

    def factors(self, totals: Array) -> Array:
        """Return a factor for each draw of a total (draws,), which serves for the parts of that total as well."""
        rng, number = np.random.default_rng(self.random_seed), len(totals)
        # Stratified, so that the tails do not depend on luck.
        places = (np.arange(number) + 0.5) / number
        posterior = self._posterior(totals)
        tau = np.interp(rng.permutation(places), np.cumsum(posterior) - posterior / 2, GRID)
        return np.exp(tau * stats.norm.ppf(rng.permutation(places)))

    def _posterior(self, totals: Array) -> Array:
        """Probabilities of tau on the grid."""
        v, tau2 = self._own_variance(totals), GRID**2
        # Of log tau, as the grid is even on that scale.
        log_density = -PRIOR_WEIGHT * np.log(GRID) - PRIOR_WEIGHT * PRIOR_SCALE**2 / (2 * tau2)
        log_density += stats.norm.logpdf(self.log_errors[:, None], 0.0, np.sqrt(v[:, None] + tau2)).sum(axis=0)
        weights = np.exp(log_density - log_density.max())
        return weights / weights.sum()

    def _own_variance(self, totals: Array) -> Array:
        """The model's own variance of each past log error: that of the total now, in inverse proportion to its size.

        Chance is most of it, and its relative variance falls with the number of purchases.
        """
        mean = float(totals.mean())
        relative = float(totals.var()) / mean**2 if mean > 0 else 0.0
        return relative * mean / self.origins["predicted"].to_numpy(float)
