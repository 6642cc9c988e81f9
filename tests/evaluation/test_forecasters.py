"""The baselines, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from clvmodels.evaluation.forecasters import AsBefore, PredictsTotals, SimpleFormula
from clvmodels.models.multiplicative import MultiplicativeCLV
from clvmodels.rfm import RFM

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


def forecast(forecaster, rfm=CUSTOMERS, horizon=4.0):
    return forecaster.fit(rfm, random_seed=1).forecast(rfm, horizon=horizon, interval=0.9)


def test_as_before_goes_on_at_the_rate_of_repeat_purchases():
    # ann: 2 in 8 weeks are 1 in 4; bob none; the new one was not observed for any time.
    assert forecast(AsBefore()).purchases["mean"].tolist() == [1.0, 0.0, 0.0]


def test_as_before_spends_as_on_repeat_purchases():
    # ann: 2 x 25 in 8 weeks are 25 in 4; the first purchase does not count.
    assert forecast(AsBefore()).value["mean"].tolist() == [25.0, 0.0, 0.0]


def test_simple_formula_is_purchases_times_average_value():
    simple = SimpleFormula(model=MultiplicativeCLV(lifespan=2))
    # ann: 2 / 8 x 2 weeks, at 60 / 3 a purchase.
    assert forecast(simple).purchases["mean"].tolist() == [0.5, 0.0, 0.0]
    assert forecast(simple).value["mean"].tolist() == [10.0, 0.0, 0.0]


def test_simple_formula_is_forecast_without_margin_and_discount():
    plain = SimpleFormula(model=MultiplicativeCLV(lifespan=2))
    business = SimpleFormula(model=MultiplicativeCLV(lifespan=2, margin=0.3, annual_discount_rate=0.2))
    pd.testing.assert_frame_equal(forecast(plain).value, forecast(business).value)


@pytest.mark.parametrize("forecaster", [AsBefore(), SimpleFormula(model=MultiplicativeCLV(lifespan=2))])
def test_baselines_have_no_interval(forecaster):
    made = forecast(forecaster)
    for table in (made.purchases, made.value):
        assert table.index.equals(FRAME.index)
        assert np.isnan(table[["lower", "upper"]].to_numpy()).all()
    assert made.totals is None
    assert not isinstance(forecaster.fit(CUSTOMERS, random_seed=1), PredictsTotals)


@pytest.mark.parametrize("forecaster", [AsBefore(), SimpleFormula(model=MultiplicativeCLV(lifespan=2))])
def test_baselines_without_values_forecast_purchases_alone(forecaster):
    made = forecast(forecaster, WITHOUT_VALUE)
    assert made.value is None
    pd.testing.assert_frame_equal(made.purchases, forecast(forecaster).purchases)
