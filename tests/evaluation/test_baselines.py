"""The baselines: worked out by hand, and as published."""

import numpy as np
import pandas as pd
import pytest

from clvmodels.datasets import load_cdnow
from clvmodels.errors import InvalidArgument
from clvmodels.evaluation import metrics, ranking
from clvmodels.evaluation.baselines import AsBefore, FittedHiatusRule, HiatusRule, Nothing, SimpleFormula
from clvmodels.evaluation.forecasters import Calibration
from clvmodels.models.multiplicative import MultiplicativeCLV
from clvmodels.rfm import RFM, rfm_summary, split_holdout

FRAME = pd.DataFrame(
    {
        "frequency": [2, 0, 0],
        "recency": [6.0, 0.0, 0.0],
        "T": [8.0, 10.0, 0.0],
        "monetary_value": [25.0, 0.0, 0.0],
        "total_value": [60.0, 10.0, 30.0],
    },
    index=pd.Index(["ann", "bob", "new"], name="customer_id"),
)
CUSTOMERS = RFM.from_frame(FRAME, time_unit="week")
WITHOUT_VALUE = RFM.from_frame(FRAME[["frequency", "recency", "T"]], time_unit="week")
SIMPLE = SimpleFormula(model=MultiplicativeCLV(lifespan=2))
# 20 days: the inner day is the 11th. Idle on it, and active after it: ann 1 yes, bob 2 yes, cid 3 no, dan 6 yes,
# eve 7 no, flo 9 no; gus comes later.
DATES = {
    "ann": ["01-01", "01-10", "01-15"],
    "bob": ["01-02", "01-09", "01-20"],
    "cid": ["01-03", "01-08"],
    "dan": ["01-01", "01-05", "01-19"],
    "eve": ["01-04"],
    "flo": ["01-02"],
    "gus": ["01-14"],
}
LOG = pd.DataFrame([(name, f"2024-{day}", 10.0) for name, days in DATES.items() for day in days])
LOG = LOG.set_axis(["customer_id", "date", "value"], axis=1).assign(date=lambda log: pd.to_datetime(log["date"]))


def calibration_of(rfm, days=None):
    return Calibration(rfm=rfm, history=lambda: days)


def forecast(forecaster, rfm=CUSTOMERS, horizon=4.0):
    return forecaster.fit(calibration_of(rfm), random_seed=1).forecast(rfm, horizon=horizon)


def hiatus_of(log, unit="day", **choices):
    rfm = rfm_summary(log, time_unit=unit, observation_end="2024-01-21")
    return HiatusRule(**choices).fit(calibration_of(rfm, log)), rfm


@pytest.fixture(scope="module")
def cdnow():
    log = load_cdnow()
    split = split_holdout(log, calibration_end="1997-09-30", holdout_end="1998-06-30")
    days = log[log["date"] <= split.calibration_end].groupby(["customer_id", "date"], as_index=False).sum()
    return split, Calibration(rfm=split.calibration, history=lambda: days)


def measures(cdnow, forecaster, target):
    split, calibration = cdnow
    made = forecaster.fit(calibration).forecast(split.calibration, horizon=split.horizon).prediction(target)
    return lambda measure: measure(split.holdout[target], made.mean)


def test_as_before_goes_on_at_the_rate_of_repeat_purchases():
    # ann: 2 in 8 weeks are 1 in 4; bob none; the new one was not observed for any time.
    assert forecast(AsBefore()).purchases.mean.tolist() == [1.0, 0.0, 0.0]


def test_as_before_spends_as_on_repeat_purchases():
    # ann: 2 x 25 in 8 weeks are 25 in 4; the first purchase does not count.
    assert forecast(AsBefore()).value.mean.tolist() == [25.0, 0.0, 0.0]


def test_as_before_with_the_first_purchase_spends_as_on_all():
    # ann: 60 in 8 weeks are 30 in 4; bob: 10 in 10 weeks are 4 in 4.
    made = forecast(AsBefore(include_first=True))
    assert made.value.mean.tolist() == pytest.approx([30.0, 4.0, 0.0])
    assert made.purchases.mean.tolist() == [1.0, 0.0, 0.0]


def test_simple_formula_is_purchases_times_average_value():
    # ann: 2 / 8 x 2 weeks, at 60 / 3 a purchase.
    assert forecast(SIMPLE).purchases.mean.tolist() == [0.5, 0.0, 0.0]
    assert forecast(SIMPLE).value.mean.tolist() == [10.0, 0.0, 0.0]


