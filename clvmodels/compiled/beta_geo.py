r"""Purchases of BG/NBD, drawn event by event; those of MBG/NBD are the same with b + 1 for b.

Given that a customer is alive at T, the purchase rate is Gamma(s, rate alpha + T) with s = r + x, so that after k
further purchases, the last at :math:`\tau` since T, the wait for the next one is Lomax:

.. math:: P(\text{wait} > w) = \left(\frac{\alpha + T + \tau}{\alpha + T + \tau + w}\right)^{s + k},

and dropping out after it has the probability a / (a + b + x + k): the rate and the dropout probability are integrated
out, and nothing is approximated. Dropping out has the rate lambda p, with p ~ Beta(a, b + x).
"""

from __future__ import annotations

import math

import numpy as np

from clvmodels.compiled.events import append, append_drawn, known_cells, new_cells
from clvmodels.compiled.jit import compiled, compiled_generator
from clvmodels.compiled.random import log_gamma_variate, start_stream, uniform


@compiled
def first_purchase(state, alive, none):
    """Draw whether one customer buys within the horizon, and when: a place in the distribution of waits, 0 if not.

    `alive` is P(alive at T), and `none` the probability of no purchase within the horizon while alive.
    """
    if uniform(state) >= alive:
        return 0.0
    place = uniform(state)
    return place if place > none else 0.0


@compiled_generator
def purchase_times(state, place, alpha_T, a, b, s, x, horizon):
    """Yield the times since T of the purchases within the horizon of one who buys, for one draw of the parameters.

    `place` is that of `first_purchase`, alpha_T is alpha + T, and s is r + x.
    """
    time, count = alpha_T * math.expm1(-math.log(place) / s), 0
    while time <= horizon:
        yield time
        if uniform(state) * (a + b + x + count) < a:
            return
        count += 1
        time += (alpha_T + time) * math.expm1(-math.log(uniform(state)) / (s + count))


@compiled
def known_events(seed, customers, purpose, first, days, horizon, alive, none, x, T, r, alpha, a, b):
    """Draw the purchases of known customers; the shapes are those of `compiled.events`.

    x, T, horizon (rows,), r, alpha, a, b (draws,), alive and none (see `first_purchase`) (rows, draws). `purpose` names
    the random stream, `days` the days of a time unit; `first` adds a purchase at time 0.
    """
    rows, draws = alive.shape
    offsets, times = known_cells(rows, draws)
    size, state = 0, np.empty(4, dtype=np.uint64)
    for i in range(rows):
        start_stream(state, seed, customers[i], purpose)
        for d in range(draws):
            if first:
                times, size = append(times, size, 0.0)
            place = first_purchase(state, alive[i, d], none[i, d])
            if place > 0.0:
                drawn = purchase_times(state, place, alpha[d] + T[i], a[d], b[d], r[d] + x[i], x[i], horizon[i])
                times, size = append_drawn(times, size, False, drawn, 0.0, days, 0.0, horizon[i])
            offsets[i * draws + d + 1] = size
    return offsets, times[:size]


@compiled
def new_events(streams, won, begin, end, last, days, stays, r, alpha, a, b):
    """Draw the lives of customers yet to be won, until the time `last`; the shapes are those of `compiled.events`.

    won[d] of draw d come at any time between begin and end; streams (draws, 4) are where their random numbers come
    from, and go on. `stays` (draws,) is the probability of being alive after the first purchase.
    """
    draw, starts, states, offsets, times = new_cells(won)
    size = 0
    for cell in range(len(draw)):
        d = draw[cell]
        state = streams[d]
        starts[cell] = begin + (end - begin) * uniform(state)
        left = last - starts[cell]
        if left >= 0.0:
            none, free = math.exp(-r[d] * math.log1p(left / alpha[d])), np.floor(starts[cell] * days) + 1.0
            times, size = append(times, size, 0.0)
            place = first_purchase(state, stays[d], none)
            if place > 0.0:
                drawn = purchase_times(state, place, alpha[d], a[d], b[d], r[d], 0.0, left)
                times, size = append_drawn(times, size, False, drawn, starts[cell], days, free, left)
        states[cell], offsets[cell + 1] = state, size
    return starts, offsets, times[:size], states


@compiled
def known_waits(seed, customers, purpose, until_dropout, alive, x, T, r, alpha, a, b):
    """Draw the time since T to the next purchase (infinite without one), or to dropping out (0 when already gone).

    Shapes as in `known_events`; returns (rows, draws).
    """
    state, out = np.empty(4, dtype=np.uint64), np.empty(alive.shape)
    for i in range(len(customers)):
        start_stream(state, seed, customers[i], purpose)
        for d in range(len(r)):
            stays = uniform(state) < alive[i, d]
            wait = _wait(state, r[d] + x[i], alpha[d] + T[i])
            if until_dropout:
                # Drawn for those who have left as well, so that the next draw does not depend on it.
                left = wait * _purchases_left(state, a[d], b[d] + x[i])
                out[i, d] = left if stays else 0.0
            else:
                out[i, d] = wait if stays else math.inf
    return out


@compiled
def new_leaving(streams, won, begin, end, stays, r, alpha, a, b):
    """Draw when customers yet to be won drop out, on the axis of `begin`; arguments and states as in `new_events`."""
    cells, cell = np.sum(won), 0
    left, states = np.empty(cells), np.empty((cells, 4), dtype=np.uint64)
    for d in range(len(won)):
        state = streams[d]
        for _ in range(won[d]):
            left[cell] = begin + (end - begin) * uniform(state)
            if stays[d] == 1.0 or uniform(state) < stays[d]:
                wait = _wait(state, r[d], alpha[d])
                left[cell] += wait * _purchases_left(state, a[d], b[d])
            states[cell] = state
            cell += 1
    return left, states


@compiled
def _wait(state, s, alpha_T):
    return alpha_T * math.expm1(-math.log(uniform(state)) / s)


@compiled
def _purchases_left(state, a, b):
    """Mean number of purchases until a customer drops out: 1 / p, with p = 1 / (1 + e^log_odds)."""
    log_odds = log_gamma_variate(state, b) - log_gamma_variate(state, a)
    return 1.0 + math.exp(log_odds)
