"""Measures of predictions against what was observed: arrays in, one number out.

`y_obs`, `y_pred`, `lower` and `upper` have the shape (customers,). A measure that is not defined for its input is NaN;
each docstring says when. None of them warns.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


def bias(y_obs: ArrayLike, y_pred: ArrayLike) -> float:
    r"""Error of the total, as a share of the observed total. Best 0; above 0 is too high. From -1 for y_pred >= 0.

    .. math:: \frac{\sum \hat y - \sum y}{\sum y}

    NaN where nothing was observed. Source: the definition; rewards the mean.

    >>> bias([1, 3], [2, 4])
    0.5
    """
    total = float(np.sum(y_obs))
    return float(np.sum(y_pred)) / total - 1 if total != 0 else np.nan


def mae(y_obs: ArrayLike, y_pred: ArrayLike) -> float:
    r"""Mean absolute error. Lower is better, from 0; in the unit of y. Source: the definition; rewards the median.

    .. math:: \frac{1}{n} \sum |\hat y - y|

    >>> mae([1, 3], [2, 5])
    1.5
    """
    return float(np.mean(np.abs(np.subtract(y_pred, y_obs, dtype=float))))


def rmse(y_obs: ArrayLike, y_pred: ArrayLike) -> float:
    r"""Root of the mean squared error. Lower is better, from 0; in the unit of y.

    .. math:: \sqrt{\frac{1}{n} \sum (\hat y - y)^2}

    Source: the definition; rewards the mean.

    >>> rmse([0, 0], [3, 4]) == 12.5**0.5
    True
    """
    return float(np.sqrt(np.mean(np.square(np.subtract(y_pred, y_obs, dtype=float)))))


def pearson(y_obs: ArrayLike, y_pred: ArrayLike) -> float:
    """Linear correlation. Higher is better, -1 to 1. NaN where either side is constant. Source: scipy.stats.pearsonr.

    >>> round(pearson([1, 2, 3], [2, 4, 6]), 6)
    1.0
    """
    return _correlation(stats.pearsonr, y_obs, y_pred)


def spearman(y_obs: ArrayLike, y_pred: ArrayLike) -> float:
    """Correlation of the ranks, ties averaged. Higher is better, -1 to 1. NaN where either side is constant.

    Many tied predictions shrink the spread of the predicted ranks and so lift this measure without a better order:
    read it together with `normalized_gini`. Source: scipy.stats.spearmanr.

    >>> round(spearman([1, 2, 9], [5, 6, 7]), 6)
    1.0
    """
    return _correlation(stats.spearmanr, y_obs, y_pred)


def _correlation(measure: Callable, y_obs: ArrayLike, y_pred: ArrayLike) -> float:
    sides = np.asarray(y_obs, float), np.asarray(y_pred, float)
    return np.nan if any(map(_is_constant, sides)) else float(measure(*sides).statistic)


def _is_constant(y: np.ndarray) -> bool:
    """Whether y has one value, to the precision that a sum in floating point leaves."""
    return bool(np.ptp(y) <= 1e-12 * np.max(np.abs(y)))


def normalized_gini(y_obs: ArrayLike, y_pred: ArrayLike) -> float:
    r"""Share of the perfect ranking's Gini that ranking by prediction reaches. Higher is better, -1 to 1; random is 0.

    Customers are ranked by prediction, highest first; G is the area between the cumulative share of the observed total
    and the diagonal. Tied customers share their observed total evenly, which gives each the average rank, so that

    .. math:: \frac{G(\hat y)}{G(y)} = \frac{\mathrm{cov}(y, R(\hat y))}{\mathrm{cov}(y, R(y))}

    with R the average ranks. For y_obs >= 0. NaN where y_obs is constant; 0 where y_pred is.
    Source: Schechtman and Yitzhaki (1987), Communications in Statistics - Theory and Methods 16 (1).

    >>> normalized_gini([0, 0, 1, 5], [1, 2, 3, 4])
    1.0
    >>> normalized_gini([0, 0, 1, 5], [7, 7, 7, 7])
    0.0
    """
    y = np.asarray(y_obs, float)
    if _is_constant(y):
        return np.nan
    # Centred ranks are exactly 0 where all are tied.
    found, perfect = (stats.rankdata(side) - (len(y) + 1) / 2 for side in (y_pred, y))
    return float(y @ found / (y @ perfect))


def coverage(y_obs: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> float:
    """Share of the observations inside their interval, bounds included; 0 to 1. Best at the interval's level.

    NaN where there is no interval. Counts are discrete: intervals of counts cover more than their level.
    Source: the definition.

    >>> coverage([1, 2, 3, 9], [0, 2, 2, 0], [1, 4, 5, 8])
    0.75
    """
    y, low, high = np.asarray(y_obs), np.asarray(lower, float), np.asarray(upper, float)
    missing = np.isnan(low) | np.isnan(high)
    return np.nan if missing.any() else float(np.mean((low <= y) & (y <= high)))


def width(lower: ArrayLike, upper: ArrayLike) -> float:
    """Mean width of the intervals. Lower is better at equal coverage, from 0; in the unit of y. NaN without intervals.

    Source: the definition.

    >>> width([0, 2], [1, 6])
    2.5
    """
    return float(np.mean(np.subtract(upper, lower)))
