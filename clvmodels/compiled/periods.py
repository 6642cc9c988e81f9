"""What customers do period by period, drawn event by event: revenue, purchases, and customers who buy."""

from __future__ import annotations

import math

import numpy as np

from clvmodels.compiled.jit import compiled
from clvmodels.compiled.outcomes import AMOUNTS, PURCHASES, _log_rate, _purchase_times
from clvmodels.compiled.random import log_gamma_variate, start_stream, uniform

NEW = np.uint64(0x9E3)
NOWHERE = -1


@compiled
def _add(sums, edges, last, time, amount, weight):
    """Add a purchase to sums (periods, 3), and return its period; `last` is that of the customer's purchase before."""
    period = max(last, 0)
    # Rounding must not carry a purchase over the last edge.
    while time > edges[period + 1] and period + 2 < len(edges):
        period += 1
    sums[period, 0] += weight * amount
    sums[period, 1] += weight
    if period != last:
        sums[period, 2] += 1.0
    return period


@compiled
def known_by_period(seed, customers, x, T, alive, r, alpha, a, b, edges, force, none, n, m, p, q, v, out):
    """Add what known customers do to out (draws, periods, 3); the purchases and amounts are those of `purchase_values`.

    edges (periods + 1,) are times since T that rise from 0. Revenue and purchases are weighted by exp(-force time).
    """
    state, amounts = np.empty(4, dtype=np.uint64), np.empty(4, dtype=np.uint64)
    for i in range(len(customers)):
        start_stream(state, seed, customers[i], PURCHASES)
        start_stream(amounts, seed, customers[i], AMOUNTS)
        for d in range(len(r)):
            last, log_rate = NOWHERE, 0.0
            for time in _purchase_times(
                state, alive[i, d], none[i, d], alpha[d] + T[i], a[d], b[d], r[d] + x[i], x[i], edges[-1]
            ):
                if last == NOWHERE:
                    log_rate = _log_rate(amounts, n[i], m[i], p[d], q[d], v[d])
                amount = math.exp(log_gamma_variate(amounts, p[d]) - log_rate)
                last = _add(out[d], edges, last, time, amount, math.exp(-force * time))


@compiled
def new_by_period(seed, first, won, begins, ends, edges, force, r, alpha, a, b, p, q, v, out):
    """Add what customers yet to be won do to out (draws, periods, 3), their first purchases included.

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
                left = edges[-1] - start
                if left < 0.0:
                    continue
                log_rate = _log_rate(amounts, 0.0, 0.0, p[d], q[d], v[d])
                amount = math.exp(log_gamma_variate(amounts, p[d]) - log_rate)
                last = _add(out[d], edges, NOWHERE, start, amount, math.exp(-force * start))
                none = math.exp(-r[d] * math.log1p(left / alpha[d]))
                for time in _purchase_times(state, 1.0, none, alpha[d], a[d], b[d], r[d], 0.0, left):
                    amount = math.exp(log_gamma_variate(amounts, p[d]) - log_rate)
                    last = _add(out[d], edges, last, start + time, amount, math.exp(-force * (start + time)))