def test_simple_formula_is_forecast_without_margin_and_discount():
    business = SimpleFormula(model=MultiplicativeCLV(lifespan=2, margin=0.3, annual_discount_rate=0.2))
    pd.testing.assert_series_equal(forecast(SIMPLE).value.mean, forecast(business).value.mean)


def test_simple_formula_can_be_that_of_segments():
    rfm = CUSTOMERS.assign(segment={"ann": "shop", "bob": "web", "new": "web"})
    model = MultiplicativeCLV(level="segment", segment="segment", lifespan=2)
    assert forecast(SimpleFormula(model=model), rfm).purchases.mean.tolist() == [0.5, 0.0, 0.0]


def test_nothing_is_nothing():
    made = forecast(Nothing())
    assert made.purchases.mean.tolist() == made.value.mean.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("forecaster", [AsBefore(), AsBefore(include_first=True), Nothing(), SIMPLE])
def test_baselines_answer_for_the_customers_asked_about_without_draws(forecaster):
    made = forecast(forecaster)
    for prediction in (made.purchases, made.value):
        assert prediction.mean.index.equals(FRAME.index)
        assert prediction.draws is None
        assert prediction.active is None


@pytest.mark.parametrize("forecaster", [AsBefore(), AsBefore(include_first=True), Nothing(), SIMPLE])
def test_baselines_without_values_forecast_purchases_alone(forecaster):
    made = forecast(forecaster, WITHOUT_VALUE)
    assert made.value is None
    pd.testing.assert_series_equal(made.purchases.mean, forecast(forecaster).purchases.mean)


def test_hiatus_takes_the_smallest_of_the_best_cut_offs():
    # Right of six: everyone inactive 3; below 2 days 4; below 3 days 5; below 6 days 4; below 7 days 5; ...
    assert hiatus_of(LOG)[0].idle == 3.0


def test_hiatus_learns_the_share_that_came_back_on_either_side():
    fitted, _ = hiatus_of(LOG)
    # Held for active: ann and bob, both right. Held for inactive: four, of whom dan came back.
    assert (fitted.active, fitted.inactive) == (pytest.approx(2.5 / 3), pytest.approx(1.5 / 5))


def test_hiatus_lets_the_active_go_on_and_the_others_stop():
    fitted, rfm = hiatus_of(LOG)
    made = fitted.forecast(rfm, horizon=10)
    # Idle on the 21st: bob 1 day and dan 2 days; gus, 7 days, and all others longer.
    assert made.purchases.mean.loc[["ann", "bob", "dan", "gus"]].tolist() == pytest.approx(
        [0, 2 / 19 * 10, 2 / 20 * 10, 0]
    )
    assert made.value.mean.loc[["ann", "bob", "dan", "gus"]].tolist() == pytest.approx([0, 200 / 19, 10, 0])
    assert made.purchases.active.loc[["ann", "bob", "gus"]].tolist() == pytest.approx([0.3, 2.5 / 3, 0.3])


@pytest.mark.parametrize("idle", range(1, 21))
def test_who_has_been_idle_for_exactly_the_cut_off_is_inactive_in_any_unit(idle):
    rfm = rfm_summary(LOG, time_unit="week", observation_end="2024-01-21")
    made = FittedHiatusRule(idle=idle / 7, active=1.0, inactive=0.0).forecast(rfm, horizon=1)
    days = (rfm.observation_end - rfm.frame["last_date"]).dt.days
    assert made.purchases.active.tolist() == (days < idle).tolist()


def test_hiatus_cut_off_that_is_given_is_kept():
    fitted, _ = hiatus_of(LOG, idle=7)
    # ann, bob, cid and dan are held for active, and three of them came back; neither eve nor flo did.
    assert (fitted.idle, fitted.active, fitted.inactive) == (7.0, pytest.approx(3.5 / 5), pytest.approx(0.5 / 3))


def test_hiatus_holds_everyone_for_inactive_where_nobody_comes_back():
    fitted, rfm = hiatus_of(LOG[LOG["date"] <= "2024-01-11"])
    assert fitted.idle == 0.0
    assert fitted.forecast(rfm, horizon=10).purchases.mean.sum() == 0.0


