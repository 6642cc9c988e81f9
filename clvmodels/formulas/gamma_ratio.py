r"""Ratios of gamma functions whose logarithms keep their digits, however large the arguments.

The leading terms of Stirling's formula are put together by hand: taken one by one, log-gamma functions of large
arguments are so large that their difference keeps few digits.

.. math:: \log\Gamma(z) = (z - \tfrac12) \log z - z + \tfrac12 \log 2\pi + R(z)

Every function broadcasts its arguments. `xp` is NumPy's or PyTensor's functions: a graph without rewrites pays for each
operation, and its priors keep parameters so small that plain log-gamma functions do.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.special import gammaln

NUMPY = SimpleNamespace(
    abs=np.abs,
    exp=np.exp,
    gammaln=gammaln,
    log=np.log,
    log1p=np.log1p,
    maximum=np.maximum,
    where=np.where,
)
# From here on the series is exact to the last digit.
STIRLING_FROM = 10.0
STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
HALF_LOG_2_PI = 0.5 * np.log(2 * np.pi)
# Below it the series of what is left of log1p and expm1 is exact to the last digit.
SMALL, TERMS = 0.01, 9


def stirling_rest(z: Any) -> Any:
    """R(z), for z > 0."""
    large, small = np.maximum(z, STIRLING_FROM), np.minimum(z, STIRLING_FROM)
    series = np.polynomial.polynomial.polyval(large**-2.0, STIRLING) / large
    exact = gammaln(small) - (small - 0.5) * np.log(small) + small - HALF_LOG_2_PI
    return np.where(z < STIRLING_FROM, exact, series)


def log_rising(z: Any, n: Any, *, xp: Any = NUMPY) -> Any:
    r"""Log of :math:`\Gamma(z + n) / \Gamma(z)`, for z > 0 and n >= 0.

    >>> round(float(log_rising(1e17, 2.0) - 2 * np.log(1e17)), 12)
    0.0
    """
    if xp is not NUMPY:
        return xp.gammaln(z + n) - xp.gammaln(z)
    leading = (z - 0.5) * np.log1p(n / z) + n * (np.log(z + n) - 1)
    return leading + stirling_rest(z + n) - stirling_rest(z)


def log_beta_ratio(a: Any, b: Any, n: Any, *, xp: Any = NUMPY) -> Any:
    r"""Log of :math:`B(a, b + n) / B(a, b)`, for n >= 0: nobody of n leaves who each do so with p ~ Beta(a, b).

    >>> round(float(log_beta_ratio(1.0, 1.0, 1.0)), 6)
    -0.693147
    """
    if xp is not NUMPY:
        return log_rising(b, n, xp=xp) - log_rising(a + b, n, xp=xp)
    leading = (b - 0.5) * np.log1p(a / b * (n / (a + b + n))) - n * np.log1p(a / (b + n)) - a * np.log1p(n / (a + b))
    return leading + (stirling_rest(b + n) - stirling_rest(b)) - (stirling_rest(a + b + n) - stirling_rest(a + b))


def fall(a: Any, b: Any, u: Any) -> Any:
    r"""How far :math:`a z - (a + b) \log(1 + e^z)` falls from its peak at log(a / b) to u beyond it, on either side.

    That is the log density of the log odds of p ~ Beta(a, b). With few terms that cancel, so that it keeps its digits
    for a and b so large that the density is a spike.

    >>> round(float(fall(1e17, 1e17, 1e-8)), 6)
    2.5
    """
    # From the side on which p (or 1 - p) at the peak is the smaller one.
    a, b, u = np.broadcast_arrays(np.asarray(a, float), np.asarray(b, float), np.asarray(u, float))
    smaller, u = np.minimum(a, b), np.where(a <= b, u, -u)
    with np.errstate(over="ignore", invalid="ignore"):
        x = smaller / (a + b) * np.expm1(u)
        close = smaller * _expm1_rest(u) + (a + b) * _log1p_rest(x)
        far = (a + b) * np.log1p(x) - smaller * u
    return np.where(np.abs(x) < 0.5, close, far)


def log_beta_at_peak(a: Any, b: Any) -> Any:
    r"""Log of B(a, b) less that of :math:`p^a (1 - p)^b` at p = a / (a + b), which is the larger part of it.

    >>> round(float(log_beta_at_peak(2.0, 2.0) - 4 * np.log(2.0)), 6), round(float(np.log(1 / 6)), 6)
    (-1.791759, -1.791759)
    """
    rest = stirling_rest(a) + stirling_rest(b) - stirling_rest(a + b)
    return rest + HALF_LOG_2_PI + (np.log(a + b) - np.log(a) - np.log(b)) / 2


def _log1p_rest(x: Any) -> Any:
    """log(1 + x) - x."""
    small = np.where(np.abs(x) < SMALL, x, 0.0)
    series = small**2 * np.polynomial.polynomial.polyval(-small, [-1 / k for k in range(2, TERMS + 1)])
    return np.where(np.abs(x) < SMALL, series, np.log1p(x) - x)


def _expm1_rest(u: Any) -> Any:
    """exp(u) - 1 - u."""
    small = np.where(np.abs(u) < SMALL, u, 0.0)
    factors = 1 / np.cumprod(np.arange(2.0, TERMS + 1))
    return np.where(np.abs(u) < SMALL, small**2 * np.polynomial.polynomial.polyval(small, factors), np.expm1(u) - u)
