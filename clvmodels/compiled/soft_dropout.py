"""Soft dropout and regularity: the likelihood of many histories, at many points at once.

The symbols, and what a state is, are told in `formulas.soft_dropout`. A customer's **cells** are being alive (the first
one), and each purchase after which a lapse is possible: all of them, or the last one alone where nobody buys after
lapsing (delta = 0). The weight of a class and a cell is worked out without the sum over phases, a polynomial that is
multiplied in at the end.

Points (n, 9) are r, alpha, a, b, delta, and the shares of the classes 1, 2, 4 and 8. The loops take some of them at a
time, each number of theirs as a row, and the innermost loop runs over the points.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clvmodels.compiled.jit import compiled
from clvmodels.compiled.vector import exp_in_place, log_in_place

Array = NDArray[np.float64]
Places = NDArray[np.int64]
PARAMETERS, CLASSES, LARGEST_CLASS = 9, 4, 8
# Rows of points: log(delta), and k / alpha of each class.
LOG_DELTA, PER_SCALE = 9, 10
LOG_FACTORIALS = np.array([math.lgamma(k) for k in (1.0, 2.0, 4.0, 8.0)])
# Points of a loop: what is worked out for one customer stays in the cache.
AT_ONCE = 128
# Weights below exp(-40) of the largest are nothing, once their polynomial is multiplied in.
NO_WEIGHT, IMPOSSIBLE = -40.0, -1e9
SHORT_PRODUCT, LARGE_PRODUCT = 32, 1e250
THIRD, SEVENTH = 1.0 / 3.0, 1.0 / 7.0


@dataclass(frozen=True)
class Histories:
    """Purchase histories of customers.

    Attributes
    ----------
    x, T, log_gaps : arrays (n,)
        Repeat purchases, age, sum of the logarithms of the gaps.
    start : array (n + 1,)
        The purchases of customer i are start[i] : start[i + 1].
    times : array
        Of the purchases after which a lapse is possible, since the first purchase; the last one of each customer is
        purchase number x.
    """

    x: Places
    T: Array
    log_gaps: Array
    start: Places
    times: Array

    def __len__(self) -> int:
        """The number of customers."""
        return len(self.x)

    def arrays(self) -> tuple[Array | Places, ...]:
        """All of them, as the loops take them."""
        return self.x, self.T, self.log_gaps, self.start, self.times

    def take(self, order: Places) -> Histories:
        """Some customers, in an order."""
        lengths = np.diff(self.start)[order]
        start = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
        places = np.arange(start[-1]) + np.repeat(self.start[:-1][order] - start[:-1], lengths)
        return Histories(self.x[order], self.T[order], self.log_gaps[order], start, self.times[places])


def log_likelihood(histories: Histories, points: Array) -> tuple[Array, Array]:
    """Log-likelihood and P(alive) of each customer at points (d, 9): both (n, d)."""
    likelihood, alive = in_order_of_x(_likelihoods, 2, histories, points)
    return likelihood, alive


def alive_and_slowed(histories: Histories, points: Array) -> Array:
    """P(alive), and the mean purchase rate of those who have slowed down, times their probability: (2, n, d).

    All customers are of class k = 1: they buy at random.
    """
    return in_order_of_x(_alive_and_slowed, 2, histories, points)


def columns(points: Array) -> list[Array]:
    """Some points at a time, with what follows from them: (14, d), see `LOG_DELTA` and `PER_SCALE`."""
    flat = np.asarray(points, float)
    delta, k = flat[:, 4:5], np.array([1.0, 2.0, 4.0, 8.0])
    log_delta = np.where(delta > 0, np.log(np.where(delta > 0, delta, 1.0)), IMPOSSIBLE)
    full = np.concatenate([flat, log_delta, k / flat[:, 1:2]], axis=1)
    return [np.ascontiguousarray(full[first : first + AT_ONCE].T) for first in range(0, len(full), AT_ONCE)]


def in_order_of_x(
    function: Callable[..., None], answers: int, histories: Histories, points: Array, *others: Any, until: Any = None
) -> Array:
    """Call a loop that fills out (answers, n, d) and wants customers with the same x to stand together.

    `until` (n, q), if any, are times of each customer's own.
    """
    order = np.argsort(histories.x, kind="stable")
    known: tuple[Any, ...] = histories.take(order).arrays()
    if until is not None:
        known = (*known, np.ascontiguousarray(until[order], float))
    out, first = np.empty((answers, len(order), len(points))), 0
    for some in columns(points):
        part = np.empty((answers, len(order), some.shape[1]))
        function(some, *known, *others, part)
        out[:, order, first : first + some.shape[1]] = part
        first += some.shape[1]
    return out


@compiled
def most_purchases(start):
    """The largest number of purchases of a customer that are in `times`."""
    most = 0
    for i in range(len(start) - 1):
        most = max(most, start[i + 1] - start[i])
    return most


@compiled
def leaving_at(points, most):
    """The logs of B(a, b + x + 1) and B(a + 1, b + x), both over B(a, b), for x = 0, ..., `most`: (2, most + 1, d)."""
    out, through = np.empty((2, most + 1, points.shape[1])), np.zeros(points.shape[1])
    for x in range(most + 1):
        stay, leave = out[0, x], out[1, x]
        for p in range(len(through)):
            a, b = points[2, p], points[3, p]
            stay[p], leave[p] = 1.0 + a / (b + x), a / (a + b + x)
        log_in_place(stay)
        log_in_place(leave)
        for p in range(len(through)):
            leave[p] += through[p]
            through[p] -= stay[p]
            stay[p] = through[p]
    return out


@compiled
def _log_rising(r, n):
    """Log of r (r + 1) ... (r + n - 1)."""
    if n > SHORT_PRODUCT:
        return math.lgamma(r + n) - math.lgamma(r)
    total, product = 0.0, 1.0
    for i in range(n):
        product *= r + i
        if product > LARGE_PRODUCT or product < 1.0 / LARGE_PRODUCT:
            total, product = total + math.log(product), 1.0
    return total + math.log(product)


@compiled
def classes_at(points, x, out):
    """Fill out (4, d) with the logs of what depends on x and the class alone, but for the gaps."""
    for c in range(CLASSES):
        k = 1 << c
        for p in range(points.shape[1]):
            if points[5 + c, p] > 0.0:
                rising = _log_rising(points[0, p], k * x) - k * x * math.log(points[1, p] / k)
                out[c, p] = math.log(points[5 + c, p]) + rising - x * LOG_FACTORIALS[c]
            else:
                out[c, p] = -math.inf


@compiled
def cell_rates(points, k, T, times, cell, rate, silent):
    """Fill in (d,): the rate of a cell's Gamma distribution, and the silence since the last purchase in its clock."""
    for p in range(len(rate)):
        speed, counted = 1.0, T
        if cell > 0:
            speed = points[4, p]
            counted = times[cell - 1] + speed * (T - times[cell - 1])
        rate[p], silent[p] = points[1, p] / k + counted, speed * (T - times[-1])


