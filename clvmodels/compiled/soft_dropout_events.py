"""Soft dropout and regularity: purchases drawn event by event.

A customer's state (see `formulas.soft_dropout`) is drawn first, and with it the rate at which the phases are passed.
The waits are then Erlang, what is left of the first one included; after a purchase, one who is alive and has come
through n of them since T lapses with the probability a / (a + b + x + 1 + n), and buys on at delta times the rate.
Nothing is approximated. The other names and arguments are those of `compiled.soft_dropout`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clvmodels.compiled.events import append_drawn, known_cells, new_cells
from clvmodels.compiled.jit import compiled, compiled_generator
from clvmodels.compiled.random import log_gamma_variate, start_stream, uniform
from clvmodels.compiled.soft_dropout import (
    CLASSES,
    Array,
    Histories,
    classes_at,
    columns,
    room,
    total_of,
    weights_at,
)

# Nobody makes more purchases before lapsing.
MOST_PURCHASES = 1e15
# Below minus this, log(1 - p) is the log-odds of staying to the last bit.
LARGE_ODDS = 500.0


class Drawn(NamedTuple):
    """States of customers (n, d): class k, alive or not, the phase, the rate of phases; and the streams (n, 4)."""

    k: NDArray[np.int64]
    alive: NDArray[np.bool_]
    phase: NDArray[np.int64]
    rate: Array
    streams: NDArray[np.uint64]


def draw_states(
    seed: np.uint64, keys: NDArray[np.uint64], purpose: np.uint64, histories: Histories, points: Array
) -> Drawn:
    """Draw a state of each customer at each of the points (d, 9)."""
    order, shape = np.argsort(histories.x, kind="stable"), (len(keys), len(points))
    streams, known = _streams(seed, keys[order], purpose), histories.take(order).arrays()
    drawn = Drawn(np.empty(shape, int), np.empty(shape, bool), np.empty(shape, int), np.empty(shape), streams)
    first = 0
    for some in columns(points):
        of_some = slice(first, first + some.shape[1])
        _draw_states(some, *known, streams, *(each[:, of_some] for each in drawn[:4]))
        first = of_some.stop
    back = np.argsort(order, kind="stable")
    return Drawn(drawn.k[back], drawn.alive[back], drawn.phase[back], drawn.rate[back], streams[back])


@compiled
def _streams(seed, keys, purpose):
    streams = np.empty((len(keys), 4), dtype=np.uint64)
    for i in range(len(keys)):
        start_stream(streams[i], seed, keys[i], purpose)
    return streams


@compiled
def _draw_states(points, x, T, log_gaps, start, times, streams, ks, alive, phases, rates):
    leaving, shared, weights, used, peak, total = room(points, x, start)
    d, last = points.shape[1], -1
    for i in range(len(x)):
        if x[i] != last:
            last = x[i]
            classes_at(points, last, shared)
        own, state = times[start[i] : start[i + 1]], streams[i]
        weights_at(points, last, T[i], log_gaps[i], own, shared, leaving, peak, used, weights)
        total_of(weights, used, len(own) + 1, total)
        for p in range(d):
            left, c, cell = uniform(state) * total[p], -1, 0
            for each in range(CLASSES):
                for one in range(len(own) + 1):
                    if left >= 0.0 and used[each, one] and weights[each, one, p] > 0.0:
                        left -= weights[each, one, p]
                        c, cell = each, one
            k, speed, counted = 1 << c, 1.0, T[i]
            if cell > 0:
                speed = points[4, p]
                counted = own[cell - 1] + speed * (T[i] - own[cell - 1])
            rate, shape = points[1, p] / k + counted, points[0, p] + k * last
            phase = _phase(state, k, shape, speed * (T[i] - own[-1]) / rate)
            ks[i, p], alive[i, p], phases[i, p] = k, cell == 0, phase
            rates[i, p] = math.exp(log_gamma_variate(state, shape + phase)) / rate


@compiled
def _phase(state, k, shape, u):
    """Draw j < k by the weights (shape)_j u^j / j!."""
    if k == 1:
        return 0
    total, term = 1.0, 1.0
    for j in range(1, k):
        term *= (shape + (j - 1)) / j * u
        total += term
    left, term, phase = uniform(state) * total - 1.0, 1.0, 0
    while left >= 0.0 and phase < k - 1:
        phase += 1
        term *= (shape + (phase - 1)) / phase * u
        left -= term
    return phase


@compiled
def _wait(state, phases, rate):
    """Time in which so many phases are passed, at most eight."""
    product = 1.0
    for _ in range(phases):
        product *= uniform(state)
    return -math.log(product) / rate if rate > 0.0 else math.inf


@compiled_generator
def purchase_times(state, k, alive, phase, rate, a, coins, delta, horizon):
    """Yield the times of one customer's purchases within the horizon; coins is a + b + x + 1."""
    time = _wait(state, k - phase, rate if alive else delta * rate)
    while time <= horizon:
        yield time
        if alive:
            alive = uniform(state) * coins >= a
            coins += 1.0
        time += _wait(state, k, rate if alive else delta * rate)


