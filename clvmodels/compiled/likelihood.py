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

    def value(self, r: float, alpha: float, a: float, b: float) -> float:
        """The sum."""
        return _dropout_sum(*self._rows(), *self._tables(r, alpha, a, b))

    def gradient(self, r: float, alpha: float, a: float, b: float) -> Array:
        """Its derivatives by r, alpha, a and b: (4,)."""
        inverse = 1 / (b + self.x[0] - 1), 1 / (alpha + self.t_x[0]), 1 / (alpha + self.T[0])
        gradient = _dropout_gradient(*self._rows(), *self._tables(r, alpha, a, b), *inverse)
        return gradient / np.array([1.0, 1.0, a, 1.0])

    def _rows(self) -> tuple[Positions, Positions, Positions, Array]:
        return self.x[1], self.t_x[1], self.T[1], self.count

    def _tables(self, r: float, alpha: float, a: float, b: float) -> tuple[Array, Array, Array, Array]:
        x, t_x, T = self.x[0], self.t_x[0], self.T[0]
        return r + x, np.log(a) - np.log(b + x - 1), np.log(alpha + t_x), np.log(alpha + T)


@dataclass(frozen=True)
class SpendSum:
    r"""Sum over rows of count x (p n + q) log(v + n m), the Gamma-Gamma term that needs every spend.

    .. math:: \sum_i c_i (p n_i + q) \log(v + n_i m_i)

    n (number of purchases), total (n m) and count have shape (n,).
    """

    n: Array
    total: Array
    count: Array

    def value(self, p: float, q: float, v: float) -> float:
        """The sum."""
        return _spend_sum(self.n, self.total, self.count, p, q, v)

    def gradient(self, p: float, q: float, v: float) -> Array:
        """Its derivatives by p, q and v: (3,)."""
        return _spend_gradient(self.n, self.total, self.count, p, q, v)


def _distinct(values: Array) -> tuple[Array, Positions]:
    distinct, position = np.unique(np.asarray(values, float), return_inverse=True)
    return distinct, position.astype(np.int32)


@compiled
def _dropout_sum(x, t_x, T, count, s, log_ratio, log_t_x, log_T):
    total, product = 0.0, 1.0
    for i in range(len(count)):
        odds = log_ratio[x[i]] + s[x[i]] * (log_T[T[i]] - log_t_x[t_x[i]])
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
    return total + math.log(product)


@compiled
def _dropout_gradient(x, t_x, T, count, s, log_ratio, log_t_x, log_T, by_b, by_t_x, by_T):
    gradient = np.zeros(4)
    for i in range(len(count)):
        longer = log_T[T[i]] - log_t_x[t_x[i]]
        odds = log_ratio[x[i]] + s[x[i]] * longer
        weight = count[i] / (1.0 + math.exp(-odds))
        gradient[0] += weight * longer
        gradient[1] += weight * s[x[i]] * (by_T[T[i]] - by_t_x[t_x[i]])
        gradient[2] += weight
        gradient[3] -= weight * by_b[x[i]]
    return gradient


@compiled
def _spend_sum(n, total, count, p, q, v):
    result = 0.0
    for i in range(len(count)):
        result += count[i] * (p * n[i] + q) * math.log(v + total[i])
    return result


@compiled
def _spend_gradient(n, total, count, p, q, v):
    gradient = np.zeros(3)
    for i in range(len(count)):
        log_rate = count[i] * math.log(v + total[i])
        gradient[0] += n[i] * log_rate
        gradient[1] += log_rate
        gradient[2] += count[i] * (p * n[i] + q) / (v + total[i])
    return gradient