@compiled
def no_weight(k, x):
    """The log weight below which a cell is nothing: its polynomial is hardly above (1 + k x)^(k - 1)."""
    return NO_WEIGHT - (k - 1) * math.log(1.0 + k * x)


@compiled
def weights_at(points, x, T, log_gaps, times, shared, leaving, peak, used, out):
    """Fill out[class, cell] (d,) with weights, over exp(peak), of which those that are `used` are above nothing."""
    cells, d = len(times) + 1, points.shape[1]
    peak[:] = -math.inf
    for c in range(CLASSES):
        k = 1 << c
        used[c, :cells] = shared[c].max() > -math.inf
        if not used[c, 0]:
            continue
        for cell in range(cells):
            weight, later = out[c, cell], cells - 1 - cell
            since, lost = T, 0
            if cell > 0:
                since, lost = times[cell - 1], k * later
            own = leaving[0, x] if cell == 0 else leaving[1, x - later]
            for p in range(d):
                weight[p] = 1.0 + (since + points[4, p] * (T - since)) * points[PER_SCALE + c, p]
            log_in_place(weight)
            for p in range(d):
                entered = shared[c, p] + (k - 1) * log_gaps + own[p] + lost * points[LOG_DELTA, p]
                weight[p] = entered - (points[0, p] + k * x) * weight[p]
                peak[p] = max(peak[p], weight[p])
    rate, silent = np.empty(d), np.empty(d)
    for c in range(CLASSES):
        k = 1 << c
        for cell in range(cells):
            if not used[c, cell]:
                continue
            weight, top = out[c, cell], -math.inf
            for p in range(d):
                weight[p] -= peak[p]
                top = max(top, weight[p])
            if top < no_weight(k, x):
                used[c, cell] = False
                continue
            exp_in_place(weight)
            if k > 1:
                cell_rates(points, k, T, times, cell, rate, silent)
                times_silence(points, k, x, rate, silent, weight)


