"""The interval of a mean of skewed figures, most of which may be zero."""

from __future__ import annotations

import numpy as np
from scipy import stats

from clvmodels.intervals import Array


def mean_interval(y_obs: Array, *, interval: float) -> tuple[float, float]:
    r"""Confidence interval of the mean of which figures of zero or more are a sample.

    Of skewed figures, Student's interval and the percentiles of resampled means end too low. Garwood's exact interval
    of a Poisson count does not. Here the sample's total counts as so many events of equal weight that their variance is
    that of the mean; the variance is taken larger in small samples, as Student's quantile is. No draws are made.

    .. math::

        \left[w\,G^{-1}_{\bar y / w}\left(\tfrac{1 - c}{2}\right),\
        w\,G^{-1}_{\bar y / w + 1}\left(\tfrac{1 + c}{2}\right)\right],\quad
        w = \frac{s^2}{n \bar y} \left(\frac{t_{n-1}}{z}\right)^2

    with the standard deviation s, the probability c, the quantile t of Student's and z of the normal distribution at
    (1 + c) / 2, and the quantile function of the Gamma distribution of that shape.

    Parameters
    ----------
    y_obs : array (n,)
        Zero or more each.
    interval : float
        Probability inside the interval.

    Returns
    -------
    tuple of float
        The lower and the upper end; both missing for fewer than two figures, and where all are equal: their spread says
        nothing then.

    Notes
    -----
    Source: Garwood (1936), Biometrika 28, 437-442, for a count; the weight is our derivation, in the way of Fay and
    Feuer (1997), Statistics in Medicine 16, 791-801. `tests/evaluation/test_mean_interval.py` simulates its coverage.

    Examples
    --------
    >>> lower, upper = mean_interval(np.repeat([0.0, 1.0, 2.0, 5.0], [60, 20, 10, 10]), interval=0.9)
    >>> round(lower, 2), round(upper, 2)
    (0.66, 1.2)
    """
    n = len(y_obs)
    if n < 2 or np.ptp(y_obs) == 0:
        return np.nan, np.nan
    mean, (lower, upper) = np.mean(y_obs), ((1 - interval) / 2, (1 + interval) / 2)
    wider = stats.t.ppf(upper, n - 1) / stats.norm.ppf(upper)
    weight = np.var(y_obs, ddof=1) / n / mean * wider**2
    events = mean / weight
    return float(weight * stats.gamma.ppf(lower, events)), float(weight * stats.gamma.ppf(upper, events + 1))
