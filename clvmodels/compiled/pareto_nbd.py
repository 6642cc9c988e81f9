r"""Pareto/NBD: its likelihood summed over many rows, and its purchases drawn event by event.

**Likelihood.** With q = r + x, let R(t) be the probability that a customer who bought until t and was alive then drops
out before a next purchase:

.. math:: R(t) = s \int_t^\infty \left(\frac{\alpha + t}{\alpha + \tau}\right)^q
    \left(\frac{\beta + t}{\beta + \tau}\right)^s \frac{d\tau}{\beta + \tau}

The terms of the likelihood that depend on the dates are then, with :math:`A(t) = (\alpha + t)^{-q} (\beta + t)^{-s}`,

.. math:: A(T) [1 - R(T)] + A(t_x) R(t_x),

two positive terms, so that nothing cancels; R is needed once for each distinct pair of x and a time. It is a Stieltjes
function, whose continued fraction by Gauss has positive terms alone: with c = q + s + 1 and, where alpha < beta,
:math:`\zeta = (\beta - \alpha) / (\alpha + t)`, b = q (otherwise :math:`(\alpha - \beta) / (\beta + t)`, b = s + 1),

.. math:: R = \frac{s}{q + s} \max\left(1, \frac{\alpha + t}{\beta + t}\right)
    \cfrac{1}{1 + \cfrac{a_1 \zeta}{1 + \cfrac{a_2 \zeta}{1 + \cdots}}}, \quad
    a_{2k} = \frac{k (c - b + k - 1)}{(c + 2k - 2)(c + 2k - 1)},\
    a_{2k+1} = \frac{(b + k)(c + k - 1)}{(c + 2k - 1)(c + 2k)}

Its convergents lie on either side of it in turn, so that their distance bounds the error. Where it would be long (alpha
and beta of different orders of magnitude), and for the gradient, the time of dropout is integrated out by a
Gauss-Legendre rule, as in `formulas.pareto_nbd`.

**Purchases.** Given that a customer is alive at T, the remaining lifetime is Lomax(s, beta + T). After k further
purchases, the last at :math:`\tau` since T, the wait for the next one is Lomax(q + k, :math:`\alpha + T + \tau`). The
rates are integrated out, and nothing is approximated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from clvmodels.compiled.events import append_drawn, known_cells, new_cells
from clvmodels.compiled.jit import compiled, compiled_generator
from clvmodels.compiled.random import start_stream, uniform

Array = NDArray[np.float64]
Positions = NDArray[np.int32]
# Above this, log(1 + e^odds) is odds to the last bit.
LARGE_ODDS = 200.0
LARGE_PRODUCT = 1e150
# Times of one frequency that share the length of the continued fraction.
CHUNK = 64
LONGEST_FRACTION = 400
CONVERGED = 2e-15
# The integrand is cut where it has fallen by exp(-36); exp(50) is beyond every ratio of times.
LOG_TAIL, LARGE_EXPONENT, SMALLEST = 36.0, 50.0, 1e-300
(POINTS_12, WEIGHTS_12), (POINTS_24, WEIGHTS_24), (POINTS_48, WEIGHTS_48), (POINTS_96, WEIGHTS_96) = (
    leggauss(nodes) for nodes in (12, 24, 48, 96)
)


@dataclass(frozen=True)
class TimingSum:
    """Sum over rows of count x `formulas.pareto_nbd.timing_terms`.

    Attributes
    ----------
    times : array (m,)
        The distinct t_x and T.
    x : array (k,)
        The distinct frequencies.
    start : array (k + 1,)
        The pairs of frequency j are start[j] : start[j + 1].
    time : array (pairs,)
        Place among `times` of each distinct pair of a frequency and a time; rising within a frequency.
    last, end : array (n,)
        The pairs (x, t_x) and (x, T) of each row.
    count : array (n,)
    """

    times: Array
    x: Array
    start: Positions
    time: Positions
    last: Positions
    end: Positions
    count: Array

    @classmethod
    def of(cls, x: Array, t_x: Array, T: Array, count: Array) -> TimingSum:
        """Look up the distinct pairs once; the rows are put in their order."""
        order = np.lexsort((T, t_x, x))
        x, t_x, T, count = (np.asarray(value, float)[order] for value in (x, t_x, T, count))
        times, at_time = np.unique(np.concatenate([t_x, T]), return_inverse=True)
        distinct_x, at_x = np.unique(x, return_inverse=True)
        pairs, pair = np.unique(np.tile(at_x, 2) * len(times) + at_time, return_inverse=True)
        start = np.searchsorted(pairs // max(len(times), 1), np.arange(len(distinct_x) + 1))
        start, time, last, end = (
            place.astype(np.int32) for place in (start, pairs % max(len(times), 1), pair[: len(x)], pair[len(x) :])
        )
        return cls(times, distinct_x, start, time, last, end, count)

    def values(self, points: Array) -> Array:
        """The sum at each of some points (k, 4) of r, alpha, s, beta: (k,)."""
        return _timing_sums(np.ascontiguousarray(points, float), *self.places(), self.count)

    def gradient(self, point: Array) -> Array:
        """Its derivatives at a point (4,): (4,)."""
        return _timing_gradient(np.ascontiguousarray(point, float), *self.places(), self.count)

    def places(self) -> tuple[Array | Positions, ...]:
        """All but the counts, as the loops take them."""
        return self.times, self.x, self.start, self.time, self.last, self.end


def probability_alive(x: Array, t_x: Array, T: Array, points: Array) -> Array:
    """P(alive at T) of customers (n,) at points (k, 4) of r, alpha, s, beta: (n, k).

    As `formulas.pareto_nbd.probability_alive`, for many customers and draws at once.
    """
    rows = TimingSum.of(x, t_x, T, np.arange(len(x), dtype=float))
    alive = np.empty((len(x), len(points)))
    alive[rows.count.astype(np.int64)] = _probability_alive(np.ascontiguousarray(points, float), *rows.places()).T
    return alive


@compiled
def _timing_sums(points, times, x, start, time, last, end, count):
    sums, dropout, log_alive = np.empty(len(points)), np.empty(len(time)), np.empty(len(time))
    for k in range(len(points)):
        _at_pairs(points[k], times, x, start, time, dropout, log_alive)
        r, alpha, s, beta = points[k]
        total, product, row, log_alpha = 0.0, 1.0, 0, math.log(alpha)
        for j in range(len(x)):
            while row < len(count) and last[row] < start[j + 1]:
                before, now, n = last[row], end[row], count[row]
                row += 1
                total += n * (log_alive[now] - x[j] * log_alpha)
                longer = log_alive[before] - log_alive[now]
                if math.isnan(dropout[before] + dropout[now]):
                    odds = _log_odds(r + x[j], alpha, s, beta, times[time[before]], times[time[now]])
                    total += n * (max(odds, 0.0) + math.log1p(math.exp(-abs(odds))))
                elif longer > LARGE_ODDS:
                    total += n * (longer + math.log(dropout[before]))
                elif n == 1.0:
                    # One logarithm for many rows.
                    product *= 1.0 + (dropout[before] * math.exp(longer) - dropout[now])
                    if product > LARGE_PRODUCT:
                        total += math.log(product)
                        product = 1.0
                else:
                    total += n * math.log1p(dropout[before] * math.exp(longer) - dropout[now])
        sums[k] = total + math.log(product)
    return sums


@compiled
def _probability_alive(points, times, x, start, time, last, end):
    alive, dropout, log_alive = np.empty((len(points), len(last))), np.empty(len(time)), np.empty(len(time))
    for k in range(len(points)):
        _at_pairs(points[k], times, x, start, time, dropout, log_alive)
        r, alpha, s, beta = points[k]
        row = 0
        for j in range(len(x)):
            while row < len(last) and last[row] < start[j + 1]:
                before, now = last[row], end[row]
                odds = dropout[before] * math.exp(log_alive[before] - log_alive[now]) - dropout[now]
                if math.isnan(odds):
                    odds = math.exp(_log_odds(r + x[j], alpha, s, beta, times[time[before]], times[time[now]]))
                # Rounding must not lift a probability above 1.
                alive[k, row] = 1.0 / (1.0 + max(odds, 0.0))
                row += 1
    return alive


@compiled
def _at_pairs(point, times, x, start, time, dropout, log_alive):
    """Fill in R and log[alpha^q beta^s A] at every pair of a frequency and a time."""
    r, alpha, s, beta = point
    log_buying, log_living = np.log1p(times / alpha), s * np.log1p(times / beta)
    zeta, terms = np.empty(CHUNK), np.empty(LONGEST_FRACTION + 1)
    for j in range(len(x)):
        for i in range(start[j], start[j + 1]):
            log_alive[i] = -(r + x[j]) * log_buying[time[i]] - log_living[time[i]]
        for begin in range(start[j], start[j + 1], CHUNK):
            part = slice(begin, min(begin + CHUNK, start[j + 1]))
            _dropout_first(dropout[part], times, time[part], r + x[j], alpha, s, beta, zeta, terms)


@compiled
def _dropout_first(out, times, time, q, alpha, s, beta, zeta, terms):
    """R at some times, which rise, by the continued fraction; NaN where it would be too long."""
    c, b = q + s + 1.0, q if alpha < beta else s + 1.0
    for i in range(len(time)):
        zeta[i] = abs(beta - alpha) / (min(alpha, beta) + times[time[i]])
        out[i] = 1.0
    length = _fraction_length(b, c, zeta[0], terms)
    if length > LONGEST_FRACTION:
        out[:] = math.nan
        return
    for n in range(length, 0, -1):
        for i in range(len(out)):
            out[i] = 1.0 + terms[n] * zeta[i] / out[i]
    for i in range(len(out)):
        # (alpha + t) / (beta + t) is 1 + zeta where alpha is the larger.
        longer = 1.0 if alpha < beta else 1.0 + zeta[i]
        out[i] = s / (q + s) * longer / out[i]


@compiled
def _fraction_length(b, c, zeta, terms):
    """Fill the coefficients a_n into terms[1:] until two convergents agree; how many it takes. Steed's algorithm."""
    value, change, ratio = 1.0, 1.0, 1.0
    for n in range(1, LONGEST_FRACTION + 1):
        k = n // 2
        if n % 2:
            terms[n] = (b + k) * (c + k - 1.0) / ((c + 2 * k - 1.0) * (c + 2 * k))
        else:
            terms[n] = k * (c - b + k - 1.0) / ((c + 2 * k - 2.0) * (c + 2 * k - 1.0))
        ratio = 1.0 / (1.0 + terms[n] * zeta * ratio)
        change *= ratio - 1.0
        value += change
        if abs(change) <= CONVERGED * value:
            return n
    return LONGEST_FRACTION + 1


