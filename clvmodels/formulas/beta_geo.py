r"""BG/NBD: Fader, Hardie, Lee (2005), doi:10.1287/mksc.1040.0098. Purchases at rate lambda, dropout with probability p.

lambda ~ Gamma(r, rate alpha) and p ~ Beta(a, b) over customers; after every repeat purchase the customer
drops out with probability p. x repeat purchases, the last at t_x, were seen in (0, T].
Given that the customer is alive at T, lambda ~ Gamma(r + x, rate alpha + T) and p ~ Beta(a, b + x), independent,
and dropping out is a Poisson process of rate lambda p. Everything below follows from that, with

.. math:: s = r + x, \quad c = t / (\alpha + T), \quad E_\lambda[e^{-\lambda p t}] = (1 + p c)^{-s}.

Every function broadcasts its arguments. Parameters of shape (draws, 1) with x of shape (n,) give (draws, n).
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike
from scipy.special import exprel, gammaln

from clvmodels.formulas.dropout import Array, Kernel, dropout_mean

# exp(-60) of a purchase.
WORTHLESS = 60.0
NUMPY = SimpleNamespace(
    abs=np.abs, exp=np.exp, gammaln=gammaln, log=np.log, log1p=np.log1p, maximum=np.maximum, where=np.where
)


class BetaGeoParams(NamedTuple):
    """r, alpha: Gamma shape and rate (in time units) of purchasing; a, b: Beta parameters of dropout."""

    r: Any
    alpha: Any
    a: Any
    b: Any


def frequency_terms(params: BetaGeoParams, x: Any, *, xp: Any = NUMPY) -> Any:
    """The part of the log-likelihood that depends on x alone. `xp` is NumPy's or PyTensor's functions."""
    r, alpha, a, b = params
    purchasing = xp.gammaln(r + x) - xp.gammaln(r) + r * xp.log(alpha)
    dropout = xp.gammaln(b + x) - xp.gammaln(b) + xp.gammaln(a + b) - xp.gammaln(a + b + x)
    return purchasing + dropout


def log_odds_of_dropout(params: BetaGeoParams, x: Any, t_x: Any, T: Any, *, xp: Any = NUMPY) -> Any:
    """Log of P(dropped out right after t_x) / P(alive at T), for x > 0; at x = 0 it means nothing."""
    r, alpha, a, b = params
    # b + x - 1 may be <= 0 at x = 0.
    return xp.log(a) - xp.log(b + xp.maximum(x, 1) - 1) + (r + x) * xp.log((alpha + T) / (alpha + t_x))


def timing_terms(params: BetaGeoParams, x: Any, t_x: Any, T: Any, *, xp: Any = NUMPY) -> Any:
    """The part of the log-likelihood that depends on the dates: still alive at T, or dropped out at t_x."""
    odds = log_odds_of_dropout(params, x, t_x, T, xp=xp)
    # log(1 + e^odds), written so that neither NumPy nor a PyTensor graph without rewrites overflows.
    either = xp.maximum(odds, 0.0) + xp.log1p(xp.exp(-xp.abs(odds)))
    return xp.where(x > 0, either, 0.0) - (params.r + x) * xp.log(params.alpha + T)


def log_likelihood(params: BetaGeoParams, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
    r"""Log L(r, alpha, a, b | x, t_x, T) per customer. Source: Fader, Hardie, Lee (2005), equation 6.

    .. math:: \frac{B(a, b + x)}{B(a, b)} \frac{\Gamma(r + x) \alpha^r}{\Gamma(r)}
        \left[ (\alpha + T)^{-(r+x)} + \delta_{x>0} \frac{a}{b + x - 1} (\alpha + t_x)^{-(r+x)} \right]

    >>> cdnow = BetaGeoParams(r=0.2425945, alpha=4.4136019, a=0.7929199, b=2.4258881)
    >>> round(float(log_likelihood(cdnow, 2, 30.43, 38.86)), 6)
    -9.459693
    """
    x, t_x, T = (np.asarray(value, float) for value in (x, t_x, T))
    return frequency_terms(params, x) + timing_terms(params, x, t_x, T)


def probability_alive(params: BetaGeoParams, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
    r"""P(alive at T | x, t_x, T); 1 at x = 0: nobody drops out before a repeat purchase. Source: Hardie, note 021.

    .. math:: \left[1 + \delta_{x>0}\frac{a}{b+x-1}\left(\frac{\alpha+T}{\alpha+t_x}\right)^{r+x}\right]^{-1}

    >>> cdnow = BetaGeoParams(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> round(float(probability_alive(cdnow, 2, 30.43, 38.86)), 4)
    0.7266
    """
    x, t_x, T = (np.asarray(value, float) for value in (x, t_x, T))
    with np.errstate(over="ignore"):
        return 1 / (1 + np.where(x > 0, np.exp(log_odds_of_dropout(params, x, t_x, T)), 0.0))


def purchases_if_alive(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, T: ArrayLike) -> Array:
    r"""E[X(T, T + t) | alive at T]: :math:`E_p[(1 - (1 + p c)^{-s}) / p]`.

    >>> round(float(purchases_if_alive(BetaGeoParams(0.243, 4.414, 0.793, 2.426), 52, 0, 0)), 10)
    1.4460505954
    """
    return _mean(lambda p, log_growth, s: -np.expm1(-s * log_growth) / p, params, x, _growth(params, t, T))[..., 0]


def survival_if_alive(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, T: ArrayLike) -> Array:
    r"""P(alive at T + t | alive at T): :math:`E_p[(1 + p c)^{-s}]`."""
    if np.all(np.asarray(t) == 0):
        return np.ones(np.broadcast_shapes(*(np.shape(value) for value in (*params, t, x, T))))
    # The rule's rounding must not lift a probability above 1.
    survival = _mean(lambda _, log_growth, s: np.exp(-s * log_growth), params, x, _growth(params, t, T))[..., 0]
    return np.minimum(survival, 1.0)


def lifetime_if_alive(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, T: ArrayLike) -> Array:
    r"""Restricted mean lifetime: the integral of `survival_if_alive` over (0, t).

    .. math:: (\alpha + T)\, E_p\left[\frac{1 - (1 + p c)^{1 - s}}{p (s - 1)}\right], \quad
        \text{at } s = 1:\ (\alpha + T)\, E_p[\log(1 + p c) / p]
    """
    growth = _growth(params, t, T)
    integral = _mean(lambda p, log_growth, s: log_growth / p * exprel((1 - s) * log_growth), params, x, growth)
    return (params.alpha + np.asarray(T, float)) * integral[..., 0]


def probability_of_purchase_if_alive(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, T: ArrayLike) -> Array:
    r"""P(at least one purchase in (T, T + t) | alive at T): :math:`1 - (1 + c)^{-s}`."""
    growth = np.asarray(t, float) / (params.alpha + np.asarray(T, float))
    return -np.expm1(-(params.r + np.asarray(x, float)) * np.log1p(growth))


def discounted_purchases_if_alive(
    params: BetaGeoParams, t: ArrayLike, x: ArrayLike, T: ArrayLike, *, discount_force: float
) -> Array:
    r"""Expected purchases in (T, T + t), each weighted by exp(-discount_force x time since T), given alive at T.

    The purchase rate is :math:`s / (\alpha + T)\, E_p[(1 + p c)^{-(s + 1)}]`; it is smooth in log(1 + c), on which
    it is integrated by a Gauss-Legendre rule. At force 0 it equals `purchases_if_alive`.
    """
    if discount_force == 0:
        return purchases_if_alive(params, t, x, T)
    # What comes later is worth nothing.
    t = np.minimum(np.asarray(t, float), WORTHLESS / discount_force)
    nodes, weights = leggauss(_discount_nodes(params, t, x, T, discount_force))
    scale = (params.alpha + np.asarray(T, float))[..., None]
    log_end = np.log1p(np.asarray(t, float)[..., None] / scale)
    y = log_end * (1 + nodes) / 2
    rate = _mean(lambda _, log_growth, s: np.exp(-(s + 1) * log_growth), params, x, np.expm1(y), falls=True)
    integral = np.sum(weights / 2 * np.exp(y - discount_force * scale * np.expm1(y)) * rate, axis=-1)
    return (params.r + np.asarray(x, float)) * log_end[..., 0] * integral


def _discount_nodes(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, T: ArrayLike, discount_force: float) -> int:
    longest = float(np.max(np.log1p(np.asarray(t, float) / (params.alpha + np.asarray(T, float)))))
    # The integrand's singularities are at a distance of pi; the discount factor adds its own curvature.
    ratio = 2 * np.pi / max(longest, 1e-6)
    smooth = 4 + 14 / np.log(ratio + np.hypot(1.0, ratio)) + 3 * np.sqrt(discount_force * np.max(t))
    # It falls like exp(-fall y) at first, in a layer that the nodes near the end have to resolve.
    fall = np.max((params.r + np.asarray(x, float) + 1) * params.a / (params.a + params.b + np.asarray(x, float)))
    return int(smooth + 4 * np.sqrt(fall * longest))


def expected_purchases(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
    """E[X(T, T + t) | x, t_x, T]; a new customer has x = t_x = T = 0. Source: equation 10 of the paper, as an integral.

    >>> round(float(expected_purchases(BetaGeoParams(0.243, 4.414, 0.793, 2.426), 39, 2, 30.43, 38.86)), 6)
    1.226028
    """
    return probability_alive(params, x, t_x, T) * purchases_if_alive(params, t, x, T)


def survival(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
    """P(alive at T + t | x, t_x, T); at t = 0 the probability alive.

    >>> round(float(survival(BetaGeoParams(0.243, 4.414, 0.793, 2.426), 0, 2, 30.43, 38.86)), 4)
    0.7266
    """
    return probability_alive(params, x, t_x, T) * survival_if_alive(params, t, x, T)


def expected_lifetime(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
    """Mean remaining lifetime within t: the integral of `survival` over (0, t), in time units.

    The mean without a horizon is infinite whenever r + x <= 1 or a <= 1, and is not offered.

    >>> round(float(expected_lifetime(BetaGeoParams(0.243, 4.414, 0.793, 2.426), 39, 2, 30.43, 38.86)), 4)
    24.8888
    """
    return probability_alive(params, x, t_x, T) * lifetime_if_alive(params, t, x, T)


def probability_of_purchase(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
    """P(at least one purchase in (T, T + t) | x, t_x, T).

    >>> round(float(probability_of_purchase(BetaGeoParams(0.243, 4.414, 0.793, 2.426), 39, 2, 30.43, 38.86)), 4)
    0.5546
    """
    return probability_alive(params, x, t_x, T) * probability_of_purchase_if_alive(params, t, x, T)


def _growth(params: BetaGeoParams, t: ArrayLike, T: ArrayLike) -> Array:
    return (np.asarray(t, float) / (params.alpha + np.asarray(T, float)))[..., None]


def _mean(kernel: Kernel, params: BetaGeoParams, x: ArrayLike, c: Array, *, falls: bool = False) -> Array:
    """The kernel's mean over p for c of shape (..., k), where (...) is the shape of the other arguments together."""
    r, _, a, b = (np.asarray(value, float) for value in params)
    s, b = r + np.asarray(x, float), b + np.asarray(x, float)
    # One row for each a, b, s; what varies within a row is c alone.
    rows = np.broadcast_shapes(a.shape, b.shape, s.shape)
    columns = np.broadcast_shapes(rows, c.shape[:-1])
    if not (len(rows) == len(columns) == 2 and rows[1] == 1):
        rows = columns
    a, b, s = (np.broadcast_to(value, rows).ravel() for value in (a, b, s))
    by_row = np.broadcast_to(c, (*columns, c.shape[-1])).reshape(len(a), -1)
    return dropout_mean(kernel, a, b, s, by_row, falls=falls).reshape(*columns, c.shape[-1])
