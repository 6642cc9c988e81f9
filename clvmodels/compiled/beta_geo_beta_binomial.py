r"""Purchases of BG/BB, drawn opportunity by opportunity, and the sum over customers that its likelihood needs.

Given that a customer is alive at T, and after `bought` further purchases among k opportunities, the next one finds him
gone with probability gamma / (gamma + delta + T + k), and if he stays he buys at it with probability
(alpha + x + bought) / (alpha + beta + T + k): p and theta are integrated out, and nothing is approximated.

Times are whole numbers of opportunities. Who leaves at the beginning of opportunity k after T is alive until time k.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clvmodels.compiled.events import append, known_cells, new_cells
from clvmodels.compiled.jit import compiled, compiled_generator
from clvmodels.compiled.random import log_gamma_variate, start_stream, uniform

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
# Draws taken side by side: what they write lies together in memory.
TOGETHER = 8
# Odds above it are scaled down; log(1 + odds) is their logarithm to the last bit.
LARGE_ODDS, LOG_LARGE_ODDS = 1e100, math.log(1e100)


@compiled
def probability_alive(x, t_x, T, alpha, beta, gamma, delta):
    r"""P(alive at T) of customers (rows,) under draws (draws,): (rows, draws). A pass serves neighbours of one x.

    The odds of having left are, with
    :math:`F_k = (1 + \frac{\alpha + x}{\beta + k - x})(1 + \frac{\gamma + 1}{\delta + k})`,

    .. math:: \frac{\gamma}{\gamma + \delta + T} \sum_{i=t_x}^{T-1} \prod_{k=i}^{T-1} F_k
        = \frac{\gamma}{\gamma + \delta + T} \left(\frac{P(t_x)}{P(T)} A(t_x) - A(T)\right),

    where, counted back from the last T of the pass, P(k) is the product of F from k on and A(k) = 1 + A(k + 1) / F_k.
    """
    out = np.ones((len(x), len(alpha)))
    begin = 0
    while begin < len(x):
        end, first, last = begin, t_x[begin], T[begin]
        while end < len(x) and x[end] == x[begin]:
            first, last = min(first, t_x[end]), max(last, T[end])
            end += 1
        places = int(last - first)
        shape = places + 1, TOGETHER
        sums, products, scales = np.zeros(shape), np.ones(shape), np.zeros(shape)
        for start in range(0, len(alpha), TOGETHER):
            stop = min(start + TOGETHER, len(alpha))
            own = alpha[start:stop], beta[start:stop], gamma[start:stop], delta[start:stop]
            _pass_back(sums, products, scales, x[begin], first, *own)
            for i in range(begin, end):
                if t_x[i] < T[i]:
                    seen, now = int(t_x[i] - first), int(T[i] - first)
                    for d in range(start, stop):
                        lane = d - start
                        grown = products[seen, lane] / products[now, lane]
                        if scales[seen, lane] != scales[now, lane]:
                            grown *= math.exp((scales[seen, lane] - scales[now, lane]) * LOG_LARGE_ODDS)
                        odds = grown * sums[seen, lane] - sums[now, lane]
                        odds *= gamma[d] / (gamma[d] + delta[d] + T[i])
                        out[i, d] = 1.0 / (1.0 + odds)
        begin = end
    return out


@compiled
def _pass_back(sums, products, scales, x, first, alpha, beta, gamma, delta):
    """Fill A, P and how often P was scaled down, from the last place back; a lane is a draw."""
    for place in range(len(sums) - 2, -1, -1):
        k = first + place
        for lane in range(len(alpha)):
            over = (alpha[lane] + beta[lane] + k) * (gamma[lane] + delta[lane] + (k + 1.0))
            under = (beta[lane] + (k - x)) * (delta[lane] + k)
            sums[place, lane] = 1.0 + sums[place + 1, lane] * (under / over)
            product = products[place + 1, lane] * (over / under)
            large = product > LARGE_ODDS
            products[place, lane] = product / LARGE_ODDS if large else product
            scales[place, lane] = scales[place + 1, lane] + (1.0 if large else 0.0)


@compiled_generator
def purchase_times(state, alive, alpha_x, trials, gamma, delta_T, horizon):
    """Yield the opportunities after T at which one customer buys within the horizon, for one draw of the parameters.

    `alive` is P(alive at T); alpha_x is alpha + x, trials alpha + beta + T, and delta_T delta + T. One random number
    decides when the next purchase is, or that there is none.
    """
    if alive < 1.0 and uniform(state) >= alive:
        return
    k, bought = 0.0, 0.0
    while True:
        place, before, waits = uniform(state), 0.0, 1.0
        # `before` is the probability that the purchase was by now, `waits` that he is alive and has not bought yet.
        while before <= place:
            if k + 1.0 > horizon or before + waits <= place:
                return
            waits *= (delta_T + k) / (gamma + delta_T + k)
            buys = waits * (alpha_x + bought) / (trials + k)
            before += buys
            waits -= buys
            k += 1.0
        yield k
        bought += 1.0


@compiled
def known_events(seed, customers, purpose, first, horizon, alive, x, T, alpha, beta, gamma, delta):
    """Draw the purchases of known customers; the shapes are those of `compiled.events`.

    x, T, horizon (rows,), alpha, beta, gamma, delta (draws,), alive (rows, draws). `purpose` names the random stream;
    `first` adds a purchase at time 0.
    """
    offsets, times = known_cells(*alive.shape)
    size, cell, state = 0, 0, np.empty(4, dtype=np.uint64)
    for i in range(len(customers)):
        start_stream(state, seed, customers[i], purpose)
        for d in range(len(alpha)):
            if first:
                times, size = append(times, size, 0.0)
            alpha_x, trials, delta_T = alpha[d] + x[i], alpha[d] + beta[d] + T[i], delta[d] + T[i]
            for time in purchase_times(state, alive[i, d], alpha_x, trials, gamma[d], delta_T, horizon[i]):
                times, size = append(times, size, time)
            cell += 1
            offsets[cell] = size
    return offsets, times[:size]


@compiled
def new_events(streams, won, begin, end, last, alpha, beta, gamma, delta):
    """Draw the lives of customers yet to be won, until the time `last`; the shapes are those of `compiled.events`.

    won[d] of draw d come at any time between begin and end, each with opportunities from then on; streams (draws, 4)
    are where their random numbers come from, and go on.
    """
    draw, starts, states, offsets, times = new_cells(won)
    size = 0
    for cell in range(len(draw)):
        d = draw[cell]
        starts[cell] = begin + (end - begin) * uniform(streams[d])
        left = last - starts[cell]
        if left >= 0.0:
            times, size = append(times, size, 0.0)
            for time in purchase_times(streams[d], 1.0, alpha[d], alpha[d] + beta[d], gamma[d], delta[d], left):
                times, size = append(times, size, time)
        states[cell], offsets[cell + 1] = streams[d], size
    return starts, offsets, times[:size], states


@compiled
def known_waits(seed, customers, purpose, until_dropout, alive, x, T, alpha, beta, gamma, delta):
    """Draw the opportunities after T to the next purchase (infinite without one), or to leaving (0 when already gone).

    Shapes as in `known_events`; returns (rows, draws).
    """
    state, out = np.empty(4, dtype=np.uint64), np.empty(alive.shape)
    for i in range(len(customers)):
        start_stream(state, seed, customers[i], purpose)
        for d in range(len(alpha)):
            stays = uniform(state) < alive[i, d]
            leaves = _first_success(state, gamma[d], delta[d] + T[i])
            if until_dropout:
                out[i, d] = leaves if stays else 0.0
            else:
                buys = _first_success(state, alpha[d] + x[i], beta[d] + (T[i] - x[i]))
                out[i, d] = buys if stays and buys < leaves else math.inf
    return out


@compiled
def new_leaving(streams, won, begin, end, gamma, delta):
    """Draw when customers yet to be won leave, on the axis of `begin`; arguments and states as in `new_events`."""
    draw = np.repeat(np.arange(len(won)), won)
    left, states = np.empty(len(draw)), np.empty((len(draw), 4), dtype=np.uint64)
    for cell in range(len(draw)):
        d = draw[cell]
        left[cell] = begin + (end - begin) * uniform(streams[d])
        left[cell] += _first_success(streams[d], gamma[d], delta[d])
        states[cell] = streams[d]
    return left, states


@compiled
def _first_success(state, a, b):
    """Draw the number of the first success in trials with one probability ~ Beta(a, b): 1, 2, ..."""
    log_odds = log_gamma_variate(state, a) - log_gamma_variate(state, b)
    # -log(1 - probability)
    rate = math.log1p(math.exp(log_odds))
    return math.floor(-math.log(uniform(state)) / rate) + 1.0


@dataclass(frozen=True)
class OpportunitySum:
    r"""Sum over rows of count x log(1 + odds of having left), the BG/BB term that needs x, t_x and T together.

    .. math:: \sum_i n_i \log\left[1 + \sum_{k = t_{x,i}}^{T_i - 1} \frac{\gamma}{\gamma + \delta + k}
        \prod_{j=k}^{T_i - 1} \left(1 + \frac{\alpha + x_i}{\beta + j - x_i}\right)
        \left(1 + \frac{\gamma}{\delta + j}\right)\right]

    x, t_x, T, count have shape (n,). Rows that differ in t_x alone share one pass from T back.
    """

    x: Array
    t_x: Array
    T: Array
    count: Array

    @classmethod
    def of(cls, x: Array, t_x: Array, T: Array, count: Array) -> OpportunitySum:
        """Put the rows in order once, and leave out customers who bought at the last opportunity: they are alive."""
        rows = np.stack([np.asarray(each, float) for each in (x, t_x, T, count)])
        rows = rows[:, rows[1] < rows[2]]
        return cls(*np.ascontiguousarray(rows[:, np.lexsort([-rows[1], rows[2], rows[0]])]))

    def values(self, points: Array) -> Array:
        """The sum at each of some points (k, 4) of alpha, beta, gamma, delta: (k,)."""
        return np.array([_opportunity_sum(point, self.x, self.t_x, self.T, self.count)[0] for point in points])

    def gradient(self, point: Array) -> Array:
        """Its derivatives at a point (4,): (4,)."""
        return _opportunity_sum(point, self.x, self.t_x, self.T, self.count)[1]


@compiled
def _opportunity_sum(point, x, t_x, T, count):
    alpha, beta, gamma, delta = point
    total, gradient = 0.0, np.zeros(4)
    # Of one pass: log of the product, the odds, both to the scale e^-shift, and their derivatives.
    product, odds, shift, k, log_slopes, slopes = 1.0, 0.0, 0.0, 0.0, np.zeros(4), np.zeros(4)
    for i in range(len(count)):
        if i == 0 or x[i] != x[i - 1] or T[i] != T[i - 1]:
            product, odds, shift, k = 1.0, 0.0, 0.0, T[i]
            log_slopes[:], slopes[:] = 0.0, 0.0
        while k > t_x[i]:
            k -= 1.0
            idle, buying = beta + (k - x[i]), alpha + beta + k
            staying, both = delta + k, gamma + delta + k
            product *= buying / idle * (both / staying)
            log_slopes[0] += 1.0 / buying
            log_slopes[1] += 1.0 / buying - 1.0 / idle
            log_slopes[2] += 1.0 / both
            log_slopes[3] += 1.0 / both - 1.0 / staying
            term = product * gamma / both
            odds += term
            for j in range(4):
                slopes[j] += term * log_slopes[j]
            slopes[2] += term * (1.0 / gamma - 1.0 / both)
            slopes[3] -= term / both
            if product > LARGE_ODDS:
                product /= LARGE_ODDS
                odds /= LARGE_ODDS
                slopes /= LARGE_ODDS
                shift += LOG_LARGE_ODDS
        total += count[i] * (math.log1p(odds) if shift == 0.0 else shift + math.log(odds))
        gradient += count[i] / (math.exp(-shift) + odds) * slopes
    return total, gradient
