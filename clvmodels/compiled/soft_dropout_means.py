"""Soft dropout and regularity: what is expected of many customers, under many draws of the parameters.

Names and arguments are those of `compiled.soft_dropout`. With n phases passed since the last purchase, fewer than k of
them in the silence until now (a share of the time that decides how likely that is, whatever the draw), the mean over
the phases needs no sum over j: the negative binomial weights of n run over the silence and the time ahead together.
"""

from __future__ import annotations

import math

import numpy as np

from clvmodels.compiled.jit import compiled
from clvmodels.compiled.soft_dropout import (
    CLASSES,
    LARGEST_CLASS,
    Array,
    Histories,
    cell_rates,
    classes_at,
    in_order_of_x,
    room,
    times_silence,
    total_of,
    weights_at,
)
from clvmodels.compiled.vector import exp_in_place

# A state with less than this of the weight is nothing to a mean.
SMALL_WEIGHT = 1e-14
# exp(-600) does not underflow; beyond 8 standard deviations and exp(-30) of a tail nothing is left.
LOG_SMALLEST, DEVIATIONS, TAIL, NO_TERM = -600.0, 8.0, 30.0, 1e-13
STEPS, IMPOSSIBLE, SMALLEST = 8, 1e-250, 1e-300
PURCHASES, SURVIVAL = 0, 1


def expected(histories: Histories, points: Array, until: Array, share: Array, quantity: int) -> Array:
    """Sum, weighted by share (q,), of what is expected until each of some times (n, q): purchases, or survival.

    Returns (3, n, d): P(alive), the part of those who are alive, and the part of those who have lapsed.
    """
    return in_order_of_x(_expected, 3, histories, points, share, quantity, until=until)


def rates(histories: Histories, points: Array, until: Array, share: Array) -> Array:
    """Mean purchase rates while not slowed down of those who are alive, and of those who have lapsed; and `expected`.

    The last is of those who have lapsed and are alive again, at the beginning of a wait: (3, n, d) in all. They lapse
    with a probability that is Beta(a + 1, b + x): as if they had lapsed after the last purchase.
    """
    return in_order_of_x(_rates, 3, histories, points, share, until=until)


@compiled
def with_slowed(found, alive, slowed, points, x, T, later, most):
    """Make of what MBG/NBD expects of those who are alive (rows, d) what is expected of all, in place.

    `later` is how long those who have slowed down buy, discounted; 0 for what they have no part in.
    """
    for i in range(len(found)):
        for p in range(len(points)):
            own = found[i, p]
            if later > 0.0:
                delta = points[p, 4]
                own = (1.0 - delta) * own + later * delta * (points[p, 0] + x[i]) / (points[p, 1] + T[i])
            found[i, p] = min(alive[i, p] * min(own, most) + later * slowed[i, p], most)


@compiled
def _reach(shape, odds):
    """So many phases are never passed: negative binomial with the mean shape x odds."""
    mean = shape * odds
    return int(mean + DEVIATIONS * math.sqrt(mean * (1.0 + odds)) + TAIL * (1.0 + odds)) + 2


