"""What is known about how good a fit is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from clvmodels.errors import InvalidArgument

Array = NDArray[np.float64]
LEAST_R_HAT_LIMIT = 1.01
# Chains with fewer effective draws fail anyway, and must not earn a wide limit by that.
FEWEST_FOR_R_HAT = 400.0
R_HAT_FALSE_ALARMS = 1e-3


@dataclass(frozen=True, kw_only=True)
class Diagnostics:
    """How the draws were made, and whether they can be trusted.

    Attributes
    ----------
    method : str
        "importance", "nuts", "map", "given" (parameters handed in), or "several" (of a pool).
    converged : bool
        Whether every check of the method held.
    effective_sample_size : float
        Of the importance weights, or the smallest bulk effective sample size of NUTS; NaN without draws.
    k_hat : float
        Pareto shape of the importance weights' tail; NaN for other methods. Source: Vehtari and others (2024),
        https://jmlr.org/papers/v25/19-556.html.
    r_hat : float
        Largest rank-normalised r-hat of NUTS; NaN for other methods.
    r_hat_limit : float
        The largest r-hat at which chains of this length are taken to agree, see `r_hat_limit`.
    divergences : int
        Of NUTS.
    notes : tuple of str
        What happened on the way, and what failed, in words.
    """

    method: Literal["importance", "nuts", "map", "given", "several"]
    converged: bool
    effective_sample_size: float = float("nan")
    k_hat: float = float("nan")
    r_hat: float = float("nan")
    r_hat_limit: float = LEAST_R_HAT_LIMIT
    divergences: int = 0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse figures that no fit has."""
        odd = {
            "effective_sample_size": self.effective_sample_size < 0 or math.isinf(self.effective_sample_size),
            "k_hat": self.k_hat == -math.inf,
            "r_hat": self.r_hat < 0,
            "r_hat_limit": not LEAST_R_HAT_LIMIT <= self.r_hat_limit < math.inf,
            "divergences": self.divergences < 0,
        }
        for name in (name for name, wrong in odd.items() if wrong):
            raise InvalidArgument(f"diagnostics.{name} is {getattr(self, name)}, which no fit has")


def k_hat_limit(draws: int) -> float:
    """The largest k-hat at which `draws` importance draws can be trusted: min(1 - 1 / log10(draws), 0.7).

    >>> round(k_hat_limit(4000), 3)
    0.7
    """
    return min(1 - 1 / np.log10(draws), 0.7)


def r_hat_limit(chains: int, effective_size: float, variables: int) -> float:
    r"""The largest r-hat that sound chains have, but for one fit in a thousand; 1.01 at least.

    Each chain is split: of k = 2 x chains halves, each worth :math:`N/k` independent draws, the means have
    :math:`B/W \sim \frac{k}{N} \frac{\chi^2_{k-1}}{k-1}` (Gelman, Rubin, 1992, doi:10.1214/ss/1177011136), so that

    .. math:: \hat R^2 \approx 1 + \frac{k}{N} \frac{\chi^2_{k-1}}{k-1}.

    Ranks are normal scores, and r-hat is the larger one of the draws' and of their distances from the median (Vehtari
    and others, 2021, doi:10.1214/20-BA1221, who advise 1.01): 2 x variables figures share the false alarms.

    Parameters
    ----------
    chains : int
    effective_size : float
        Independent draws N that all chains are worth together, each judged by itself; as 400 where fewer.
    variables : int

    Examples
    --------
    >>> [round(r_hat_limit(4, size, 3), 4) for size in (400, 1000, 10_000)]
    [1.0401, 1.0162, 1.01]
    """
    halves = 2 * chains
    extreme = chi2.isf(R_HAT_FALSE_ALARMS / (2 * variables), halves - 1) / (halves - 1)
    size = max(FEWEST_FOR_R_HAT, effective_size)
    return max(LEAST_R_HAT_LIMIT, float(np.sqrt(1 + halves / size * extreme)))


def smooth_weights(log_weights: Array) -> tuple[Array, float]:
    """Pareto-smoothed, normalised weights (n,) and k-hat from raw log weights (n,).

    Source: Vehtari and others (2024), algorithm 1.
    """
    from arviz_stats.base import array_stats

    # arviz_stats takes log likelihoods and negates them: log weights go in with their sign turned.
    smoothed, k_hat = array_stats.psislw(-log_weights)
    return np.exp(np.asarray(smoothed)), float(k_hat)


def effective_sample_size(weights: Array) -> float:
    """1 / sum of squares of normalised weights (n,).

    >>> effective_sample_size(np.full(4, 0.25))
    4.0
    """
    return float(1 / np.sum(weights**2))
