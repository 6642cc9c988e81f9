r"""Drift: its likelihood summed over many rows, and its purchases drawn event by event.

**Likelihood.** With the symbols of `formulas.drift`, :math:`h(a, T)` being what a purchase at a adds to the compensator
until T, and the first purchase counting c,

.. math:: \sum_j \log(r + n(t_j)) - \sum_j \log(\alpha + e(t_j)) - c\, h(0, T) - \sum_j h(t_j, T)
    - \frac{r}{K} \left[\kappa T + \log \frac{\alpha + e(T)}{\alpha}\right].

All but the first sum depend on pairs of times only, of which there are few where times are days; n follows the gaps
between purchases, and customers with the same beginning share it. So customers are sorted like words in a dictionary,
and only what differs from the customer before is worked out.

**Purchases.** The compensator while nothing happens is inverted by Newton's method within a bracket; nothing is
approximated. A purchase adds one to n, and time goes on from there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clvmodels.compiled.events import append_drawn, known_cells, new_cells
from clvmodels.compiled.jit import compiled, compiled_generator
from clvmodels.compiled.random import start_stream, uniform

Array = NDArray[np.float64]
Positions = NDArray[np.int32]
# Lengths of time that agree to this share of the longest are one.
DIGITS = 10
LARGE_PRODUCT = 1e150
# Below it, log(1 + z) / z is its series.
SMALL = 1e-3
MOST_STEPS = 200
# Newton's next step would be the square of it.
CLOSE = 1e-8


@dataclass(frozen=True)
class HistorySum:
    """Sum over rows of count x `formulas.drift.log_likelihood`.

    Attributes
    ----------
    times, lengths : arrays
        The distinct times of purchases and T, and the distinct lengths between two of them, from 0 on.
    ends : array (3, e)
        Places among times and lengths of each distinct T, and its customers.
    bought : array (2, b)
        Places among times of the distinct times of a purchase, and their number.
    pairs : array (3, p)
        Places of a purchase among the times, and of the time since then until T among the lengths; and their number.
    gaps, depth : arrays (m,)
        Of each purchase that is not shared with the customer before: the place of the time since the one before among
        the lengths, and how many purchases there were until it.
    count : array (m,)
        Of the customers whose purchase it is.
    """

    times: Array
    lengths: Array
    ends: Array
    bought: Array
    pairs: Array
    gaps: Positions
    depth: Positions
    count: Array

    @classmethod
    def of(cls, starts: NDArray[np.int64], bought: Array, T: Array, count: Array) -> HistorySum:
        """Look up once: row i bought at bought[starts[i] : starts[i + 1]]; the rows are in a dictionary's order."""
        number = np.diff(starts)
        before = np.concatenate([np.zeros(1), bought])[:-1]
        before[starts[:-1][number > 0]] = 0.0
        each, until = np.repeat(count, number), np.repeat(T, number)
        digits = DIGITS - math.ceil(math.log10(max(float(T.max(initial=0.0)), 1e-300)))
        lengths, place = np.unique(
            np.round(np.concatenate([bought - before, until - bought, T]), digits), return_inverse=True
        )
        gaps, since, whole = np.split(place, [len(bought), 2 * len(bought)])
        times, at = np.unique(np.concatenate([bought, T]), return_inverse=True)
        at_bought, at_end = np.split(at, [len(bought)])
        depth, shared, new = _shared_beginnings(starts, bought, count)
        return cls(
            times=times,
            lengths=lengths,
            ends=np.stack([*_distinct(at_end, whole, count)]),
            bought=np.stack([*_distinct(at_bought, at_bought, each)])[[0, 2]],
            pairs=np.stack([*_distinct(at_bought, since, each)]),
            gaps=gaps[new].astype(np.int32),
            depth=depth[new],
            count=shared[new],
        )

    def values(self, points: Array) -> Array:
        """The sum at each of some points (k, 4) of r, alpha, kappa, c: (k,)."""
        return _sums(np.ascontiguousarray(points, float), *self._parts())

    def gradient(self, point: Array) -> Array:
        """Its derivatives at a point (4,): (4,)."""
        return _gradient(np.ascontiguousarray(point, float), *self._parts())

    def _parts(self) -> tuple[Array | Positions, ...]:
        return (
            self.times,
            self.lengths,
            self.ends,
            self.bought,
            self.pairs,
            self.gaps,
            self.depth,
            self.count,
        )


