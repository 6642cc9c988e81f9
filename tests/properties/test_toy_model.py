"""A model of a few dozen lines, once registered, goes all the way: evaluate, decide, score, report, retrain."""

import json

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels import jobs, reports
from clvmodels.models import registry
from tests.toy_model import Poisson

LOG = clv.datasets.simulate_transactions(customers=300, length=60, random_seed=1)
MONTHS = {"periods": 2, "period": "month"}
CUT = {"calibration_end": "2020-10-01", "holdout_end": "2021-02-01"}


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(registry.PURCHASE_MODELS, "poisson", Poisson)


@pytest.fixture(scope="module")
def rfm():
    return clv.rfm_summary(LOG)


@pytest.fixture(scope="module")
def value(rfm):
    choices = {"draws": 200, "random_seed": 1}
    return clv.LifetimeValue(Poisson().fit(rfm, **choices), clv.GammaGamma().fit(rfm, **choices), margin=0.3)


def test_it_is_evaluated_under_its_own_name():
    chosen = clv.named_forecasters(["poisson_gamma_gamma", "as_before"])
    result = clv.backtest(LOG, **CUT, forecasters=chosen)
    assert "Poisson x Gamma-Gamma" in result.verdict()
    assert np.isfinite(result.table().loc[("purchases", "poisson_gamma_gamma"), "rmse"])
    assert np.isfinite(result.table().loc[("value", "poisson_gamma_gamma"), "crps"])


def test_it_is_reported(tmp_path):
    result = clv.backtest(LOG, **CUT, forecasters=clv.named_forecasters(["poisson_gamma_gamma", "as_before"]))
    page = clv.write_report(result, tmp_path / "report.html").read_text()
    assert "Poisson, purchases" in page
    assert "BG/NBD" not in page


def test_it_is_criticised(value, rfm):
    found = clv.criticise(value.purchases, value.spend, rfm, horizon=26)
    assert found.leave_one_out.index.tolist() == ["purchases", "spend"]


def test_it_is_scored(value, rfm):
    from clvmodels.scoring import QUANTITIES, Scorer

    scorer = Scorer(purchases=value.purchases, spend=value.spend, horizon=26, quantities=QUANTITIES)
    assert np.isfinite(scorer.table(rfm).select_dtypes("number")).all(axis=None)


def test_it_is_saved_and_loaded(value, rfm, tmp_path):
    again = clv.load_posterior(value.purchases.save(tmp_path / "poisson.nc"))
    assert again.expected_purchases(rfm, horizon=9).equals(value.purchases.expected_purchases(rfm, horizon=9))


def test_its_drawn_purchases_have_the_expected_mean(value, rfm):
    expected = value.purchases.expected_purchases(rfm, horizon=26)["mean"].sum()
    drawn = value.purchases.predictive_purchases(rfm, horizon=26)["mean"].sum()
    assert drawn == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("question", "choices"),
    [
        ("acquisition", {"cost": "10", "horizon": 52, "channels": None}),
        ("cohorts", {"cost": "10", "horizon": 52, "past_errors": False}),
        ("churn", {"period": 13, "periods": 2, "segments": None}),
        (
            "budget",
            {
                "periods": 2,
                "period": "month",
                "new_customers": None,
                "plan_sd": 0.0,
                "new_cost": 0.0,
                "past_errors": False,
            },
        ),
        ("needed", {**MONTHS, "target_revenue": "1000", "confidence": 0.9, "interval": 0.9}),
    ],
)
def test_decisions_are_made_with_it(question, choices, tmp_path):
    answer = reports.decide(question, LOG, tmp_path, model="poisson", **choices)
    assert answer.sentence


def test_a_decision_that_it_cannot_make_is_refused_with_the_reason(value, rfm):
    offer = clv.decisions.Offer(kept=clv.Prior("Beta", alpha=2, beta=18), cost=1.0)
    with pytest.raises(clv.InvalidArgument, match="Poisson does not say what customers who have left would do"):
        clv.decisions.retention_offer(value, rfm, offer, horizon=26)


def test_a_nightly_job_retrains_and_scores_with_it(tmp_path):
    LOG.to_parquet(tmp_path / "orders.parquet")
    said = {
        "source": {"transactions": str(tmp_path / "orders.parquet")},
        "model": {"purchases": "poisson", "observation_end": "2021-02-01", "draws": 200},
        "gates": {"max_bias": 10.0, "max_silent_days": 10_000, "max_coverage_error": 1.0},
        "output": {"folder": str(tmp_path / "store")},
    }
    config = tmp_path / "clvmodels.toml"
    tables = (f"[{part}]\n" + "".join(_line(*pair) for pair in keys.items()) for part, keys in said.items())
    config.write_text("".join(tables))
    job = jobs.load_config(config)
    outcome = jobs.retrain(job)
    assert outcome.status == "published"
    posterior = clv.load_posterior(next((tmp_path / "store").rglob("purchases.nc")))
    assert posterior.label == "Poisson"
    scores = pd.read_parquet(next((tmp_path / "store").rglob("scores*.parquet")))
    assert np.isfinite(scores["expected_purchases_mean"]).all()


def _line(key, value):
    return f"{key} = {json.dumps(value) if not str(value).startswith('20') else value}\n"