@compiled
def _rule(p, k, ratio, length):
    """Points and weights of the smallest sufficient rule; the limits are those of `formulas.pareto_nbd.RULES`."""
    fall = abs(p - 1.0) * length + k * math.log1p(ratio * math.expm1(length))
    if length <= 3.0 and fall <= 8.0:
        return POINTS_12, WEIGHTS_12
    if length <= 6.0:
        return POINTS_24, WEIGHTS_24
    return (POINTS_48, WEIGHTS_48) if length <= 14.0 else (POINTS_96, WEIGHTS_96)


@compiled
def _cut(p, k, ratio, whole):
    """Length in y over which the integrand falls by LOG_TAIL, or `whole`."""
    by_first = LOG_TAIL / max(p - 1.0, 1e-9)
    fall = min((LOG_TAIL + max(1.0 - p, 0.0) * whole) / k, LARGE_EXPONENT)
    return min(whole, by_first, math.log1p(math.expm1(fall) / ratio))


@compiled
def _dropout_times(q, a, s, b, t):
    """Integrate over the time u since t_x of dropping out, in (0, t): the log-odds less their exponent, and means.

    a is alpha + t_x and b is beta + t_x. Means, over u, of log(1 + u / a), 1 / (a + u), log(1 + u / b), 1 / (b + u).
    """
    near, far, p, k = (a, b, q, s + 1.0) if a <= b else (b, a, s + 1.0, q)
    ratio = near / far
    length = _cut(p, k, ratio, math.log1p(t / near))
    points, weights = _rule(p, k, ratio, length)
    total, log_near, log_far, inverse_near, inverse_far = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(len(points)):
        y = length * (1.0 + points[i]) / 2.0
        u = math.expm1(y)
        longer = math.log1p(ratio * u)
        weight = weights[i] * math.exp((1.0 - p) * y - k * longer)
        total += weight
        log_near += weight * y
        log_far += weight * longer
        inverse_near += weight / (near * (1.0 + u))
        inverse_far += weight / (far + near * u)
    log_integral = math.log(max(s / b * near * length / 2.0 * total, SMALLEST))
    if a <= b:
        return log_integral, log_near / total, inverse_near / total, log_far / total, inverse_far / total
    return log_integral, log_far / total, inverse_far / total, log_near / total, inverse_near / total


