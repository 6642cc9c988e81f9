"""A pool in the configuration: a list of models, its priors by model, and a night with it."""

import json

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels import jobs
from clvmodels.errors import InvalidConfiguration
from clvmodels.inference.diagnostics import Diagnostics
from clvmodels.jobs.config import read_config
from clvmodels.jobs.gates.fit import fit_checks
from clvmodels.jobs.settings import Gates
from clvmodels.jobs.training import models_of

SOURCE = {"source": {"transactions": "orders.csv"}}


@pytest.mark.parametrize("said", [["mbg_nbd", "drift"], "mbg_nbd,drift", "mbg_nbd + drift"])
def test_a_list_of_models_is_a_pool(said):
    config = read_config(SOURCE | {"model": {"purchases": said}})
    assert config.model.purchases == "mbg_nbd+drift"
    assert models_of(config).name == "mbg_nbd+drift_gamma_gamma_all_spend"


def test_priors_of_a_pool_are_by_model():
    prior = {"distribution": "Gamma", "alpha": 2.0, "beta": 4.0}
    config = read_config(
        SOURCE | {"model": {"purchases": ["mbg_nbd", "drift"], "priors": {"purchases": {"drift": {"r": prior}}}}}
    )
    first, second = models_of(config).purchases.models
    assert second.priors.r == clv.Prior("Gamma", alpha=2.0, beta=4.0)
    assert first.priors.r != second.priors.r


@pytest.mark.parametrize(
    ("model", "scores", "message"),
    [
        ({"purchases": []}, {}, r"model.purchases is \[\]; give the key of a model, or a list of keys for a pool"),
        ({"purchases": [3]}, {}, r"model.purchases is \[3\]; give the key of a model"),
        ({"purchases": 3}, {}, "model.purchases is 3; give the key of a model"),
        ({"purchases": ["mbg_nbd", "dript"]}, {}, "no model of purchases 'dript'; do you mean 'drift'"),
        ({"purchases": ["drift", "drift"]}, {}, "name each once"),
        (
            {"purchases": ["mbg_nbd", "drift"], "priors": {"purchases": {"r": {"distribution": "Flat"}}}},
            {},
            "drift.kappa",
        ),
        (
            {"purchases": "drift"},
            {"quantities": ["probability_alive"]},
            "nobody leaves under model.purchases = 'drift'",
        ),
    ],
)
def test_what_is_no_pool_is_refused_by_its_key(model, scores, message):
    with pytest.raises(InvalidConfiguration, match=message):
        read_config(SOURCE | {"model": model, "scores": scores})


def test_the_gates_look_at_the_worst_member():
    good, bad = (
        clv.BetaGeo.at(r=[0.2] * 200, alpha=[4.0] * 200, a=[0.8] * 200, b=[2.0] * 200, time_unit="week")
        for _ in range(2)
    )
    said = [Diagnostics(method="importance", converged=True, effective_sample_size=900.0, k_hat=0.1)]
    said += [Diagnostics(method="nuts", converged=False, effective_sample_size=50.0, r_hat=1.5, divergences=3)]
    members = [
        one.__class__(**{**one.__dict__, "diagnostics": each}) for one, each in zip((good, bad), said, strict=True)
    ]
    found = {check.name: check for check in fit_checks(clv.Pool.of(members), None, Gates())}
    assert found["k_hat_purchases"].verdict == "passed"
    assert [found[name].verdict for name in ("r_hat_purchases", "effective_draws_purchases")] == ["failed", "failed"]
    assert found["effective_draws_purchases"].figure == 50.0
    assert "BG/NBD 2, one of the models of purchases" in found["converged_purchases"].sentence


@pytest.mark.slow
def test_a_night_retrains_and_scores_with_a_pool(tmp_path):
    log = clv.datasets.simulate_transactions(customers=300, length=60, random_seed=1)
    log.to_parquet(tmp_path / "orders.parquet")
    said = {
        "source": {"transactions": str(tmp_path / "orders.parquet")},
        "model": {"purchases": ["mbg_nbd", "bg_nbd"], "observation_end": "2021-02-01", "draws": 200},
        "gates": {"max_bias": 10.0, "max_silent_days": 10_000, "max_coverage_error": 1.0, "min_effective_draws": 50},
        "output": {"folder": str(tmp_path / "store")},
    }
    lines = (
        f"[{part}]\n"
        + "".join(
            f"{key} = {value if key == 'observation_end' else json.dumps(value)}\n" for key, value in keys.items()
        )
        for part, keys in said.items()
    )
    (tmp_path / "clvmodels.toml").write_text("".join(lines))
    job = jobs.load_config(tmp_path / "clvmodels.toml")
    assert jobs.retrain(job).status == "published"
    posterior = clv.load_posterior(next((tmp_path / "store").rglob("purchases.nc")))
    assert list(posterior.by_model()) == ["MBG/NBD", "BG/NBD"]
    scores = pd.read_parquet(next((tmp_path / "store").rglob("scores*.parquet")))
    assert np.isfinite(scores[["probability_alive_mean", "expected_purchases_mean"]]).all(axis=None)
    again = jobs.retrain(job, force=True)
    assert {check.name: check.verdict for check in again.checks}["parameter_drift_purchases"] == "passed"
