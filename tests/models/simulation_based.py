"""Simulation-based calibration: parameters drawn from the prior have uniform ranks among their posteriors' draws.

Source: Talts, Betancourt, Simpson, Vehtari, Gelman (2018), arXiv:1804.06788.
"""

import numpy as np
import pandas as pd
from scipy import stats

SMALLEST_P_VALUE = 0.001


def calibration_ranks(model, simulate, *, replications=200, draws=200, random_seed=0):
    """Share of the posterior's draws below the parameter that made the data: a row per replication.

    Parameters
    ----------
    model : PurchaseModel
        With priors narrow enough to simulate from, none of which depends on the data.
    simulate : callable
        (point, rng) -> RFM, where `point` is the model's posterior at the drawn parameters.
    """
    rng, found = np.random.default_rng(random_seed), []
    for seed in range(replications):
        truth = {name: float(prior.draws(1, rng)[0]) for name, prior in vars(model.priors).items()}
        posterior = model.fit(simulate(truth, rng), draws=draws, random_seed=seed)
        known = posterior.prior_draws()
        found.append({name: float((known[name] < value).mean()) for name, value in truth.items()})
    return pd.DataFrame(found)


def assert_uniform(ranks):
    """Refuse ranks that chance would hardly bring about, for any of the parameters."""
    values = {name: stats.kstest(column, "uniform").pvalue for name, column in ranks.items()}
    assert min(values.values()) > SMALLEST_P_VALUE / len(values), values