@compiled
def _log_odds(q, alpha, s, beta, t_x, T):
    t = T - t_x
    log_integral = _dropout_times(q, alpha + t_x, s, beta + t_x, t)[0]
    return log_integral + q * math.log1p(t / (alpha + t_x)) + s * math.log1p(t / (beta + t_x))


@compiled
def _timing_gradient(point, times, x, start, time, last, end, count):
    """Mean of the derivatives given that the customer is alive, and given each time of dropping out."""
    r, alpha, s, beta = point
    gradient, row = np.zeros(4), 0
    for j in range(len(x)):
        while row < len(count) and last[row] < start[j + 1]:
            t_x, T, n = times[time[last[row]]], times[time[end[row]]], count[row]
            row += 1
            a, b, q, t = alpha + t_x, beta + t_x, r + x[j], T - t_x
            log_integral, log_a, inverse_a, log_b, inverse_b = _dropout_times(q, a, s, b, t)
            odds = log_integral + q * math.log1p(t / a) + s * math.log1p(t / b)
            left = 1.0 / (1.0 + math.exp(-odds))
            stays = 1.0 / (1.0 + math.exp(odds))
            buying = stays * T / (alpha + T) + left * (1.0 - alpha * inverse_a)
            living = stays * T / (beta + T) + left * (1.0 - beta * inverse_b)
            gradient[0] -= n * (stays * math.log1p(T / alpha) + left * (math.log1p(t_x / alpha) + log_a))
            gradient[1] += n * (r * buying / alpha - x[j] * (stays / (alpha + T) + left * inverse_a))
            gradient[2] -= n * (stays * math.log1p(T / beta) + left * (math.log1p(t_x / beta) + log_b - 1.0 / s))
            gradient[3] += n * (s * living / beta - left * inverse_b)
    return gradient


