"""Amounts of Gamma-Gamma: Gamma(p, rate nu), with nu ~ Gamma(q + p n, rate v + n m) the customer's own.

n purchases of mean value m are known of a customer.
"""

from __future__ import annotations

import math

import numpy as np

from clvmodels.compiled.events import AMOUNTS
from clvmodels.compiled.jit import compiled
from clvmodels.compiled.random import log_gamma_variate, start_stream


@compiled
def known_amounts(seed, customers, offsets, n, m, p, q, v, out):
    """Draw the amount of each purchase of known customers into out (events,); n, m (rows,), p, q, v (draws,)."""
    state, cell = np.empty(4, dtype=np.uint64), 0
    for i in range(len(customers)):
        start_stream(state, seed, customers[i], AMOUNTS)
        for d in range(len(p)):
            if offsets[cell] < offsets[cell + 1]:
                log_rate = _log_rate(state, n[i], m[i], p[d], q[d], v[d])
                for k in range(offsets[cell], offsets[cell + 1]):
                    out[k] = math.exp(log_gamma_variate(state, p[d]) - log_rate)
            cell += 1


@compiled
def new_amounts(streams, cells, offsets, p, q, v, out):
    """Draw the amounts of customers to be won into out (events,), and return the states (cells, 4) after each.

    cells (draws + 1,) say where the customers of each draw begin; streams (draws, 4) go on.
    """
    states = np.empty((len(offsets) - 1, 4), dtype=np.uint64)
    for d in range(len(p)):
        state = streams[d]
        for cell in range(cells[d], cells[d + 1]):
            if offsets[cell] < offsets[cell + 1]:
                log_rate = _log_rate(state, 0.0, 0.0, p[d], q[d], v[d])
                for k in range(offsets[cell], offsets[cell + 1]):
                    out[k] = math.exp(log_gamma_variate(state, p[d]) - log_rate)
            states[cell] = state
    return states


@compiled
def _log_rate(state, n, m, p, q, v):
    """Log of the customer's rate nu."""
    return log_gamma_variate(state, q + p * n) - math.log(v + n * m)
