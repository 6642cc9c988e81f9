"""What customers who are yet to be won will do, drawn event by event."""

from __future__ import annotations

import math

import numpy as np

from clvmodels.compiled.jit import compiled
from clvmodels.compiled.outcomes import _purchase_times
from clvmodels.compiled.random import log_gamma_variate, start_stream, uniform

NEW = np.uint64(0x9E3)


@compiled
def new_customer_totals(seed, won, horizon, r, alpha, a, b, p, q, v, has_value, out):
    """Purchases (the first ones included) and value of the customers won within the horizon, added up per draw.

    won (draws,) is their number; they come at any time with the same probability. r to v have the shape (draws,), out
    (draws, 2) holds purchases and value.
    """
    state, amounts = np.empty(4, dtype=np.uint64), np.empty(4, dtype=np.uint64)
    for d in range(len(won)):
        start_stream(state, seed, np.uint64(2 * d), NEW)
        start_stream(amounts, seed, np.uint64(2 * d + 1), NEW)
        purchases, value = 0.0, 0.0
        for _ in range(won[d]):
            left = horizon * uniform(state)
            bought, none = 1, math.exp(-r[d] * math.log1p(left / alpha[d]))
            for _ in _purchase_times(state, 1.0, none, alpha[d], a[d], b[d], r[d], 0.0, left):
                bought += 1
            purchases += bought
            if has_value:
                log_rate = log_gamma_variate(amounts, q[d]) - math.log(v[d])
                value += math.exp(log_gamma_variate(amounts, p[d] * bought) - log_rate)
        out[d, 0], out[d, 1] = purchases, value
