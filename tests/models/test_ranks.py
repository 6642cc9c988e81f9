"""The rank of the parameters that made the data among the draws is uniform, data set after data set."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

import clvmodels as clv
from clvmodels.formulas.beta_geo import BetaGeoParams

DATA_SETS = 40
SMALLEST_P_VALUE = 0.001


def ranks(posterior, truth):
    return [float((posterior.samples[name] < value).mean()) for name, value in truth.items()]


def assert_uniform(all_ranks):
    assert min(kstest(column, "uniform").pvalue for column in np.array(all_ranks).T) > SMALLEST_P_VALUE


@pytest.mark.calibration
def test_ranks_of_beta_geo_parameters_are_uniform():
    truth = {"r": 0.8, "alpha": 6.0, "a": 1.2, "b": 3.0}
    params = BetaGeoParams(**truth)
    data = [
        clv.datasets.simulate_rfm(customers=2000, length=52, purchases=params, random_seed=seed)
        for seed in range(DATA_SETS)
    ]
    assert_uniform([ranks(clv.BetaGeo().fit(rfm, random_seed=1), truth) for rfm in data])


@pytest.mark.calibration
def test_ranks_of_gamma_gamma_parameters_are_uniform():
    truth, found = {"p": 6.0, "q": 4.0, "v": 15.0}, []
    for seed in range(DATA_SETS):
        rng = np.random.default_rng(seed)
        count = rng.integers(1, 8, 3000)
        mean = rng.gamma(6.0 * count) / (rng.gamma(4.0, size=3000) / 15.0) / count
        table = pd.DataFrame({"customer_id": range(3000), "frequency": count, "monetary_value": mean})
        rfm = clv.RFM.from_frame(table.assign(recency=5.0, T=10.0), time_unit="week")
        found.append(ranks(clv.GammaGamma().fit(rfm, random_seed=1), truth))
    assert_uniform(found)