@compiled
def known_events(ks, living, phases, rates, streams, first, days, horizon, x, points):
    """Draw the purchases of known customers; the shapes are those of `compiled.events`.

    `first` adds a purchase at time 0, horizon is (rows,), `days` the days of a time unit.
    """
    rows, draws = ks.shape
    offsets, times = known_cells(rows, draws)
    size = 0
    for i in range(rows):
        state = streams[i]
        for d in range(draws):
            a, coins = points[d, 2], points[d, 2] + points[d, 3] + x[i] + 1.0
            own = ks[i, d], living[i, d], phases[i, d], rates[i, d]
            drawn = purchase_times(state, *own, a, coins, points[d, 4], horizon[i])
            times, size = append_drawn(times, size, first, drawn, 0.0, days, 0.0, horizon[i])
            offsets[i * draws + d + 1] = size
    return offsets, times[:size]


@compiled
def known_waits(ks, living, phases, rates, streams, until_dropout, x, points):
    """Draw the time to the next purchase (infinite without one), or to lapsing (0 once lapsed): (rows, draws)."""
    out = np.empty(ks.shape)
    for i in range(len(ks)):
        state = streams[i]
        for d in range(len(points)):
            k, phase, rate = ks[i, d], phases[i, d], rates[i, d]
            if until_dropout:
                left = _until_lapsing(state, k, phase, rate, points[d, 2], points[d, 3] + x[i] + 1.0)
                out[i, d] = left if living[i, d] else 0.0
            else:
                out[i, d] = _wait(state, k - phase, rate if living[i, d] else points[d, 4] * rate)
    return out


@compiled
def _until_lapsing(state, k, phase, rate, a, b):
    """Time until one who is alive lapses; the probability after each purchase is Beta(a, b)."""
    log_odds = log_gamma_variate(state, b) - log_gamma_variate(state, a)
    # log(1 - p), where p = 1 / (1 + e^log_odds).
    log_stays = -math.log1p(math.exp(-log_odds)) if log_odds > -LARGE_ODDS else log_odds
    further = MOST_PURCHASES
    if log_stays < 0.0:
        further = math.floor(min(math.log(uniform(state)) / log_stays, MOST_PURCHASES))
    return math.exp(log_gamma_variate(state, k - phase + k * further)) / rate if rate > 0.0 else math.inf


@compiled
def _new_customer(state, point):
    """Class, alive or not, and rate of phases, right after the first purchase."""
    left, c = uniform(state), 0
    for each in range(CLASSES):
        if left >= 0.0 and point[5 + each] > 0.0:
            left -= point[5 + each]
            c = each
    k = 1 << c
    rate = math.exp(log_gamma_variate(state, point[0])) * k / point[1]
    return k, uniform(state) * (point[2] + point[3]) >= point[2], rate


@compiled
def _add_life(state, point, start, last, days, times, size):
    """Append the purchases of a customer won at `start`, until the time `last`; return the buffer and its size."""
    k, alive, rate = _new_customer(state, point)
    if last < start:
        return times, size
    free, coins = np.floor(start * days) + 1.0, point[2] + point[3] + 1.0
    drawn = purchase_times(state, k, alive, 0, rate, point[2], coins, point[4], last - start)
    return append_drawn(times, size, True, drawn, start, days, free, last - start)


@compiled
def new_events(streams, won, begin, end, last, days, points):
    """Draw the lives of customers yet to be won, until the time `last`; the shapes are those of `compiled.events`.

    won[d] of draw d come at any time between begin and end; streams (draws, 4) are where their random numbers come
    from, and go on.
    """
    draw, starts, states, offsets, times = new_cells(won)
    size = 0
    for cell in range(len(draw)):
        d = draw[cell]
        starts[cell] = begin + (end - begin) * uniform(streams[d])
        times, size = _add_life(streams[d], points[d], starts[cell], last, days, times, size)
        states[cell], offsets[cell + 1] = streams[d], size
    return starts, offsets, times[:size], states


@compiled
def new_leaving(streams, won, begin, end, points):
    """Draw when customers yet to be won lapse, on the axis of `begin`; arguments and states as in `new_events`."""
    left, states, cell = np.empty(np.sum(won)), np.empty((np.sum(won), 4), dtype=np.uint64), 0
    for d in range(len(won)):
        for _ in range(won[d]):
            left[cell] = begin + (end - begin) * uniform(streams[d])
            k, alive, rate = _new_customer(streams[d], points[d])
            if alive:
                left[cell] += _until_lapsing(streams[d], k, 0, rate, points[d, 2], points[d, 3] + 1.0)
            states[cell] = streams[d]
            cell += 1
    return left, states
