"""Customers of soft dropout with regularity, simulated wait by wait: knows nothing of the formulas."""

import numpy as np

CLASSES = np.array([1, 2, 4, 8])


def lives(params, customers, length, rng):
    """Purchase times since the first purchase (a list of arrays), and when each slows down (infinite: not yet)."""
    r, alpha, a, b, delta, *shares = params
    k = rng.choice(CLASSES, customers, p=np.array(shares) / np.sum(shares))
    rate, coin = rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers)
    time, slowed = np.zeros(customers), np.where(rng.random(customers) < coin, 0.0, np.inf)
    found = [[] for _ in range(customers)]
    going = np.arange(customers)
    while len(going):
        own = np.where(np.isfinite(slowed[going]), delta, 1.0) * rate[going]
        with np.errstate(divide="ignore", over="ignore"):
            time[going] += rng.gamma(k[going]) / (k[going] * own)
        going = going[time[going] <= length[going]]
        for customer in going:
            found[customer].append(time[customer])
        leaves = np.isinf(slowed[going]) & (rng.random(len(going)) < coin[going])
        slowed[going[leaves]] = time[going[leaves]]
    return [np.array(one) for one in found], slowed


def weighted_states(params, times, T, draws, rng):
    """Draws from the prior of (class, rate, alive) with the weights that the history gives them.

    A wait of class k is Erlang(k); each time of slowing down is one draw more of the same customer.
    """
    from scipy.stats import gamma

    r, alpha, a, b, delta, *shares = params
    k = rng.choice(CLASSES, draws, p=np.array(shares) / np.sum(shares))
    rate, coin = rng.gamma(r, 1 / alpha, draws), rng.beta(a, b, draws)
    gaps, silence = np.diff(np.append(0.0, times)), T - np.append(0.0, times)[-1]
    found = []
    for last in [None, *range(len(times) + 1)]:
        speeds = [delta if last is not None and i >= last else 1.0 for i in range(len(times) + 1)]
        weight = (1 - coin) ** (len(times) + 1) if last is None else coin * (1 - coin) ** last
        for gap, speed in zip(gaps, speeds[:-1], strict=True):
            weight = weight * gamma.pdf(gap, k, scale=1 / (k * speed * rate))
        weight = weight * gamma.sf(silence, k, scale=1 / (k * speeds[-1] * rate))
        found.append((weight, k, rate, coin, last is None))
    return found, silence


def future(found, silence, delta, horizon, rng):
    """Purchases in the horizon and the time of slowing down, for each draw of `weighted_states`; and the weights."""
    from scipy.stats import gamma

    weights, purchases, slowed = [], [], []
    for weight, k, rate, coin, alive in found:
        scale = 1 / (k * rate * (1.0 if alive else delta))
        beyond = rng.random(len(k)) * gamma.sf(silence, k, scale=scale)
        time = gamma.isf(beyond, k, scale=scale) - silence
        living, left, count = np.full(len(k), alive), np.where(alive, np.inf, 0.0) + np.zeros(len(k)), np.zeros(len(k))
        going = np.flatnonzero(time <= horizon)
        while len(going):
            count[going] += 1
            leaves = going[living[going] & (rng.random(len(going)) < coin[going])]
            living[leaves], left[leaves] = False, time[leaves]
            speed = np.where(living[going], 1.0, delta)
            time[going] += rng.gamma(k[going]) / (k[going] * speed * rate[going])
            going = going[time[going] <= horizon]
        weights.append(weight)
        purchases.append(count)
        slowed.append(left)
    return np.concatenate(weights), np.concatenate(purchases), np.concatenate(slowed)