def test_hiatus_holds_nobody_for_inactive_where_everyone_comes_back():
    again = pd.DataFrame({"customer_id": list(DATES), "date": pd.Timestamp("2024-01-21"), "value": 1.0})
    log = pd.concat([LOG, again], ignore_index=True)
    fitted, rfm = hiatus_of(log)
    assert fitted.idle == np.inf
    assert (
        fitted.forecast(rfm, horizon=10).purchases.mean.tolist()
        == forecast(AsBefore(), rfm, 10).purchases.mean.tolist()
    )


def test_hiatus_window_is_in_time_units():
    # The last 15 days begin on the 6th: cid bought on the 8th, and is now right where held for active.
    fitted, _ = hiatus_of(LOG, unit="week", window=15 / 7, idle=np.inf)
    assert fitted.active == pytest.approx((4 + 0.5) / (6 + 1))


def test_hiatus_does_not_see_the_order_of_the_rows():
    assert hiatus_of(LOG.sample(frac=1, random_state=1))[0] == hiatus_of(LOG)[0]


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"idle": 0}, "idle is 0"),
        ({"idle": np.nan}, "idle is nan"),
        ({"window": 0}, "window is 0"),
        ({"window": np.inf}, "window is inf"),
    ],
)
def test_hiatus_choices_are_above_zero(choices, message):
    with pytest.raises(InvalidArgument, match=message):
        HiatusRule(**choices)


def test_hiatus_without_an_observation_end_says_what_it_needs():
    with pytest.raises(InvalidArgument, match="observation_end"):
        HiatusRule().fit(calibration_of(CUSTOMERS, LOG))


@pytest.mark.parametrize(("log", "choices"), [(LOG, {"window": 30}), (LOG.assign(date="2024-01-21"), {})])
def test_hiatus_with_nobody_known_on_the_inner_day_names_it(log, choices):
    with pytest.raises(InvalidArgument, match="no customer had bought by 20(23-12-22|24-01-20)"):
        hiatus_of(log, **choices)


def test_as_before_reproduces_the_published_purchases(cdnow):
    found = measures(cdnow, AsBefore(), "purchases")
    assert 100 * found(metrics.bias) == pytest.approx(55.7, abs=0.05)
    assert found(metrics.mae) == pytest.approx(1.024, abs=5e-4)
    assert found(metrics.rmse) == pytest.approx(2.212, abs=5e-4)
    assert found(metrics.pearson) == pytest.approx(0.584, abs=5e-4)
    assert found(ranking.spearman) == pytest.approx(0.490, abs=5e-4)


@pytest.mark.parametrize(
    ("include_first", "bias", "mae", "rmse", "pearson", "gini"),
    [(True, 193, 73.0, 219, 0.304, 0.684), (False, 61, 43.3, 200, 0.294, 0.672)],
)
def test_as_before_reproduces_the_published_spend(cdnow, include_first, bias, mae, rmse, pearson, gini):
    found = measures(cdnow, AsBefore(include_first=include_first), "value")
    assert 100 * found(metrics.bias) == pytest.approx(bias, abs=0.5)
    assert found(metrics.mae) == pytest.approx(mae, abs=0.05)
    assert found(metrics.rmse) == pytest.approx(rmse, abs=0.5)
    assert found(metrics.pearson) == pytest.approx(pearson, abs=5e-4)
    assert found(ranking.normalized_gini) == pytest.approx(gini, abs=5e-4)


def test_nothing_reproduces_the_published_purchases(cdnow):
    found = measures(cdnow, Nothing(), "purchases")
    assert found(metrics.bias) == -1
    assert found(metrics.mae) == pytest.approx(0.798, abs=5e-4)
    assert found(metrics.rmse) == pytest.approx(2.206, abs=5e-4)


def test_hiatus_cut_off_of_cdnow_is_right_about_no_fewer_customers_than_any_other(cdnow):
    _, calibration = cdnow
    days, inner = calibration.history(), pd.Timestamp("1997-05-17")  # 136 of the 272 days before 1997-09-30
    known = days[days["date"] <= inner].groupby("customer_id")["date"].max()
    idle, bought = (inner - known).dt.days, known.index.isin(days["customer_id"][days["date"] > inner])
    right = [np.sum((idle < cut_off) == bought) for cut_off in range(200)]
    assert HiatusRule().fit(calibration).idle * 7 == pytest.approx(np.argmax(right))