@compiled
def times_silence(points, k, x, rate, silent, weight):
    """Multiply by the sum over j < k of (shape)_j (silent / rate)^j / j!, by Horner's scheme for each of the k."""
    if k == 2:
        for p in range(len(weight)):
            weight[p] *= 1.0 + (points[0, p] + k * x) * (silent[p] / rate[p])
    elif k == 4:
        for p in range(len(weight)):
            shape, u = points[0, p] + k * x, silent[p] / rate[p]
            third = 1.0 + (shape + 2.0) * THIRD * u
            weight[p] *= 1.0 + shape * u * (1.0 + (shape + 1.0) * 0.5 * u * third)
    elif k == 8:
        for p in range(len(weight)):
            shape, u = points[0, p] + k * x, silent[p] / rate[p]
            sixth = 1.0 + (shape + 5.0) * (0.5 * THIRD) * u * (1.0 + (shape + 6.0) * SEVENTH * u)
            fourth = 1.0 + (shape + 3.0) * 0.25 * u * (1.0 + (shape + 4.0) * 0.2 * u * sixth)
            third = 1.0 + (shape + 2.0) * THIRD * u * fourth
            weight[p] *= 1.0 + shape * u * (1.0 + (shape + 1.0) * 0.5 * u * third)


@compiled
def total_of(weights, used, cells, out):
    """Fill out (d,) with the sum of the weights of all classes and cells."""
    out[:] = 0.0
    for c in range(CLASSES):
        for cell in range(cells):
            if used[c, cell]:
                for p in range(len(out)):
                    out[p] += weights[c, cell, p]


@compiled
def room(points, x, start):
    """What depends on the points alone (`leaving_at`), and room for the rest: shared, weights, used, peak and total."""
    d, cells = points.shape[1], most_purchases(start) + 1
    weights, used = np.empty((CLASSES, cells, d)), np.empty((CLASSES, cells), dtype=np.bool_)
    return leaving_at(points, x[-1]), np.empty((CLASSES, d)), weights, used, np.empty(d), np.empty(d)


@compiled
def _likelihoods(points, x, T, log_gaps, start, times, out):
    leaving, shared, weights, used, peak, total = room(points, x, start)
    d, last = points.shape[1], -1
    for i in range(len(x)):
        if x[i] != last:
            last = x[i]
            classes_at(points, last, shared)
        own = times[start[i] : start[i + 1]]
        weights_at(points, last, T[i], log_gaps[i], own, shared, leaving, peak, used, weights)
        total_of(weights, used, 1, out[1, i])
        total_of(weights, used, len(own) + 1, total)
        for p in range(d):
            out[1, i, p] /= total[p]
        log_in_place(total)
        for p in range(d):
            out[0, i, p] = peak[p] + total[p]


@compiled
def random_weights(points, x, T, times, leaving, shape, peak, out):
    """As `weights_at` where all buy at random (k = 1): fill out[cell] (d,) with all weights, over exp(peak)."""
    cells, d = len(times), points.shape[1]
    for cell in range(cells + 1):
        weight, later = out[cell], cells - cell
        since, lost, own = T, 0, leaving[0, x]
        if cell > 0:
            since, lost, own = times[cell - 1], later, leaving[1, x - later]
        silent = T - since
        for p in range(d):
            weight[p] = 1.0 + (since + points[4, p] * silent) * points[PER_SCALE, p]
        log_in_place(weight)
        if cell == 0:
            for p in range(d):
                weight[p] = own[p] - shape[p] * weight[p]
                peak[p] = weight[p]
        else:
            for p in range(d):
                weight[p] = own[p] + lost * points[LOG_DELTA, p] - shape[p] * weight[p]
                peak[p] = max(peak[p], weight[p])
    for cell in range(cells + 1):
        weight = out[cell]
        for p in range(d):
            weight[p] -= peak[p]
        exp_in_place(weight)


@compiled
def _alive_and_slowed(points, x, T, log_gaps, start, times, out):
    leaving, _, weights, _, peak, total = room(points, x, start)
    d, shape = points.shape[1], np.empty(points.shape[1])
    for i in range(len(x)):
        own, alive, slowed = times[start[i] : start[i + 1]], out[0, i], out[1, i]
        shape[:] = points[0] + x[i]
        random_weights(points, x[i], T[i], own, leaving, shape, peak, weights[0])
        total[:] = weights[0, 0]
        slowed[:] = 0.0
        for cell in range(len(own)):
            since, weight = own[cell], weights[0, cell + 1]
            for p in range(d):
                total[p] += weight[p]
                slowed[p] += weight[p] / (points[1, p] + since + points[4, p] * (T[i] - since))
        for p in range(d):
            alive[p] = weights[0, 0, p] / total[p]
            slowed[p] *= points[4, p] * shape[p] / total[p]
