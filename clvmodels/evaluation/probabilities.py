"""Scores of probabilities, intervals and whole predictive distributions, one for each customer; measures are means.

Arrays have the shape (customers,) unless said otherwise. A score that is not defined is NaN; each docstring says when.
None of them warns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from clvmodels.intervals import Array


def hits(active: ArrayLike, said_active: ArrayLike) -> Array:
    """1 for customers rightly said to buy, or not to buy, in the holdout; 0 for the others. Higher is better.

    NaN where nothing was said. Source: Wuebben, von Wangenheim (2008), doi:10.1509/jmkg.72.3.082.

    >>> hits([True, False, False, False], [1, 0, 0, 1]).mean().item()
    0.75
    """
    return 1 - np.abs(np.asarray(active, float) - np.asarray(said_active, float))


def brier_scores(active: ArrayLike, probability: ArrayLike) -> Array:
    """Squared error of P(active in the holdout). Lower is better, 0 to 1; NaN without a probability.

    Source: Brier (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2; worked out by scoringrules.

    >>> brier_scores([1, 0], [0.8, 0.4]).mean().round(3).item()
    0.1
    """
    import scoringrules

    return scoringrules.brier_score(np.asarray(active, float), np.asarray(probability, float))


def log_losses(active: ArrayLike, probability: ArrayLike) -> Array:
    """Minus the log of the probability that was given to what happened. Lower is better, from 0.

    Infinite where something happened that was called impossible; NaN without a probability. Source: Good (1952),
    doi:10.1111/j.2517-6161.1952.tb00104.x; worked out by scoringrules.

    >>> log_losses([1, 0], [0.8, 0.4]).mean().round(4).item()
    0.367
    """
    import scoringrules

    with np.errstate(divide="ignore"):
        return scoringrules.log_score(np.asarray(active, float), np.asarray(probability, float))


def inside(y_obs: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> Array:
    """1 for observations inside their interval, bounds included; 0 for the others. Its mean is the coverage.

    Best at the interval's level; NaN without an interval. Counts are discrete: their intervals cover more than their
    level; see `randomised_inside`. Source: the definition.

    >>> inside([1, 2, 3, 9], [0, 2, 2, 0], [1, 4, 5, 8]).mean().item()
    0.75
    """
    y, low, high = np.asarray(y_obs), np.asarray(lower, float), np.asarray(upper, float)
    return np.where(np.isnan(low) | np.isnan(high), np.nan, (low <= y) & (y <= high))


def randomised_inside(cdf_below: ArrayLike, cdf_at: ArrayLike, *, level: float) -> Array:
    r"""P(inside the central interval) if its edges are taken in at random, so that coverage is `level` if it is right.

    With F the predictive distribution, u is uniform between F(y-) and F(y), and inside where it lies in the central
    `level` of (0, 1). The mean over that randomness is taken in closed form:

    .. math:: \frac{|[F(y-), F(y)] \cap [\frac{1 - c}{2}, \frac{1 + c}{2}]|}{F(y) - F(y-)}

    0 to 1, its mean best at `level`; NaN without draws. An observation that no draw showed has F(y-) = F(y), and is
    inside or outside. Source: derived from Czado, Gneiting, Held (2009), doi:10.1111/j.1541-0420.2009.01191.x.

    Parameters
    ----------
    cdf_below, cdf_at : arrays (customers,)
        F(y-) and F(y) of what was observed.
    level : float

    Examples
    --------
    >>> randomised_inside([0.0], [0.5], level=0.8).round(3).tolist()
    [0.8]
    """
    low, high = np.asarray(cdf_below, float), np.asarray(cdf_at, float)
    first, last = (1 - level) / 2, (1 + level) / 2
    overlap = np.clip(np.minimum(high, last) - np.maximum(low, first), 0, None)
    point = np.where(np.isnan(low), np.nan, (first <= low) & (low <= last))
    return np.where(high > low, overlap / np.where(high > low, high - low, 1.0), point)


def widths(lower: ArrayLike, upper: ArrayLike) -> Array:
    """Width of the intervals. Lower is better at equal coverage, from 0; in the unit of y. NaN without intervals.

    Source: the definition.

    >>> widths([0, 2], [1, 6]).tolist()
    [1.0, 4.0]
    """
    return np.asarray(upper, float) - np.asarray(lower, float)


def crps(y_obs: ArrayLike, ordered: Array) -> Array:
    r"""Continuous ranked probability score of draws (customers, draws), sorted. Lower is better.

    .. math:: \int (F(z) - 1\{y \le z\})^2 dz

    From 0, in the unit of y; that of a point is its absolute error. The draws enter as they are, with the estimator
    that is right on average for their number. Source: Gneiting, Raftery (2007), doi:10.1198/016214506000001437; worked
    out by scoringrules (probability-weighted moments).

    >>> crps([3.0], np.array([[0.0, 1.0, 2.0]])).round(4).tolist()
    [1.3333]
    """
    import scoringrules

    y = np.asarray(y_obs, float)
    return np.asarray(scoringrules.crps_ensemble(y, ordered, estimator="pwm", sorted_ensemble=True))


def log_scores(share: ArrayLike, draws: int) -> Array:
    """Minus the log of the share that the observed count has among so many draws. Lower is better, from 0.

    The share enters as (k + 1/2) / (m + 1) where k of m draws are equal to the observation, so that a count which no
    draw showed costs log(2 m + 2) and not infinitely much. For counts only: money spent is 0 with a probability, and
    has a density above, which no single log score measures; there the CRPS serves.
    Source: Good (1952), doi:10.1111/j.2517-6161.1952.tb00104.x; worked out by scoringrules.

    >>> log_scores([2 / 3], 3).round(4).tolist()
    [0.47]
    """
    import scoringrules

    smoothed = (np.asarray(share, float) * draws + 0.5) / (draws + 1)
    return scoringrules.log_score(np.ones_like(smoothed), smoothed)


def uniformity(counts: Array) -> Array:
    """Largest distance between the cumulative share of counts (..., bins) over equal bins and a uniform's; from 0.

    Source: Kolmogorov's statistic, on the bins' edges.

    >>> float(uniformity(np.array([2, 1, 1])).round(4))
    0.1667
    """
    # In whole numbers, so that equal distances are equal.
    bins, total = counts.shape[-1], np.sum(counts, axis=-1)
    reached = bins * np.cumsum(counts, axis=-1) - np.arange(1, bins + 1) * total[..., None]
    return np.abs(reached).max(axis=-1) / (bins * total)
