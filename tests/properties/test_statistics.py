"""A model that needs purchase times goes all the way without anybody naming them: backtest, retrain, score, Spark."""

import json
import pickle
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels import jobs, reports
from clvmodels.models import registry
from clvmodels.scoring import Scorer
from tests.toy_model import Poisson, PoissonPosterior

LOG = clv.datasets.simulate_transactions(customers=300, length=60, random_seed=1)
CUT = {"calibration_end": "2020-10-01", "holdout_end": "2021-02-01"}
NEEDED = ["purchase_times", "log_gaps"]


@dataclass(frozen=True, kw_only=True, repr=False)
class TimedPosterior(PoissonPosterior):
    """The toy model, whose frequency is the number of purchase times."""

    key: ClassVar[str] = "timed"
    label: ClassVar[str] = "Timed"
    statistics: ClassVar[tuple[str, ...]] = ("recency", "T", "purchase_times", "log_gaps")

    def rows_of(self, rfm):
        self.check_customers(rfm)
        known = rfm.statistics(self.statistics)
        numbers = known["purchase_times"].map(len), known["recency"], known["T"]
        return tuple(column.to_numpy(float) for column in numbers)

    def unknown(self, customers):
        return tuple(np.zeros(customers) for _ in range(3))


@dataclass(frozen=True, kw_only=True)
class Timed(Poisson):
    posterior: ClassVar[Any] = TimedPosterior

    @staticmethod
    def graph(compressed, priors, *, loops=False):
        assert np.isfinite(compressed["log_gaps"]).all()
        number = compressed["purchase_times"].map(len)
        return Poisson.graph(compressed.assign(frequency=number), priors, loops=loops)


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(registry.PURCHASE_MODELS, "timed", Timed)
    monkeypatch.setitem(registry.PURCHASE_MODELS, "poisson", Poisson)


@pytest.fixture(scope="module")
def rfm():
    return clv.rfm_summary(LOG, statistics=NEEDED)


@pytest.fixture(scope="module")
def timed(rfm):
    return Timed().fit(rfm, draws=200, random_seed=1)


def test_a_backtest_makes_what_its_forecasters_need():
    chosen = clv.named_forecasters(["timed_log_normal", "poisson_gamma_gamma"])
    result = clv.backtest(LOG, **CUT, forecasters=chosen)
    assert not result.notes
    assert {*NEEDED, "log_value_mean"} <= set(result.split.calibration.frame.columns)
    table = result.table()
    assert table.loc[("purchases", "timed_log_normal"), "rmse"] == pytest.approx(
        table.loc[("purchases", "poisson_gamma_gamma"), "rmse"], rel=0.02
    )


def test_without_amounts_statistics_of_values_are_not_asked_for():
    result = clv.backtest(
        LOG, **CUT, forecasters=clv.named_forecasters(["timed_log_normal"]), value=None, past_errors=False
    )
    assert not result.notes
    assert "log_value_mean" not in result.split.calibration.frame.columns


def test_several_origins_make_it_as_well():
    chosen = [replace(clv.named_forecasters(["timed_gamma_gamma"])[0], draws=100)]
    result = clv.rolling_backtest(LOG, origins=2, horizon=10, forecasters=chosen, past_errors=False)
    assert not result.notes


def test_a_forecaster_that_names_its_own_statistics_is_given_them():
    class Own:
        name = "own"
        statistics = ("log_gaps",)

        def fit(self, calibration, *, random_seed):  # noqa: ARG002
            assert calibration.rfm.frame["log_gaps"].notna().all()
            return self

        def forecast(self, rfm, *, horizon):  # noqa: ARG002
            return clv.Forecast(purchases=clv.Prediction(mean=rfm.frame["frequency"].astype(float)))

    assert not clv.backtest(LOG, **CUT, forecasters=[Own()]).notes[1:]


def test_a_model_of_opportunities_among_others_is_missing_with_the_call_that_counts_them():
    key = next(name for name, one in registry.PURCHASE_MODELS.items() if "opportunities" in one.posterior.statistics)
    chosen = clv.named_forecasters(["nothing", f"{key}_gamma_gamma"])
    result = clv.backtest(LOG, **CUT, forecasters=chosen, past_errors=False)
    assert any("the RFM has no opportunities" in note and "opportunity=" in note for note in result.notes)
    assert np.isfinite(result.table().loc[("purchases", "nothing"), "rmse"])


