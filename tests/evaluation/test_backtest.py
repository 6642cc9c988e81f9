"""One cut through a log: who may join, what happens when a forecaster fails, and that nothing leaks."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from clvmodels.datasets import load_cdnow, simulate_transactions
from clvmodels.errors import FitFailed, InvalidArgument
from clvmodels.evaluation.backtest import backtest, default_forecasters
from clvmodels.evaluation.bayesian import BetaGeoGammaGamma
from clvmodels.evaluation.forecasters import AsBefore, Forecast, SimpleFormula
from clvmodels.models.multiplicative import MultiplicativeCLV

CUT = {"calibration_end": "2020-10-01", "holdout_end": "2021-04-01", "random_seed": 1}
LOG = simulate_transactions(customers=150, length=66, random_seed=1)
QUICK = BetaGeoGammaGamma(draws=100)


@dataclass(frozen=True)
class Constant:
    """A user's own forecaster: everyone buys `mean` times, or a part of the customers is forgotten."""

    mean: float
    name: str = "constant"
    forgotten: int = 0

    def fit(self, calibration, *, random_seed):
        return self

    def forecast(self, rfm, *, horizon, interval):
        table = pd.DataFrame({"mean": self.mean, "lower": 0.0, "upper": 1.0}, index=rfm.frame.index)
        return Forecast(purchases=table.iloc[self.forgotten :])


@dataclass(frozen=True)
class Failing:
    """A forecaster that finds nothing to learn from."""

    name: str = "failing"

    def fit(self, calibration, *, random_seed):
        raise FitFailed("there is nothing to learn from")


def figure(result, target, forecaster, metric):
    return result.table().loc[(target, forecaster), metric]


def test_default_forecasters_are_the_model_and_three_baselines():
    names = [forecaster.name for forecaster in default_forecasters()]
    assert names == ["bg_nbd_gamma_gamma", "multiplicative_customer", "multiplicative_population", "as_before"]


def test_every_forecaster_has_every_metric_for_every_target(cdnow):
    metrics = ["bias", "mae", "rmse", "pearson", "spearman", "normalized_gini", "coverage_90", "width_90"]
    assert list(cdnow.metrics.columns) == ["forecaster", "target", "metric", "value"]
    assert cdnow.metrics.groupby(["target", "forecaster"], sort=False)["metric"].agg(list).tolist() == [metrics] * 8


def test_a_forecaster_without_interval_has_no_coverage_and_no_width(cdnow):
    baselines = cdnow.table().drop(index="bg_nbd_gamma_gamma", level="forecaster")
    assert baselines[["coverage_90", "width_90"]].isna().all(axis=None)


def test_a_constant_prediction_has_no_correlation(cdnow):
    population = cdnow.table().xs("multiplicative_population", level="forecaster")
    assert population[["pearson", "spearman"]].isna().all(axis=None)
    assert (population["normalized_gini"] == 0).all()


def test_the_interval_names_its_measures():
    result = backtest(LOG, **CUT, interval=0.5, forecasters=[Constant(1.0)])
    assert {"coverage_50", "width_50"} <= set(result.table().columns)


def test_a_users_own_forecaster_joins_with_two_methods():
    result = backtest(LOG, **CUT, forecasters=[Constant(0.5), AsBefore()])
    observed = result.split.holdout["purchases"]
    assert figure(result, "purchases", "constant", "mae") == pytest.approx((observed - 0.5).abs().mean())
    assert figure(result, "purchases", "constant", "coverage_90") == pytest.approx((observed <= 1).mean())
    assert np.isnan(figure(result, "value", "constant", "mae"))


def test_a_log_without_values_is_evaluated_on_purchases():
    result = backtest(LOG, **CUT, value=None, forecasters=[QUICK, SimpleFormula(), AsBefore()])
    assert result.targets == ["purchases"]
    assert result.notes == []
    assert all(forecast.value is None for forecast in result.forecasts.values())


def test_a_forecaster_that_fails_does_not_stop_the_others():
    result = backtest(LOG, **CUT, forecasters=[Failing(), AsBefore()])
    assert result.table().xs("failing", level="forecaster").isna().all(axis=None)
    assert result.table().xs("as_before", level="forecaster")["mae"].notna().all()
    assert result.notes == ["failing has no forecast: there is nothing to learn from."]
    assert result.verdict().endswith("failing has no forecast: there is nothing to learn from.")


def test_churn_that_cannot_be_estimated_is_said():
    late = pd.DataFrame({"customer_id": list("aab"), "date": ["2024-01-01", "2024-02-10", "2024-01-01"]})
    # With windows of a day, nobody was active in the one before last.
    result = backtest(
        late,
        calibration_end="2024-01-20",
        holdout_end="2024-02-10",
        value=None,
        churn_window=1 / 7,
        forecasters=[SimpleFormula()],
    )
    assert "churn rate cannot be estimated; give lifespan= or churn_rate=" in result.verdict()


