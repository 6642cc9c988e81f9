"""Resampled measures against normal theory: of one origin, of several, of pairs."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from clvmodels.evaluation import bootstrap
from clvmodels.evaluation.bootstrap import resample
from clvmodels.evaluation.measures import measures

NAMED = {measure.name: measure for measure in measures([0.9])}
MAE, BIAS, SPEARMAN = NAMED["mae"], NAMED["bias"], NAMED["spearman"]
TARGET, DRAWS = "purchases", 4000
A, B = ("a", TARGET), ("b", TARGET)


def origin(y_obs, ids=None, **means):
    """A backtest at one origin: what was observed, and each forecaster's mean."""
    index = pd.Index(range(len(y_obs)) if ids is None else ids, name="customer_id")
    observed = pd.Series(np.asarray(y_obs, float), index=index)
    tables = {name: pd.DataFrame({"y_obs": observed, "mean": mean}) for name, mean in means.items()}
    return SimpleNamespace(
        split=SimpleNamespace(holdout=observed.to_frame(TARGET)),
        assessments={(name, TARGET): SimpleNamespace(customers=table) for name, table in tables.items()},
    )


def two_forecasters(customers=400, seed=1):
    """Errors of both that have much in common, and a smaller one of each."""
    rng = np.random.default_rng(seed)
    y_obs, common = rng.gamma(1.0, 5.0, customers), rng.normal(0, 2, customers)
    return origin(y_obs, a=y_obs + common + rng.normal(0, 0.3, customers), b=y_obs + 1.2 * common)


def drawn_of(found, key=A):
    """What was drawn of a forecaster, over the origins at which it is defined: (draws, measures)."""
    return found.paired(key, key)[1][0]


def observed_of(found, key=A):
    """What was observed of it: (measures,)."""
    return found.paired(key, key)[0][0]


def losses(result, key):
    table = result.assessments[key].customers
    return np.abs(table["mean"] - table["y_obs"]).to_numpy()


def with_losses(each, ids=None):
    """An origin at which forecaster a is so far off."""
    return origin(np.zeros(len(each)), ids, a=np.asarray(each, float))


def test_the_figures_observed_are_the_measures_themselves():
    result = two_forecasters()
    table = result.assessments[A].customers
    found = observed_of(resample([result], [MAE, BIAS, SPEARMAN], draws=2), A)
    by_scipy = table["mean"].corr(table["y_obs"], method="spearman")
    bias = table["mean"].sum() / table["y_obs"].sum() - 1
    # Goodness: the smaller an error, the better.
    assert found == pytest.approx([-losses(result, A).mean(), -abs(bias), by_scipy])


def test_the_interval_of_a_mean_difference_is_that_of_normal_theory():
    result = two_forecasters()
    drawn = resample([result], [MAE], draws=DRAWS).drawn
    ends = np.quantile(drawn[A][:, 0, 0] - drawn[B][:, 0, 0], [0.05, 0.95])
    each = losses(result, B) - losses(result, A)
    error = each.std() / np.sqrt(len(each))
    assert ends == pytest.approx(each.mean() + error * np.array([-1.645, 1.645]), abs=0.12 * error)


def test_pairing_narrows_the_interval_of_a_difference():
    result = two_forecasters()
    drawn = resample([result], [MAE], draws=DRAWS).drawn
    together = np.var(drawn[A][:, 0, 0] - drawn[B][:, 0, 0])
    apart = np.var(drawn[A][:, 0, 0]) + np.var(drawn[B][:, 0, 0])
    covariance = np.cov(losses(result, A), losses(result, B))
    paired = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assert together / apart == pytest.approx(paired / np.trace(covariance), rel=0.1)
    assert together < 0.1 * apart


def test_forecasters_that_say_the_same_do_not_differ_in_any_resample():
    result = two_forecasters()
    table = result.assessments[A].customers
    result.assessments[B] = SimpleNamespace(customers=table.copy())
    drawn = resample([result], [MAE, BIAS, SPEARMAN], draws=100).drawn
    assert (drawn[A] == drawn[B]).all()


def test_a_customer_known_at_several_origins_is_drawn_at_all_of_them_or_at_none():
    each = np.random.default_rng(2).gamma(1.0, 3.0, 300)
    drawn = drawn_of(resample([with_losses(each)] * 5, [MAE], draws=DRAWS))
    # The mean over the origins is then that of one. Drawn apart, it would have 36 % of its variance.
    assert np.var(drawn) == pytest.approx(each.var() / 300, rel=0.1)


def test_other_customers_at_each_origin_are_drawn_by_themselves():
    rng = np.random.default_rng(3)
    each = rng.gamma(1.0, 3.0, 300)
    origins = [with_losses(each, ids=np.arange(300) + 1000 * place) for place in range(5)]
    drawn = drawn_of(resample(origins, [MAE], draws=DRAWS))
    # Of 5 origins, drawn with replacement: the sum of the squared shares has the mean (2 - 1/5) / 5.
    assert np.var(drawn) == pytest.approx(0.36 * each.var() / 300, rel=0.1)


def test_origins_are_drawn_as_well():
    levels = np.array([1.0, 2.0, 4.0, 5.0, 8.0])
    drawn = drawn_of(resample([with_losses(np.full(30, level)) for level in levels], [MAE], draws=DRAWS))
    assert np.mean(drawn) == pytest.approx(-levels.mean(), abs=4 * levels.std() / np.sqrt(5 * DRAWS))
    assert np.var(drawn) == pytest.approx(levels.var() / 5, rel=0.1)


