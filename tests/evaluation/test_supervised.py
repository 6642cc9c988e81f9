"""Boosting as a rival, alone and on a model: what it is trained on, what it never sees, and when it refuses."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import PoissonRegressor
from sklearn.tree import DecisionTreeRegressor

from clvmodels.datasets import simulate_transactions
from clvmodels.errors import InvalidArgument
from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.baselines import AsBefore
from clvmodels.evaluation.features import PurchaseDays
from clvmodels.evaluation.forecasters import Calibration
from clvmodels.evaluation.known import calibration_of
from clvmodels.evaluation.registry import named_forecasters, textbook
from clvmodels.evaluation.rolling import rolling_backtest
from clvmodels.evaluation.supervised import Supervised
from clvmodels.rfm import split_holdout

LOG = simulate_transactions(customers=150, length=66, random_seed=1)
CUT = {"calibration_end": "2020-10-01", "holdout_end": "2020-12-10"}
MODEL = textbook(draws=100)
HYBRID = Supervised(model=MODEL)
BY_HAND = pd.DataFrame(
    {
        "customer_id": ["a", "a", "a", "a", "b", "b", "c"],
        "date": [f"2024-01-{day:02d}" for day in (1, 5, 11, 17, 3, 19, 15)],
        "value": [10.0, 20.0, 30.0, 40.0, 5.0, 7.0, 1.0],
    }
)


def tried(log=LOG, forecasters=None, **choices):
    return backtest(log, **{**CUT, "past_errors": False, **choices}, forecasters=forecasters or [Supervised()])


@pytest.fixture(scope="module")
def both():
    return tried(forecasters=[MODEL, Supervised(), HYBRID])


@pytest.fixture(scope="module")
def by_hand():
    split = split_holdout(BY_HAND, calibration_end="2024-01-16", holdout_end="2024-01-20", time_unit="day")
    return PurchaseDays.of(calibration_of(split))


def test_both_are_found_by_name():
    assert [(one.name, one.model is not None) for one in named_forecasters(["boosting", "hybrid"])] == [
        ("boosting", False),
        ("hybrid", True),
    ]


@pytest.mark.parametrize("forecaster", [Supervised(), HYBRID], ids=["boosting", "hybrid"])
def test_the_future_moves_no_forecast(forecaster):
    after = LOG["date"] > pd.Timestamp(CUT["calibration_end"]) + pd.Timedelta(days=1)
    other = LOG.assign(value=LOG["value"].where(~after, 1000 * LOG["value"])).drop(index=LOG.index[after][::2])
    results = [tried(log, [forecaster]) for log in (LOG, other)]
    assert results[0].split.holdout["value"].sum() * 100 < results[1].split.holdout["value"].sum()
    for target in ("purchases", "value"):
        made, again = (result.forecasts[forecaster.name].prediction(target).mean for result in results)
        pd.testing.assert_series_equal(made, again, check_exact=True)


def test_labels_are_what_was_bought_in_the_window_after_the_origin(by_hand):
    labels = by_hand.labels(8, 7)
    assert labels["purchases"].tolist() == [1, 0, 1]
    assert labels["value"].tolist() == [30.0, 0.0, 1.0]


def test_features_are_counted_by_hand(by_hand):
    table = by_hand.features(10, 5)
    assert table.index.tolist() == [0, 1]
    found = table.loc[0]
    assert found[["frequency", "age", "silent", "mean_gap", "last_gap", "total_value", "last_value"]].tolist() == (
        pytest.approx([2, 2.0, 0.0, 1.0, 1.2, 60.0, 30.0])
    )
    assert found[["purchases_in_1", "purchases_in_2", "value_in_1", "value_in_2"]].tolist() == [1, 2, 30.0, 50.0]
    # Nobody who bought once has a gap: the silence stands for it.
    assert table.loc[1, ["mean_gap", "longest_gap", "sd_gap"]].tolist() == pytest.approx([8 / 5, 8 / 5, 0])


def test_no_feature_changes_with_what_is_bought_after_the_origin(by_hand):
    later = PurchaseDays(**{**vars(by_hand), "table": by_hand.table[by_hand.table["day"] <= 10]})
    pd.testing.assert_frame_equal(by_hand.features(10, 5), later.features(10, 5))


@pytest.mark.parametrize("horizon", [1, 20, 50, 99, 1000])
def test_windows_end_inside_the_calibration(by_hand, horizon):
    days = PurchaseDays(**{**vars(by_hand), "end": 100})
    window = days.window(horizon)
    origins = list(days.origins(window))
    assert window == min(horizon, 50)
    assert origins[0] + window == 100
    assert all(origin >= window // 2 for origin in origins)
    assert 1 <= len(origins) <= 8


def test_what_is_learnt_of_a_shorter_window_is_scaled_to_the_horizon():
    split = split_holdout(LOG, calibration_end="2020-06-01", holdout_end="2021-04-01")
    days = PurchaseDays.of(calibration_of(split))
    window = days.window(304)
    assert window < 304
    labels = [days.labels(origin, window)["purchases"][days.features(origin, window).index] for origin in
              days.origins(window)]  # fmt: skip
    mean = Supervised(purchases=DummyRegressor(), spend=DummyRegressor())
    found = tried(forecasters=[mean], calibration_end="2020-06-01", holdout_end="2021-04-01")
    expected = np.concatenate(labels).mean() * 304 / window
    assert found.forecasts["boosting"].purchases.mean.to_numpy() == pytest.approx(expected)


def test_the_level_of_the_hybrid_is_the_models(both):
    for target in ("purchases", "value"):
        own, model = (both.forecasts[name].prediction(target).mean for name in ("hybrid", MODEL.name))
        assert own.mean() == pytest.approx(model.mean(), rel=1e-12)
        assert np.corrcoef(own, model)[0, 1] < 0.9999


def test_a_ratio_weighted_by_the_offset_has_the_likelihood_of_the_offset():
    rng = np.random.default_rng(1)
    X, f = rng.normal(size=(500, 2)), rng.gamma(1.0, 2.0, size=500)
    y = rng.poisson(f * np.exp(0.3 + X @ [0.5, -0.2]))
    weighted = PoissonRegressor(alpha=0, tol=1e-10, max_iter=1000).fit(X, y / f, sample_weight=f)

    def lost(beta):
        g = beta[0] + X @ beta[1:]
        return np.sum(f * np.exp(g) - y * (np.log(f) + g))

    best = optimize.minimize(lost, np.zeros(3)).x
    assert [weighted.intercept_, *weighted.coef_] == pytest.approx(best, abs=1e-4)


def test_neither_has_intervals_and_both_are_compared(both):
    table = both.table()
    for name in ("boosting", "hybrid"):
        assert np.isnan(table.loc[("purchases", name), ["crps", "rmse"]].to_numpy(float)).sum() == 0
        assert np.isnan(table.loc[("purchases", name), "mae_median"])
        compared = both.compare(name).loc["purchases", "outcome"]
        assert compared["poisson_deviance"] != "not defined"
        assert compared["mae_median"] == "not defined"


def test_the_same_seed_gives_the_same_numbers():
    first, second = (tried(random_seed=3).forecasts["boosting"].purchases.mean for _ in range(2))
    pd.testing.assert_series_equal(first, second, check_exact=True)


def test_any_regressor_joins():
    tree = DecisionTreeRegressor(max_depth=3, random_state=0)
    found = tried(forecasters=[Supervised(purchases=tree, spend=tree, name="tree")])
    assert found.table().loc[("purchases", "tree"), "normalized_gini"] > 0.3
    assert not hasattr(tree, "tree_")


class Below:
    def fit(self, X, y):
        self.fitted = True

    def predict(self, X):
        return np.full(len(X), -1.0)


class Broken(Below):
    def predict(self, X):
        raise ValueError("no such thing.")


class Short(Below):
    def predict(self, X):
        return np.zeros(1)


def test_predictions_below_zero_count_as_zero():
    assert (tried(forecasters=[Supervised(purchases=Below())]).forecasts["boosting"].purchases.mean == 0).all()


@pytest.mark.parametrize(
    ("regressor", "said"),
    [(Broken(), "the regressor Broken says 'no such thing'"), (Short(), r"predicts the shape \(1,\) for 150")],
)
def test_a_regressor_that_fails_is_a_row_with_the_reason(regressor, said):
    found = tried(forecasters=[Supervised(purchases=regressor), AsBefore()])
    assert found.table().loc[("purchases", "boosting")].isna().all()
    assert pd.Series(found.notes).str.contains(said).all()


@pytest.mark.parametrize("wrong", [DummyRegressor, "tree", object()])
def test_what_is_no_regressor_is_refused(wrong):
    with pytest.raises(InvalidArgument, match="give a regressor, an object with fit and predict"):
        Supervised(spend=wrong)


@pytest.mark.parametrize("forecaster", [Supervised(), HYBRID], ids=["boosting", "hybrid"])
def test_a_calibration_without_an_earlier_window_is_refused_with_the_reason(forecaster):
    # Nobody comes back before the calibration end.
    log = pd.DataFrame({"customer_id": range(12), "date": pd.date_range("2024-01-01", periods=12), "value": 20.0})
    log.loc[12] = [0, pd.Timestamp("2024-05-01"), 30.0]
    cut = {"calibration_end": "2024-01-12", "holdout_end": "2024-05-06"}
    found = tried(log, [forecaster, AsBefore()], **cut)
    assert found.table().loc[("purchases", forecaster.name)].isna().all()
    assert "the calibration holds no earlier window" in found.notes[0]
    assert found.notes[0] in found.verdict()


def test_a_calibration_of_a_day_is_refused():
    log = pd.DataFrame({"customer_id": [1, 2, 1], "date": ["2024-01-01", "2024-01-01", "2024-02-01"], "value": 1.0})
    found = tried(log, [Supervised(), AsBefore()], calibration_end="2024-01-01", holdout_end="2024-02-05")
    assert "the calibration holds no earlier window" in found.notes[0]


def test_a_log_without_amounts_has_no_spend():
    found = tried(LOG.drop(columns="value"), [Supervised(), HYBRID], value=None)
    assert found.notes == []
    assert all(forecast.value is None for forecast in found.forecasts.values())


def test_purchases_counted_by_opportunity_are_learnt_from_whole_periods():
    found = tried(opportunity="month", calibration_end="2020-10-31", holdout_end="2020-12-31")
    assert abs(found.table().loc[("purchases", "boosting"), "bias"]) < 0.5


def test_it_goes_with_the_origins():
    found = rolling_backtest(LOG, origins=2, horizon=10, forecasters=[AsBefore(), Supervised()], past_errors=False)
    assert found.table().loc[("purchases", "boosting"), "rmse"] > 0


def test_what_was_known_earlier_is_told_of_earlier_days_alone():
    known = calibration_of(split_holdout(LOG, **CUT))
    assert known.at(pd.Timestamp("2020-06-01")).rfm.observation_end == pd.Timestamp("2020-06-01")
    with pytest.raises(InvalidArgument, match="not before the observation end"):
        known.at(pd.Timestamp(CUT["calibration_end"]))
    with pytest.raises(InvalidArgument, match="has no horizon"):
        Supervised().fit(Calibration(rfm=known.rfm, history=known.history))
    with pytest.raises(InvalidArgument, match="does not say what was known earlier"):
        Calibration(rfm=known.rfm, history=known.history).at(pd.Timestamp("2020-06-01"))