def _distinct(first: NDArray[np.integer], second: NDArray[np.integer], count: Array) -> tuple[Array, Array, Array]:
    """The distinct pairs of two places, and the sum of the counts of each."""
    width = int(second.max(initial=0)) + 1
    keys, which = np.unique(first.astype(np.int64) * width + second, return_inverse=True)
    return (keys // width).astype(float), (keys % width).astype(float), np.bincount(which, weights=count).astype(float)


@compiled
def _shared_beginnings(starts, bought, count):
    """Depth of each purchase (from 0 on), customers who share it and all before it, and whether it is a new one."""
    depth = np.empty(len(bought), dtype=np.int32)
    shared, new = np.zeros(len(bought)), np.zeros(len(bought), dtype=np.bool_)
    held = np.empty(len(bought) + 1, dtype=np.int64)
    length = 0
    for i in range(len(count)):
        begin, own, same = starts[i], starts[i + 1] - starts[i], 0
        while same < min(own, length) and bought[held[same]] == bought[begin + same]:
            same += 1
        for j in range(own):
            depth[begin + j] = j
            if j >= same:
                held[j] = begin + j
                new[begin + j] = True
            shared[held[j]] += count[i]
        length = own
    return depth, shared, new


@compiled
def _exposure(kappa, t):
    return -math.expm1(-kappa * t) / kappa


@compiled
def _ratio(z):
    """log(1 + z) / z."""
    if z < SMALL:
        return 1.0 - z * (0.5 - z * (1.0 / 3.0 - z * (0.25 - z * (0.2 - z / 6.0))))
    return math.log1p(z) / z


@compiled
def _sums(points, times, lengths, ends, bought, pairs, gaps, depth, count):
    sums, deepest = np.empty(len(points)), 0
    for i in range(len(depth)):
        deepest = max(deepest, depth[i])
    recent = np.empty(deepest + 2)
    for k in range(len(points)):
        r, alpha, kappa, c = points[k]
        weight, scale = np.exp(-kappa * times), 1.0 + alpha * kappa
        start = alpha - np.expm1(-kappa * times) / kappa
        fading = np.exp(-kappa * lengths)
        counted = -np.expm1(-kappa * lengths) / kappa
        total = 0.0
        for i in range(ends.shape[1]):
            whole = counted[int(ends[1, i])] / alpha
            grown = math.log1p(whole)
            total -= ends[2, i] * (r / scale * (kappa * lengths[int(ends[1, i])] + grown) + c * grown)
        for i in range(bought.shape[1]):
            total -= bought[1, i] * math.log(start[int(bought[0, i])])
        for i in range(pairs.shape[1]):
            at = int(pairs[0, i])
            g = counted[int(pairs[1, i])] / start[at]
            total -= pairs[2, i] * g * _ratio(weight[at] * g)
        product = 1.0
        recent[0] = c
        for i in range(len(gaps)):
            d = depth[i]
            n = fading[gaps[i]] * (recent[d] if d == 0 else recent[d] + 1.0)
            recent[d + 1] = n
            if count[i] == 1.0:
                # One logarithm for many purchases.
                product *= r + n
                if product > LARGE_PRODUCT or product < 1.0 / LARGE_PRODUCT:
                    total += math.log(product)
                    product = 1.0
            else:
                total += count[i] * math.log(r + n)
        sums[k] = total + math.log(product)
    return sums


@compiled
def _slope_of_exposure(kappa, t):
    """The derivative of (1 - exp(-kappa t)) / kappa by kappa."""
    if kappa * t < SMALL:
        x = kappa * t
        return -t * t * (0.5 - x * (1.0 / 3.0 - x * (0.125 - x / 30.0)))
    return (t * math.exp(-kappa * t) - _exposure(kappa, t)) / kappa


@compiled
def _gradient(point, times, lengths, ends, bought, pairs, gaps, depth, count):
    r, alpha, kappa, c = point
    scale, out, deepest = 1.0 + alpha * kappa, np.zeros(4), 0
    for i in range(len(depth)):
        deepest = max(deepest, depth[i])
    for i in range(ends.shape[1]):
        T, n = lengths[int(ends[1, i])], ends[2, i]
        end = alpha + _exposure(kappa, T)
        grown, slope = math.log(end / alpha), _slope_of_exposure(kappa, T) / end
        lasted, closer = kappa * T + grown, 1.0 / end - 1.0 / alpha
        out[0] -= n * lasted / scale
        out[1] -= n * (r / scale * (closer - kappa / scale * lasted) + c * closer)
        out[2] -= n * (r / scale * (T + slope - alpha / scale * lasted) + c * slope)
        out[3] -= n * grown
    for i in range(bought.shape[1]):
        t, n = times[int(bought[0, i])], bought[1, i]
        start = alpha + _exposure(kappa, t)
        out[1] -= n / start
        out[2] -= n * _slope_of_exposure(kappa, t) / start
    for i in range(pairs.shape[1]):
        t, length, n = times[int(pairs[0, i])], lengths[int(pairs[1, i])], pairs[2, i]
        start = alpha + _exposure(kappa, t)
        g = _exposure(kappa, length) / start
        z = math.exp(-kappa * t) * g
        slope = (_slope_of_exposure(kappa, length) - g * _slope_of_exposure(kappa, t)) / start
        out[1] += n * g / start / (1.0 + z)
        out[2] -= n * (slope / (1.0 + z) + t * g * (_ratio(z) - 1.0 / (1.0 + z)))
    recent, by_kappa, by_c = np.zeros(deepest + 2), np.zeros(deepest + 2), np.zeros(deepest + 2)
    recent[0], by_c[0] = c, 1.0
    for i in range(len(gaps)):
        d, gap = depth[i], lengths[gaps[i]]
        fading = math.exp(-kappa * gap)
        n = fading * (recent[d] if d == 0 else recent[d] + 1.0)
        recent[d + 1] = n
        by_kappa[d + 1] = fading * by_kappa[d] - gap * n
        by_c[d + 1] = fading * by_c[d]
        each = count[i] / (r + n)
        out[0] += each
        out[2] += each * by_kappa[d + 1]
        out[3] += each * by_c[d + 1]
    return out


@compiled
def log_likelihood(starts, bought, T, r, alpha, kappa, c):
    """Log-likelihood of each row under each draw: (rows, draws)."""
    out = np.empty((len(T), len(r)))
    for d in range(len(r)):
        scale = 1.0 + alpha[d] * kappa[d]
        for i in range(len(T)):
            grown = math.log1p(_exposure(kappa[d], T[i]) / alpha[d])
            total = -(r[d] / scale * (kappa[d] * T[i] + grown) + c[d] * grown)
            n, before = c[d], 0.0
            for j in range(starts[i], starts[i + 1]):
                n *= math.exp(-kappa[d] * (bought[j] - before))
                before = bought[j]
                start = alpha[d] + _exposure(kappa[d], before)
                g = _exposure(kappa[d], T[i] - before) / start
                total += math.log((r[d] + n) / start) - g * _ratio(math.exp(-kappa[d] * before) * g)
                n += 1.0
            out[i, d] = total
    return out


@compiled
def recent_purchases(starts, since, T, kappa, c):
    """n(T) of each row under each draw: (rows, draws); row i bought since[starts[i] : starts[i + 1]] before T."""
    out = np.empty((len(T), len(kappa)))
    for i in range(len(T)):
        for d in range(len(kappa)):
            out[i, d] = c[d] * math.exp(-kappa[d] * T[i])
        for j in range(starts[i], starts[i + 1]):
            for d in range(len(kappa)):
                out[i, d] += math.exp(-kappa[d] * since[j])
    return out


@compiled
def _exponent(w, r, alpha, kappa, n, start, recent):
    """Minus the logarithm of P(no purchase in w), and its derivative: the intensity after w."""
    counted = _exposure(kappa, w)
    g = counted / start
    value = r / (1.0 + alpha * kappa) * (kappa * w + math.log1p(recent * g)) + n * g * _ratio(recent * g)
    return value, (r + n * math.exp(-kappa * w)) / (start + recent * counted)


@compiled
def _wait(target, longest, r, alpha, kappa, n, start, recent):
    """The time until the exponent reaches the target, which it does before `longest`: Newton's method in a bracket.

    In y = log(1 + w / start) the exponent is straight but for the forgetting.
    """
    low, high = 0.0, math.log1p(longest / start)
    y = min(target / (r + n), high)
    for _ in range(MOST_STEPS):
        w = start * math.expm1(y)
        value, intensity = _exponent(w, r, alpha, kappa, n, start, recent)
        if value < target:
            low = y
        else:
            high = y
        step = (target - value) / (intensity * (start + w))
        y += step
        if not low <= y <= high:
            y = (low + high) / 2.0
        if abs(step) <= CLOSE * y:
            break
    return start * math.expm1(y)


@compiled_generator
def purchase_times(state, r, alpha, kappa, n, start, recent, horizon):
    """Yield the times since T of one customer's purchases within the horizon, for one draw of the parameters.

    n is n(T), `start` alpha + e(T), and `recent` exp(-kappa T).
    """
    time = 0.0
    while True:
        target = -math.log(uniform(state))
        if _exponent(horizon - time, r, alpha, kappa, n, start, recent)[0] < target:
            return
        wait = _wait(target, horizon - time, r, alpha, kappa, n, start, recent)
        time = min(time + wait, horizon)
        yield time
        fading = math.exp(-kappa * wait)
        start += recent * _exposure(kappa, wait)
        recent *= fading
        n = n * fading + 1.0


@compiled
def known_events(seed, customers, purpose, first, days, horizon, recent, T, r, alpha, kappa):
    """Draw the purchases of known customers; the shapes are those of `compiled.events`.

    T, horizon (rows,), r, alpha, kappa (draws,), recent n(T) (rows, draws). `purpose` names the random stream, `days`
    the days of a time unit; `first` adds a purchase at time 0.
    """
    rows, draws = recent.shape
    offsets, times = known_cells(rows, draws)
    size, state = 0, np.empty(4, dtype=np.uint64)
    for i in range(rows):
        start_stream(state, seed, customers[i], purpose)
        for d in range(draws):
            start = alpha[d] + _exposure(kappa[d], T[i])
            own = r[d], alpha[d], kappa[d], recent[i, d], start, math.exp(-kappa[d] * T[i])
            drawn = purchase_times(state, *own, horizon[i])
            times, size = append_drawn(times, size, first, drawn, 0.0, days, 0.0, horizon[i])
            offsets[i * draws + d + 1] = size
    return offsets, times[:size]


@compiled
def known_waits(seed, customers, purpose, recent, T, r, alpha, kappa):
    """Draw the time since T to the next purchase: (rows, draws). It comes, sooner or later."""
    state, out = np.empty(4, dtype=np.uint64), np.empty(recent.shape)
    for i in range(len(customers)):
        start_stream(state, seed, customers[i], purpose)
        for d in range(len(r)):
            target = -math.log(uniform(state))
            # In the long run the intensity is never below that of one of whom nothing is known.
            longest = target * (1.0 + alpha[d] * kappa[d]) / (r[d] * kappa[d])
            start = alpha[d] + _exposure(kappa[d], T[i])
            own = r[d], alpha[d], kappa[d], recent[i, d], start, math.exp(-kappa[d] * T[i])
            out[i, d] = _wait(target, longest, *own)
    return out


@compiled
def new_events(streams, won, begin, end, last, days, r, alpha, kappa, c):
    """Draw the lives of customers yet to be won, until the time `last`; the shapes are those of `compiled.events`.

    won[d] of draw d come at any time between begin and end; streams (draws, 4) are where their random numbers come
    from, and go on.
    """
    draw, starts, states, offsets, times = new_cells(won)
    size = 0
    for cell in range(len(draw)):
        d = draw[cell]
        starts[cell] = begin + (end - begin) * uniform(streams[d])
        left, free = last - starts[cell], np.floor(starts[cell] * days) + 1.0
        if left >= 0.0:
            drawn = purchase_times(streams[d], r[d], alpha[d], kappa[d], c[d], alpha[d], 1.0, left)
            times, size = append_drawn(times, size, True, drawn, starts[cell], days, free, left)
        states[cell], offsets[cell + 1] = streams[d], size
    return starts, offsets, times[:size], states
