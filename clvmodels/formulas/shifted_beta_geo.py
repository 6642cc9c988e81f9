r"""Shifted-beta-geometric (sBG): contracts that are renewed or not.

At every renewal a customer leaves with probability theta, and theta ~ Beta(alpha, beta) over customers.
Sources: Fader, Hardie (2007), doi:10.1002/dir.20074, and for residual lifetimes (2010), doi:10.1287/mksc.1080.0482.
T = t means that the customer left when the t-th renewal was due, having renewed t - 1 times. After n renewals
theta ~ Beta(alpha, beta + n), so that all that is asked of a new customer can be asked of a known one: see `renewed`.

The formulas are those of 2007 unless they say otherwise. Every function broadcasts its arguments. Times t and numbers
of renewals n are in contract periods.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from clvmodels.errors import InvalidArgument
from clvmodels.formulas.dropout import Array, dropout_mean
from clvmodels.formulas.gamma_ratio import NUMPY, log_beta_ratio


class ShiftedBetaGeoParams(NamedTuple):
    """alpha, beta: Beta parameters of the probability theta to leave at a renewal; no units."""

    alpha: Any
    beta: Any


def renewed(params: ShiftedBetaGeoParams, n: ArrayLike) -> ShiftedBetaGeoParams:
    """The parameters of customers who have renewed n times and are still there: theta ~ Beta(alpha, beta + n).

    >>> renewed(ShiftedBetaGeoParams(alpha=0.668, beta=3.806), 2.0).beta.item()
    5.806
    """
    return ShiftedBetaGeoParams(params.alpha, params.beta + np.asarray(n, float))


def log_survival(params: ShiftedBetaGeoParams, t: ArrayLike) -> Array:
    r"""Log P(T > t), t >= 0: :math:`\log B(\alpha, \beta + t) - \log B(\alpha, \beta)`.

    >>> round(float(log_survival(ShiftedBetaGeoParams(alpha=1.0, beta=1.0), 1)), 6)
    -0.693147
    """
    alpha, beta = (np.asarray(value, float) for value in params)
    return log_beta_ratio(alpha, beta, np.asarray(t, float))


def survival(params: ShiftedBetaGeoParams, t: ArrayLike) -> Array:
    r"""P(T > t): the share of a cohort that is still there after t renewals were due.

    .. math:: S(t) = \frac{B(\alpha, \beta + t)}{B(\alpha, \beta)}

    >>> round(float(survival(ShiftedBetaGeoParams(alpha=0.668, beta=3.806), 12)), 3)
    0.378
    """
    return np.exp(log_survival(params, t))


def churn_probability(params: ShiftedBetaGeoParams, t: ArrayLike) -> Array:
    r"""P(T = t), t >= 1: the share of a cohort that leaves when the t-th renewal is due.

    .. math:: \frac{B(\alpha + 1, \beta + t - 1)}{B(\alpha, \beta)} = S(t - 1) \frac{\alpha}{\alpha + \beta + t - 1}

    >>> round(float(churn_probability(ShiftedBetaGeoParams(alpha=0.668, beta=3.806), 1)), 4)
    0.1493
    """
    before = np.asarray(t, float) - 1
    return survival(params, before) * params.alpha / (params.alpha + params.beta + before)


def renewal_rate(params: ShiftedBetaGeoParams, t: ArrayLike) -> Array:
    r"""P(T > t | T > t - 1), t >= 1: the share of those who are asked for the t-th time that renews.

    It rises with t although nobody changes: those who are likely to leave have left.

    .. math:: r(t) = \frac{\beta + t - 1}{\alpha + \beta + t - 1}

    >>> round(float(renewal_rate(ShiftedBetaGeoParams(alpha=0.668, beta=3.806), 1)), 4)
    0.8507
    """
    before = params.beta + (np.asarray(t, float) - 1)
    return before / (params.alpha + before)


def log_likelihood(params: ShiftedBetaGeoParams, n: ArrayLike, left: ArrayLike) -> Array:
    r"""Log probability of n >= 0 renewals, and then of leaving (`left`) or of no more being known.

    .. math:: \frac{B(\alpha + 1, \beta + n)}{B(\alpha, \beta)} \text{ if left, else }
        \frac{B(\alpha, \beta + n)}{B(\alpha, \beta)}

    >>> round(float(log_likelihood(ShiftedBetaGeoParams(alpha=1.0, beta=1.0), 1, True)), 6)
    -1.791759
    """
    n = np.asarray(n, float)
    leaving = np.log(params.alpha / (params.alpha + params.beta + n))
    return log_survival(params, n) + np.where(left, leaving, 0.0)


def period_terms(params: ShiftedBetaGeoParams, t: Any, at_risk: Any, renewed: Any, *, xp: Any = NUMPY) -> Any:
    r"""Log-likelihood of what became of those whose t-th renewal was due: `renewed` of `at_risk` renewed.

    Its sum over t is the sum of `log_likelihood` over the customers, with no difference of gamma functions in it.
    `xp` is NumPy's or PyTensor's functions.

    .. math:: \text{renewed} \log r(t) + (\text{at risk} - \text{renewed}) \log(1 - r(t))
    """
    alpha, beta = params
    # t - 1 first: a beta below 1e-16 would be lost beside t.
    left, before = at_risk - renewed, beta + (t - 1)
    return renewed * xp.log(before) + left * xp.log(alpha) - at_risk * xp.log(alpha + before)


def expected_residual_lifetime(
    params: ShiftedBetaGeoParams, n: ArrayLike, *, d: float = 0.0, horizon: float | None = None
) -> Array:
    r"""Expected payments to come of a customer who has renewed n times, the next renewal being due now.

    A renewal is paid at once: the next one, if it is made, counts in full, the one after it 1 / (1 + d), and so on.
    Source: 2010, equation 6 (its n counts periods, which are our renewals plus one). At d = 0 without a horizon it is
    (beta + n) / (alpha - 1).

    .. math:: \sum_{k=1}^{h} \frac{S(n + k)}{S(n)} (1 + d)^{-(k - 1)}, \quad \text{for } h = \infty:\
        \frac{\beta + n}{\alpha + \beta + n}
        {}_2F_1\left(1, \beta + n + 1; \alpha + \beta + n + 1; \frac{1}{1 + d}\right)

    Both are taken as an expectation over theta ~ Beta(alpha, beta + n + 1) (Euler's integral), to ten digits;
    `scipy.special.hyp2f1` has NaN and negative values for small d and for large parameters.

    Parameters
    ----------
    params : ShiftedBetaGeoParams
    n : array_like
        Renewals made so far.
    d : float
        Discount rate per contract period.
    horizon : float, optional
        h, the whole number of renewals to come that count. None: all.

    Raises
    ------
    InvalidArgument
        At d = 0 without a horizon, if some alpha is 1 or less, where the sum is infinite.

    >>> round(float(expected_residual_lifetime(ShiftedBetaGeoParams(alpha=0.668, beta=3.806), 0, d=0.1)), 4)
    5.4149
    """
    alpha, beta = np.broadcast_arrays(*renewed(params, n))
    if d == 0 and horizon is None:
        _check_finite_mean(np.asarray(params.alpha, float))
        return beta / (alpha - 1)

    def payments(theta: Array, growth: Array, _: Array) -> Array:
        if not growth.any():
            return np.ones(theta.shape)
        with np.errstate(divide="ignore"):
            paid = 1.0 if horizon is None else -np.expm1(horizon * (np.log1p(-theta) - np.log1p(d)))
        return paid * (1 + d) / (d + theta)

    # Below max(d, 1 / horizon) theta no longer matters. The second column is the mean of 1, by which the first is
    # divided: for large parameters the beta function is known to few digits, and both have the same one.
    resolution = max(1.0, min(np.inf if d == 0 else 1 / d, np.inf if horizon is None else horizon))
    a, b, columns = alpha.ravel(), beta.ravel() + 1, np.tile([resolution, 0.0], (alpha.size, 1))
    mean = dropout_mean(payments, a, b, np.ones(a.shape), columns)
    return beta / (alpha + beta) * (mean[:, 0] / mean[:, 1]).reshape(alpha.shape)


def _check_finite_mean(alpha: Array) -> None:
    infinite = alpha <= 1
    if np.any(infinite):
        raise InvalidArgument(
            f"the mean number of payments to come is infinite for alpha <= 1, which {int(infinite.sum())} of"
            f" {infinite.size} draws have (the smallest is {alpha.min():.4g}): some customers hardly ever leave;"
            " give a horizon=, in renewals to come, or a discount rate above zero"
        )
