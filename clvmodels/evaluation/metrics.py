"""Measures of point predictions against what was observed.

`y_obs` and `y_pred` have the shape (customers,). Every measure takes `weights`, shape (draws, customers): how often
each customer counts, as in a bootstrap; it then returns one figure per draw, and without them a float. A measure that
is not defined for its input is NaN; each docstring says when. None of them warns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import kl_div

from clvmodels.intervals import Array

# To the precision that a sum in floating point leaves.
ALIKE = 1e-12


class Averages(NamedTuple):
    """A measure that is made of means over the customers.

    Attributes
    ----------
    columns : callable
        y_obs and y_pred -> what is averaged, shape (customers, k).
    figure : callable
        The means (draws, k) -> the measure (draws,).
    """

    columns: Callable[[Array, Array], Array]
    figure: Callable[[Array], Array]

    def of(self, y_obs: ArrayLike, y_pred: ArrayLike, weights: Array | None) -> Any:
        """Take it."""
        columns = self.columns(np.asarray(y_obs, float), np.asarray(y_pred, float))
        return answer(self.figure(means(columns, weights)), weights)


def bias(y_obs: ArrayLike, y_pred: ArrayLike, weights: Array | None = None) -> Any:
    r"""Error of the total, as a share of the observed total. Best 0; above 0 is too high. From -1 for y_pred >= 0.

    .. math:: \frac{\sum \hat y - \sum y}{\sum y}

    NaN where nothing was observed. Source: the definition; rewards the mean.

    >>> bias([1, 3], [2, 4])
    0.5
    """
    return BIAS.of(y_obs, y_pred, weights)


def mae(y_obs: ArrayLike, y_pred: ArrayLike, weights: Array | None = None) -> Any:
    r"""Mean absolute error. Lower is better, from 0; in the unit of y. Source: the definition; rewards the median.

    .. math:: \frac{1}{n} \sum |\hat y - y|

    >>> mae([1, 3], [2, 5])
    1.5
    """
    return MAE.of(y_obs, y_pred, weights)


def rmse(y_obs: ArrayLike, y_pred: ArrayLike, weights: Array | None = None) -> Any:
    r"""Root of the mean squared error. Lower is better, from 0; in the unit of y.

    .. math:: \sqrt{\frac{1}{n} \sum (\hat y - y)^2}

    Source: the definition; rewards the mean.

    >>> rmse([0, 0], [3, 4]) == 12.5**0.5
    True
    """
    return RMSE.of(y_obs, y_pred, weights)


def poisson_deviance(y_obs: ArrayLike, y_pred: ArrayLike, weights: Array | None = None) -> Any:
    r"""Twice the Poisson log-likelihood lost to a perfect forecast. Lower is better, from 0; in the unit of y.

    .. math:: \frac{2}{n} \sum \left(y \log \frac{y}{\hat y} - (y - \hat y)\right)

    Infinite where nothing was expected of a customer who then did something, or less than nothing of anybody. For
    y_obs >= 0 of any kind it rewards the mean. Source: McCullagh, Nelder (1989), Generalized Linear Models, 2.3.

    >>> round(poisson_deviance([0, 2], [1, 1]), 4), poisson_deviance([0, 2], [0, 0])
    (1.3863, inf)
    """
    return DEVIANCE.of(y_obs, y_pred, weights)


def mape(y_obs: ArrayLike, y_pred: ArrayLike) -> float:
    r"""Mean absolute error as a share of what was observed. Lower is better, from 0; for curves, not for customers.

    .. math:: \frac{1}{n} \sum \frac{|\hat y - y|}{y}

    NaN where an observation is 0. Source: Fader, Hardie, Lee (2005), doi:10.1287/mksc.1040.0098, which judge weekly
    tracking by it.

    >>> mape([2, 4], [1, 5])
    0.375
    """
    y, guess = np.asarray(y_obs, float), np.asarray(y_pred, float)
    return float(np.mean(np.abs(guess - y) / y)) if len(y) and np.all(y > 0) else np.nan


def pearson(y_obs: ArrayLike, y_pred: ArrayLike, weights: Array | None = None) -> Any:
    """Linear correlation. Higher is better, -1 to 1. NaN where either side is constant.

    Source: Pearson (1895), doi:10.1098/rspl.1895.0041; written here because it is wanted for many weights at once.

    >>> round(pearson([1, 2, 3], [2, 4, 6]), 6)
    1.0
    """
    return PEARSON.of(y_obs, y_pred, weights)


def means(columns: Array, weights: NDArray[Any] | None) -> Array:
    """Means over the customers of columns (customers, k): (draws, k), one row without weights.

    NaN or infinite where that of a customer who counts is; NaN where nobody counts.

    >>> means(np.array([[1.0], [3.0]]), np.array([[2.0, 0.0], [1.0, 1.0]])).ravel().tolist()
    [1.0, 2.0]
    """
    if weights is None:
        return np.mean(columns, axis=0)[None]
    known = ~np.isnan(columns).all(axis=0)
    found = np.full((len(weights), columns.shape[1]), np.nan)
    total = weights.sum(axis=1, keepdims=True)
    found[:, known] = ratio(_sums(columns[:, known], weights), np.broadcast_to(total, found[:, known].shape))
    return found


def _sums(columns: Array, weights: NDArray[Any]) -> Array:
    finite = np.isfinite(columns)
    # Not by BLAS, whose sums depend on the number of its threads; as fast where both sides run along the customers.
    by_column = np.ascontiguousarray(np.where(finite, columns, 0.0).T)
    sums = np.einsum("bn,kn->bk", np.asarray(weights, float), by_column)
    for column in np.flatnonzero(~finite.all(axis=0)):
        rows = np.flatnonzero(~finite[:, column])
        # Who does not count adds not even NaN.
        with np.errstate(invalid="ignore"):
            sums[:, column] += np.where(weights[:, rows] != 0, columns[rows, column], 0.0).sum(axis=1)
    return sums


def answer(figures: Array, weights: Array | None) -> Any:
    """The figures (draws,), or the only one as a float."""
    return float(figures[0]) if weights is None else figures


def ratio(part: Array, whole: Array) -> Array:
    """NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole != 0)


