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
NEGLIGIBLE = 1e-10
BLOCK_ROWS = 128


def dropout_mean(kernel: Kernel, a: Array, b: Array, s: Array, c: Array, *, falls: bool = False) -> Array:
    """E[k(p, log(1 + p c), s)] for p ~ Beta(a, b). Shapes: a, b, s (n,), c (n, k); returns (n, k).

    In log(1 + c) the expectation is smooth, with no singularity nearer than pi to the real axis, so that many values
    of c in a row are interpolated from a few (Chebyshev), from more where a and s are so large that it turns sharply.
    An expectation that `falls` from 1 over many orders of magnitude is interpolated on the log scale, which keeps its
    small values right.

    >>> half = dropout_mean(lambda p, log_growth, s: p, *np.array([[2.0], [2.0], [1.0]]), np.array([[1.0]]))
    >>> round(half.item(), 10)
    0.5
    """
    y = np.log1p(c)
    low, high = y.min(axis=1, keepdims=True), y.max(axis=1, keepdims=True)
    nodes = node_count(float(np.max(high - low, initial=0.0)) / 2)
    while nodes < c.shape[1]:
        at_nodes = _exact_mean(kernel, a, b, s, np.expm1(between(low, high, nodes)))
        terms = coefficients(on_scale(at_nodes, log=falls))
        if enough_terms(terms, at_nodes, log=falls):
            values = interpolated(terms, low, high, y)
            return np.exp(values) if falls else values
        nodes *= 2
    return _exact_mean(kernel, a, b, s, c)


def node_count(half: float) -> int:
    """How many Chebyshev nodes an interval of log(1 + c) of length 2 x half needs for an error of 1e-11, usually."""
    ratio = np.pi / max(half, 1e-9)
    # Bernstein ellipse through the singularities: the error falls by its radius with every node.
    return int(np.ceil(24.0 / np.log(ratio + np.hypot(1.0, ratio)))) + 3


def between(low: Array, high: Array, nodes: int) -> Array:
    """Chebyshev points between low and high, both (n, 1): (n, nodes)."""
    return (low + high) / 2 + (high - low) / 2 * chebyshev.chebpts1(nodes)


def coefficients(at_nodes: Array) -> Array:
    """Chebyshev coefficients (n, nodes) of the polynomials through the values (n, nodes) at the Chebyshev points."""
    nodes = at_nodes.shape[1]
    return at_nodes @ np.linalg.inv(chebyshev.chebvander(chebyshev.chebpts1(nodes), nodes - 1)).T


def on_scale(values: Array, *, log: bool) -> Array:
    """The values or their logarithms; what has underflowed is as small as a number can be."""
    return np.log(np.maximum(values, np.finfo(float).tiny)) if log else values


def enough_terms(terms: Array, values: Array, *, log: bool) -> bool:
    """Whether the last two coefficients (n, nodes) have fallen to nothing beside the smallest value of their row."""
    smallest = 1.0 if log else np.min(np.abs(values), axis=1, keepdims=True)
    return bool(np.all(np.abs(terms[:, -2:]) <= NEGLIGIBLE * smallest))


def interpolated(terms: Array, low: Array, high: Array, y: Array) -> Array:
    """The polynomials of coefficients `terms` (n, nodes), each on its own interval, at y (n, k)."""
    with np.errstate(invalid="ignore"):
        place = np.nan_to_num((2 * y - low - high) / (high - low))
    return np.asarray(chebyshev.chebval(place, terms.T[:, :, None], tensor=False), float)


def _exact_mean(kernel: Kernel, a: Array, b: Array, s: Array, c: Array) -> Array:
    out = np.empty(c.shape)
    # Rows with a similar a share a lattice of the same step and length.
    order = np.argsort(a, kind="stable")
    for start in range(0, len(a), BLOCK_ROWS):
        rows = order[start : start + BLOCK_ROWS]
        out[rows] = _block_mean(kernel, a[rows, None], b[rows, None], s[rows, None], c[rows])
    return out


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
