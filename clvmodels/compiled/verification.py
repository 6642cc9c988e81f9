"""Loops over observations and draws that numpy would need many passes for: ranks, pairs in order, and shares.

`weights` (draws, n) says how often each customer counts. A ranking is given by order (n,), which sorts the customers
by a score, and starts, the first places of equal scores in that order.
"""

from __future__ import annotations

import numpy as np

from clvmodels.compiled.jit import compiled
from clvmodels.compiled.random import start_stream, uniform

TRANSFORM = np.uint64(0x917)


@compiled
def cdf(ordered, values, below, at):
    """Shares of the draws, ordered (rows, draws), below and up to each of values (rows, k): below, at (rows, k)."""
    draws = ordered.shape[1]
    for i in range(len(ordered)):
        for j in range(values.shape[1]):
            below[i, j] = np.searchsorted(ordered[i], values[i, j]) / draws
            at[i, j] = np.searchsorted(ordered[i], values[i, j], side="right") / draws


@compiled
def randomised_transforms(seed, customers, values, below, at, draws, bins, transform, counts):
    """Randomised probability integral transforms: the rank of each value, ties at random, over how many there are.

    The first column of values (rows, k) is the observation, with its transform (rows,); the others are some of the
    `draws` drawn outcomes, and counts (k - 1, bins) how many rows' transforms fall into each of `bins` equal parts of
    (0, 1). below and at (rows, k) are the shares of the draws below and up to each value. All are ranked among the
    draws and the observation together, so that none of them is treated in another way.
    """
    state = np.empty(4, dtype=np.uint64)
    for i in range(len(values)):
        start_stream(state, seed, customers[i], TRANSFORM)
        for j in range(values.shape[1]):
            lower = below[i, j] * draws + (values[i, 0] < values[i, j])
            equal = (at[i, j] - below[i, j]) * draws + (values[i, 0] == values[i, j])
            place = (lower + uniform(state) * equal) / (draws + 1)
            if j == 0:
                transform[i] = place
            else:
                counts[j - 1, min(int(place * bins), bins - 1)] += 1


@compiled
def ranking(order, starts, y, level, levels, weights, out):
    """What the measures of a ranking are made of, for each row of weights: out (draws, 17).

    y (n,) is what was observed, level (n,) its place among the `levels` distinct values. Ranks are averaged over equal
    scores, less their mean. The columns are y x rank, y x rank of y, rank x rank of y, both ranks squared; pairs in
    the right order less those in the wrong one, and all pairs that differ; and from 7 on the sum of y over the first 1
    to 10 tenths of the customers, highest scores first, those at an edge shared among equals.
    """
    n = len(order)
    sorted_y, sorted_level = y[order], level[order]
    own = np.empty(n, dtype=weights.dtype)
    size, ranks = np.empty(levels, dtype=weights.dtype), np.empty(levels)
    below = np.empty(levels, dtype=weights.dtype)
    for b in range(len(weights)):
        size[:] = 0
        for k in range(n):
            own[k] = weights[b, order[k]]
            size[sorted_level[k]] += own[k]
        total = _average_ranks(size, ranks)
        out[b] = 0.0
        _products(own, starts, sorted_y, sorted_level, ranks, total, out[b])
        _pairs(own, starts, sorted_level, size, below, total, out[b])
        _gains(own, starts, sorted_y, total, out[b])


@compiled
def _average_ranks(size, ranks):
    """Ranks of the distinct values, of which there are `size` each, less their mean; and how many there are in all."""
    total = 0.0
    for value in range(len(size)):
        ranks[value] = total + size[value] / 2
        total += size[value]
    for value in range(len(size)):
        ranks[value] -= total / 2
    return total


@compiled
def _products(own, starts, y, level, ranks, total, out):
    passed = -total / 2
    for g in range(len(starts)):
        stop, size, own_y, own_rank = starts[g + 1] if g + 1 < len(starts) else len(own), 0.0, 0.0, 0.0
        for k in range(starts[g], stop):
            y_rank = ranks[level[k]]
            size += own[k]
            own_y += own[k] * y[k]
            own_rank += own[k] * y_rank
            out[1] += own[k] * y[k] * y_rank
            out[4] += own[k] * y_rank * y_rank
        rank = passed + size / 2
        out[0] += own_y * rank
        out[2] += own_rank * rank
        out[3] += size * rank * rank
        passed += size


@compiled
def _pairs(own, starts, level, size, tree, total, out):
    """The lowest value, which most customers have, is counted apart; a Fenwick tree counts the others."""
    tree[:] = 0
    lowest, inserted = own[0] - own[0], own[0] - own[0]
    balance = 0.0
    for g in range(len(starts)):
        stop = starts[g + 1] if g + 1 < len(starts) else len(own)
        for k in range(starts[g], stop):
            if level[k] == 0:
                balance -= float(own[k]) * (inserted - lowest)
            elif own[k] > 0:
                under, equal = _below(tree, level[k])
                balance += float(own[k]) * (2 * (lowest + under) + equal - inserted)
        for k in range(starts[g], stop):
            inserted += own[k]
            if level[k] == 0:
                lowest += own[k]
            elif own[k] > 0:
                _insert(tree, level[k], own[k])
    alike = 0.0
    for value in range(len(size)):
        alike += float(size[value]) * size[value]
    out[5], out[6] = balance, (total * total - alike) / 2


@compiled
def _below(tree, node):
    """Sums of a Fenwick tree over the nodes below one, and at it."""
    under, at, step = tree[0], tree[node], node - 1
    stop = node - (node & -node)
    while step > stop:
        at -= tree[step]
        step -= step & -step
    step = node - 1
    while step > 0:
        under += tree[step]
        step -= step & -step
    return under, at


@compiled
def _insert(tree, node, amount):
    while node < len(tree):
        tree[node] += amount
        node += node & -node


@compiled
def _gains(own, starts, y, total, out):
    tenth, size, gained, edge = total / 10, 0.0, 0.0, 0
    for g in range(len(starts) - 1, -1, -1):
        stop, more, more_y = starts[g + 1] if g + 1 < len(starts) else len(own), 0.0, 0.0
        for k in range(starts[g], stop):
            more += own[k]
            more_y += own[k] * y[k]
        while edge < 9 and more > 0 and size + more >= tenth * (edge + 1):
            out[7 + edge] = gained + more_y * (tenth * (edge + 1) - size) / more
            edge += 1
        size += more
        gained += more_y
    out[7 + edge : 17] = gained
