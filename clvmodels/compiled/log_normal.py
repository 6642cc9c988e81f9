"""Amounts of log-normal spend: nothing with probability pi, else exp(N(theta, sigma^2)); pi, theta are the customer's.

N purchases are known of a customer, f of them free, the logarithms of the others with mean y, and the standardised rate
z; of a customer with N = 0 it is one of `rates`, which are equally likely.
"""

from __future__ import annotations

import math

import numpy as np

from clvmodels.compiled.events import AMOUNTS
from clvmodels.compiled.jit import compiled
from clvmodels.compiled.random import log_gamma_variate, normal, start_stream, uniform


@compiled
def known_amounts(seed, customers, offsets, rates, N, f, y, z, median, sigma, omega, c, d, factor, out):
    """Draw the amount of each purchase of known customers into out (events,); N, f, y, z (rows,), the others (draws,).

    rates (k,) are for the customers of whom nothing is known.
    """
    state, cell = np.empty(4, dtype=np.uint64), 0
    for i in range(len(customers)):
        start_stream(state, seed, customers[i], AMOUNTS)
        for k in range(len(c)):
            if offsets[cell] < offsets[cell + 1]:
                theta = _theta(state, rates, N[i], N[i] - f[i], y[i], z[i], median[k], sigma[k], omega[k], factor[k])
                free = _share(state, c[k] + f[i], d[k] + N[i] - f[i])
                _fill(state, offsets[cell], offsets[cell + 1], free, theta, sigma[k], out)
            cell += 1


@compiled
def new_amounts(streams, cells, offsets, rates, median, sigma, omega, c, d, factor, out):
    """Draw the amounts of customers to be won into out (events,), and return the states (cells, 4) after each.

    cells (draws + 1,) say where the customers of each draw begin; streams (draws, 4) go on.
    """
    states = np.empty((len(offsets) - 1, 4), dtype=np.uint64)
    for k in range(len(c)):
        state = streams[k]
        for cell in range(cells[k], cells[k + 1]):
            if offsets[cell] < offsets[cell + 1]:
                theta = _theta(state, rates, 0.0, 0.0, 0.0, 0.0, median[k], sigma[k], omega[k], factor[k])
                free = _share(state, c[k], d[k])
                _fill(state, offsets[cell], offsets[cell + 1], free, theta, sigma[k], out)
            states[cell] = state
    return states


@compiled
def _theta(state, rates, N, n, y, z, median, sigma, omega, factor):
    if N == 0.0:
        z = rates[int(uniform(state) * len(rates))]
    prior = math.log(median) + z * math.log(factor)
    variance = sigma**2 + n * omega**2
    mean = prior + n * omega**2 / variance * (y - prior)
    return mean + sigma * omega / math.sqrt(variance) * normal(state)


@compiled
def _share(state, a, b):
    """A Beta(a, b) variate; small a and b do not underflow."""
    return 1.0 / (1.0 + math.exp(log_gamma_variate(state, b) - log_gamma_variate(state, a)))


@compiled
def _fill(state, start, end, free, theta, sigma, out):
    for event in range(start, end):
        out[event] = 0.0 if uniform(state) < free else math.exp(theta + sigma * normal(state))