@compiled_generator
def purchase_times(state, first, alive, alpha_T, beta_T, q, s, horizon):
    """Yield the times since T of one customer's purchases within the horizon, for one draw of the parameters.

    `first` adds a purchase at time 0; `alive` is P(alive at T), alpha_T is alpha + T, beta_T is beta + T, q is r + x.
    """
    if first:
        yield 0.0
    if uniform(state) >= alive:
        return
    time, count = _lomax(state, q, alpha_T), 0
    if time > horizon:
        return
    until = min(horizon, _lomax(state, s, beta_T))
    while time <= until:
        yield time
        count += 1
        time += _lomax(state, q + count, alpha_T + time)


@compiled
def _lomax(state, shape, scale):
    """P(wait > w) = (1 + w / scale)^-shape."""
    return scale * math.expm1(-math.log(uniform(state)) / shape)


@compiled
def known_events(seed, customers, purpose, first, days, horizon, alive, x, T, r, alpha, s, beta):
    """Draw the purchases of known customers; the shapes are those of `compiled.events`.

    x, T, horizon (rows,), r, alpha, s, beta (draws,), alive (rows, draws). `purpose` names the random stream,
    `days` the days of a time unit; `first` adds a purchase at time 0.
    """
    rows, draws = alive.shape
    offsets, times = known_cells(rows, draws)
    size, state = 0, np.empty(4, dtype=np.uint64)
    for i in range(rows):
        start_stream(state, seed, customers[i], purpose)
        for d in range(draws):
            known = alive[i, d], alpha[d] + T[i], beta[d] + T[i], r[d] + x[i], s[d]
            drawn = purchase_times(state, first, *known, horizon[i])
            times, size = append_drawn(times, size, False, drawn, 0.0, days, 0.0, horizon[i])
            offsets[i * draws + d + 1] = size
    return offsets, times[:size]


@compiled
def known_waits(seed, customers, purpose, until_dropout, alive, x, T, r, alpha, s, beta):
    """Draw the time since T to the next purchase (infinite without one), or to dropping out (0 when already gone).

    Shapes as in `known_events`; returns (rows, draws).
    """
    state, out = np.empty(4, dtype=np.uint64), np.empty(alive.shape)
    for i in range(len(customers)):
        start_stream(state, seed, customers[i], purpose)
        for d in range(len(r)):
            stays = uniform(state) < alive[i, d]
            lifetime = _lomax(state, s[d], beta[d] + T[i]) if stays else 0.0
            if until_dropout:
                out[i, d] = lifetime
            else:
                wait = _lomax(state, r[d] + x[i], alpha[d] + T[i])
                out[i, d] = wait if wait <= lifetime else math.inf
    return out


@compiled
def new_events(streams, won, begin, end, last, days, r, alpha, s, beta):
    """Draw the lives of customers yet to be won, until the time `last`; the shapes are those of `compiled.events`.

    won[d] of draw d come at any time between begin and end; streams (draws, 4) are where their random numbers come
    from, and go on.
    """
    draw, starts, states, offsets, times = new_cells(won)
    size = 0
    for cell in range(len(draw)):
        d = draw[cell]
        starts[cell] = begin + (end - begin) * uniform(streams[d])
        left, free = last - starts[cell], np.floor(starts[cell] * days)
        if left >= 0.0:
            drawn = purchase_times(streams[d], True, 1.0, alpha[d], beta[d], r[d], s[d], left)
            times, size = append_drawn(times, size, False, drawn, starts[cell], days, free, left)
        states[cell], offsets[cell + 1] = streams[d], size
    return starts, offsets, times[:size], states


@compiled
def new_leaving(streams, won, begin, end, s, beta):
    """Draw when customers yet to be won drop out, on the axis of `begin`; arguments and states as in `new_events`."""
    cells, cell = np.sum(won), 0
    left, states = np.empty(cells), np.empty((cells, 4), dtype=np.uint64)
    for d in range(len(won)):
        state = streams[d]
        for _ in range(won[d]):
            left[cell] = begin + (end - begin) * uniform(state) + _lomax(state, s[d], beta[d])
            states[cell] = state
            cell += 1
    return left, states
