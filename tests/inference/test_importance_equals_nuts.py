"""The importance posterior against NUTS on the same graph, where it is easy and where it is not."""

import numpy as np
import pandas as pd
import pytest

from clvmodels.datasets import load_cdnow_summary, simulate_rfm
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.models.beta_geo import BetaGeo
from clvmodels.models.gamma_gamma import GammaGamma
from clvmodels.rfm import RFM

DRAWS = 8000


def two_hundred_customers():
    everybody = load_cdnow_summary()
    return everybody.select(np.random.default_rng(0).choice(everybody.frame.index, 200, replace=False))


def one_time_buyers():
    everybody = load_cdnow_summary()
    return everybody.select(everybody.frame["frequency"] == 0)


def nobody_drops_out():
    rng = np.random.default_rng(0)
    T = rng.uniform(20, 50, 1000)
    x = rng.poisson(rng.gamma(0.8, 1 / 8, 1000) * T)
    recency = np.where(x > 0, T * rng.random(1000) ** (1 / np.maximum(x, 1)), 0)
    return RFM.from_frame(
        pd.DataFrame({"customer_id": range(1000), "frequency": x, "recency": recency, "T": T}), time_unit="week"
    )


def everybody_drops_out_alike():
    return simulate_rfm(customers=1000, purchases=BetaGeoParams(0.8, 8.0, 3e6, 7e6), random_seed=3)


DATA = [load_cdnow_summary, two_hundred_customers, one_time_buyers, nobody_drops_out, everybody_drops_out_alike]


def unconstrained(posterior):
    values = {name: posterior.samples[name].to_numpy().ravel() for name in posterior.parameters}
    if "a" in values:
        a, b = values.pop("a"), values.pop("b")
        values |= {"logit_phi": a / b, "kappa": a + b}
    else:
        values |= {"q": values["q"] - 1, "v": values["p"] * values["v"] / (values["q"] - 1)}
    return np.log(np.stack(list(values.values()), axis=1))


def assert_equal_posteriors(model, data):
    automatic = model.fit(data, draws=DRAWS, random_seed=1)
    if automatic.diagnostics.method == "nuts":
        assert "handed over to NUTS" in automatic.diagnostics.notes[0]
    nuts = unconstrained(model.fit(data, draws=DRAWS, method="nuts", random_seed=2))
    ours = unconstrained(automatic)
    assert np.all(np.abs(ours.mean(axis=0) - nuts.mean(axis=0)) < 0.1 * nuts.std(axis=0))
    assert np.all(np.abs(ours.std(axis=0) / nuts.std(axis=0) - 1) < 0.1)


@pytest.mark.slow
@pytest.mark.parametrize("data", DATA, ids=lambda f: f.__name__)
def test_beta_geo_posterior_equals_nuts(data):
    assert_equal_posteriors(BetaGeo(), data())


@pytest.mark.slow
def test_gamma_gamma_posterior_equals_nuts():
    assert_equal_posteriors(GammaGamma(), load_cdnow_summary())