def test_the_statistics_pass_through_tables_and_parquet(timed, rfm, tmp_path):
    table = clv.rfm_table(LOG, statistics=NEEDED)
    kept = table.to_parquet(tmp_path / "customers.parquet")
    assert kept.compressed(Timed.posterior.statistics)["count"].sum() == len(rfm)
    assert Timed().fit(kept, draws=200, random_seed=1).fingerprint == timed.fingerprint
    clv.score(kept, tmp_path / "scores.parquet", purchases=timed, horizon=9)
    found = pd.read_parquet(tmp_path / "scores.parquet").set_index("customer_id")["expected_purchases_mean"]
    expected = timed.expected_purchases(rfm, horizon=9)["mean"]
    assert found.reindex(expected.index).to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-9)


def test_workers_of_a_cluster_score_rows_with_lists_in_them(timed, rfm):
    # What Spark does: the scorer and the maker travel, rows come as frames whose times are lists.
    scorer, maker = pickle.loads(
        pickle.dumps((Scorer(purchases=timed, horizon=9), clv.rfm_table(LOG, statistics=NEEDED).maker()))
    )
    rows = rfm.frame.reset_index()
    rows["purchase_times"] = rows["purchase_times"].map(list)
    found = scorer.table(maker(rows))["expected_purchases_mean"]
    assert found.tolist() == timed.expected_purchases(rfm, horizon=9)["mean"].tolist()


@pytest.mark.parametrize("make", [clv.rfm_summary, clv.rfm_table])
def test_scores_without_what_the_model_needs_are_refused_before_the_first_row(make, timed, tmp_path):
    with pytest.raises(clv.InvalidRFM, match=r"the RFM has no purchase_times, log_gaps; make it with rfm_summary"):
        clv.score(make(LOG), tmp_path / "scores.parquet", purchases=timed, horizon=9)


def test_by_hand_the_error_names_the_call(rfm):
    with pytest.raises(clv.InvalidRFM, match=r"rfm_summary\(..., statistics=\['purchase_times', 'log_gaps'\]\)"):
        Timed().fit(clv.rfm_summary(LOG))


def test_a_new_customer_and_the_tables_of_one_customer_have_them_too(timed):
    assert timed.expected_purchases(clv.RFM.new_customer("week"), horizon=9)["mean"].item() == pytest.approx(
        timed.newcomer("expected_purchases", np.array([9.0])).mean()
    )
    assert len(timed.frequency_recency_matrix(T=3, horizon=9, most=2))
    assert len(timed.probability_alive_path(["2021-01-05", "2021-03-07"], until="2021-04-01")) == 87


def test_a_night_job_makes_them_and_scores_a_published_model_of_other_needs(tmp_path):
    LOG.to_parquet(tmp_path / "orders.parquet")
    said = {"observation_end": "2021-02-01", "draws": 200}
    assert jobs.retrain(job(tmp_path, purchases="timed", **said)).status == "published"
    # The configuration has another model by now; what is published needs what it needs.
    later = job(tmp_path, purchases="poisson", **{**said, "observation_end": "2021-02-20"})
    assert jobs.score(later).status == "scored"
    assert jobs.monitor(later, scores="000001").status in ("fine", "retrain")
    assert jobs.retrain(later).status == "published"


def test_a_decision_makes_them(tmp_path):
    answer = reports.decide("churn", LOG, tmp_path, model="timed", period=13, periods=2, segments=None)
    assert answer.sentence


def job(folder, **model):
    parts = {
        "source": {"transactions": str(folder / "orders.parquet")},
        "model": model,
        "gates": {"max_bias": 10.0, "max_silent_days": 10_000, "max_coverage_error": 1.0, "max_score_drift": 1.0},
        "output": {"folder": str(folder / "store")},
    }
    lines = [f"[{part}]\n" + "".join(line(*pair) for pair in said.items()) for part, said in parts.items()]
    (folder / "clvmodels.toml").write_text("".join(lines))
    return jobs.load_config(folder / "clvmodels.toml")


def line(key, value):
    return f"{key} = {value if str(value).startswith('20') else json.dumps(value)}\n"