def test_customers_are_matched_over_origins_by_id_and_not_by_row():
    each = pd.Series(np.random.default_rng(4).gamma(1.0, 3.0, 200))
    shuffled = each.sample(frac=1, random_state=1)
    drawn = drawn_of(resample([with_losses(each), with_losses(shuffled, shuffled.index)], [MAE], draws=DRAWS))
    # The same customers with the same losses: as at one origin.
    assert np.var(drawn) == pytest.approx(each.var() / 200, rel=0.1)


def test_a_figure_over_origins_is_the_mean_of_those_at_which_it_is_defined():
    one, nothing = origin([1.0, 3.0], a=np.array([2.0, 4.0])), origin([0.0, 0.0], a=np.array([1.0, 1.0]))
    found = observed_of(resample([one, nothing], [MAE, BIAS], draws=2), A)
    # 2 of 4 too high at the first origin; at the second nothing was observed.
    assert found == pytest.approx([-1.0, -0.5])


def test_a_forecaster_without_a_forecast_at_an_origin_has_the_mean_over_the_others():
    first, second = (origin([1.0, 3.0], a=np.array([2.0, 4.0]), b=np.array([1.0, 2.0])) for _ in range(2))
    del second.assessments[B]
    assert observed_of(resample([first, second], [MAE], draws=2), B) == pytest.approx([-0.5])


def test_a_forecaster_that_fails_at_the_first_origin_alone_is_not_forgotten():
    first, second = (origin([1.0, 3.0], a=np.array([2.0, 4.0]), b=np.array([1.0, 2.0])) for _ in range(2))
    del first.assessments[B]
    assert observed_of(resample([first, second], [MAE], draws=2), B) == pytest.approx([-0.5])


def test_a_measure_is_missing_in_the_resamples_in_which_it_is_undefined():
    y_obs = np.zeros(50)
    y_obs[7] = 3.0
    drawn = drawn_of(resample([origin(y_obs, a=np.full(50, 0.1))], [MAE, BIAS], draws=DRAWS))
    # The only buyer is left out of so many of the samples.
    assert np.isnan(drawn[:, 1]).mean() == pytest.approx((1 - 1 / 50) ** 50, abs=0.03)
    assert np.isfinite(drawn[:, 0]).all()


def test_a_measure_that_is_never_defined_is_missing_throughout():
    found = resample([origin([1.0, 2.0, 3.0], a=np.full(3, 2.0))], [MAE, SPEARMAN], draws=20)
    assert np.isnan(observed_of(found)[1])
    assert np.isnan(drawn_of(found)[:, 1]).all()


def test_the_same_seed_gives_the_same_numbers_and_another_one_others():
    results = [two_forecasters(), two_forecasters(seed=2)]
    first, again = (drawn_of(resample(results, [MAE], draws=50, random_seed=7)) for _ in range(2))
    assert (first == again).all()
    assert (first != drawn_of(resample(results, [MAE], draws=50, random_seed=8))).all()


def test_the_number_of_threads_does_not_matter(monkeypatch):
    # Several parts, for the threads to share.
    monkeypatch.setattr(bootstrap, "WEIGHTS_AT_ONCE", 2**12)
    found = []
    for threads in ("1", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        found.append(drawn_of(resample([two_forecasters()], [MAE, SPEARMAN], draws=95)))
    assert found[0].shape == (95, 2)
    assert (found[0] == found[1]).all()


def test_the_size_of_the_parts_does_not_matter(monkeypatch):
    results = [two_forecasters(), two_forecasters(customers=300, seed=2)]
    whole = drawn_of(resample(results, [MAE, SPEARMAN], draws=95))
    monkeypatch.setattr(bootstrap, "WEIGHTS_AT_ONCE", 2**12)
    assert drawn_of(resample(results, [MAE, SPEARMAN], draws=95)) == pytest.approx(whole, rel=1e-12)


def test_more_draws_begin_with_the_same_ones():
    few, many = (drawn_of(resample([two_forecasters()], [MAE], draws=draws)) for draws in (20, 50))
    assert many[:20] == pytest.approx(few, rel=1e-12)


def test_no_draw_repeats_another(monkeypatch):
    monkeypatch.setattr(bootstrap, "WEIGHTS_AT_ONCE", 2**12)
    drawn = drawn_of(resample([two_forecasters()], [MAE], draws=95))[:, 0]
    assert len(np.unique(drawn)) == 95


def test_two_forecasters_are_compared_at_the_origins_that_both_have():
    hard, easy = (
        origin([0.0, 0.0], a=np.array([10.0, 10.0]), b=np.array([11.0, 11.0])),
        origin([0.0, 0.0], a=np.ones(2)),
    )
    (own, other), (drawn_own, drawn_other) = resample([hard, easy], [MAE], draws=50).paired(A, B)
    assert (own.item(), other.item()) == (-10.0, -11.0)
    known = ~np.isnan(drawn_own)
    assert 0 < np.mean(known) < 1
    assert (drawn_own[known] - drawn_other[known] == 1).all()


def test_what_was_called_impossible_is_infinitely_bad_only_where_it_is_drawn():
    result = origin([1.0, 0.0, 0.0], a=np.ones(3))
    result.assessments[A].customers["active"] = [0.0, 0.5, 0.5]
    drawn = drawn_of(resample([result], [NAMED["log_loss"], MAE], draws=200))[:, 0]
    assert np.isneginf(drawn).mean() == pytest.approx(1 - (2 / 3) ** 3, abs=0.12)
    assert drawn[np.isfinite(drawn)] == pytest.approx(np.log(0.5))