def _deviances(y: Array, guess: Array) -> Array:
    return 2 * (kl_div(y, guess) if len(y) else y)[:, None]


def _moments(y: Array, guess: Array) -> Array:
    y, guess = _centred(y), _centred(guess)
    return np.stack([y, guess, y * guess, y * y, guess * guess], axis=1)


def _centred(values: Array) -> Array:
    """Less the mean, so that nothing cancels; exactly 0 where all are alike."""
    largest = np.max(np.abs(values), initial=0.0)
    return np.zeros_like(values) if np.ptp(values) <= ALIKE * largest else values - np.mean(values)


def _correlation(moments: Array) -> Array:
    x, y, xy, xx, yy = moments.T
    spread_x, spread_y = xx - x * x, yy - y * y
    varies = (spread_x > ALIKE * xx) & (spread_y > ALIKE * yy)
    found = ratio(xy - x * y, np.where(varies, np.sqrt(np.where(varies, spread_x * spread_y, 0.0)), 0.0))
    # Rounding must not lift it above 1.
    return np.clip(found, -1, 1)


BIAS = Averages(lambda y, guess: np.stack([y, guess], axis=1), lambda mean: ratio(mean[:, 1] - mean[:, 0], mean[:, 0]))
MAE = Averages(lambda y, guess: np.abs(guess - y)[:, None], lambda mean: mean[:, 0])
RMSE = Averages(lambda y, guess: np.square(guess - y)[:, None], lambda mean: np.sqrt(mean[:, 0]))
DEVIANCE = Averages(_deviances, lambda mean: mean[:, 0])
PEARSON = Averages(_moments, _correlation)