@compiled
def _by_phase(points, k, x, quantity, size):
    """`purchases_by_phase` or `survival_by_phase` of the formulas: (size, d); the next lapse: Beta(a, b + x + 1)."""
    d = points.shape[1]
    out, alive, lapsed, carried = np.zeros((size, d)), np.ones(d), np.zeros((k, d)), np.empty(d)
    out[0] = 0.0 if quantity == PURCHASES else 1.0
    for n in range(1, size):
        for p in range(d):
            carried[p] = points[4, p] * lapsed[k - 1, p]
            out[n, p] = out[n - 1, p] + carried[p]
        for j in range(k):
            for p in range(d):
                passing = points[4, p] * lapsed[j, p]
                lapsed[j, p] += carried[p] - passing
                carried[p] = passing
        if n % k == 0:
            for p in range(d):
                leaving = points[2, p] / (points[2, p] + points[3, p] + (x + n // k))
                out[n, p] += alive[p]
                lapsed[0, p] += alive[p] * leaving
                alive[p] *= 1.0 - leaving
        if quantity != PURCHASES:
            out[n] = alive
    return out


@compiled
def _fewer_than(k, share, early, bought):
    """Fill early[n] with the probability that fewer than k of n phases fall into a `share` of the time.

    bought is that times floor(n / k), the purchases. Returns the number of n for which it is more than nothing.
    """
    chances = np.zeros(k)
    chances[0] = 1.0
    for n in range(len(early)):
        early[n] = np.sum(chances)
        bought[n] = early[n] * (n // k)
        if early[n] < IMPOSSIBLE:
            return n
        for j in range(k - 1, 0, -1):
            chances[j] += share * (chances[j - 1] - chances[j])
        chances[0] *= 1.0 - share
    return len(early)


@compiled
def _add_mean(points, passed, rate, silent, ahead, weight, early, by_phase, out):
    """Add to out (d,) the mean, over the phases passed in `ahead` and the silence, of what they bring, by weight.

    So many phases were `passed` until the last purchase. early (n,) is the chance that fewer than k of n phases were
    passed in silence, or that times the purchases; by_phase (n, d), if there is one, is what the phases bring under
    each draw.
    """
    d = len(out)
    ratio, shape, term, total = np.empty(d), np.empty(d), np.empty(d), np.zeros(d)
    most_mean, least_log = 0.0, 0.0
    for p in range(d):
        shape[p], odds = points[0, p] + passed, ahead[p] / rate[p]
        ratio[p] = (silent[p] + ahead[p]) / (rate[p] + ahead[p])
        term[p] = -shape[p] * math.log(1.0 + odds)
        most_mean, least_log = max(most_mean, shape[p] * odds), min(least_log, term[p])
    if least_log > LOG_SMALLEST:
        exp_in_place(term)
        _add_terms(0, 0, d, most_mean, shape, ratio, early, by_phase, term, total)
    else:
        # The first terms underflow: each draw begins where its own are no longer nothing.
        for p in range(d):
            odds = ahead[p] / rate[p]
            mean = shape[p] * odds
            first = max(0, int(mean - DEVIATIONS * math.sqrt(mean * (1.0 + odds))))
            if first > 0:
                ways = math.lgamma(shape[p] + first) - math.lgamma(shape[p]) - math.lgamma(first + 1.0)
                term[p] += ways + first * math.log(ratio[p])
            term[p] = math.exp(term[p])
            _add_terms(first, p, p + 1, mean, shape, ratio, early, by_phase, term, total)
    for p in range(d):
        out[p] += weight[p] * total[p]


@compiled
def _add_terms(n, low, high, most_mean, shape, ratio, early, by_phase, term, total):
    """Add up the terms from the n-th on, for some of the draws."""
    large = True
    while large and n < len(early):
        for step in range(n, min(n + STEPS, len(early))):
            inverse, own = 1.0 / (step + 1.0), early[step]
            if len(by_phase) > 0:
                for p in range(low, high):
                    total[p] += term[p] * own * by_phase[step, p]
                    term[p] *= (shape[p] + step) * inverse * ratio[p]
            else:
                for p in range(low, high):
                    total[p] += term[p] * own
                    term[p] *= (shape[p] + step) * inverse * ratio[p]
        n += STEPS
        if n > most_mean + LARGEST_CLASS and n < len(early):
            # What is to come falls faster than what came last.
            large = False
            for p in range(low, high):
                large |= term[p] * early[n] > NO_TERM * total[p]


@compiled
def _tables(points, n, shared, until, T, quantity):
    """`_by_phase` of all classes one below the other, and where each begins (5,)."""
    least, most_r = np.min(points[1]), np.max(points[0])
    begins = np.zeros(CLASSES + 1, dtype=np.int64)
    for c in range(CLASSES):
        k, odds = 1 << c, 0.0
        for i in range(len(T)):
            odds = max(odds, np.max(until[i]) / (least / k + T[i]))
        size = k + _reach(most_r + k * (n + 1), odds)
        begins[c + 1] = begins[c] + (size if shared[c].max() > -math.inf else 0)
    out = np.empty((begins[CLASSES], points.shape[1]))
    for c in range(CLASSES):
        if begins[c] < begins[c + 1]:
            out[begins[c] : begins[c + 1]] = _by_phase(points, 1 << c, n, quantity, begins[c + 1] - begins[c])
    return out, begins


@compiled
def _add_class(points, c, n, T, own, weights, used, until, share, quantity, by_phase, out):
    """Add to out (3, d) what is expected of one customer in class c, whose cells have the weights (cells, d)."""
    k, d, silence = 1 << c, points.shape[1], T - own[-1]
    rate, silent, ahead, scaled, nothing = np.empty(d), np.empty(d), np.empty(d), np.empty(d), np.empty((0, d))
    odds = np.max(until) / (np.min(points[1]) / k + T)
    size = min(len(by_phase), k + _reach(np.max(points[0]) + k * (n + 1), odds))
    early, bought = np.empty(size), np.empty(size)
    # Nobody who has lapsed is alive, and at delta = 0 nobody buys.
    cells = len(own) + 1 if quantity == PURCHASES and np.max(points[4]) > 0.0 else 1
    for q in range(len(until)):
        whole = silence + until[q]
        known = _fewer_than(k, silence / whole if whole > 0.0 else 0.0, early, bought)
        for cell in range(cells):
            if not used[cell]:
                continue
            cell_rates(points, k, T, own, cell, rate, silent)
            scaled[:] = 1.0
            times_silence(points, k, n, rate, silent, scaled)
            for p in range(d):
                # Each phase counts with what it brings.
                scaled[p] = share[q] * weights[cell, p] / scaled[p]
                ahead[p] = until[q] * (points[4, p] if cell > 0 else 1.0)
            if cell == 0:
                _add_mean(points, k * n, rate, silent, ahead, scaled, early[:known], by_phase, out[1])
            elif k > 1:
                _add_mean(points, k * n, rate, silent, ahead, scaled, bought[:known], nothing, out[2])
            else:
                for p in range(d):
                    out[2, p] += scaled[p] * (points[0, p] + n) * ahead[p] / rate[p]


@compiled
def _shares(weights, used, total):
    """Divide the weights (cells, d) by the total (d,); those that are nothing in all draws are `used` no longer."""
    for cell in range(len(used)):
        top = 0.0
        if used[cell]:
            for p in range(len(total)):
                weights[cell, p] /= total[p]
                top = max(top, weights[cell, p])
        used[cell] = top > SMALL_WEIGHT


@compiled
def _expected(points, x, T, log_gaps, start, times, until, share, quantity, out):
    leaving, shared, weights, used, peak, total = room(points, x, start)
    d, end = points.shape[1], 0
    out[1:] = 0.0
    while end < len(x):
        begin = end
        while end < len(x) and x[end] == x[begin]:
            end += 1
        n = x[begin]
        classes_at(points, n, shared)
        tables, begins = _tables(points, n, shared, until[begin:end], T[begin:end], quantity)
        for i in range(begin, end):
            own, cells = times[start[i] : start[i + 1]], start[i + 1] - start[i] + 1
            weights_at(points, n, T[i], log_gaps[i], own, shared, leaving, peak, used, weights)
            total_of(weights, used, 1, out[0, i])
            total_of(weights, used, cells, total)
            for p in range(d):
                out[0, i, p] /= total[p]
            for c in range(CLASSES):
                _shares(weights[c], used[c, :cells], total)
                if np.any(used[c, :cells]):
                    table = tables[begins[c] : begins[c + 1]]
                    _add_class(
                        points, c, n, T[i], own, weights[c], used[c], until[i], share, quantity, table, out[:, i]
                    )


@compiled
def _add_returned(points, again, c, n, rate, j, weight, until, share, table, out):
    """Add to out (d,) the purchases of who is in phase j, lapsed, and alive again; the table is longer afterwards."""
    k, d = 1 << c, len(out)
    nobody, ahead, scaled = np.zeros(d), np.empty(d), np.empty(d)
    for q in range(len(until)):
        size = _reach(np.max(points[0]) + k * (n + 1), until[q] / np.min(rate))
        if size > len(table):
            table = _by_phase(again, k, n, PURCHASES, size)
        for p in range(d):
            ahead[p], scaled[p] = until[q], share[q] * weight[p]
        _add_mean(points, k * n + j, rate, nobody, ahead, scaled, np.ones(size), table, out)
    return table


@compiled
def _rates(points, x, T, log_gaps, start, times, until, share, out):
    leaving, shared, weights, used, peak, rate = room(points, x, start)
    d = points.shape[1]
    total, silent, scaled = np.empty((2, d)), np.empty(d), np.empty(d)
    tables, last, again = [np.empty((0, d)) for _ in range(CLASSES)], -1, points.copy()
    again[2] += 1.0
    again[3] -= 1.0
    out[:] = 0.0
    for i in range(len(x)):
        n, own = x[i], times[start[i] : start[i + 1]]
        if n != last:
            last = n
            classes_at(points, n, shared)
            tables = [np.empty((0, d)) for _ in range(CLASSES)]
        weights_at(points, n, T[i], log_gaps[i], own, shared, leaving, peak, used, weights)
        total[:] = 0.0
        for place in np.flatnonzero(used[:, : len(own) + 1]):
            c, cell = place // (len(own) + 1), place % (len(own) + 1)
            k, lapsed = 1 << c, min(cell, 1)
            cell_rates(points, k, T[i], own, cell, rate, silent)
            scaled[:] = 1.0
            times_silence(points, k, n, rate, silent, scaled)
            for p in range(d):
                scaled[p] = weights[c, cell, p] / scaled[p]
            for j in range(k):
                if lapsed:
                    tables[c] = _add_returned(
                        points, again, c, n, rate, j, scaled, until[i], share, tables[c], out[2, i]
                    )
                for p in range(d):
                    shape = points[0, p] + (k * n + j)
                    total[lapsed, p] += scaled[p]
                    out[lapsed, i, p] += scaled[p] * shape / (k * rate[p])
                    scaled[p] *= shape / (j + 1.0) * silent[p] / rate[p]
        for p in range(d):
            out[0, i, p] /= max(total[0, p], SMALLEST)
            out[1, i, p] /= max(total[1, p], SMALLEST)
            out[2, i, p] /= max(total[1, p], SMALLEST)
