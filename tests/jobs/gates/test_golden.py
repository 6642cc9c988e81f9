"""Which customers a saved model is tried on, and when its scores are the same."""

import numpy as np
import pandas as pd
import pytest

from clvmodels.datasets import load_cdnow_summary
from clvmodels.jobs.gates import golden_batch, golden_check
from clvmodels.models.beta_geo import BetaGeo
from clvmodels.models.gamma_gamma import GammaGamma
from clvmodels.models.load import load_posterior
from clvmodels.rfm import RFM
from clvmodels.scoring import Scorer


@pytest.fixture(scope="module")
def cdnow():
    return load_cdnow_summary()


@pytest.fixture(scope="module")
def models():
    rng, many = np.random.default_rng(1), 200
    r, alpha, a, b = (mean * np.exp(0.05 * rng.standard_normal(many)) for mean in (0.243, 4.414, 0.793, 2.426))
    p, q, v = (mean * np.exp(0.05 * rng.standard_normal(many)) for mean in (6.25, 3.74, 15.44))
    purchases = BetaGeo.at(r=r, alpha=alpha, a=a, b=b, time_unit="week", random_seed=1)
    return {"purchases": purchases, "spend": GammaGamma.at(p=p, q=q, v=v, time_unit="week", random_seed=1)}


@pytest.fixture(scope="module")
def scores(cdnow, models):
    return Scorer(**models, horizon=52.0).table(golden_batch(cdnow, size=50))


def test_the_batch_has_the_extremes(cdnow):
    batch = golden_batch(cdnow).frame
    assert len(batch) == 200
    for fact in ("frequency", "recency", "T", "monetary_value"):
        assert batch[fact].agg(["min", "max"]).tolist() == cdnow.frame[fact].agg(["min", "max"]).tolist()


def test_the_batch_is_spread_over_frequency_and_recency(cdnow):
    batch = golden_batch(cdnow).frame
    assert set(batch["frequency"]) == set(cdnow.frame["frequency"])
    # Of those who came back, every tenth of the time has its share.
    recency = batch.loc[batch["frequency"] > 0, "recency"]
    assert np.histogram(recency, bins=10, range=(0, cdnow.frame["recency"].max()))[0].min() > 3


def test_the_batch_is_the_same_whatever_the_order(cdnow):
    shuffled = cdnow.select(cdnow.frame.sample(frac=1, random_state=1).index)
    assert golden_batch(shuffled).frame.equals(golden_batch(cdnow).frame)


@pytest.mark.parametrize("size", [1, 2, 7, 50, 2000, 2357, 5000])
def test_the_batch_has_the_size_asked_for_and_nobody_twice(cdnow, size):
    batch = golden_batch(cdnow, size=size).frame
    assert len(batch) == min(size, 2357)
    assert batch.index.is_unique


@pytest.mark.parametrize("amounts", [True, False])
def test_a_few_customers_who_are_all_alike_are_all_in_the_batch(amounts):
    frame = pd.DataFrame({"frequency": 0, "recency": 0.0, "T": 5.0}, index=["ann", "bob", "cleo"])
    frame = frame.assign(monetary_value=0.0) if amounts else frame
    batch = golden_batch(RFM.from_frame(frame, time_unit="week"))
    assert sorted(batch.frame.index) == ["ann", "bob", "cleo"]


def test_a_model_that_was_saved_and_loaded_gives_the_same_scores(cdnow, models, scores, gates, tmp_path):
    again = {name: load_posterior(model.save(tmp_path / f"{name}.nc")) for name, model in models.items()}
    loaded = Scorer(**again, horizon=52.0).table(golden_batch(cdnow, size=50))
    (check,) = golden_check(scores, loaded, gates)
    assert (check.name, check.verdict, check.figure) == ("golden", "passed", 0.0)
    assert check.sentence.startswith("The scores of 50 customers before saving and after loading are the same;")


def test_scores_that_were_written_to_parquet_are_the_same(scores, gates, tmp_path):
    scores.to_parquet(tmp_path / "golden.parquet")
    assert golden_check(scores, pd.read_parquet(tmp_path / "golden.parquet"), gates)[0].figure == 0


@pytest.mark.parametrize(("change", "verdict"), [(1e-12, "passed"), (1e-6, "failed"), (-0.5, "failed")])
def test_the_figure_is_the_largest_relative_difference(scores, gates, change, verdict):
    changed = scores.copy()
    changed.loc[3, "lifetime_value_lower"] *= 1 + change
    (check,) = golden_check(scores, changed, gates)
    assert check.verdict == verdict
    assert check.figure == pytest.approx(abs(change), rel=0.01)
    assert "lifetime_value_lower" in check.sentence


def test_missing_equals_missing_and_nothing_else(gates):
    scores = pd.DataFrame({"customer_id": [1, 2], "x_mean": [1.0, np.nan], "y_mean": [np.inf, 0.0]})
    assert golden_check(scores, scores.copy(), gates)[0].figure == 0
    for wrong in ({"x_mean": [1.0, 2.0]}, {"x_mean": [np.nan, np.nan]}, {"y_mean": [1.0, 0.0]}):
        (check,) = golden_check(scores, scores.assign(**wrong), gates)
        assert (check.verdict, check.figure) == ("failed", None)
        assert next(iter(wrong)) in check.sentence


@pytest.mark.parametrize(
    "change",
    [
        lambda scores: scores.drop(columns="lifetime_value_mean"),
        lambda scores: scores.assign(other=1.0),
        lambda scores: scores.iloc[:-1],
        lambda scores: scores.iloc[::-1].reset_index(drop=True),
        lambda scores: scores.assign(customer_id=0),
        lambda scores: scores.iloc[:0],
        lambda scores: scores.assign(lifetime_value_mean="text"),
    ],
)
def test_other_columns_or_customers_cannot_be_compared(scores, gates, change):
    (check,) = golden_check(scores, change(scores), gates)
    assert (check.verdict, check.figure) == ("failed", None)
    assert "cannot be compared" in check.sentence
