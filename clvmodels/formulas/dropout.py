r"""Expectations over the dropout probability p ~ Beta(a, b), exact to about eleven digits.

With z = log(p / (1 - p)) the expectation of k(p) is the integral over the real line of

.. math:: \frac{p^a (1 - p)^b}{B(a, b)}\, k(p) \, dz,

analytic around the real axis and with exponentially decaying ends, so that the trapezoidal rule
converges exponentially in 1 / step, whatever a, b and the kernel (Trefethen and Weideman 2014,
doi:10.1137/130932132). No Gauss rule does that here: the kernels have a branch point at p = -1 / c that
comes arbitrarily close to zero for long horizons.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy.special import betaln

Array = NDArray[np.float64]
Kernel = Callable[[Array, Array, Array], Array]
"""k(p, log(1 + p c), s): the three arrays broadcast against each other."""

LOG_TAIL = 32.0
"""The ends are cut where the integrand has fallen by exp(-32) = 1e-14 from its peak."""
SLOW_TAIL = 0.3
"""Below this a (or b) the left (or right) end, which falls like exp(a z), would need thousands of nodes."""
LOG_SMALLEST = -690.0
BLOCK_ROWS = 64


def dropout_mean(kernel: Kernel, a: Array, b: Array, s: Array, c: Array) -> Array:
    """E[k(p, log(1 + p c), s)] for p ~ Beta(a, b). Shapes: a, b, s (n,), c (n, k); returns (n, k).

    >>> half = dropout_mean(lambda p, log_growth, s: p, *np.array([[2.0], [2.0], [1.0]]), np.array([[1.0]]))
    >>> round(half.item(), 10)
    0.5
    """
    out = np.empty(c.shape)
    # Rows with a similar a share a lattice of the same step and length.
    order = np.argsort(a, kind="stable")
    for start in range(0, len(a), BLOCK_ROWS):
        rows = order[start : start + BLOCK_ROWS]
        out[rows] = _block_mean(kernel, a[rows, None], b[rows, None], s[rows, None], c[rows])
    return out


def dropout_mean_by_draw(kernel: Kernel, a: Array, b: Array, r: Array, x: Array, c: Array) -> Array:
    """The same by draw and customer: a, b, r (draws, 1), x (n,), c (draws, n, k); p ~ Beta(a, b + x), s = r + x.

    For one x the expectation is a smooth function of log(1 + c) whose nearest singularities are at a distance
    of pi from the real axis, so that many values of c are interpolated from a few (Chebyshev, error 1e-11).
    """
    out = np.empty(c.shape)
    for frequency in np.unique(x):
        columns = np.flatnonzero(x == frequency)
        beta = (a[:, 0], b[:, 0] + frequency, r[:, 0] + frequency)
        chosen = c[:, columns]
        out[:, columns] = _mean_for_one_x(kernel, beta, chosen.reshape(len(c), -1)).reshape(chosen.shape)
    return out


def _mean_for_one_x(kernel: Kernel, beta: tuple[Array, Array, Array], c: Array) -> Array:
    y = np.log1p(c)
    middle, half = (y.max() + y.min()) / 2, (y.max() - y.min()) / 2
    if half == 0:
        return np.broadcast_to(dropout_mean(kernel, *beta, c[:, :1]), c.shape)
    nodes = _node_count(half)
    if c.shape[1] <= nodes:
        return dropout_mean(kernel, *beta, c)
    points = chebyshev.chebpts1(nodes)
    at_nodes = dropout_mean(kernel, *beta, np.broadcast_to(np.expm1(middle + half * points), (len(c), nodes)))
    coefficients = at_nodes @ np.linalg.inv(chebyshev.chebvander(points, nodes - 1)).T
    return chebyshev.chebval((y - middle) / half, coefficients.T[:, :, None], tensor=False)


def _node_count(half: float) -> int:
    ratio = np.pi / max(half, 1e-9)
    # Bernstein ellipse through the singularities: the error falls by its radius with every node.
    return int(np.ceil(27.0 / np.log(ratio + np.hypot(1.0, ratio)))) + 3


def _block_mean(kernel: Kernel, a: Array, b: Array, s: Array, c: Array) -> Array:
    slow_left, slow_right = a < SLOW_TAIL, b < SLOW_TAIL
    z, step = _lattice(a + slow_left, b + slow_right, s * c.max(axis=1, keepdims=True))
    log_p, log_q = -np.logaddexp(0.0, -z), -np.logaddexp(0.0, z)
    weight = step * np.exp(a * log_p + b * log_q - betaln(a, b))
    # Kernels are constant below, and would be 0/0 where p underflows.
    p, nothing = np.exp(np.maximum(log_p, LOG_SMALLEST)), np.full(a.shape, np.exp(LOG_SMALLEST))
    slow = bool(slow_left.any() or slow_right.any())
    means = []
    for column in c.T[:, :, None]:
        values = kernel(p, np.log1p(p * column), s)
        if not slow:
            means.append(np.sum(weight * values, axis=1, keepdims=True))
            continue
        # Ends that die out slowly are taken out: a line through them has a known mean, and what is left dies faster.
        left = np.where(slow_left, kernel(nothing, np.log1p(nothing * column), s), 0.0)
        right = np.where(slow_right, kernel(np.ones(a.shape), np.log1p(column), s), 0.0)
        rest = np.sum(weight * (values - left * (1 - p) - right * p), axis=1, keepdims=True)
        means.append((left * b + right * a) / (a + b) + rest)
    return np.concatenate(means, axis=1)


def _lattice(a: Array, b: Array, sc: Array) -> tuple[Array, Array]:
    """Nodes (n, nodes) and steps (n, 1), from the left end of the leftmost integrand to the right end of the rightmost.

    A row's nodes are multiples of its own step: what else is in the block only adds nodes where it has no weight.
    """
    left = np.log(a / (b + sc)) - _fall_length(b + sc, a)
    right = np.log(a / b) + _fall_length(a, b)
    # The rule's error is |Gamma(a + i w) / Gamma(a)| at w = 2 pi / step: this w makes it 1e-11 for every a.
    step = 2 * np.pi / np.sqrt(18.0**2 + 54.0 * a)
    return step * np.arange(np.floor(left / step).min(), np.ceil(right / step).max() + 1), step


def _fall_length(a: Array, b: Array) -> Array:
    """Distance u > 0 from the mode of a z - (a + b) log(1 + e^z) over which it falls by LOG_TAIL on its b side."""
    # The fall is convex and above its asymptote: Newton from the asymptote's root comes down and never undershoots.
    u = (LOG_TAIL + (a + b) * np.log1p(b / a)) / b
    for _ in range(6):
        p = a / (a + b * np.exp(-u))
        fall = (a + b) * (np.log(a / (a + b)) + u - np.log(p)) - a * u
        u = u - (fall - LOG_TAIL) / ((a + b) * p - a)
    return u
