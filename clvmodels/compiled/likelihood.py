"""Sums over many rows of the likelihoods' terms that no table of distinct values can hold, with their gradients."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clvmodels.compiled.jit import compiled

Array = NDArray[np.float64]
Positions = NDArray[np.int32]
# Above this, log(1 + e^odds) is odds to the last bit.
LARGE_ODDS = 200.0
LARGE_PRODUCT = 1e150


@dataclass(frozen=True)
class DropoutSum:
    r"""Sum over rows of count x log(1 + odds of dropout), the BG/NBD term that needs t_x and T together.

    .. math:: \sum_i n_i \log\left[1 + \frac{a}{b + x_i - 1}
        \left(\frac{\alpha + T_i}{\alpha + t_{x,i}}\right)^{r + x_i}\right], \quad x_i > 0

    x, t_x, T, count have shape (n,). Logarithms are taken at distinct x, t_x and T only; a row costs one exponential.
    """

    x: tuple[Array, Positions]
    t_x: tuple[Array, Positions]
    T: tuple[Array, Positions]
    count: Array

    @classmethod
    def of(cls, x: Array, t_x: Array, T: Array, count: Array) -> DropoutSum:
        """Look up the distinct values once."""
        return cls(_distinct(x), _distinct(t_x), _distinct(T), np.ascontiguousarray(count, float))

    def values(self, points: Array) -> Array:
        """The sum at each of some points (k, 4) of r, alpha, a, b: (k,)."""
        return _dropout_sums(points, *self._rows())

    def gradient(self, point: Array) -> Array:
        """Its derivatives at a point (4,): (4,)."""
        return _dropout_gradient(point, *self._rows())

    def _rows(self) -> tuple[Array | Positions, ...]:
        return *self.x, *self.t_x, *self.T, self.count


@dataclass(frozen=True)
class SpendSum:
    r"""Sum over rows of count x (p n + q) log(1 + n m / v), the Gamma-Gamma term that needs every spend.

    .. math:: \sum_i c_i (p n_i + q) \log(1 + n_i m_i / v)

    n (number of purchases), total (n m) and count have shape (n,).
    """

    n: Array
    total: Array
    count: Array

    def values(self, points: Array) -> Array:
        """The sum at each of some points (k, 3) of p, q, v: (k,)."""
        return _spend_sums(points, self.n, self.total, self.count)

    def gradient(self, point: Array) -> Array:
        """Its derivatives at a point (3,): (3,)."""
        return _spend_gradient(point, self.n, self.total, self.count)


def _distinct(values: Array) -> tuple[Array, Positions]:
    distinct, position = np.unique(np.asarray(values, float), return_inverse=True)
    return distinct, position.astype(np.int32)


@compiled
def _dropout_sums(points, x, at_x, t_x, at_t_x, T, at_T, count):
    sums = np.empty(len(points))
    for k in range(len(points)):
        r, alpha, a, b = points[k]
        s, log_ratio = r + x, np.log(a / (b + (x - 1.0)))
        log_t_x, log_T = np.log1p(t_x / alpha), np.log1p(T / alpha)
        total, product = 0.0, 1.0
        for i in range(len(count)):
            odds = log_ratio[at_x[i]] + s[at_x[i]] * (log_T[at_T[i]] - log_t_x[at_t_x[i]])
            if odds > LARGE_ODDS:
                total += count[i] * odds
            elif count[i] == 1.0:
                # One logarithm for many rows.
                product *= 1.0 + math.exp(odds)
                if product > LARGE_PRODUCT:
                    total += math.log(product)
                    product = 1.0
            else:
                total += count[i] * math.log1p(math.exp(odds))
        sums[k] = total + math.log(product)
    return sums


@compiled
def _dropout_gradient(point, x, at_x, t_x, at_t_x, T, at_T, count):
    r, alpha, a, b = point
    s, log_ratio = r + x, np.log(a / (b + (x - 1.0)))
    log_t_x, log_T = np.log1p(t_x / alpha), np.log1p(T / alpha)
    gradient = np.zeros(4)
    for i in range(len(count)):
        longer = log_T[at_T[i]] - log_t_x[at_t_x[i]]
        odds = log_ratio[at_x[i]] + s[at_x[i]] * longer
        weight = count[i] / (1.0 + math.exp(-odds))
        gradient[0] += weight * longer
        gradient[1] += (
            weight * s[at_x[i]] * (t_x[at_t_x[i]] - T[at_T[i]]) / ((alpha + T[at_T[i]]) * (alpha + t_x[at_t_x[i]]))
        )
        gradient[2] += weight / a
        gradient[3] -= weight / (b + (x[at_x[i]] - 1.0))
    return gradient


@compiled
def _spend_sums(points, n, total, count):
    sums = np.zeros(len(points))
    for k in range(len(points)):
        p, q, v = points[k]
        for i in range(len(count)):
            sums[k] += count[i] * (p * n[i] + q) * math.log1p(total[i] / v)
    return sums


@compiled
def _spend_gradient(point, n, total, count):
    p, q, v = point
    gradient = np.zeros(3)
    for i in range(len(count)):
        longer = count[i] * math.log1p(total[i] / v)
        gradient[0] += n[i] * longer
        gradient[1] += longer
        gradient[2] -= count[i] * (p * n[i] + q) * (total[i] / v) / (v + total[i])
    return gradient
