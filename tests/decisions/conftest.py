"""The CDNOW sample as decisions see it: fitted, and at parameters that are known."""

from functools import cache

import numpy as np
import pytest
from scipy import special

import clvmodels as clv

PURCHASES = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
SPEND = {"p": 6.25, "q": 3.74, "v": 15.44}


@pytest.fixture(scope="session")
def cdnow():
    """The 2,357 customers until 1997-09-30, in weeks."""
    return clv.rfm_summary(clv.datasets.load_cdnow(), observation_end="1997-09-30")


@pytest.fixture(scope="session")
def some(cdnow):
    """Every tenth of them."""
    return cdnow.select(cdnow.frame.index[::10])


@pytest.fixture(scope="session")
def fitted(cdnow):
    """400 draws, a margin of 0.3 and a discount rate of ten per cent."""
    purchases = clv.BetaGeo().fit(cdnow, draws=400, random_seed=1)
    spend = clv.GammaGamma().fit(cdnow, draws=400, random_seed=1)
    return clv.LifetimeValue(purchases, spend, margin=0.3, annual_discount_rate=0.1)


@pytest.fixture(scope="session")
def point():
    """Without uncertainty of the parameters; revenue (margin 1), nothing discounted."""
    purchases = clv.BetaGeo.at(**PURCHASES, time_unit="week", random_seed=1)
    return clv.LifetimeValue(purchases, clv.GammaGamma.at(**SPEND, time_unit="week", random_seed=1))


@pytest.fixture(scope="session")
def lives():
    """Simulate event by event: a rate, a dropout probability, and purchase after purchase until dropping out."""
    return _lives


def _lives(rng, start, until, params=PURCHASES, *, x=0.0, t_x=0.0, T=0.0):
    """Customer and time of every purchase from `start` to `until`, and when each customer (n,) drops out.

    New customers buy at `start`; of known ones (T > 0) that purchase is not theirs, and some have left already.
    """
    r, alpha, a, b = (params[name] for name in ("r", "alpha", "a", "b"))
    start = np.asarray(start, float)
    x, t_x, T = (np.broadcast_to(np.asarray(each, float), start.shape) for each in (x, t_x, T))
    rate = rng.gamma(r + x) / (alpha + T)
    dropout = rng.beta(a, b + x)
    odds = np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x), 0.0)
    active = rng.random(len(start)) < 1 / (1 + odds)
    left = np.where(active, np.inf, start)
    new = np.flatnonzero(T == 0)
    who, when, time = [new], [start[new]], start.copy()
    while active.any():
        with np.errstate(divide="ignore", over="ignore"):
            time = time + rng.exponential(size=len(time)) / rate
        active &= time <= until
        who.append(np.flatnonzero(active))
        when.append(time[active])
        leaves = active & (rng.random(len(time)) < dropout)
        left[leaves] = time[leaves]
        active &= ~leaves
    return np.concatenate(who), np.concatenate(when), left


@pytest.fixture(scope="session")
def over_dropout():
    """Mean of f(p) over p ~ Beta(a, b), by a Gauss-Jacobi rule: f takes p as its last axis."""

    @cache
    def rule(a, b):
        nodes, weights = special.roots_sh_jacobi(120, a + b - 1, a)
        return nodes, weights / weights.sum()

    def mean(f, a, b):
        nodes, weights = rule(a, b)
        return f(nodes) @ weights

    return mean
