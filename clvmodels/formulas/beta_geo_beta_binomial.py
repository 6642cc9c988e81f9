r"""BG/BB: Fader, Hardie, Shang (2010), doi:10.1287/mksc.1100.0580. Purchases at opportunities: a year, a campaign.

At the beginning of every opportunity a customer leaves for good with probability theta ~ Beta(gamma, delta); who stays
buys at it with probability p ~ Beta(alpha, beta). x purchases at n opportunities after the first purchase were seen,
the last of them at opportunity t_x. The third argument is called T, as in all models, and is n, a whole number.

Alive at T means having stayed at opportunity T: a customer who bought at it is alive for certain. The paper's
P(alive at n + 1) is the probability of staying at the next one too: `probability_alive_at_next`. Given alive at T,
p ~ Beta(alpha + x, beta + T - x) and theta ~ Beta(gamma, delta + T), independent, and everything follows from

.. math:: S(k) = P(\text{alive at } T + k \mid \text{alive at } T) = \frac{B(\gamma, \delta + T + k)}
    {B(\gamma, \delta + T)}.

Horizons t count the whole opportunities that fit into them. Every function broadcasts its arguments.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from clvmodels.formulas.beta_ratio import Array, log_beta_ratio, places_of_sum, sum_of_beta_ratios

# exp(-60) of a purchase.
WORTHLESS = 60.0
# So near to gamma = 1 the sum of S(k) is the one at 1.
NEAREST = 1e-13


class BetaGeoBetaBinomialParams(NamedTuple):
    """alpha, beta: Beta parameters of buying at an opportunity; gamma, delta: of leaving at its beginning. No units."""

    alpha: Any
    beta: Any
    gamma: Any
    delta: Any


def alive_terms(params: BetaGeoBetaBinomialParams, x: Any, T: Any, *, xp: Any = np) -> Any:
    r"""Log probability of one sequence of x purchases at T opportunities by a customer who stays at all of them.

    `xp` is NumPy's or PyTensor's functions, here and below; PyTensor takes data (rows,) and scalar parameters.

    .. math:: \log \frac{B(\alpha + x, \beta + T - x)}{B(\alpha, \beta)} \frac{B(\gamma, \delta + T)}{B(\gamma, \delta)}
    """
    alpha, beta, gamma, delta = params
    bought = log_beta_ratio(beta, alpha, x, xp=xp)
    return bought + log_beta_ratio(alpha + x, beta, T - x, xp=xp) + log_beta_ratio(gamma, delta, T, xp=xp)


def log_odds_of_dropout(params: BetaGeoBetaBinomialParams, x: Any, t_x: Any, T: Any, *, xp: Any = np) -> Any:
    r"""Log of P(gone by T) / P(alive at T), for T > t_x; at T = t_x it means nothing.

    Term j of the sum is a customer who stays at j opportunities after t_x and leaves at the next one:

    .. math:: \frac{\gamma}{\gamma + \delta + T} \sum_{j < T - t_x}
        \frac{B(\alpha + x, \beta + t_x - x + j)}{B(\alpha + x, \beta + T - x)}
        \frac{B(\gamma + 1, \delta + t_x + j)}{B(\gamma + 1, \delta + T)}
    """
    alpha, beta, gamma, delta = params
    missed = np.maximum(T - t_x, 1)
    # The terms fall: the first one, and how many of it they are together.
    if xp is np:
        ratios = alpha + x, beta + (t_x - x), gamma + 1, delta + t_x
        first = -log_beta_ratio(*ratios[:2], missed) - log_beta_ratio(*ratios[2:], missed)
        together = sum_of_beta_ratios(*ratios, missed)
    else:  # all terms at once, in few operations
        j, x, seen, within = np.arange(np.max(missed)), x[:, None], t_x[:, None], missed[:, None]
        falls = xp.log1p((alpha + x) / (beta + (seen - x + j))) + xp.log1p((gamma + 1) / (delta + (seen + j)))
        first = xp.sum(falls * (j < within), axis=1)
        together = xp.sum(xp.exp(falls - xp.cumsum(falls, axis=1)) * (j < within), axis=1)
    return first + xp.log(together) - xp.log1p((delta + T) / gamma)


def dropout_terms(params: BetaGeoBetaBinomialParams, x: Any, t_x: Any, T: Any, *, xp: Any = np) -> Any:
    """Log of 1 / P(alive at T): the part of the log-likelihood that depends on t_x."""
    odds = log_odds_of_dropout(params, x, t_x, T, xp=xp)
    # log(1 + e^odds), written so that neither NumPy nor a PyTensor graph without rewrites overflows.
    either = xp.maximum(odds, 0.0) + xp.log1p(xp.exp(-xp.abs(odds)))
    return xp.where(t_x < T, either, 0.0)


def log_likelihood(params: BetaGeoBetaBinomialParams, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
    r"""Log L(alpha, beta, gamma, delta | x, t_x, T) per customer. Source: equation 6 of the paper.

    .. math:: \frac{B(\alpha + x, \beta + T - x)}{B(\alpha, \beta)} \frac{B(\gamma, \delta + T)}{B(\gamma, \delta)}
        + \sum_{i=0}^{T - t_x - 1} \frac{B(\alpha + x, \beta + t_x - x + i)}{B(\alpha, \beta)}
        \frac{B(\gamma + 1, \delta + t_x + i)}{B(\gamma, \delta)}

    >>> donors = BetaGeoBetaBinomialParams(alpha=1.20352, beta=0.74972, gamma=0.65672, delta=2.78344)
    >>> round(float(log_likelihood(donors, 0, 0, 6)), 6)
    -1.167513
    """
    x, t_x, T = (np.asarray(value, float) for value in (x, t_x, T))
    return alive_terms(params, x, T) + dropout_terms(params, x, t_x, T)


def probability_alive(params: BetaGeoBetaBinomialParams, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
    """P(alive at T | x, t_x, T): the customer stayed at opportunity T; 1 at T = t_x.

    >>> donors = BetaGeoBetaBinomialParams(alpha=1.20352, beta=0.74972, gamma=0.65672, delta=2.78344)
    >>> round(float(probability_alive(donors, 2, 4, 6)), 4)
    0.6337
    """
    x, t_x, T = (np.asarray(value, float) for value in (x, t_x, T))
    return np.where(t_x < T, expit(-log_odds_of_dropout(params, x, t_x, T)), 1.0)


def probability_alive_at_next(params: BetaGeoBetaBinomialParams, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
    """P(alive at T + 1 | x, t_x, T), the paper's P(alive): the customer stays at the next opportunity. Equation 11.

    >>> donors = BetaGeoBetaBinomialParams(alpha=1.20352, beta=0.74972, gamma=0.65672, delta=2.78344)
    >>> round(float(probability_alive_at_next(donors, 2, 4, 6)), 2)
    0.59
    """
    return survival(params, 1, x, t_x, T)


def survival_if_alive(params: BetaGeoBetaBinomialParams, t: ArrayLike, x: ArrayLike, T: ArrayLike) -> Array:
    """P(alive at T + t | alive at T): S(t)."""
    return np.exp(log_beta_ratio(params.gamma, *_next(params, t, x, T)))


def opportunities_if_alive(params: BetaGeoBetaBinomialParams, t: ArrayLike, x: ArrayLike, T: ArrayLike) -> Array:
    r"""Mean number of the next t opportunities at which the customer is alive, given alive at T.

    The sum telescopes. With :math:`d = \delta + T`,

    .. math:: \sum_{k=1}^{t} S(k) = \frac{d}{\gamma - 1}
        \left[1 - \frac{B(\gamma - 1, d + 1 + t)}{B(\gamma - 1, d + 1)}\right],

    the ratio continued to gamma < 1 by its gamma functions; at gamma = 1 it is a difference of harmonic numbers.
    """
    d, t = _next(params, t, x, T)
    less = np.asarray(params.gamma, float) - 1
    less = np.where(np.abs(less) < NEAREST, NEAREST, less)
    return d * np.abs(np.expm1(log_beta_ratio(less, d + 1, t)) / less)


def purchases_if_alive(params: BetaGeoBetaBinomialParams, t: ArrayLike, x: ArrayLike, T: ArrayLike) -> Array:
    r"""E[X(T, T + t) | alive at T]: :math:`\frac{\alpha + x}{\alpha + \beta + T} \sum_{k=1}^{t} S(k)`.

    >>> donors = BetaGeoBetaBinomialParams(alpha=1.20352, beta=0.74972, gamma=0.65672, delta=2.78344)
    >>> round(float(purchases_if_alive(donors, 5, 6, 6)), 2)
    3.75
    """
    return _share(params, x, T) * opportunities_if_alive(params, t, x, T)


def lifetime_if_alive(params: BetaGeoBetaBinomialParams, t: ArrayLike, x: ArrayLike, T: ArrayLike) -> Array:
    r"""Restricted mean time until leaving, given alive at T: :math:`\sum_{k=0}^{t-1} S(k)`, the integral of survival.

    Who leaves at the beginning of opportunity T + k is alive for a time of k. `opportunities_if_alive` counts the
    opportunities themselves, without the one at which the customer leaves.
    """
    t = np.floor(np.asarray(t, float))
    return np.where(t > 0, 1 + opportunities_if_alive(params, np.maximum(t - 1, 0), x, T), 0.0)


def probability_of_purchase_if_alive(
    params: BetaGeoBetaBinomialParams, t: ArrayLike, x: ArrayLike, T: ArrayLike
) -> Array:
    r"""P(at least one purchase in (T, T + t) | alive at T): the sum over when the first one is.

    .. math:: \sum_{k=1}^{t} \frac{B(\alpha + x + 1, \beta + T - x + k - 1)}{B(\alpha + x, \beta + T - x)} S(k)
    """
    d, t = _next(params, t, x, T)
    x, T = np.asarray(x, float), np.asarray(T, float)
    first = _share(params, x, T) * d / (params.gamma + d)
    later = sum_of_beta_ratios(params.alpha + x + 1, params.beta + (T - x), params.gamma, d + 1, t)
    # Rounding must not lift a probability above 1.
    return np.minimum(first * later, 1.0)


def discounted_purchases_if_alive(
    params: BetaGeoBetaBinomialParams, t: ArrayLike, x: ArrayLike, T: ArrayLike, *, discount_force: float
) -> Array:
    r"""Expected purchases in (T, T + t), one at T + k weighted by exp(-discount_force x k), given alive at T.

    Without a horizon it is the paper's equation 14. At force 0 it equals `purchases_if_alive`.
    """
    if discount_force == 0:
        return purchases_if_alive(params, t, x, T)
    # What comes later is worth nothing.
    d, t = _next(params, np.minimum(t, np.ceil(WORTHLESS / discount_force)), x, T)
    first = _share(params, x, T) * d / (params.gamma + d) * np.exp(-discount_force)
    return first * sum_of_beta_ratios(0.0, 1.0, params.gamma, d + 1, t, force=discount_force)


def purchase_rate_if_alive(params: BetaGeoBetaBinomialParams, t: ArrayLike, x: ArrayLike, T: ArrayLike) -> Array:
    """P(purchase at opportunity T + t | alive at T); at t = 0 the probability of buying while alive."""
    return _share(params, x, T) * survival_if_alive(params, t, x, T)


def brought_back(
    params: BetaGeoBetaBinomialParams,
    t: float,
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,
    *,
    discount_force: float,
) -> tuple[Array, Array]:
    r"""P(purchase at an opportunity), and discounted purchases in (T, T + t), of who left and is brought back.

    They stayed at :math:`t_x + j` opportunities with a probability in proportion to term j of `log_odds_of_dropout`;
    p and theta are then as if the customer had just been seen there, with one leaving more: gamma + 1. At T = t_x
    nobody has left, and the result means nothing.
    """
    x, t_x, T = (np.asarray(value, float) for value in (x, t_x, T))
    left = params._replace(gamma=params.gamma + 1)
    total: Any = 0.0
    rate: Any = 0.0
    rest: Any = 0.0
    for j, weight in places_of_sum(np.maximum(T - t_x, 1)):
        stayed = t_x + j
        fall = log_beta_ratio(params.alpha + x, params.beta + (t_x - x), j)
        term = weight * np.exp(fall + log_beta_ratio(left.gamma, params.delta + t_x, j))
        total, rate = total + term, rate + term * _share(params, x, stayed)
        rest = rest + term * discounted_purchases_if_alive(left, t, x, stayed, discount_force=discount_force)
    return rate / total, rest / total


def expected_purchases(
    params: BetaGeoBetaBinomialParams, t: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike
) -> Array:
    """E[X(T, T + t) | x, t_x, T]; a new customer has x = t_x = T = 0. Source: equation 13 of the paper.

    >>> donors = BetaGeoBetaBinomialParams(alpha=1.20352, beta=0.74972, gamma=0.65672, delta=2.78344)
    >>> round(float(expected_purchases(donors, 5, 0, 0, 6)), 2)
    0.07
    """
    return probability_alive(params, x, t_x, T) * purchases_if_alive(params, t, x, T)


def survival(params: BetaGeoBetaBinomialParams, t: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
    """P(alive at T + t | x, t_x, T); at t = 0 the probability alive."""
    return probability_alive(params, x, t_x, T) * survival_if_alive(params, t, x, T)


def expected_lifetime(
    params: BetaGeoBetaBinomialParams, t: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike
) -> Array:
    """Mean remaining lifetime within t opportunities: the integral of `survival`; see `lifetime_if_alive`."""
    return probability_alive(params, x, t_x, T) * lifetime_if_alive(params, t, x, T)


def probability_of_purchase(
    params: BetaGeoBetaBinomialParams, t: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike
) -> Array:
    """P(at least one purchase in (T, T + t) | x, t_x, T)."""
    return probability_alive(params, x, t_x, T) * probability_of_purchase_if_alive(params, t, x, T)


def _share(params: BetaGeoBetaBinomialParams, x: ArrayLike, T: ArrayLike) -> Array:
    """Mean probability of buying at an opportunity, given alive at T."""
    return (params.alpha + np.asarray(x, float)) / (params.alpha + params.beta + np.asarray(T, float))


def _next(params: BetaGeoBetaBinomialParams, t: ArrayLike, x: ArrayLike, T: ArrayLike) -> tuple[Array, Array]:
    """Return delta + T, in the shape that x gives to the result, and the whole opportunities in t."""
    d = params.delta + np.asarray(T, float)
    return np.broadcast_to(d, np.broadcast_shapes(np.shape(d), np.shape(x))), np.floor(np.asarray(t, float))
