"""What is made of drawn purchases, whatever model drew them: values, sums by period, customers needed.

A model fills a buffer. A cell is one customer under one draw of the parameters:

- offsets (cells + 1,), times (events,): the purchases of cell c are times[offsets[c] : offsets[c + 1]], rising.
- Known customers: cell i x draws + d is row i under draw d, and times count from the observation end.
- Customers to be won: the cells of a draw stand together, and times count from the first purchase, which is the first
  of them; `starts` (cells,) says when that is, `states` (cells, 4) where the random stream was after each cell.

A purchase is a customer's day, which a model in continuous time does not know: of two purchases on one day the later
one is made on the next day that is still free, or not at all if that is beyond the horizon. Hence no count exceeds the
days of its horizon, and no customer takes more steps than that to draw; where a customer buys less than every few days
hardly a purchase moves.

Amounts of money (events,) come from the model of spend in the same order. A customer's purchases come from one random
stream and the amounts from another, both keyed by the seed and the customer: they depend neither on who else is asked
about, nor on the block, nor on the number of threads.
"""

from __future__ import annotations

import math

import numpy as np

from clvmodels.compiled.jit import compiled, inlined
from clvmodels.compiled.random import start_stream

PURCHASES, AMOUNTS, WAITING, REPLICATED = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
NEW, NEEDED = np.uint64(0x9E3), np.uint64(0x9E4)
NOWHERE = -1


@inlined
def append(times, size, time):
    """Write a time behind the first `size` ones; return the buffer, a longer one where it was full, and the size."""
    if size == len(times):
        longer = np.empty(2 * size + 16)
        longer[:size] = times
        times = longer
    times[size] = time
    return times, size + 1


@compiled
def known_cells(rows, draws):
    """Room for the purchases of known customers: offsets (all 0) and times."""
    return np.zeros(rows * draws + 1, dtype=np.int64), np.empty(rows * draws)


@compiled
def new_cells(won):
    """Room for customers to be won, won[d] under draw d: draw, starts and states of a cell, offsets and times."""
    draw = np.repeat(np.arange(len(won)), won)
    cells = len(draw)
    states, offsets = np.empty((cells, 4), dtype=np.uint64), np.zeros(cells + 1, dtype=np.int64)
    return draw, np.empty(cells), states, offsets, np.empty(2 * cells + 1)


@inlined
def on_free_day(time, start, days, free):
    """When a purchase drawn at `time` is made: on its day, or on the first one without a purchase, `free`, if later.

    A time unit has so many `days`, and time 0 is at `start`, in time units from where a day begins. Also returns the
    first free day after it. With infinitely many days nothing is moved.
    """
    day = np.floor((start + time) * days)
    if day < free:
        return time + (free - day) / days, free + 1.0
    return time, day + 1.0


@inlined
def append_drawn(times, size, first, drawn, start, days, free, longest):
    """Append the purchases that a generator draws, each on a free day (see `on_free_day`), until the time `longest`.

    `first` adds one at time 0 before them. Returns the buffer and its size, as `append` does.
    """
    if first:
        times, size = append(times, size, 0.0)
    for each in drawn:
        time, free = on_free_day(each, start, days, free)
        if time > longest:
            break
        times, size = append(times, size, time)
    return times, size


@compiled
def new_streams(seed, first, draws, purpose, second):
    """Random streams (draws, 4) of customers to be won under the draws number `first` and on; two for each draw."""
    streams = np.empty((draws, 4), dtype=np.uint64)
    for d in range(draws):
        start_stream(streams[d], seed, np.uint64(2 * (first + d) + second), purpose)
    return streams


@compiled
def put_between(offsets, times, draws, all_offsets, all_times, first, all_draws):
    """Copy known customers' purchases under some `draws` into those under all_draws, from draw number `first` on."""
    for i in range((len(offsets) - 1) // draws):
        begin, end = offsets[i * draws], offsets[(i + 1) * draws]
        start = all_offsets[i * all_draws + first]
        all_times[start : start + end - begin] = times[begin:end]


@compiled
def add_by_period(offsets, times, edges, start, out):
    """Add the purchases of known customers to out (draws, periods).

    edges (periods + 1,) rise, and start (rows,) is where among them time 0 of a row lies: no purchase is after the last
    edge. Purchases before the first edge are left out.
    """
    draws, cell = len(out), 0
    for i in range(len(start)):
        for d in range(draws):
            period = 0
            for k in range(offsets[cell], offsets[cell + 1]):
                at = start[i] + times[k]
                # Rounding must not carry a purchase over the last edge.
                while at > edges[period + 1] and period + 2 < len(edges):
                    period += 1
                if at >= edges[0]:
                    out[d, period] += 1.0
            cell += 1


@compiled
def values(offsets, times, amounts, margin, cost, force, out):
    """Discounted value of the purchases of each cell: the sum of (margin amount - cost) exp(-force time)."""
    for cell in range(len(out)):
        value = 0.0
        for k in range(offsets[cell], offsets[cell + 1]):
            value += (margin * amounts[k] - cost) * math.exp(-force * times[k])
        out[cell] = value


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
def add_all_by_period(draw, start, offsets, times, amounts, edges, years, force, out):
    """Add what customers do to out (draws, periods, 5).

    draw and start (cells,) are the draw of a cell, and where on the axis of edges (periods + 1,) its time 0 lies;
    years (periods,) say to which year each period belongs. Revenue and purchases are weighted by exp(-force time); then
    come customers who buy in the period, those of them who do so for the first time in the year, and those who do so
    for the first time.
    """
    for cell in range(len(draw)):
        last = NOWHERE
        for k in range(offsets[cell], offsets[cell + 1]):
            time = start[cell] + times[k]
            last = _add(out[draw[cell]], edges, years, last, time, amounts[k], math.exp(-force * time))


@compiled
def take_needed(goal, brought, cells, group, period, starts, offsets, times, amounts, edges, taken):
    """Take customers, draw by draw, until what is `brought` (draws, periods) reaches the goal (draws,) of a period.

    cells (draws + 1,) say where the customers of each draw begin; each stands for `group` who do the same, and what
    they bring later counts later. taken (draws,) is how many were taken.
    """
    periods = brought.shape[1]
    years, life = np.arange(periods), np.empty((periods, 5))
    for d in range(len(goal)):
        cell = cells[d]
        while brought[d, period] < goal[d] and cell < cells[d + 1]:
            life[:] = 0.0
            last = NOWHERE
            for k in range(offsets[cell], offsets[cell + 1]):
                last = _add(life, edges, years, last, starts[cell] + times[k], amounts[k], 1.0)
            for later in range(period, periods):
                brought[d, later] += group * life[later, 0]
            cell += 1
        taken[d] = cell - cells[d]


@compiled
def take_needed_alive(goal, brought, cells, group, period, left, edges, taken):
    """Take customers until as many are alive at the period's end; left (cells,) is when each drops out."""
    for d in range(len(goal)):
        cell = cells[d]
        while brought[d, period] < goal[d] and cell < cells[d + 1]:
            for later in range(period, brought.shape[1]):
                brought[d, later] += group * (left[cell] > edges[later + 1])
            cell += 1
        taken[d] = cell - cells[d]
