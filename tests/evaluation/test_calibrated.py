"""On data that the models are true of: intervals hold what they promise, and the true model has the best CRPS."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clvmodels.datasets import simulate_transactions
from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.model_forecaster import FittedModels
from clvmodels.evaluation.registry import textbook
from clvmodels.models.beta_geo import BetaGeo
from clvmodels.models.gamma_gamma import GammaGamma
from clvmodels.models.simulators import PURCHASES, SPEND

pytestmark = pytest.mark.calibration
SEEDS = range(20)
LEVELS = (50, 80, 90, 95)


@dataclass(frozen=True, kw_only=True)
class Known:
    """BG/NBD x Gamma-Gamma at given parameters."""

    name: str
    purchases: tuple = tuple(PURCHASES)

    def fit(self, calibration, *, random_seed):
        parameters = dict(zip(("r", "alpha", "a", "b"), self.purchases, strict=True))
        return FittedModels(
            purchases=BetaGeo.at(**parameters, time_unit="week", random_seed=random_seed),
            spend=GammaGamma.at(**SPEND._asdict(), time_unit="week", random_seed=random_seed),
        )


r, alpha, a, b = PURCHASES
TRUE = Known(name="true")
WRONG = [
    Known(name="busier", purchases=(3 * r, alpha, a, b)),
    Known(name="loyal", purchases=(r, alpha, a / 20, b)),
    Known(name="alike", purchases=(5 * r, 5 * alpha, a, b)),
]


@pytest.fixture(scope="module")
def tables():
    """The metrics of 20 logs of 1,000 customers."""
    cut = {"calibration_end": "2020-09-29", "holdout_end": "2021-06-29"}
    forecasters = [textbook(draws=500), TRUE, *WRONG]
    logs = (simulate_transactions(customers=1000, length=78.0, random_seed=seed) for seed in SEEDS)
    made = [backtest(log, forecasters=forecasters, random_seed=1, past_errors=False, **cut) for log in logs]
    attainable = {
        (seed, target, level): made[seed].assessments[("bg_nbd_gamma_gamma", target)].attainable[level / 100]
        for seed in SEEDS
        for target in ("purchases", "value")
        for level in LEVELS
    }
    return pd.concat({seed: result.table() for seed, result in zip(SEEDS, made, strict=True)}), attainable


def over_seeds(tables, target, metric, forecaster="bg_nbd_gamma_gamma"):
    return tables[0].xs((target, forecaster), level=("target", "forecaster"))[metric].to_numpy()


def within_sampling_error(differences):
    return abs(np.mean(differences)) < 3 * np.std(differences, ddof=1) / np.sqrt(len(differences))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("target", ["purchases", "value"])
def test_intervals_hold_what_counts_allow(tables, target, level):
    covered = over_seeds(tables, target, f"coverage_{level}")
    assert within_sampling_error(covered - [tables[1][(seed, target, level)] for seed in SEEDS])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("target", ["purchases", "value"])
def test_intervals_with_random_edges_hold_what_they_promise(tables, target, level):
    assert within_sampling_error(over_seeds(tables, target, f"randomised_coverage_{level}") - level / 100)


@pytest.mark.parametrize("target", ["purchases", "value"])
def test_the_test_of_the_transforms_fails_as_often_as_it_says(tables, target):
    p_values = over_seeds(tables, target, "pit_p_value")
    assert stats.kstest(p_values, "uniform").pvalue > 0.01
    assert np.count_nonzero(p_values < 0.1) <= stats.binom.ppf(0.995, len(SEEDS), 0.1)


@pytest.mark.parametrize("target", ["purchases", "value"])
def test_the_true_model_has_the_best_crps(tables, target):
    names = ["true", "bg_nbd_gamma_gamma", *(wrong.name for wrong in WRONG)]
    means = {name: np.mean(over_seeds(tables, target, "crps", name)) for name in names}
    assert min(means, key=means.get) == "true"
    for wrong in WRONG:
        behind = over_seeds(tables, target, "crps", wrong.name) - over_seeds(tables, target, "crps", "true")
        assert stats.ttest_1samp(behind, 0.0, alternative="greater").pvalue < 0.01


def test_the_test_of_the_transforms_finds_a_wrong_model(tables):
    assert np.mean(over_seeds(tables, "purchases", "pit_p_value", "loyal") < 0.05) > 0.5