def test_spend_that_cannot_be_fitted_leaves_the_purchases(one_timers):
    model = "bg_nbd_gamma_gamma"
    assert np.isfinite(figure(one_timers, "purchases", model, "mae"))
    assert np.isnan(figure(one_timers, "value", model, "mae"))
    assert one_timers.forecasts[model].value is None
    assert one_timers.notes[0].startswith("bg_nbd_gamma_gamma has no forecast of value: ")
    assert one_timers.notes[0] in one_timers.verdict()
    assert "Value. There is no forecast by BG/NBD x Gamma-Gamma." in one_timers.verdict()


@pytest.mark.parametrize("forecaster", [Constant(np.nan), Constant(np.inf), Constant(1.0, forgotten=150)])
def test_a_forecast_that_is_not_complete_counts_as_failed(forecaster):
    result = backtest(LOG, **CUT, forecasters=[forecaster])
    assert result.notes == ["constant has no forecast: its purchases lack a finite mean for 150 of 150 customers."]
    assert np.isnan(figure(result, "purchases", "constant", "mae"))


def test_customers_are_matched_by_id_and_not_by_row():
    @dataclass(frozen=True)
    class Shuffled(AsBefore):
        def fit(self, calibration, *, random_seed):
            return self

        def forecast(self, rfm, *, horizon, interval):
            made = AsBefore().fit(rfm).forecast(rfm, horizon=horizon, interval=interval)
            return Forecast(purchases=made.purchases.iloc[::-1], value=made.value.iloc[::-1])

    result = backtest(LOG, **CUT, forecasters=[AsBefore(), Shuffled(name="shuffled")])
    straight, shuffled = (result.table().xs(name, level="forecaster") for name in ("as_before", "shuffled"))
    pd.testing.assert_frame_equal(straight, shuffled)


@pytest.mark.parametrize("forecasters", [[], [AsBefore(), AsBefore()]])
def test_forecasters_need_names_of_their_own(forecasters):
    with pytest.raises(InvalidArgument, match="each with a name of its own"):
        backtest(LOG, **CUT, forecasters=forecasters)


@pytest.mark.parametrize("interval", [0.0, 1.0, 90])
def test_an_interval_outside_0_and_1_is_refused(interval):
    with pytest.raises(InvalidArgument, match="interval is"):
        backtest(LOG, **CUT, interval=interval)


def test_a_negative_seed_is_refused():
    with pytest.raises(InvalidArgument, match="random_seed is -1"):
        backtest(LOG, **CUT | {"random_seed": -1}, forecasters=[AsBefore()])


def test_nothing_of_the_holdout_reaches_a_forecaster():
    after = LOG["date"] >= "2020-10-02"
    changed = LOG.assign(value=LOG["value"].where(~after, 1e6)).drop(index=LOG.index[after][::2])
    for forecaster in [QUICK, *default_forecasters()[1:]]:
        truth, planted = (backtest(log, **CUT, forecasters=[forecaster]) for log in (LOG, changed))
        made, again = truth.forecasts[forecaster.name], planted.forecasts[forecaster.name]
        pd.testing.assert_frame_equal(made.purchases, again.purchases)
        pd.testing.assert_frame_equal(made.value, again.value)


def test_the_same_seed_gives_the_same_result_whatever_the_order_of_rows():
    forecasters = [QUICK, *default_forecasters()[1:]]
    first = backtest(LOG, **CUT, forecasters=forecasters)
    second = backtest(LOG.sample(frac=1, random_state=3), **CUT, forecasters=forecasters)
    pd.testing.assert_frame_equal(first.metrics, second.metrics)
    pd.testing.assert_frame_equal(first.totals(), second.totals())


def test_the_callers_table_is_unchanged():
    log = LOG.copy()
    backtest(log, **CUT, forecasters=[AsBefore()])
    pd.testing.assert_frame_equal(log, LOG)


def test_column_names_and_time_unit_are_arguments():
    renamed = LOG.rename(columns={"customer_id": "who", "date": "when", "value": "money"})
    names = {"customer_id": "who", "date": "when", "value": "money"}
    weekly = backtest(LOG, **CUT, forecasters=[AsBefore()])
    monthly = backtest(renamed, **CUT, **names, time_unit="month", forecasters=[AsBefore()])
    pd.testing.assert_frame_equal(weekly.table(), monthly.table())


def test_intervals_cover_simulated_customers():
    log = simulate_transactions(customers=600, length=66, random_seed=5)
    result = backtest(log, **CUT, forecasters=[BetaGeoGammaGamma()])
    # 600 customers: three standard errors below 90 %; counts are discrete, so that it may well be more.
    covered = result.table()["coverage_90"]
    assert (covered > 0.9 - 3 * np.sqrt(0.09 / 600)).all()


