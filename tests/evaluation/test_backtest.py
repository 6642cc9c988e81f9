"""One cut through a log: who may join, and what happens when a forecaster fails."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from clvmodels.datasets import simulate_transactions
from clvmodels.errors import FitFailed, InvalidArgument
from clvmodels.evaluation.backtest import backtest, evaluate
from clvmodels.evaluation.baselines import AsBefore, SimpleFormula
from clvmodels.evaluation.forecasters import Forecast, Prediction
from clvmodels.evaluation.measures import measures
from clvmodels.evaluation.registry import default_forecasters, textbook
from clvmodels.intervals import DrawBlocks
from clvmodels.rfm import split_holdout

CUT = {"calibration_end": "2020-10-01", "holdout_end": "2021-04-01", "random_seed": 1, "past_errors": False}
LOG = simulate_transactions(customers=150, length=66, random_seed=1)
QUICK = textbook(draws=100)
COLUMNS = ["forecaster", "target", "metric", "value", "why_missing"]


@dataclass(frozen=True)
class Coin:
    """A user's own forecaster: `mean` purchases each, and in two draws either none for all customers, or one."""

    mean: float = 0.5
    name: str = "coin"
    left_out: int = 0
    drawn: float = 1.0
    undrawn: int = 0

    def fit(self, calibration, *, random_seed):
        return self

    def forecast(self, rfm, *, horizon):
        index = rfm.frame.index[self.left_out :]
        draws = DrawBlocks.of(np.outer([0.0, self.drawn], np.ones(len(index) - self.undrawn)))
        active = pd.Series(0.5, index=index)
        return Forecast(purchases=Prediction(mean=pd.Series(self.mean, index=index), draws=draws, active=active))


@dataclass(frozen=True)
class Failing:
    """A forecaster that finds nothing to learn from, or nothing to say."""

    name: str = "failing"
    fits: bool = False

    def fit(self, calibration, *, random_seed):
        if self.fits:
            return self
        raise FitFailed("there is nothing to learn from")

    def forecast(self, rfm, *, horizon):
        raise InvalidArgument("there is nothing to say")


def figure(result, target, forecaster, metric):
    return result.table().loc[(target, forecaster), metric]


def test_every_forecaster_has_every_metric_for_each_of_its_targets(cdnow):
    names = [measure.name for measure in measures((0.5, 0.8, 0.9, 0.95))]
    assert list(cdnow.metrics.columns) == COLUMNS
    found = cdnow.metrics.groupby(["target", "forecaster"], sort=False)["metric"].agg(list)
    assert found.tolist() == [names] * (8 + 9)
    assert ("purchases", "spend_alone") not in found.index


def test_a_figure_is_missing_for_a_reason_and_for_no_other(cdnow, one_timers):
    for metrics in (cdnow.metrics, one_timers.metrics):
        assert ((metrics["why_missing"] != "") == metrics["value"].isna()).all()
        assert set(metrics["why_missing"]) > {""}


def test_a_forecaster_without_draws_has_neither_coverage_nor_width(cdnow):
    baselines = cdnow.table().drop(index=["bg_nbd_gamma_gamma", "bg_nbd_gamma_gamma_all_spend"], level="forecaster")
    columns = [name for name in baselines if "coverage" in name or "width" in name]
    assert len(columns) == 12
    assert baselines[columns].isna().all(axis=None)


def test_a_constant_prediction_has_no_correlation_and_a_random_order(cdnow):
    population = cdnow.table().xs("multiplicative_population", level="forecaster")
    assert population[["pearson", "spearman"]].isna().all(axis=None)
    assert (population["normalized_gini"] == 0).all()
    assert (population["concordance_index"] == 0.5).all()


def test_the_interval_adds_its_level_to_those_that_are_always_checked():
    result = backtest(LOG, **CUT, interval=0.6, forecasters=[Coin()])
    assert result.levels == (0.5, 0.6, 0.8, 0.9, 0.95)
    assert {"coverage_50", "coverage_60", "randomised_coverage_60", "width_60"} <= set(result.table().columns)


