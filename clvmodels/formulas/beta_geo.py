r"""BG/NBD: Fader, Hardie, Lee (2005), doi:10.1287/mksc.1040.0098. Purchases at rate lambda, dropout with probability p.

lambda ~ Gamma(r, rate alpha) and p ~ Beta(a, b) over customers; after every repeat purchase the customer
drops out with probability p. x repeat purchases, the last at t_x, were seen in (0, T].
Given that the customer is alive at T, lambda ~ Gamma(r + x, rate alpha + T) and p ~ Beta(a, b + x), independent,
and dropping out is a Poisson process of rate lambda p. Everything below follows from that, with

.. math:: s = r + x, \quad c = t / (\alpha + T), \quad E_\lambda[e^{-\lambda p t}] = (1 + p c)^{-s}.

Every function broadcasts its arguments. Parameters of shape (draws, 1) with x of shape (n,) give (draws, n).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike
from scipy.special import exprel

from clvmodels.formulas.dropout import Array, Kernel, dropout_mean
from clvmodels.formulas.gamma_ratio import NUMPY, log_beta_ratio, log_rising

# exp(-60) of a purchase.
WORTHLESS = 60.0
MOST_NODES, PIECE_NODES = 200, 40


class BetaGeoParams(NamedTuple):
    """r, alpha: Gamma shape and rate (in time units) of purchasing; a, b: Beta parameters of dropout."""

    r: Any
    alpha: Any
    a: Any
    b: Any


def frequency_terms(params: BetaGeoParams, x: Any, *, xp: Any = NUMPY) -> Any:
    """The part of the log-likelihood that depends on x alone. `xp` is NumPy's or PyTensor's functions."""
    r, alpha, a, b = params
    return log_rising(r, x, xp=xp) - x * xp.log(alpha) + log_beta_ratio(a, b, x, xp=xp)


def dropouts(params: BetaGeoParams, x: Any) -> tuple[BetaGeoParams, Any]:
    """The parameters and the number of purchases after which a customer may have dropped out: all repeat purchases."""
    return params, x


def log_odds_of_dropout(params: BetaGeoParams, x: Any, t_x: Any, T: Any, *, xp: Any = NUMPY) -> Any:
    """Log of P(dropped out right after t_x) / P(alive at T), for x > 0; at x = 0 it means nothing."""
    r, alpha, _, _ = params
    return _log_leaving(params, x, xp) + (r + x) * xp.log1p((T - t_x) / (alpha + t_x))


def timing_terms(params: BetaGeoParams, x: Any, t_x: Any, T: Any, *, xp: Any = NUMPY) -> Any:
    """The part of the log-likelihood that depends on the dates: still alive at T, or dropped out at t_x."""
    r, alpha, _, _ = params
    alive = -(r + x) * xp.log1p(T / alpha)
    left = _log_leaving(params, x, xp) - (r + x) * xp.log1p(t_x / alpha)
    # log(e^alive + e^left), written so that neither NumPy nor a PyTensor graph without rewrites overflows.
    either = xp.maximum(alive, left) + xp.log1p(xp.exp(-xp.abs(left - alive)))
    return xp.where(x > 0, either, alive)


def _log_leaving(params: BetaGeoParams, x: Any, xp: Any) -> Any:
    # b + x - 1 may be <= 0 at x = 0, and a small b would be lost beside x.
    return xp.log(params.a) - xp.log(params.b + (xp.maximum(x, 1) - 1))


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
    # The rule's rounding must not lift a lifetime above the horizon.
    return np.minimum((params.alpha + np.asarray(T, float)) * integral[..., 0], t)


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
    nodes, weights = _discount_rule(params, t, x, T, discount_force)
    scale = (params.alpha + np.asarray(T, float))[..., None]
    log_end = np.log1p(np.asarray(t, float)[..., None] / scale)
    y = log_end * nodes
    rate = _mean(lambda _, log_growth, s: np.exp(-(s + 1) * log_growth), params, x, np.expm1(y), falls=True)
    integral = np.sum(weights * np.exp(y - discount_force * scale * np.expm1(y)) * rate, axis=-1)
    return (params.r + np.asarray(x, float)) * log_end[..., 0] * integral


def purchase_rate_if_alive(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, T: ArrayLike) -> Array:
    r"""Purchases per time unit at T + t, given alive at T: :math:`s / (\alpha + T)\, E_p[(1 + p c)^{-(s + 1)}]`."""
    rate = (params.r + np.asarray(x, float)) / (params.alpha + np.asarray(T, float))
    if np.all(np.asarray(t) == 0):
        return rate
    slowed = _mean(lambda _, log_growth, s: np.exp(-(s + 1) * log_growth), params, x, _growth(params, t, T), falls=True)
    return rate * slowed[..., 0]


def _discount_rule(
    params: BetaGeoParams, t: ArrayLike, x: ArrayLike, T: ArrayLike, discount_force: float
) -> tuple[Array, Array]:
    """Nodes and weights on (0, 1), in parts of log(1 + c)."""
    longest = float(np.max(np.log1p(np.asarray(t, float) / (params.alpha + np.asarray(T, float)))))
    # The integrand's singularities are at a distance of pi; the discount factor adds its own curvature.
    ratio = 2 * np.pi / max(longest, 1e-6)
    smooth = 4 + 14 / np.log(ratio + np.hypot(1.0, ratio)) + 3 * np.sqrt(discount_force * np.max(t))
    # It falls like exp(-fall y) at first, in a layer that the nodes near the end have to resolve.
    fall = np.max((params.r + np.asarray(x, float) + 1) * params.a / (params.a + params.b + np.asarray(x, float)))
    count = smooth + 4 * np.sqrt(fall * longest)
    if count < MOST_NODES:
        nodes, weights = leggauss(int(count))
        return (1 + nodes) / 2, weights / 2
    # A layer that is very thin: each piece is half as long as the one after it.
    edges = np.concatenate([[0.0], 0.5 ** np.arange(int(np.log2(fall * longest)) + 4, -1, -1)])
    nodes, weights = leggauss(PIECE_NODES)
    lengths = np.diff(edges)[:, None]
    return (edges[:-1, None] + lengths * (1 + nodes) / 2).ravel(), (lengths * weights / 2).ravel()


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
