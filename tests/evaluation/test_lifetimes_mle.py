"""The fits of the lifetimes package: as published, and what becomes of those that fail."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest

from clvmodels.datasets import load_cdnow
from clvmodels.errors import FitFailed, InvalidArgument
from clvmodels.evaluation import lifetimes_mle, metrics, ranking
from clvmodels.evaluation.forecasters import Calibration
from clvmodels.evaluation.lifetimes_mle import Lifetimes
from clvmodels.rfm import RFM, split_holdout


def calibration_of(rfm):
    return Calibration(rfm=rfm, history=pd.DataFrame)


def customers(**columns):
    return RFM.from_frame(pd.DataFrame(columns).rename_axis("customer_id"), time_unit="week")


@pytest.fixture(scope="module")
def split():
    return split_holdout(load_cdnow(), calibration_end="1997-09-30", holdout_end="1998-06-30")


@pytest.fixture(scope="module")
def forecasts(split):
    """What each choice makes of CDNOW."""
    choices = [(model, first) for model in ("bg_nbd", "pareto_nbd", "mbg_nbd") for first in (False, True)]
    fits = {choice: Lifetimes(model=choice[0], include_first=choice[1]) for choice in choices}
    calibration = calibration_of(split.calibration)
    fitted = {choice: forecaster.fit(calibration) for choice, forecaster in fits.items()}
    return {choice: fit.forecast(split.calibration, horizon=split.horizon) for choice, fit in fitted.items()}


@pytest.mark.parametrize(
    ("model", "bias", "mae", "rmse", "pearson", "spearman"),
    [
        ("bg_nbd", -12.1, 0.785, 1.608, 0.626, 0.449),
        ("pareto_nbd", -11.5, 0.755, 1.603, 0.630, 0.460),
        ("mbg_nbd", -16.2, 0.765, 1.607, 0.627, 0.450),
    ],
)
def test_purchases_are_as_published(split, forecasts, model, bias, mae, rmse, pearson, spearman):
    sides = split.holdout["purchases"], forecasts[model, False].purchases.mean
    assert 100 * metrics.bias(*sides) == pytest.approx(bias, abs=0.05)
    found = [measure(*sides) for measure in (metrics.mae, metrics.rmse, metrics.pearson, ranking.spearman)]
    assert found == pytest.approx([mae, rmse, pearson, spearman], abs=5e-4)


@pytest.mark.parametrize(
    ("model", "include_first", "bias", "mae", "rmse", "pearson", "gini"),
    [
        ("bg_nbd", False, -15.6, 30.4, 72.3, 0.565, 0.638),
        ("bg_nbd", True, -17.1, 30.0, 72.9, 0.561, 0.672),
        ("pareto_nbd", True, -15.8, 29.2, 72.9, 0.568, 0.693),
    ],
)
def test_spend_is_as_published(split, forecasts, model, include_first, bias, mae, rmse, pearson, gini):
    sides = split.holdout["value"], forecasts[model, include_first].value.mean
    found = [100 * metrics.bias(*sides), metrics.mae(*sides), metrics.rmse(*sides)]
    assert found == pytest.approx([bias, mae, rmse], abs=0.05)
    assert [metrics.pearson(*sides), ranking.normalized_gini(*sides)] == pytest.approx([pearson, gini], abs=5e-4)


def test_the_first_purchase_does_not_change_the_number_of_purchases(forecasts):
    pd.testing.assert_series_equal(forecasts["bg_nbd", False].purchases.mean, forecasts["bg_nbd", True].purchases.mean)


@pytest.mark.parametrize(
    ("model", "published"),
    [
        ("bg_nbd", [0.2425945, 4.4136019, 0.7929199, 2.4258881]),
        ("pareto_nbd", [0.55315, 10.57633, 0.60625, 11.67150]),
        ("mbg_nbd", [0.525, 6.183, 0.891, 1.614]),
    ],
)
def test_estimates_are_as_published(split, model, published):
    fitted = Lifetimes(model=model).fit(calibration_of(split.calibration))
    assert list(fitted.purchases.values()) == pytest.approx(published, rel=1e-3)


def test_estimates_of_spend_are_as_published(split):
    fitted = Lifetimes().fit(calibration_of(split.calibration))
    assert list(fitted.spend.values()) == pytest.approx([6.25, 3.74, 15.44], rel=2e-3)


@pytest.mark.parametrize("model", ["bg_nbd", "pareto_nbd", "mbg_nbd"])
def test_the_time_unit_does_not_matter(split, forecasts, model):
    frame = split.calibration.frame
    days = frame.assign(T=7 * frame["T"], recency=7 * frame["recency"])
    rfm = RFM.from_frame(days, time_unit="day")
    made = Lifetimes(model=model).fit(calibration_of(rfm)).forecast(rfm, horizon=7 * split.horizon)
    assert made.purchases.mean.to_numpy() == pytest.approx(forecasts[model, False].purchases.mean.to_numpy(), rel=1e-4)


def test_numpys_global_generator_is_left_alone(split):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    Lifetimes(model="pareto_nbd").fit(calibration_of(split.calibration))
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_what_is_fitted_can_be_sent_to_another_process(split, forecasts):
    fitted = Lifetimes().fit(calibration_of(split.calibration))
    made = pickle.loads(pickle.dumps(fitted)).forecast(split.calibration, horizon=split.horizon)
    pd.testing.assert_series_equal(made.value.mean, forecasts["bg_nbd", False].value.mean)


def test_customers_keep_their_ids_and_their_order(split, forecasts):
    for made in forecasts.values():
        assert made.purchases.mean.index.equals(split.calibration.frame.index)
        assert made.value.mean.index.equals(split.calibration.frame.index)
        assert made.notes == ()


def test_without_values_purchases_are_forecast_alone(split, forecasts):
    rfm = RFM.from_frame(split.calibration.frame[["frequency", "recency", "T"]], time_unit="week")
    made = Lifetimes().fit(calibration_of(rfm)).forecast(rfm, horizon=split.horizon)
    assert (made.value, made.notes) == (None, ())
    pd.testing.assert_series_equal(made.purchases.mean, forecasts["bg_nbd", False].purchases.mean)


@pytest.mark.parametrize("model", ["bg_nbd", "mbg_nbd"])
def test_what_does_not_converge_is_said_in_lifetimes_words_and_not_printed(model, capsys):
    # One customer has no spread: the likelihood has no maximum.
    rfm = customers(frequency=[3], recency=[5.0], T=[10.0])
    with pytest.raises(FitFailed, match="Fitter has no estimate and says 'The model did not converge"):
        Lifetimes(model=model).fit(calibration_of(rfm))
    assert capsys.readouterr().out == ""


def test_a_search_that_still_gains_has_not_converged(split, monkeypatch):
    monkeypatch.setattr(lifetimes_mle, "SEARCHES", 1)
    with pytest.raises(FitFailed, match="ParetoNBDFitter did not converge"):
        Lifetimes(model="pareto_nbd").fit(calibration_of(split.calibration))


def test_estimates_at_zero_are_refused():
    # Nobody has been observed for any time.
    rfm = customers(frequency=[0, 0], recency=[0.0, 0.0], T=[0.0, 0.0])
    with pytest.raises(FitFailed, match="its parameters are above zero"):
        Lifetimes(model="pareto_nbd").fit(calibration_of(rfm))


@pytest.mark.parametrize(
    ("spend", "message"),
    [
        (np.zeros(1000), "no customer has a purchase with a value above zero that counts"),
        (np.full(1000, 20.0), "lifetimes' GammaGammaFitter has no estimate and says 'The model did not converge"),
        (np.geomspace(1, 1e12, 1000), "lifetimes' GammaGammaFitter estimates q = 0.*, and the mean spend is infinite"),
    ],
)
def test_a_failure_of_spend_leaves_the_purchases_and_a_note(split, spend, message):
    frame = split.calibration.frame[["frequency", "recency", "T"]].head(1000)
    value = np.where(frame["frequency"] > 0, spend, 0.0)
    rfm = RFM.from_frame(frame.assign(monetary_value=value), time_unit="week")
    made = Lifetimes().fit(calibration_of(rfm)).forecast(rfm, horizon=39)
    assert (made.purchases.mean > 0).all()
    assert made.value is None
    assert len(made.notes) == 1
    assert re.match(f"lifetimes_bg_nbd has no forecast of spend: {message}.*", made.notes[0])


def test_a_spend_of_all_purchases_that_is_not_known_is_a_note(split):
    rfm = RFM.from_frame(split.calibration.frame.drop(columns=["total_value", "first_value"]), time_unit="week")
    made = Lifetimes(include_first=True).fit(calibration_of(rfm)).forecast(rfm, horizon=39)
    assert made.value is None
    assert "the RFM has no total_value" in made.notes[0]


@pytest.mark.parametrize(
    ("choices", "name"),
    [
        ({}, "lifetimes_bg_nbd"),
        ({"model": "pareto_nbd", "include_first": True}, "lifetimes_pareto_nbd_all_spend"),
        ({"model": "mbg_nbd", "name": "mine"}, "mine"),
    ],
)
def test_the_name_says_what_was_chosen(choices, name):
    assert Lifetimes(**choices).name == name


def test_an_unknown_model_is_refused():
    with pytest.raises(InvalidArgument, match="model is 'nbd'; choose one of bg_nbd, pareto_nbd, mbg_nbd"):
        Lifetimes(model="nbd")