def test_a_users_own_forecaster_joins_with_two_methods():
    result = backtest(LOG, **CUT, forecasters=[Coin(), AsBefore()])
    y = result.split.holdout["purchases"]
    expected = {
        "mae": (y - 0.5).abs().mean(),
        # The lower of two draws.
        "mae_median": y.mean(),
        "crps": (y - 1).clip(lower=0).mean(),
        "coverage_90": (y <= 1).mean(),
        "width_90": 1.0,
        "brier_score": 0.25,
        "hit_rate": (y > 0).mean(),
    }
    assert result.table().loc[("purchases", "coin"), list(expected)].to_dict() == pytest.approx(expected)
    assert result.totals().loc[("purchases", "coin"), ["predicted", "lower", "upper"]].tolist() == [75, 0, 150]


def test_a_target_that_is_not_forecast_is_missing():
    rows = backtest(LOG, **CUT, forecasters=[Coin()]).metrics.query("target == 'value'")
    assert rows["value"].isna().all()
    assert set(rows["why_missing"]) == {"there is no forecast"}


def test_a_log_without_values_is_evaluated_on_purchases():
    result = backtest(LOG, **CUT, value=None, forecasters=[QUICK, SimpleFormula(), AsBefore()])
    assert result.targets == ["purchases"]
    assert result.notes == []
    assert all(forecast.value is None for forecast in result.forecasts.values())


@pytest.mark.parametrize(
    ("forecaster", "reason"),
    [(Failing(), "there is nothing to learn from"), (Failing(fits=True), "there is nothing to say")],
)
def test_a_forecaster_that_fails_does_not_stop_the_others(forecaster, reason):
    result = backtest(LOG, **CUT, forecasters=[forecaster, AsBefore()])
    failed = result.metrics.query("forecaster == 'failing'")
    assert failed["value"].isna().all()
    assert set(failed["why_missing"]) == {"there is no forecast"}
    assert result.table().xs("as_before", level="forecaster")["mae"].notna().all()
    assert result.notes == [f"failing has no forecast: {reason}."]
    assert result.verdict().endswith(f"failing has no forecast: {reason}.")
    assert list(result.fitted) == ["as_before"]


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
    assert one_timers.notes[0].startswith("bg_nbd_gamma_gamma has no forecast of spend: ")
    assert one_timers.notes[0] in one_timers.verdict()
    assert "It has no forecast of spend." in one_timers.verdict()


@pytest.mark.parametrize(
    ("forecaster", "reason"),
    [
        (Coin(mean=np.nan), "there is no finite mean for 150 of 150 customers"),
        (Coin(mean=np.inf), "there is no finite mean for 150 of 150 customers"),
        (Coin(left_out=1), "149 rows are predicted for 150 customers; predict each once"),
        (Coin(undrawn=2), "there are draws of 148 customers, and means of 150"),
        (Coin(drawn=np.nan), "some draws are not finite"),
    ],
)
def test_a_forecast_that_is_not_complete_counts_as_failed(forecaster, reason):
    result = backtest(LOG, **CUT, forecasters=[forecaster])
    assert result.notes == [f"coin has no forecast: {reason}."]
    assert np.isnan(figure(result, "purchases", "coin", "mae"))


@dataclass(frozen=True)
class Own:
    """Every customer's draws are their own frequency, and twice that; in the order of the RFM or in another."""

    name: str = "own"
    step: int = 1

    def fit(self, calibration, *, random_seed):
        return self

    def forecast(self, rfm, *, horizon):
        mean = rfm.frame["frequency"].astype(float)[:: self.step]
        return Forecast(purchases=Prediction(mean=mean, draws=DrawBlocks.of(np.outer([1, 2], mean)), active=mean > 1))