def test_a_holdout_in_which_nobody_buys_is_evaluated():
    rows = [("a", "2024-01-01"), ("a", "2024-01-08"), ("b", "2024-01-01"), ("new", "2024-01-20")]
    log = pd.DataFrame(rows, columns=["customer_id", "date"])
    result = backtest(
        log, calibration_end="2024-01-15", holdout_end="2024-01-22", value=None, forecasters=[AsBefore(), Constant(0.5)]
    )
    table = result.table().loc["purchases"]
    assert table[["bias", "pearson", "spearman", "normalized_gini"]].isna().all(axis=None)
    assert table["mae"].tolist() == [0.25, 0.5]
    assert "nan" not in result.verdict()


PUBLISHED = [
    ("purchases", {"bias": -0.121, "mae": 0.785, "rmse": 1.608, "pearson": 0.626, "spearman": 0.449}),
    ("value", {"bias": -0.156, "mae": 30.4, "rmse": 72.3, "pearson": 0.565, "normalized_gini": 0.638}),
]


@pytest.mark.parametrize(("target", "figures"), PUBLISHED, ids=["purchases", "value"])
def test_the_model_is_within_three_percent_of_the_published_cdnow_holdout(cdnow, target, figures):
    found = cdnow.table().loc[(target, "bg_nbd_gamma_gamma")]
    assert found["bias"] == pytest.approx(figures["bias"], abs=0.03)
    rest = {name: value for name, value in figures.items() if name != "bias"}
    assert found[list(rest)].to_dict() == pytest.approx(rest, rel=0.03)


def test_intervals_cover_cdnow(cdnow):
    covered = cdnow.table().xs("bg_nbd_gamma_gamma", level="forecaster")["coverage_90"]
    assert (covered >= 0.88).all()


def test_as_before_is_the_published_cdnow_holdout(cdnow):
    purchases, value = (cdnow.table().loc[(target, "as_before")].round(3) for target in ("purchases", "value"))
    names = ["bias", "mae", "rmse", "pearson", "spearman"]
    assert purchases[names].tolist() == [0.557, 1.024, 2.212, 0.584, 0.490]
    assert value["bias"] == pytest.approx(0.61, abs=0.005)
    assert value[["mae", "rmse"]].round(1).tolist() == [43.3, 200.0]
    assert value["pearson"] == 0.294
    assert 0.660 <= value["normalized_gini"] <= 0.672


def test_the_holdout_of_cdnow_is_the_published_one(cdnow):
    assert len(cdnow.split.calibration) == 2357
    assert cdnow.split.holdout["purchases"].sum() == 1882
    assert cdnow.split.holdout["value"].sum() == pytest.approx(70_976, abs=0.5)
    assert cdnow.split.horizon == 39


def test_the_simple_formula_with_all_spend_is_the_published_cdnow_holdout():
    # Total spend / T: average purchase value x (frequency + 1) / T, which the simple formula with repeats is not.
    @dataclass(frozen=True)
    class AllSpend(AsBefore):
        def fit(self, calibration, *, random_seed):
            return self

        def forecast(self, rfm, *, horizon, interval):
            mean = rfm.frame["total_value"] / rfm.frame["T"] * horizon
            nothing = pd.Series(0.0, index=rfm.frame.index)
            tables = [pd.DataFrame({"mean": m, "lower": np.nan, "upper": np.nan}) for m in (nothing, mean)]
            return Forecast(purchases=tables[0], value=tables[1])

    result = backtest(
        load_cdnow(), calibration_end="1997-09-30", holdout_end="1998-06-30", forecasters=[AllSpend(name="all")]
    )
    value, nothing = (result.table().loc[(target, "all")] for target in ("value", "purchases"))
    assert value["bias"] == pytest.approx(1.93, abs=0.005)
    assert value[["mae", "rmse"]].tolist() == pytest.approx([73.0, 219.0], rel=2e-3)
    assert value[["pearson", "normalized_gini"]].round(3).tolist() == [0.304, 0.684]
    assert nothing[["bias", "mae", "rmse"]].round(3).tolist() == [-1.0, 0.798, 2.206]


def test_segments_can_be_forecast():
    model = MultiplicativeCLV(level="segment", segment="frequency", lifespan=20)
    result = backtest(LOG, **CUT, forecasters=[SimpleFormula(model=model, name="by frequency")])
    frequency = result.split.calibration.frame["frequency"]
    spread = result.forecasts["by frequency"].purchases["mean"].groupby(frequency).agg(np.ptp)
    assert len(spread) > 3
    assert (spread == 0).all()
