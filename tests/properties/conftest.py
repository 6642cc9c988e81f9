"""Every registered model with customers that suit it, and its posterior; a model registered later is among them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.inference import sample as sampling
from clvmodels.models.registry import PURCHASE_MODELS, SPEND_MODELS
from clvmodels.rfm import asking_for

LOG = clv.datasets.simulate_transactions(customers=400, length=90, random_seed=1)
END = "2021-08-31"
DRAWS = 200


@dataclass(frozen=True)
class Made:
    """A model, customers that suit it, its posterior of them, and what makes the graph that was drawn from."""

    model: Any
    rfm: clv.RFM
    posterior: Any
    graph: Any

    @property
    def opportunity(self):
        return opportunity_of(self.model)

    def fit(self, rfm, model=None, **choices):
        given: Any = {"method": "importance", "draws": DRAWS, "random_seed": 1, **choices}
        return (model or self.model).fit(rfm, **given)


def opportunity_of(model):
    """A month, for a model that counts opportunities."""
    return "month" if "opportunities" in model.posterior.statistics else None


def customers_for(model, log=LOG, end=END, **choices):
    """The customers of a log, with what the model needs to know of them."""
    opportunity = opportunity_of(model)
    time = {"opportunity": opportunity} if opportunity else {"time_unit": "week", **choices}
    return clv.rfm_summary(log, observation_end=end, **asking_for(model.posterior.statistics, time))


def made_with(model):
    """Fit a model, and catch the graph on the way."""
    caught: Any = []
    sample = sampling.sample

    def catching(graph, **choices):
        caught.append(graph)
        return sample(graph, **choices)

    rfm = customers_for(model)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampling, "sample", catching)
        posterior = model.fit(rfm, method="importance", draws=DRAWS, random_seed=1)
    return Made(model, rfm, posterior, caught[0])


@pytest.fixture(scope="session", params=list(PURCHASE_MODELS))
def bought(request):
    return made_with(PURCHASE_MODELS[request.param]())


@pytest.fixture(scope="session", params=list(SPEND_MODELS))
def spent(request):
    return made_with(SPEND_MODELS[request.param]())


def graph_values(made, *, loops):
    """The graph's log-likelihood at three of the posterior's draws."""
    import pytensor

    graph = made.graph(loops=loops)
    drawn = {name: values for name, values in made.posterior.prior_draws().items() if name in graph.named_vars}
    inputs = [graph[name] for name in drawn]
    total = sum(graph.potentials[1:], graph.potentials[0])
    value = pytensor.function(inputs, total, mode="FAST_COMPILE", on_unused_input="ignore")
    return np.array([value(*(values[d] for values in drawn.values())) for d in range(3)])


def tight_priors(made):
    """Priors that say of each parameter that it is a fifth above its posterior mean, and those values."""
    priors, wanted = {}, {}
    for name, drawn in made.posterior.prior_draws().items():
        if np.ndim(drawn) != 1 or name not in made.posterior.priors:
            continue
        wanted[name] = float(drawn.mean()) * 1.2
        before = made.posterior.priors[name].draws(500, np.random.default_rng(1))
        inside = bool(np.max(before) <= 1)
        if inside:
            wanted[name] = min(wanted[name], 0.9)
            share = wanted[name]
            priors[name] = clv.Prior("Beta", alpha=share * 1e6, beta=(1 - share) * 1e6)
        else:
            priors[name] = clv.Prior("LogNormal", mu=float(np.log(wanted[name])), sigma=1e-3)
    return priors, wanted


def assert_same_draws(ours, theirs):
    """Compare quantiles, as tails of weak posteriors are so long that moments of a thousand draws say little."""
    for name, values in theirs.items():
        own, other = (np.quantile(np.log(each), [0.05, 0.25, 0.5, 0.75, 0.95]) for each in (ours[name], values))
        allowed = np.array([0.3, 0.15, 0.15, 0.15, 0.3]) * (other[-1] - other[0]) / 3.29
        assert np.all(np.abs(own - other) <= allowed), (name, own, other)
