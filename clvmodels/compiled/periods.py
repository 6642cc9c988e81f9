"""What customers do period by period, drawn event by event: revenue, purchases, and customers who buy."""

from __future__ import annotations

import math

import numpy as np

from clvmodels.compiled.jit import compiled
from clvmodels.compiled.outcomes import AMOUNTS, PURCHASES, _log_rate, _purchase_times
from clvmodels.compiled.random import log_gamma_variate, start_stream, uniform

NEW, NEEDED = np.uint64(0x9E3), np.uint64(0x9E4)
NOWHERE = -1


@compiled
def _add(sums, edges, years, last, time, amount, weight):
    """Add a purchase to sums (periods, 5), and return its period; `last` is that of the customer's purchase before."""
    period = max(last, 0)
    # Rounding must not carry a purchase over the last edge.
    while time > edges[period + 1] and period + 2 < len(edges):
        period += 1
    sums[period, 0] += weight * amount
    sums[period, 1] += weight
    if period != last:
        sums[period, 2] += 1.0
    if last == NOWHERE or years[period] != years[last]:
        sums[period, 3] += 1.0
    if last == NOWHERE:
        sums[period, 4] += 1.0
    return period


@compiled
def known_by_period(seed, customers, x, T, alive, r, alpha, a, b, days, edges, years, force, none, n, m, p, q, v, out):
    """Add what known customers do to out (draws, periods, 5); the purchases and amounts are those of `purchase_values`.

    edges (periods + 1,) are times since T that rise from 0, years (periods,) say to which year each period belongs.
    Revenue and purchases are weighted by exp(-force time); then come customers who buy in the period, those of them who
    do so for the first time in the year, and those who do so for the first time.
    """
    state, amounts = np.empty(4, dtype=np.uint64), np.empty(4, dtype=np.uint64)
    for i in range(len(customers)):
        start_stream(state, seed, customers[i], PURCHASES)
        start_stream(amounts, seed, customers[i], AMOUNTS)
        for d in range(len(r)):
            last, log_rate = NOWHERE, 0.0
            own = alive[i, d], none[i, d], alpha[d] + T[i], a[d], b[d], r[d] + x[i], x[i]
            for time in _purchase_times(state, *own, edges[-1], days, 0.0, 0.0):
                if last == NOWHERE:
                    log_rate = _log_rate(amounts, n[i], m[i], p[d], q[d], v[d])
                amount = math.exp(log_gamma_variate(amounts, p[d]) - log_rate)
                last = _add(out[d], edges, years, last, time, amount, math.exp(-force * time))


@compiled
def _live(state, amounts, start, edges, years, force, days, own, sums):
    """Add a new customer's purchases, from the first one at `start` on, to sums (periods, 5); own is r to v."""
    r, alpha, a, b, p, q, v = own
    left, log_rate = edges[-1] - start, _log_rate(amounts, 0.0, 0.0, p, q, v)
    amount = math.exp(log_gamma_variate(amounts, p) - log_rate)
    last = _add(sums, edges, years, NOWHERE, start, amount, math.exp(-force * start))
    none, free = math.exp(-r * math.log1p(left / alpha)), np.floor(start * days) + 1.0
    for time in _purchase_times(state, 1.0, none, alpha, a, b, r, 0.0, left, days, start, free):
        amount = math.exp(log_gamma_variate(amounts, p) - log_rate)
        last = _add(sums, edges, years, last, start + time, amount, math.exp(-force * (start + time)))


@compiled
def new_by_period(seed, first, won, begins, ends, edges, years, force, days, r, alpha, a, b, p, q, v, out):
    """Add what customers yet to be won do to out (draws, periods, 5), their first purchases included.

    won (draws, windows) of them come at any time between begins and ends (windows,). The draws are number `first` and
    those that follow it of all draws. Purchases after the last of edges are left out; none is before the first.
    """
    state, amounts = np.empty(4, dtype=np.uint64), np.empty(4, dtype=np.uint64)
    for d in range(len(won)):
        start_stream(state, seed, np.uint64(2 * (first + d)), NEW)
        start_stream(amounts, seed, np.uint64(2 * (first + d) + 1), NEW)
        for window in range(won.shape[1]):
            for _ in range(won[d, window]):
                start = begins[window] + (ends[window] - begins[window]) * uniform(state)
                if start <= edges[-1]:
                    own = r[d], alpha[d], a[d], b[d], p[d], q[d], v[d]
                    _live(state, amounts, start, edges, years, force, days, own, out[d])


@compiled
def needed_by_period(seed, first, goal, base, edges, alive, group, days, r, alpha, a, b, p, q, v, out):
    """How many customers must be won in each period, one after the other, to reach the goal: out (draws, periods).

    goal and base (draws, periods) are what is to be reached and what is there: revenue of the period, or with `alive`
    customers alive at its end. Customers are won at any time of the period; what they bring later counts later. Each
    stands for `group` customers who do the same.
    """
    state, amounts = np.empty(4, dtype=np.uint64), np.empty(4, dtype=np.uint64)
    periods = len(edges) - 1
    brought, life = np.empty(periods), np.empty((periods, 5))
    years = np.arange(periods)
    for d in range(len(goal)):
        start_stream(state, seed, np.uint64(2 * (first + d)), NEEDED)
        start_stream(amounts, seed, np.uint64(2 * (first + d) + 1), NEEDED)
        brought[:] = base[d]
        for period in range(periods):
            while brought[period] < goal[d, period]:
                out[d, period] += group
                start = edges[period] + (edges[period + 1] - edges[period]) * uniform(state)
                if alive:
                    # Leaving has the rate lambda p, as in `waiting_times`.
                    wait = alpha[d] * math.expm1(-math.log(uniform(state)) / r[d])
                    log_odds = log_gamma_variate(state, b[d]) - log_gamma_variate(state, a[d])
                    left = start + wait * (1.0 + math.exp(log_odds))
                    for later in range(period, periods):
                        brought[later] += group * (left > edges[later + 1])
                    continue
                life[:] = 0.0
                own = r[d], alpha[d], a[d], b[d], p[d], q[d], v[d]
                _live(state, amounts, start, edges, years, 0.0, days, own, life)
                for later in range(period, periods):
                    brought[later] += group * life[later, 0]
