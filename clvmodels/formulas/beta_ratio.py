r"""Ratios of beta functions and sums of them, exact to a few units in the last place of the result.

.. math:: \frac{B(a, b + n)}{B(a, b)} = \prod_{i<n} \frac{b + i}{a + b + i} = E[(1 - p)^n],
    \quad p \sim \text{Beta}(a, b)

Log-gamma functions are so large for large arguments that their differences keep few digits; here the leading terms of
Stirling's formula are put together by hand, behind eight factors written out. All arguments broadcast.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

WRITTEN_OUT = 8
STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
# So many terms of a sum are added one by one. Behind them the terms are so smooth that a rule of so many nodes, made
# for sums, is exact on every stretch that ends at four times its beginning.
ONE_BY_ONE, NODES, STRETCH = 256, 16, 4
# The same where a term takes long: the error stays below a billionth.
SINGLY = 32


def log_beta_ratio(a: Any, b: Any, n: Any, *, xp: Any = np) -> Any:
    r""":math:`\log B(a, b + n) / B(a, b)`, for b > 0 and n >= 0. `xp` is NumPy's or PyTensor's functions.

    All its terms vanish with a, so that a small result has as many digits as a large one; and it continues to negative
    a > -b, where the ratio is above 1. A PyTensor graph pays for every operation: there plain log-gamma functions do.

    >>> round(float(np.exp(log_beta_ratio(1.0, 1.0, 1.0))), 6)
    0.5
    """
    if xp is not np:
        return xp.gammaln(b + n) - xp.gammaln(b) + xp.gammaln(a + b) - xp.gammaln(a + b + n)
    written = sum(np.log1p(a / (b + i) * (n / (a + b + n + i))) for i in range(WRITTEN_OUT))
    return _of_large(a, b + WRITTEN_OUT, n) - written


def _of_large(a: Any, b: Any, n: Any) -> Any:
    """`log_beta_ratio` for b >= 8."""
    leading = (b - 0.5) * np.log1p(a / b * (n / (a + b + n))) - n * np.log1p(a / (b + n)) - a * np.log1p(n / (a + b))
    return leading + a * (_slope(b + n, a + b + n) - _slope(b, a + b))


def sum_of_beta_ratios(
    a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike, m: ArrayLike, *, force: float = 0.0
) -> Array:
    r""":math:`\sum_{j<m} e^{-\text{force} \cdot j} \frac{B(a, b + j)}{B(a, b)} \frac{B(c, d + j)}{B(c, d)}`, m whole.

    The terms fall from 1. A million of them take as long as a few hundred.

    >>> round(float(sum_of_beta_ratios(1.0, 1.0, 1.0, 1.0, 3)), 6) == round(1 + 1 / 4 + 1 / 9, 6)
    True
    """
    a, b, c, d, m = (np.asarray(value, float) for value in (a, b, c, d, m))
    total = np.zeros(np.broadcast_shapes(a.shape, b.shape, c.shape, d.shape, m.shape))
    term, decay = np.ones(total.shape), np.exp(-force)
    least, most = (float(extreme(m, initial=0)) for extreme in (np.min, np.max))
    above, below = a + b, c + d
    for j in range(int(min(most, ONE_BY_ONE))):
        total += term if j < least else term * (j < m)
        term *= (decay * (b + j) * (d + j)) / ((above + j) * (below + j))
    start = ONE_BY_ONE
    while start < most:
        rows = np.clip(m - start, 0, (STRETCH - 1) * start)
        for place, weight in zip(*_rule(rows), strict=True):
            further = place + (start - ONE_BY_ONE)
            log_a = _of_large(a, b + ONE_BY_ONE, further)
            log_c = _of_large(c, d + ONE_BY_ONE, further)
            total += weight * term * np.exp(log_a + log_c - force * further)
        start *= STRETCH
    return total


def places_of_sum(m: Array) -> Iterator[tuple[Any, Array]]:
    """Where the terms of a sum over 0, 1, ..., m - 1 are taken, and with which weights: few where they are many.

    >>> found = sum(weight * (1.0 + place) ** -2 for place, weight in places_of_sum(np.array(1e4)))
    >>> abs(float(found) - float(np.sum((1.0 + np.arange(1e4)) ** -2))) < 1e-9
    True
    """
    most = float(np.max(m, initial=0))
    for j in range(int(min(most, SINGLY))):
        yield float(j), np.where(j < m, 1.0, 0.0)
    start = SINGLY
    while start < most:
        for place, weight in zip(*_rule(np.clip(m - start, 0, (STRETCH - 1) * start)), strict=True):
            yield start + place, weight
        start *= STRETCH


def _rule(length: Array) -> tuple[Array, Array]:
    """Gauss's rule for sums over 0, 1, ..., length - 1: places and weights, each (nodes, *length.shape).

    From the recurrence of the discrete Chebyshev polynomials; with fewer terms than nodes it is the sum itself.
    Source: Gautschi (2004), Orthogonal Polynomials: Computation and Approximation, table 1.2.
    """
    distinct, which = np.unique(length, return_inverse=True)
    i = np.arange(1.0, NODES)
    square = i**2 * (distinct[:, None] ** 2 - i**2) / (4 * (4 * i**2 - 1))
    jacobi = np.zeros((len(distinct), NODES, NODES))
    jacobi[:, np.arange(1, NODES), np.arange(NODES - 1)] = np.sqrt(np.maximum(square, 0.0))
    roots, vectors = np.linalg.eigh(jacobi)
    places = np.maximum(roots + (distinct[:, None] - 1) / 2, 0.0)
    weights = distinct[:, None] * vectors[:, 0, :] ** 2
    which = which.reshape(length.shape)
    return np.moveaxis(places[which], -1, 0), np.moveaxis(weights[which], -1, 0)


def _slope(y: Any, z: Any) -> Any:
    """(R(y) - R(z)) / (z - y) without a difference, R being what Stirling's formula leaves of log Gamma."""
    u, v = 1 / y, 1 / z
    product, squares = u * v, u * u + v * v
    # h is the sum of u^i v^(k - i) over i = 0..k, for k = 0, 2, 4, ...
    before, h, total = 1.0, squares + product, STIRLING[0]
    for coefficient in STIRLING[1:]:
        total = total + coefficient * h
        before, h = h, squares * h - product * product * before
    return product * total
