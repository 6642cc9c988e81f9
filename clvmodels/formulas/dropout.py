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

from clvmodels.formulas.gamma_ratio import fall, log_beta_at_peak

Array = NDArray[np.float64]
Kernel = Callable[[Array, Array, Array], Array]
"""k(p, log(1 + p c), s): the three arrays broadcast against each other."""

LOG_TAIL = 32.0
"""The ends are cut where the integrand has fallen by exp(-32) = 1e-14 from its peak."""
SLOW_TAIL = 0.3
"""Below this a (or b) the left (or right) end, which falls like exp(a z), would need thousands of nodes."""
CLOSE = 0.01
"""Ends are looked for until they move by this share."""
LOG_SMALLEST = -690.0
NEGLIGIBLE = 1e-10
BLOCK_ROWS = 512
NARROW = 1e4
"""Above this a, p is within some percent of its mean, and nodes are placed around it."""
LARGEST = 1e300
NOTHING_SURVIVES = 800.0
"""exp(-800) is 0."""


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
    wide = int(np.sum(a <= NARROW))
    for some in (order[:wide], order[wide:]):
        for start in range(0, len(some), BLOCK_ROWS):
            rows = some[start : start + BLOCK_ROWS]
            out[rows] = _block_mean(kernel, a[rows, None], b[rows, None], s[rows, None], c[rows])
    return out


def _block_mean(kernel: Kernel, a: Array, b: Array, s: Array, c: Array) -> Array:
    slow_left, slow_right = a < SLOW_TAIL, b < SLOW_TAIL
    if a.max() > NARROW:
        log_p, weight = _narrow_rule(a, b, b + slow_right, s)
        # Where nothing survives at the mean of p, a longer time changes nothing.
        with np.errstate(over="ignore"):
            c = np.minimum(c, np.expm1(NOTHING_SURVIVES / s) * (1 + b / a))
    else:
        with np.errstate(over="ignore"):
            sc = np.minimum(s * c.max(axis=1, keepdims=True), LARGEST)
        log_p, weight = _wide_rule(a, b, a + slow_left, b + slow_right, sc)
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


def _wide_rule(a: Array, b: Array, left_a: Array, right_b: Array, sc: Array) -> tuple[Array, Array]:
    """Log p and weights (n, nodes): from the left end of the leftmost integrand to the right end of the rightmost.

    A row's nodes are multiples of its own step: what else is in the block only adds nodes where it has no weight.
    """
    left = np.log(left_a / (right_b + sc)) - _fall_length(right_b + sc, left_a)
    right = np.log(left_a / right_b) + _fall_length(left_a, right_b)
    # The rule's error is |Gamma(a + i w) / Gamma(a)| at w = 2 pi / step: this w makes it 1e-11 for every a.
    step = 2 * np.pi / np.sqrt(18.0**2 + 54.0 * left_a)
    z = step * np.arange(np.floor(left / step).min(), np.ceil(right / step).max() + 1)
    # log(1 + e^-z) and log(1 + e^z), from one logarithm.
    rest = np.log1p(np.exp(-np.abs(z)))
    log_p, log_q = np.minimum(z, 0.0) - rest, np.minimum(-z, 0.0) - rest
    log_beta = log_beta_at_peak(a, b) - a * np.log1p(b / a) - b * np.log1p(a / b)
    return log_p, step * np.exp(a * log_p + b * log_q - log_beta)


def _narrow_rule(a: Array, b: Array, right_b: Array, s: Array) -> tuple[Array, Array]:
    """The same for so large an a that p is close to its mean; nodes are distances u from the peak.

    However much shorter lives weigh, the peak moves by hardly more than NOTHING_SURVIVES / a.
    """
    step = 2 * np.pi / np.sqrt(18.0**2 + 54.0 * np.minimum(a, right_b + np.minimum(s, NOTHING_SURVIVES)))
    left = np.log1p(-NOTHING_SURVIVES / a) - _fall_length(right_b, a - NOTHING_SURVIVES)
    right = _fall_length(a, right_b)
    u = step * np.arange(np.floor(left / step).min(), np.ceil(right / step).max() + 1)
    with np.errstate(over="ignore"):
        log_p = -np.log1p(b / a * np.exp(-u))
    return log_p, step * np.exp(-fall(a, b, u) - log_beta_at_peak(a, b))


def _fall_length(a: Array, b: Array) -> Array:
    """Distance u > 0 from the mode of a z - (a + b) log(1 + e^z) over which it falls by LOG_TAIL on its b side."""
    # The fall is convex and above its asymptote: Newton from the asymptote's root comes down and never undershoots.
    u = (LOG_TAIL + (a + b) * np.log1p(b / a)) / b
    # Where the fall is exponential a step is 1, and at a sharp peak half the distance.
    sharp = float(np.max(np.minimum(a, b)))
    for _ in range(6 if sharp < NARROW else int(np.max(u) + np.log2(sharp))):
        slope = -b * np.expm1(-u) * (a / (a + b * np.exp(-u)))
        change = (fall(a, b, u) - LOG_TAIL) / slope
        u = u - change
        if np.all(change <= CLOSE * u):
            break
    return u
