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
def ranking(order, group_start, group_stop, starts, y, level, levels, weights, out):
    """What the measures of a ranking are made of, for each row of weights: out (draws, 17).

    order (n,) sorts the customers by a score; group_start and group_stop (n,) are the places, in that order, where a
    place's equals begin and end, and starts those where a group begins. y (n,) is what was observed, level (n,) its
    place among the `levels` distinct values. Ranks are averaged over equal scores, less their mean. The columns are
    y x rank, y x rank of y, rank x rank of y, both ranks squared; pairs in the right order less those in the wrong one,
    and all pairs that differ; and from 7 on the sum of y over the first 1 to 10 tenths of the customers, highest scores
    first, those at an edge shared among equals.

    Most customers have the lowest value. As ranks add up to zero, all but the last sums need the others alone.
    """
    n = len(order)
    lowest = np.min(y)
    others = np.flatnonzero(level[order] > 0)
    above, its_level = y[order[others]] - lowest, level[order[others]]
    # How many of the others come before each place.
    before = np.zeros(n + 1, dtype=np.int64)
    before[1:] = np.cumsum(level[order] > 0)
    passed, others_passed, gained = np.zeros(n + 1), np.zeros(len(others) + 1), np.zeros(len(others) + 1)
    size, y_rank, tree = np.empty(levels), np.empty(levels), np.empty(levels)
    for b in range(len(weights)):
        w = weights[b]
        for k in range(n):
            passed[k + 1] = passed[k] + w[order[k]]
        size[:] = 0.0
        for j in range(len(others)):
            own = passed[others[j] + 1] - passed[others[j]]
            others_passed[j + 1], gained[j + 1] = others_passed[j] + own, gained[j] + own * above[j]
            size[its_level[j]] += own
        total = passed[n]
        size[0] = total - others_passed[-1]
        _average_ranks(size, y_rank, total)
        out[b] = 0.0
        out[b, 3] = _squared_ranks(starts, group_stop, passed)
        out[b, 4] = np.sum(size * y_rank * y_rank)
        for j in range(len(others)):
            k = others[j]
            own, rank = passed[k + 1] - passed[k], (passed[group_start[k]] + passed[group_stop[k]] - total) / 2
            out[b, 0] += own * above[j] * rank
            out[b, 1] += own * above[j] * y_rank[its_level[j]]
            out[b, 2] += own * rank * (y_rank[its_level[j]] - y_rank[0])
        out[b, 5] = _balance(others, group_start, group_stop, before, passed, others_passed, its_level, tree)
        out[b, 6] = (total * total - np.sum(size * size)) / 2
        _gains(starts, group_stop, before, passed, gained, lowest, out[b, 7:])


@compiled
def _squared_ranks(starts, group_stop, passed):
    """Sum of the squares of all ranks, less their mean."""
    found = 0.0
    for k in starts:
        stop = group_stop[k]
        rank = (passed[k] + passed[stop] - passed[-1]) / 2
        found += (passed[stop] - passed[k]) * rank * rank
    return found


@compiled
def _average_ranks(size, ranks, total):
    """Ranks of the distinct values, of which there are `size` each, less their mean."""
    passed = -total / 2
    for value in range(len(size)):
        ranks[value] = passed + size[value] / 2
        passed += size[value]


@compiled
def _balance(others, group_start, group_stop, before, passed, others_passed, level, tree):
    """Pairs in the right order less those in the wrong one: by sums with the lowest value, else by a Fenwick tree."""
    tree[:] = 0.0
    n, balance, j = len(before) - 1, 0.0, 0
    while j < len(others):
        start, stop = group_start[others[j]], group_stop[others[j]]
        last, inserted = before[stop], others_passed[j]
        lower = passed[start] - inserted
        higher = passed[n] - passed[stop] - (others_passed[-1] - others_passed[last])
        for i in range(j, last):
            own = others_passed[i + 1] - others_passed[i]
            if own > 0.0:
                under, equal = _below(tree, level[i])
                balance += own * (lower - higher + 2.0 * under + equal - inserted)
        for i in range(j, last):
            own = others_passed[i + 1] - others_passed[i]
            if own > 0.0:
                _insert(tree, level[i], own)
        j = last
    return balance


@compiled
def _below(tree, node):
    """Sums of a Fenwick tree over the nodes below one, and at it."""
    under, at, step = 0.0, tree[node], node - 1
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
def _gains(starts, group_stop, before, passed, gained, lowest, out):
    total = passed[-1]
    for tenth in range(1, 11):
        edge = total * (10 - tenth) / 10
        # The group on whose customers the edge lies.
        first, last = 0, len(starts)
        while last - first > 1:
            middle = (first + last) // 2
            if passed[starts[middle]] <= edge:
                first = middle
            else:
                last = middle
        start, stop = starts[first], group_stop[starts[first]]
        own = passed[stop] - passed[start]
        share = (passed[stop] - edge) / own if own > 0.0 else 0.0
        after, inside = gained[-1] - gained[before[stop]], gained[before[stop]] - gained[before[start]]
        out[tenth - 1] = after + share * inside + lowest * (total - edge)
