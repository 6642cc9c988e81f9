"""Measures of the order in which predictions put customers; the conventions are those of `metrics`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clvmodels.compiled import verification
from clvmodels.evaluation.metrics import answer, ratio
from clvmodels.intervals import Array


class Ranking:
    """What every measure of a ranking is made of, worked out once for all of them.

    Attributes
    ----------
    sums : array (draws, 17)
        See `compiled.verification.ranking`.

    Examples
    --------
    >>> Ranking([0, 0, 1, 5], [1, 2, 3, 4]).normalized_gini().tolist()
    [1.0]
    """

    def __init__(self, y_obs: ArrayLike, y_pred: ArrayLike, weights: NDArray[Any] | None = None) -> None:
        y, score = np.asarray(y_obs, float), np.asarray(y_pred, float)
        w = np.ones((1, len(y))) if weights is None else weights
        if not len(y):
            self.sums = np.full((len(w), 17), np.nan)
            return
        order = np.argsort(score, kind="stable")
        values, level = np.unique(y, return_inverse=True)
        self.sums = np.empty((len(w), 17))
        starts = np.flatnonzero(np.diff(score[order], prepend=np.nan) != 0)
        stops = np.append(starts, len(y))[1:]
        start, stop = (np.repeat(places, stops - starts) for places in (starts, stops))
        verification.ranking(order, start, stop, starts, y, level, len(values), w, self.sums)

    def normalized_gini(self) -> Array:
        """Return it for each row of weights (draws,); so for the others."""
        return ratio(self.sums[:, 0], self.sums[:, 1])

    def spearman(self) -> Array:
        """Return Spearman's correlation."""
        return ratio(self.sums[:, 2], np.sqrt(self.sums[:, 3] * self.sums[:, 4]))

    def concordance_index(self) -> Array:
        """Return the concordance index."""
        balance, different = self.sums[:, 5:7].T
        return ratio(balance + different, 2 * different)

    def gains(self) -> Array:
        """Return the cumulative shares (draws, 10) of the first tenths."""
        return ratio(self.sums[:, 7:], np.broadcast_to(self.sums[:, 16:], (len(self.sums), 10)))


def spearman(y_obs: ArrayLike, y_pred: ArrayLike, weights: Array | None = None) -> Any:
    """Correlation of the ranks, ties averaged. Higher is better, -1 to 1. NaN where either side is constant.

    Beware: it rewards ties. A forecaster that gives many customers the same prediction (frequency / T gives 0 to
    everyone without a repeat purchase, most of a log) shrinks the spread of its ranks, by which the covariance is
    divided, and so gains a tenth without a better order among the rest. Judge a ranking by `concordance_index` and
    `normalized_gini`, which do not. Source: Spearman (1904), doi:10.2307/1412159.

    >>> round(spearman([1, 2, 9], [5, 6, 7]), 6)
    1.0
    """
    return answer(Ranking(y_obs, y_pred, weights).spearman(), weights)


def concordance_index(y_obs: ArrayLike, y_pred: ArrayLike, weights: Array | None = None) -> Any:
    r"""Share of the pairs of customers with different outcomes that are predicted in the right order.

    Higher is better, 0 to 1; 1/2 is random. Pairs with equal predictions count half, pairs with equal outcomes do not
    count. NaN where all outcomes are alike. Source: Harrell and others (1982), doi:10.1001/jama.1982.03320430047030.

    >>> concordance_index([0, 0, 1, 5], [1, 2, 3, 3])
    0.9
    """
    return answer(Ranking(y_obs, y_pred, weights).concordance_index(), weights)


def normalized_gini(y_obs: ArrayLike, y_pred: ArrayLike, weights: Array | None = None) -> Any:
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
    return answer(Ranking(y_obs, y_pred, weights).normalized_gini(), weights)


def top_decile_capture(y_obs: ArrayLike, y_pred: ArrayLike, weights: Array | None = None) -> Any:
    """Share of the observed total due to the tenth of the customers predicted highest. Higher is better, 0 to 1.

    Customers tied across the edge of the tenth are in it with the same share each. NaN where nothing was observed.
    Source: the definition; Fader, Hardie, Lee (2005), doi:10.1509/jmkr.2005.42.4.415, show such curves.

    >>> top_decile_capture([0] * 9 + [5], range(10))
    1.0
    """
    return answer(gains(y_obs, y_pred, weights)[:, 0], weights)


def gains(y_obs: ArrayLike, y_pred: ArrayLike, weights: Array | None = None) -> Array:
    """Cumulative share of the observed total in the first tenths of the customers, predicted highest first.

    Parameters
    ----------
    y_obs, y_pred : arrays (customers,)
    weights : array (draws, customers), optional

    Returns
    -------
    array (draws, 10)
        One row without weights; NaN where nothing was observed. Customers tied across an edge are shared evenly.

    Examples
    --------
    >>> gains([1] * 10, [7] * 10)[0].round(3).tolist()
    [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    """
    return Ranking(y_obs, y_pred, weights).gains()
