"""Soft dropout and regularity: the sum of the log-likelihood over all customers, and its gradient.

Names and arguments are those of `compiled.soft_dropout`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from clvmodels.compiled.jit import compiled
from clvmodels.compiled.soft_dropout import (
    CLASSES,
    LARGEST_CLASS,
    LOG_DELTA,
    PARAMETERS,
    Array,
    Histories,
    classes_at,
    columns,
    leaving_at,
    most_purchases,
    no_weight,
    random_weights,
    room,
    total_of,
    weights_at,
)
from clvmodels.compiled.threads import cores, in_order
from clvmodels.compiled.vector import log_in_place

# Rows of a gradient for each thread.
SHARE = 20_000


@dataclass(frozen=True)
class HistorySum:
    """Sum over histories of count (n,) x the log-likelihood."""

    histories: Histories
    count: Array
    last: dict[bytes, Array] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, histories: Histories, count: Array) -> HistorySum:
        """Put the histories in order of x."""
        order = np.argsort(histories.x, kind="stable")
        return cls(histories.take(order), np.ascontiguousarray(count[order], float))

    def values(self, points: Array) -> Array:
        """The sum at each of some points (k, 9): (k,)."""
        if len(points) == 1:
            return self._at(points[0])[:1]
        loop = _random_sums if np.all(points[:, 5] == 1.0) else _sums
        sums = [loop(some, *self.histories.arrays(), self.count) for some in columns(points)]
        return np.concatenate(sums)

    def gradient(self, point: Array) -> Array:
        """Its derivatives at a point (9,): (9,)."""
        return self._at(point)[1:]

    def _at(self, point: Array) -> Array:
        """The sum and its derivatives (10,), which are asked for one after the other."""
        key = np.asarray(point, float).tobytes()
        found = self.last.get(key)
        if found is None:
            found = self._value_and_gradient(point)
            self.last.clear()
            self.last[key] = found
        return found

    def _value_and_gradient(self, point: Array) -> Array:
        (some,) = columns(point[None, :])
        x, T, log_gaps, start, times = self.histories.arrays()
        edges = np.linspace(0, len(x), 1 + min(4 * cores(), 1 + len(x) // SHARE)).astype(int)

        def of_rows(part: slice) -> Array:
            own = slice(part.start, part.stop + 1)
            return _value_and_gradient(some, x[part], T[part], log_gaps[part], start[own], times, self.count[part])

        if len(edges) == 2:
            return of_rows(slice(0, len(x)))
        return sum(in_order(of_rows, map(slice, edges[:-1], edges[1:])), np.zeros(1 + PARAMETERS))


@compiled
def _sums(points, x, T, log_gaps, start, times, count):
    leaving, shared, weights, used, peak, total = room(points, x, start)
    d, last = points.shape[1], -1
    sums = np.zeros(d)
    for i in range(len(x)):
        if x[i] != last:
            last = x[i]
            classes_at(points, last, shared)
        own = times[start[i] : start[i + 1]]
        weights_at(points, last, T[i], log_gaps[i], own, shared, leaving, peak, used, weights)
        total_of(weights, used, len(own) + 1, total)
        log_in_place(total)
        for p in range(d):
            sums[p] += count[i] * (peak[p] + total[p])
    return sums


@compiled
def _random_sums(points, x, T, log_gaps, start, times, count):
    """As `_sums` where all buy at random."""
    leaving, shared, weights, _, peak, total = room(points, x, start)
    d, last, shape = points.shape[1], -1, np.empty(points.shape[1])
    sums = np.zeros(d)
    for i in range(len(x)):
        if x[i] != last:
            last = x[i]
            classes_at(points, last, shared)
            shape[:] = points[0] + last
        own = times[start[i] : start[i + 1]]
        random_weights(points, last, T[i], own, leaving, shape, peak, weights[0])
        total[:] = weights[0, 0]
        for cell in range(1, len(own) + 1):
            for p in range(d):
                total[p] += weights[0, cell, p]
        log_in_place(total)
        for p in range(d):
            sums[p] += count[i] * (shared[0, p] + peak[p] + total[p])
    return sums


@compiled
def _sums_of_inverses(first, count):
    """The sum of 1 / (first + i) over i < n, for n = 0, ..., count."""
    out = np.zeros(count + 1)
    for n in range(count):
        out[n + 1] = out[n] + 1.0 / (first + n)
    return out


@compiled
def _log_weights(point, x, T, log_gaps, times, shared, leaving, out):
    """As `weights_at` at one point: fill out[class, cell] with log weights and return the largest."""
    largest, cells = -math.inf, len(times) + 1
    for c in range(CLASSES):
        k = 1 << c
        if shared[c, 0] == -math.inf:
            out[c, :cells] = -math.inf
            continue
        own, shape, per_scale = shared[c, 0] + (k - 1) * log_gaps, point[0] + k * x, k / point[1]
        for cell in range(cells):
            later = cells - 1 - cell
            weight, counted = own + leaving[0, x, 0], T
            if cell > 0:
                counted = times[cell - 1] + point[4] * (T - times[cell - 1])
                weight = own + leaving[1, x - later, 0] + k * later * point[LOG_DELTA]
            out[c, cell] = weight - shape * math.log(1.0 + counted * per_scale)
            largest = max(largest, out[c, cell])
    return largest


@compiled
def _silence(k, shape, u):
    """Sum over j < k of (shape)_j u^j / j!, and its derivatives by shape and by u."""
    total, by_shape, by_u = 1.0, 0.0, 0.0
    for j in range(k - 1, 0, -1):
        step = (shape + (j - 1)) / j
        by_shape = u * (total / j + step * by_shape)
        by_u = step * (total + u * by_u)
        total = 1.0 + step * u * total
    return total, by_shape, by_u


@compiled
def _value_and_gradient(points, x, T, log_gaps, start, times, count):
    """The log-likelihood and its derivatives, means over the states of those of log weights, at one point (14, 1)."""
    point, last, total, silent = np.ascontiguousarray(points[:, 0]), -1, 0.0, 0.0
    r, alpha, a, b, delta = point[0], point[1], point[2], point[3], point[4]
    most, most_cells, found = x[-1], most_purchases(start) + 1, np.zeros(1 + PARAMETERS)
    of_r, of_b = _sums_of_inverses(r, LARGEST_CLASS * most), _sums_of_inverses(b, most + 1)
    of_both, leaving, shared = _sums_of_inverses(a + b, most + 1), leaving_at(points, most), np.empty((CLASSES, 1))
    weights, of_row = np.empty((CLASSES, most_cells)), np.empty(PARAMETERS)
    for row in range(len(x)):
        n = x[row]
        if n != last:
            last = n
            classes_at(points, n, shared)
        own = times[start[row] : start[row + 1]]
        cells, silent = len(own), T[row] - own[-1]
        largest = _log_weights(point, n, T[row], log_gaps[row], own, shared, leaving, weights)
        total, of_row[:] = 0.0, 0.0
        for c in range(CLASSES):
            k = 1 << c
            scale, shape, of_class, least = alpha / k, r + k * n, 0.0, no_weight(k, n)
            for cell in range(cells + 1):
                if not weights[c, cell] - largest > least:
                    continue
                m, speed, counted, slower = n - (cells - cell), 1.0, T[row], 0.0
                if cell > 0:
                    slower = T[row] - own[cell - 1]
                    speed, counted = delta, own[cell - 1] + delta * slower
                rate = scale + counted
                u = speed * silent / rate
                phases, by_shape, by_u = _silence(k, shape, u)
                weight = math.exp(weights[c, cell] - largest) * phases
                by_shape, by_u = by_shape / phases, by_u / phases
                by_rate = -by_u * u / rate
                by_scale = shape * counted / (scale * rate) - k * n / scale + by_rate
                of_class += weight
                of_row[0] += weight * (of_r[k * n] - math.log(1.0 + counted / scale) + by_shape)
                of_row[1] += weight * by_scale / k
                if cell == 0:
                    of_row[2] -= weight * of_both[n + 1]
                    of_row[3] += weight * (of_b[n + 1] - of_both[n + 1])
                    continue
                of_row[2] += weight * (1.0 / a - of_both[m + 1])
                of_row[3] += weight * (of_b[m] - of_both[m + 1])
                lost = k * (n - m) / delta if m < n else 0.0
                of_row[4] += weight * (lost + (by_rate - shape / rate) * slower + by_u * silent / rate)
            total += of_class
            of_row[5 + c] = of_class / point[5 + c] if of_class > 0.0 else 0.0
        found[0] += count[row] * (largest + math.log(total))
        for i in range(PARAMETERS):
            found[1 + i] += count[row] * of_row[i] / total
    return found