def test_customers_are_matched_by_id_and_not_by_row():
    segments = pd.Series(np.arange(150) % 3, index=range(1, 151))
    result = backtest(LOG, **CUT, forecasters=[Own(), Own("turned", step=-1)], segments=segments)
    taken = [name for name in result.table() if "randomised" not in name and "pit" not in name]
    straight, turned = (result.table()[taken].xs(name, level="forecaster") for name in ("own", "turned"))
    pd.testing.assert_frame_equal(straight, turned)
    sums = result.totals("segment").drop(columns=["wide_lower", "wide_upper"])
    pd.testing.assert_frame_equal(sums.xs("own", level=1), sums.xs("turned", level=1))


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


def test_the_same_seed_gives_the_same_result_whatever_the_order_of_rows():
    forecasters = [QUICK, *default_forecasters()[2:]]
    first = backtest(LOG, **CUT, forecasters=forecasters)
    second = backtest(LOG.sample(frac=1, random_state=3), **CUT, forecasters=forecasters)
    pd.testing.assert_frame_equal(first.metrics, second.metrics)
    pd.testing.assert_frame_equal(first.compare("nothing"), second.compare("nothing"))


def test_another_seed_gives_other_draws():
    first, second = (backtest(LOG, **CUT | {"random_seed": s}, value=None, forecasters=[QUICK]) for s in (1, 2))
    assert figure(first, "purchases", QUICK.name, "crps") != figure(second, "purchases", QUICK.name, "crps")


def test_a_split_that_was_made_before_is_evaluated_alike():
    split = split_holdout(LOG, calibration_end="2020-10-01", holdout_end="2021-04-01")
    again = backtest(LOG, **CUT, forecasters=[AsBefore()])
    pd.testing.assert_frame_equal(evaluate(split, [AsBefore()]).metrics, again.metrics)


def test_the_callers_table_is_unchanged():
    log = LOG.copy()
    backtest(log, **CUT, forecasters=[AsBefore()])
    pd.testing.assert_frame_equal(log, LOG)


def test_column_names_and_time_unit_are_arguments():
    renamed = LOG.rename(columns={"customer_id": "who", "date": "when", "value": "money"})
    names = {"customer_id": "who", "date": "when", "value": "money"}
    weekly = backtest(LOG, **CUT, forecasters=[AsBefore()]).table()
    monthly = backtest(renamed, **CUT, **names, time_unit="month", forecasters=[AsBefore()]).table()
    # The curves have other periods.
    curves = ["mape_cumulative", "mape_incremental"]
    pd.testing.assert_frame_equal(weekly.drop(columns=curves), monthly.drop(columns=curves))


def test_intervals_cover_simulated_customers():
    log = simulate_transactions(customers=600, length=66, random_seed=5)
    table = backtest(log, **CUT, forecasters=[textbook(draws=400)]).table()
    # 600 customers: three standard errors; counts are discrete, so that the plain share may well be more.
    error = 3 * np.sqrt(0.09 / 600)
    assert (table["coverage_90"] > 0.9 - error).all()
    assert table["randomised_coverage_90"].between(0.9 - error, 0.9 + error).all()


def test_a_holdout_in_which_nobody_buys_is_evaluated():
    rows = [("a", "2024-01-01"), ("a", "2024-01-08"), ("b", "2024-01-01"), ("new", "2024-01-20")]
    log = pd.DataFrame(rows, columns=["customer_id", "date"])
    cut = {"calibration_end": "2024-01-15", "holdout_end": "2024-01-22", "value": None}
    result = backtest(log, **cut, forecasters=[AsBefore(), Coin()])
    table = result.table().loc["purchases"]
    assert table[["bias", "pearson", "concordance_index", "normalized_gini"]].isna().all(axis=None)
    assert table["mae"].tolist() == [0.25, 0.5]
    assert "nan" not in result.verdict()
