r"""Drift: purchase rates wander, so that what a customer did long ago counts less than what was done lately.

A model of this package. In the NBD the rate of a customer is Gamma(r, rate alpha) and constant, so that after n repeat
purchases in (0, t) the next one comes with intensity :math:`(r + n) / (\alpha + t)`: purchases and time are counted
with equal weights. Where rates wander, the filter that follows them forgets: purchases and time count with the weight
:math:`e^{-\kappa a}` where they lie a time a back (a discount factor, as in the dynamic models of West and Harrison),

.. math:: \lambda(t) = \frac{r + n(t)}{\alpha + e(t)}, \quad
    n(t) = c\, e^{-\kappa t} + \sum_{t_j < t} e^{-\kappa (t - t_j)}, \quad
    e(t) = \frac{1 - e^{-\kappa t}}{\kappa},

with the first purchase, at 0, counting c. This intensity is all of the model: it is the probability law of a point
process. kappa = c = 0 is the NBD. Nobody leaves; who is silent for long goes back to r / alpha, the mean of all.

With E = e^{-kappa t}, K = 1 + alpha kappa and A = alpha + e(T), and t a time since T, the rest follows in closed form:

.. math:: \int_0^t \lambda = \frac{r}{K} \left[\kappa t + \log(1 + E g)\right] + n \frac{\log(1 + E g)}{E}, \quad
    g = \frac{1 - e^{-\kappa t}}{\kappa A}

is the compensator while nothing happens, and since :math:`n' = -\kappa n + \lambda` in the mean,

.. math:: E[\lambda(T + t)] = \frac{r}{\alpha}
    + \left(n(T) - \frac{r e(T)}{\alpha}\right) \frac{e^{-\kappa b t} (1 + E g)^{-b}}{A}, \quad
    b = \frac{\alpha \kappa}{K}.

Expected purchases are its integral, a Gauss-Legendre rule in log(1 + t / A). All of it is linear in n(T), so that a
customer's past is known by n(T) and T alone.

Every function broadcasts its arguments. Parameters of shape (draws, 1) with T of shape (n,) give (draws, n).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike, NDArray
from scipy.special import exprel

Array = NDArray[np.float64]
POINTS, WEIGHTS = leggauss(48)
SMALL = 1e-3
"""Below it, log(1 + z) / z is its series."""
LOG_TAIL = 40.0
"""The integrand is cut where it has fallen by exp(-40)."""


class DriftParams(NamedTuple):
    """r, alpha as in the NBD; kappa: how fast the past is forgotten, per time unit; c: weight of the first purchase."""

    r: Any
    alpha: Any
    kappa: Any
    c: Any


def exposure(kappa: ArrayLike, t: ArrayLike) -> Array:
    """e(t): the time that counts, of t."""
    t = np.asarray(t, float)
    return t * exprel(-np.asarray(kappa) * t)


def recent_purchases(params: DriftParams, times: Array, T: ArrayLike) -> Array:
    """n(T) of one customer who bought at some times (x,); parameters and T of one shape.

    >>> round(float(recent_purchases(DriftParams(0.5, 4.0, 0.05, 0.3), np.array([2.0, 5.0, 20.0]), 30.0)), 6)
    1.206571
    """
    _, _, kappa, c = params
    weights = (np.exp(-kappa * (np.asarray(T) - time)) for time in times)
    return np.asarray(c * np.exp(-kappa * np.asarray(T)) + sum(weights), float)


def no_purchase_exponent(params: DriftParams, t: ArrayLike, T: ArrayLike) -> tuple[Array, Array]:
    """Minus the logarithm of P(no purchase in t after T), for n(T) = 0, and what each one of n(T) adds."""
    r, alpha, kappa, _ = params
    g = exposure(kappa, t) / (alpha + exposure(kappa, T))
    recent = np.exp(-kappa * np.asarray(T, float))
    grown = np.log1p(recent * g)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(recent * g > 0, g * grown / (recent * g), g)
    return r / (1 + alpha * kappa) * (kappa * np.asarray(t) + grown), slope


def expected_purchases(
    params: DriftParams, t: ArrayLike, T: ArrayLike, *, discount_force: float = 0.0
) -> tuple[Array, Array]:
    """Expected purchases in t after T, each weighted by exp(-discount_force u), for n(T) = 0, and by each one of n(T).

    >>> nbd = DriftParams(0.5, 4.0, 1e-12, 1e-12)
    >>> [round(float(part), 6) for part in expected_purchases(nbd, 26.0, 30.0)]  # 26 / 34 x (r + n)
    [0.382353, 0.764706]
    """
    r, alpha, kappa, _ = params
    t, known = np.asarray(t, float), exposure(kappa, T)
    start, recent = alpha + known, np.exp(-kappa * np.asarray(T, float))
    back = alpha * kappa / (1 + alpha * kappa)
    # In y = log(1 + u / start), as far as the integrand has not fallen to nothing.
    with np.errstate(divide="ignore"):
        length = np.log1p(np.minimum(t, LOG_TAIL / (back * kappa + discount_force)) / start)
    slope: Any = 0.0
    for point, weight in zip(POINTS, WEIGHTS, strict=True):
        y = length * (1 + point) / 2
        u = start * np.expm1(y)
        grown = np.log1p(recent * exposure(kappa, u) / start)
        slope = slope + weight * np.exp(y - back * (kappa * u + grown) - discount_force * u)
    slope = slope * length / 2
    return r / alpha * (t * exprel(-discount_force * t) - known * slope), slope


def log_likelihood(params: DriftParams, times: Array, T: Array, *, xp: Any = np) -> Any:
    """Log-likelihood of customers who bought at the times (n, most), padded with infinity, until T (n,).

    >>> bought = np.array([[2.0, 5.0, 20.0]])
    >>> round(log_likelihood(DriftParams(0.5, 4.0, 0.05, 0.3), bought, np.array([30.0])).item(), 9)
    -10.713739381
    """
    r, alpha, kappa, c = params
    real = np.isfinite(times)
    at = np.where(real, times, T[:, None])
    # Weights relative to the end, so that none of them overflows.
    growth = xp.exp(kappa * (at - T[:, None])) * real
    earlier = xp.cumsum(growth, axis=1) - growth
    recent = (c * xp.exp(-kappa * T)[:, None] + earlier) / xp.exp(kappa * (at - T[:, None]))
    start, end = (alpha - xp.expm1(-kappa * each) / kappa for each in (at, T))
    intensity = xp.sum(real * (xp.log(r + recent) - xp.log(start)), axis=1)
    # What each purchase, and the first with the weight c, adds to the compensator.
    g = -xp.expm1(-kappa * (T[:, None] - at)) / kappa / start
    each, grown = g * _log1p_ratio(xp.exp(-kappa * at) * g, xp), xp.log(end / alpha)
    return intensity - r / (1 + alpha * kappa) * (kappa * T + grown) - c * grown - xp.sum(real * each, axis=1)


def _log1p_ratio(z: Any, xp: Any) -> Any:
    """log(1 + z) / z."""
    small = z < SMALL
    other = xp.where(small, 1.0, z)
    series = 1 - z * (0.5 - z * (1 / 3 - z * (0.25 - z * 0.2)))
    return xp.where(small, series, xp.log1p(other) / other)
