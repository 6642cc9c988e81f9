"""What is known about how good a fit is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Diagnostics:
    """How the draws were made, and whether they can be trusted.

    Attributes
    ----------
    method : str
        "importance", "nuts", "map", or "given" (parameters handed in).
    converged : bool
        Whether every check of the method held.
    effective_sample_size : float
        Of the importance weights, or the smallest bulk effective sample size of NUTS; NaN without draws.
    k_hat : float
        Pareto shape of the importance weights' tail; NaN for other methods. Source: Vehtari and others (2024),
        https://jmlr.org/papers/v25/19-556.html.
    r_hat : float
        Largest rank-normalised r-hat of NUTS; NaN for other methods.
    divergences : int
        Of NUTS.
    notes : tuple of str
        What happened on the way, and what failed, in words.
    """

    method: Literal["importance", "nuts", "map", "given"]
    converged: bool
    effective_sample_size: float = float("nan")
    k_hat: float = float("nan")
    r_hat: float = float("nan")
    divergences: int = 0
    notes: tuple[str, ...] = ()


def k_hat_limit(draws: int) -> float:
    """The largest k-hat at which `draws` importance draws can be trusted: min(1 - 1 / log10(draws), 0.7).

    >>> round(k_hat_limit(4000), 3)
    0.7
    """
    return min(1 - 1 / np.log10(draws), 0.7)


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
