"""A model of purchases for tests: everybody buys for ever, at a rate of their own, Gamma(r, rate alpha)."""

import math
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple

import numpy as np
from scipy import stats
from scipy.special import exprel, gammaln

from clvmodels.compiled.events import append
from clvmodels.compiled.jit import compiled
from clvmodels.compiled.random import start_stream, uniform
from clvmodels.models.outcomes import Events, NewEvents
from clvmodels.models.priors import Prior, Priors, around_mean_age
from clvmodels.models.purchases import PurchaseModel, PurchasePosterior


class Params(NamedTuple):
    r: Any
    alpha: Any


def log_likelihood(params, x, t_x, T, *, log=np.log, gammaln=gammaln):  # noqa: ARG001
    r, alpha = params
    return gammaln(r + x) - gammaln(r) + r * log(alpha) - (r + x) * log(alpha + T)


def rate(params, t, x, T):
    return (params.r + x) / (params.alpha + T) + 0.0 * np.asarray(t)


def ones(params, *columns):
    return np.ones(np.broadcast_shapes(*map(np.shape, (*params, *columns))))


def discounted(params, t, x, T, *, discount_force):
    return rate(params, t, x, T) * t * exprel(-discount_force * t)


FORMULAS = SimpleNamespace(
    log_likelihood=log_likelihood,
    probability_alive=ones,
    survival_if_alive=ones,
    lifetime_if_alive=lambda params, t, x, T: t * ones(params, t, x, T),
    purchases_if_alive=lambda params, t, x, T: t * rate(params, t, x, T),
    discounted_purchases_if_alive=discounted,
    purchase_rate_if_alive=rate,
    probability_of_purchase_if_alive=lambda params, t, x, T: (
        1 - (1 + t / (params.alpha + T)) ** -(params.r + np.asarray(x))
    ),
)


@compiled
def known(seed, keys, purpose, first, horizon, x, T, r, alpha):
    offsets, times, size = np.zeros(len(keys) * len(r) + 1, dtype=np.int64), np.empty(16), 0
    state, cell = np.empty(4, dtype=np.uint64), 0
    for i in range(len(keys)):
        start_stream(state, seed, keys[i], purpose)
        for d in range(len(r)):
            if first:
                times, size = append(times, size, 0.0)
            time, s = 0.0, r[d] + x[i]
            while True:
                time += (alpha[d] + T[i] + time) * math.expm1(-math.log(uniform(state)) / s)
                if time > horizon[i]:
                    break
                times, size = append(times, size, time)
                s += 1.0
            cell += 1
            offsets[cell] = size
    return offsets, times[:size]


@compiled
def new(streams, won, begin, end, last, r, alpha):
    cells, cell, size = np.sum(won), 0, 0
    starts, states = np.empty(cells), np.empty((cells, 4), dtype=np.uint64)
    offsets, times = np.zeros(cells + 1, dtype=np.int64), np.empty(16)
    for d in range(len(won)):
        for _ in range(won[d]):
            starts[cell] = begin + (end - begin) * uniform(streams[d])
            time, s = 0.0, r[d]
            while time <= last - starts[cell]:
                times, size = append(times, size, time)
                time += (alpha[d] + time) * math.expm1(-math.log(uniform(streams[d])) / s)
                s += 1.0
            states[cell] = streams[d]
            cell += 1
            offsets[cell] = size
    return starts, offsets, times[:size], states


@dataclass(frozen=True, kw_only=True)
class PoissonPriors(Priors):
    r: Prior = Prior("LogNormal", mu=0.0, sigma=1.5)
    alpha: Prior | None = None

    def for_data(self, compressed):
        return super(PoissonPriors, replace(self, alpha=self.alpha or around_mean_age(compressed))).for_data(compressed)


@dataclass(frozen=True, kw_only=True, repr=False)
class PoissonPosterior(PurchasePosterior):
    key: ClassVar[str] = "poisson"
    label: ClassVar[str] = "Poisson"
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha")
    formulas: ClassVar[Any] = FORMULAS
    closed: ClassVar[frozenset[str]] = frozenset(vars(FORMULAS))
    params: ClassVar[Any] = Params

    def population(self):
        r, alpha = self.parameter_draws(predictive=True)
        return {"purchase rate of a new customer": r / alpha}

    def distributions(self):
        r, alpha = (draws[:, None] for draws in self.parameter_draws())
        return {"purchase_rate": stats.gamma(r, scale=1 / alpha)}

    def known_events(self, params, rows, horizon, stream, *, first, days):  # noqa: ARG002
        return Events(*known(*stream, first, horizon, rows[0], rows[2], *params))

    def known_waits(self, params, rows, stream, *, until_dropout):
        shape = len(stream.keys), len(params.r)
        if until_dropout:
            return np.full(shape, np.inf)
        u = np.random.default_rng(int(stream.seed)).random(shape)
        return (params.alpha + rows[2][:, None]) * np.expm1(-np.log(u) / (params.r + rows[0][:, None]))

    def new_events(self, params, streams, won, window, last, *, days):  # noqa: ARG002
        return NewEvents(*new(streams, won, *window, last, *params))

    def new_leaving(self, params, streams, won, window):  # noqa: ARG002
        return np.full(won.sum(), np.inf), np.repeat(streams, won, axis=0)


@dataclass(frozen=True, kw_only=True)
class Poisson(PurchaseModel):
    priors: PoissonPriors = PoissonPriors()
    posterior: ClassVar[Any] = PoissonPosterior

    @staticmethod
    def graph(compressed, priors, *, loops=False):  # noqa: ARG004
        import pymc as pm
        import pytensor.tensor as pt

        x, T, count = (compressed[name].to_numpy(float) for name in ("frequency", "T", "count"))
        with pm.Model() as graph:
            params = Params(priors["r"].variable("r"), priors["alpha"].variable("alpha"))
            each = log_likelihood(params, x, None, T, log=pt.log, gammaln=pt.gammaln)
            pm.Potential("log_likelihood", pt.sum(count * each))
        return graph
