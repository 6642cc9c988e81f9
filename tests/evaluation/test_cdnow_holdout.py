"""The CDNOW sample, 39 weeks held out, beside the published figures of the same forecasts."""

import pytest

from clvmodels.datasets import load_cdnow
from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.registry import named_forecasters

MODEL = "bg_nbd_gamma_gamma"
# Bias, MAE and RMSE, Pearson; of purchases Spearman, of value the normalised Gini.
PURCHASES = {"bias": -0.121, "mae": 0.785, "rmse": 1.608, "pearson": 0.626, "spearman": 0.449}
VALUE = {"bias": -0.156, "mae": 30.4, "rmse": 72.3, "pearson": 0.565, "normalized_gini": 0.638}


def test_the_holdout_of_cdnow_is_the_published_one(cdnow):
    assert len(cdnow.split.calibration) == 2357
    assert cdnow.split.calibration.frame["frequency"].sum() == 2457
    assert cdnow.split.holdout["purchases"].sum() == 1882
    assert cdnow.split.holdout["value"].sum() == pytest.approx(70_976, abs=0.5)
    assert (cdnow.split.horizon, cdnow.split.new_customers, cdnow.split.new_value) == (39, 0, 0)


@pytest.mark.parametrize(
    ("target", "digits", "published"),
    [("purchases", {}, PURCHASES), ("value", {"mae": 1, "rmse": 1}, VALUE)],
    ids=["purchases", "value"],
)
def test_maximum_likelihood_is_the_published_holdout_to_the_printed_digit(cdnow, target, digits, published):
    found = cdnow.table().loc[(target, "lifetimes_bg_nbd")]
    assert {name: round(found[name], digits.get(name, 3)) for name in published} == published


@pytest.mark.parametrize(("target", "published"), [("purchases", PURCHASES), ("value", VALUE)])
def test_the_model_is_within_three_percent_of_maximum_likelihood(cdnow, target, published):
    found = cdnow.table().loc[(target, MODEL)]
    assert found["bias"] == pytest.approx(published["bias"], abs=0.03)
    rest = {name: value for name, value in published.items() if name != "bias"}
    assert found[list(rest)].to_dict() == pytest.approx(rest, rel=0.03)


def test_all_spend_is_within_three_percent_of_maximum_likelihood(cdnow):
    found = cdnow.table().loc[("value", "bg_nbd_gamma_gamma_all_spend")]
    assert found["bias"] == pytest.approx(-0.171, abs=0.03)
    published = {"mae": 30.0, "rmse": 72.9, "pearson": 0.561, "normalized_gini": 0.672}
    assert found[list(published)].to_dict() == pytest.approx(published, rel=0.03)


def test_as_before_is_the_published_cdnow_holdout(cdnow):
    purchases, value = (cdnow.table().loc[(target, "as_before")].round(3) for target in ("purchases", "value"))
    names = ["bias", "mae", "rmse", "pearson", "spearman"]
    assert purchases[names].tolist() == [0.557, 1.024, 2.212, 0.584, 0.490]
    assert value["bias"] == pytest.approx(0.61, abs=0.005)
    assert value[["mae", "rmse"]].round(1).tolist() == [43.3, 200.0]
    assert value["pearson"] == 0.294
    assert 0.660 <= value["normalized_gini"] <= 0.672


def test_all_spend_as_before_and_nothing_are_the_published_cdnow_holdout(cdnow):
    cut = {"calibration_end": "1997-09-30", "holdout_end": "1998-06-30"}
    spend = backtest(load_cdnow(), **cut, forecasters=named_forecasters(["as_before_all_spend"]))
    value, nothing = spend.table().loc[("value", "as_before_all_spend")], cdnow.table().loc[("purchases", "nothing")]
    assert value["bias"] == pytest.approx(1.93, abs=0.005)
    assert value[["mae", "rmse"]].tolist() == pytest.approx([73.0, 219.0], rel=2e-3)
    assert value[["pearson", "normalized_gini"]].round(3).tolist() == [0.304, 0.684]
    assert nothing[["bias", "mae", "rmse"]].round(3).tolist() == [-1.0, 0.798, 2.206]


def test_intervals_cover_cdnow(cdnow):
    table = cdnow.table().xs(MODEL, level="forecaster")
    assert (table["coverage_90"] >= 0.88).all()
    # 2,357 customers: three standard errors.
    assert table["randomised_coverage_90"].between(0.88, 0.92).all()


def test_reliability_reproduces_the_published_means_of_cdnow(cdnow):
    table = cdnow.reliability()
    assert table["customers"].sum() == 2357
    assert table["actual"].round(3).tolist() == [0.237, 0.697, 1.393, 1.56, 2.532, 2.947, 3.862, 6.359]
    published = [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157]
    assert table["lifetimes_bg_nbd"].round(3).tolist() == published
    assert table[MODEL].tolist() == pytest.approx(published, rel=0.03)
