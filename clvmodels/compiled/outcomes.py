r"""What customers will do, drawn event by event from BG/NBD and Gamma-Gamma.

Given that a customer is alive at T, the purchase rate is Gamma(s, rate alpha + T) with s = r + x, so that after k
further purchases, the last at :math:`\tau` since T, the wait for the next one is Lomax:

.. math:: P(\text{wait} > w) = \left(\frac{\alpha + T + \tau}{\alpha + T + \tau + w}\right)^{s + k},

and dropping out after it has the probability a / (a + b + x + k): the rate and the dropout probability are integrated
out, and nothing is approximated.

A purchase is a customer's day, which the model, in continuous time, does not know: of two purchases on one day the
later one is made on the next day that is still free, or not at all if that is beyond the horizon. Hence no count
exceeds the days of its horizon or period, and no customer takes more steps than that to draw; where purchases are
several days apart hardly one moves.

A customer's purchases come from one random stream and the amounts from another, both keyed by the seed and the
customer: they depend neither on who else is asked about, nor on the block, nor on the number of threads.
"""

from __future__ import annotations

import math

import numpy as np

from clvmodels.compiled.jit import compiled, compiled_generator
from clvmodels.compiled.random import log_gamma_variate, start_stream, uniform

PURCHASES, AMOUNTS, WAITING, REPLICATED = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)


@compiled_generator
def _purchase_times(state, alive, none, alpha_T, a, b, s, x, horizon, days, start, free):
    """Yield the times since T of one customer's purchases within the horizon, for one draw of the parameters.

    `alive` is P(alive at T), `none` the probability of no purchase within the horizon while alive, alpha_T is
    alpha + T, and s is r + x. A time unit has so many `days` (infinitely many: days do not matter), T is at `start`,
    in time units from where a day begins, and `free` is the first day without a purchase.
    """
    if uniform(state) >= alive:
        return
    first = uniform(state)
    if first <= none:
        return
    time, count = alpha_T * math.expm1(-math.log(first) / s), 0
    while time <= horizon:
        day, moved = np.floor((start + time) * days), time
        if day < free:
            moved += (free - day) / days
            if moved > horizon:
                return
            day = free
        free = day + 1.0
        yield moved
        if uniform(state) * (a + b + x + count) < a:
            return
        count += 1
        time += (alpha_T + time) * math.expm1(-math.log(uniform(state)) / (s + count))


@compiled
def purchase_counts(seed, customers, x, T, alive, r, alpha, a, b, days, horizon, none, purpose, out):
    """Purchases within each row's horizon.

    customers, x, T, horizon have shape (rows,), r, alpha, a, b (draws,), alive, none (see `_purchase_times`) and out
    (rows, draws). `purpose` names the random stream, `days` the days of a time unit.
    """
    state = np.empty(4, dtype=np.uint64)
    for i in range(len(customers)):
        start_stream(state, seed, customers[i], purpose)
        for d in range(len(r)):
            count = 0
            own = alive[i, d], none[i, d], alpha[d] + T[i], a[d], b[d], r[d] + x[i], x[i]
            for _ in _purchase_times(state, *own, horizon[i], days, 0.0, 0.0):
                count += 1
            out[i, d] = count


@compiled
def counts_by_period(seed, customers, x, T, alive, r, alpha, a, b, days, edges, start, horizon, none, purpose, out):
    """Add the purchases of all customers, each within the row's horizon, to out (draws, periods).

    edges (periods + 1,) rise, and start (rows,) is where among them a row's T lies: start + horizon is at most the last
    edge. Purchases before the first edge are left out.
    """
    state = np.empty(4, dtype=np.uint64)
    for i in range(len(customers)):
        start_stream(state, seed, customers[i], purpose)
        for d in range(len(r)):
            period = 0
            own = alive[i, d], none[i, d], alpha[d] + T[i], a[d], b[d], r[d] + x[i], x[i]
            for time in _purchase_times(state, *own, horizon[i], days, 0.0, 0.0):
                at = start[i] + time
                # Rounding must not carry a purchase over the last edge.
                while at > edges[period + 1] and period + 2 < len(edges):
                    period += 1
                if at >= edges[0]:
                    out[d, period] += 1.0


@compiled
def purchase_values(
    seed, customers, x, T, alive, r, alpha, a, b, days, horizon, none, n, m, p, q, v, margin, cost, force, first, out
):
    """Discounted value of the same purchases: (margin amount - cost) exp(-force time), with amount ~ Gamma(p, rate nu).

    nu ~ Gamma(q + p n, rate v + n m) is the customer's own; n, m (rows,), p, q, v (draws,). `first` adds a purchase at
    time 0.
    """
    state, amounts = np.empty(4, dtype=np.uint64), np.empty(4, dtype=np.uint64)
    for i in range(len(customers)):
        start_stream(state, seed, customers[i], PURCHASES)
        start_stream(amounts, seed, customers[i], AMOUNTS)
        for d in range(len(r)):
            value, known, log_rate = 0.0, False, 0.0
            if first:
                log_rate, known = _log_rate(amounts, n[i], m[i], p[d], q[d], v[d]), True
                value = margin * math.exp(log_gamma_variate(amounts, p[d]) - log_rate) - cost
            own = alive[i, d], none[i, d], alpha[d] + T[i], a[d], b[d], r[d] + x[i], x[i]
            for time in _purchase_times(state, *own, horizon[i], days, 0.0, 0.0):
                if not known:
                    log_rate, known = _log_rate(amounts, n[i], m[i], p[d], q[d], v[d]), True
                amount = math.exp(log_gamma_variate(amounts, p[d]) - log_rate)
                value += (margin * amount - cost) * math.exp(-force * time)
            out[i, d] = value


@compiled
def _log_rate(amounts, n, m, p, q, v):
    """Of the customer's own nu."""
    return log_gamma_variate(amounts, q + p * n) - math.log(v + n * m)


@compiled
def next_values(seed, customers, n, m, p, q, v, out):
    """Value of one purchase: Gamma(p, rate nu), nu ~ Gamma(q + p n, rate v + n m)."""
    amounts = np.empty(4, dtype=np.uint64)
    for i in range(len(customers)):
        start_stream(amounts, seed, customers[i], AMOUNTS)
        for d in range(len(p)):
            log_rate = _log_rate(amounts, n[i], m[i], p[d], q[d], v[d])
            out[i, d] = math.exp(log_gamma_variate(amounts, p[d]) - log_rate)


@compiled
def waiting_times(seed, customers, x, T, alive, r, alpha, a, b, days, until_dropout, out):
    """Time since T to the next purchase (infinite without one), or to dropping out (0 when already gone).

    Dropping out has the rate lambda p, with p ~ Beta(a, b + x) as a ratio of Gamma variates.
    """
    state = np.empty(4, dtype=np.uint64)
    for i in range(len(customers)):
        start_stream(state, seed, customers[i], WAITING)
        for d in range(len(r)):
            stays = uniform(state) < alive[i, d]
            # P(wait > w) = ((alpha + T) / (alpha + T + w))^(r + x)
            wait = (alpha[d] + T[i]) * math.expm1(-math.log(uniform(state)) / (r[d] + x[i]))
            if until_dropout:
                log_odds = log_gamma_variate(state, b[d] + x[i]) - log_gamma_variate(state, a[d])
                # wait / p, with p = 1 / (1 + e^log_odds)
                wait = wait * (1.0 + math.exp(log_odds)) if stays else 0.0
            elif not stays:
                wait = math.inf
            out[i, d] = wait
