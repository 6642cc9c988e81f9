"""A candidate's totals, of all customers and in each segment, and its intervals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from clvmodels.jobs.gates import SIMPLE, backtest_checks
from clvmodels.jobs.gates import backtest as module
from clvmodels.model_error import ModelError

SEGMENTS = pd.Series({customer: "web" if customer % 3 else "shop" for customer in range(1, 301)})


@pytest.mark.parametrize(("bias", "verdict"), [(1.0, "passed"), (1.29, "passed"), (1.5, "failed"), (0.5, "failed")])
def test_the_total_may_be_biased_by_as_much_as_the_limit(gates, named, bias, verdict, told, truth, off_by, tried):
    candidate = told(truth * bias, spread=0.01)
    check = named(backtest_checks(tried(candidate, off_by(2.0, SIMPLE)), gates, []))["bias_purchases"]
    assert (check.verdict, check.figure) == (verdict, pytest.approx(abs(bias - 1)))
    assert check.limit == 0.3


def test_a_bias_inside_the_interval_is_no_surprise(gates, named, told, truth, off_by, tried):
    candidate = told(truth * 1.5, spread=0.5)
    check = named(backtest_checks(tried(candidate, off_by(2.0, SIMPLE)), gates, []))["bias_purchases"]
    assert (check.verdict, check.figure) == ("passed", pytest.approx(0.5))


def test_without_draws_a_bias_counts_as_it_is(gates, named, told, truth, off_by, tried):
    checks = named(backtest_checks(tried(told(truth * 1.5), off_by(2.0, SIMPLE)), gates, []))
    assert (checks["bias_purchases"].verdict, checks["coverage_purchases"].verdict) == ("failed", "not applicable")


def test_where_nothing_was_bought_the_interval_alone_decides(gates, named, told, truth, split, tried):
    nothing = replace(split, holdout=truth * 0)
    found = [
        named(backtest_checks(tried(told(truth * size, spread=0.01), split=nothing), gates, []))["bias_purchases"]
        for size in (1.0, 0.001, 0.0)
    ]
    assert [(check.verdict, check.figure) for check in found] == [("failed", None), ("passed", None), ("passed", 0.0)]
    assert "of which no share can be taken" in found[0].sentence


def test_a_biased_segment_fails_alone(gates, named, told, truth, off_by, tried):
    wrong = truth.mul(np.where(SEGMENTS[truth.index] == "shop", 2.0, 1.0), axis=0)
    result = tried(told(wrong, spread=0.01), off_by(2.0, SIMPLE), segments=SEGMENTS)
    checks = named(backtest_checks(result, gates, []))
    segments = {name: check.verdict for name, check in checks.items() if name.startswith("bias_purchases_")}
    assert segments == {"bias_purchases_shop": "failed", "bias_purchases_web": "passed"}
    assert "Segment 'shop': purchases expected" in checks["bias_purchases_shop"].sentence


def test_the_luck_of_many_small_segments_fails_nobody(gates, told, truth, bare, tried):
    # Every expectation is right, and nobody shares a segment with more than one other.
    rng = np.random.default_rng(3)
    segments = pd.Series({customer: customer % 150 for customer in range(1, 301)})
    rates = pd.DataFrame({"purchases": rng.gamma(1.0, 1.0, len(truth))}, index=truth.index)
    drawn = replace(bare, holdout=rates.apply(rng.poisson))
    result = tried(told(rates, spread=0.001, draws=1000), split=drawn, segments=segments)
    row = result.totals(by="segment").xs(("purchases", "candidate"), level=("target", "forecaster"))
    outside = ~row["actual"].between(row["lower"], row["upper"])
    far = (row["predicted"] - row["actual"]).abs() > 0.3 * row["actual"]
    # By the interval as it is, some would fail.
    assert (outside & far).sum() >= 3
    checks = [check for check in backtest_checks(result, gates, []) if check.name.startswith("bias")]
    assert len(checks) == 151
    assert {check.verdict for check in checks} == {"passed"}


@pytest.mark.parametrize("odd", ["../../etc", "a\nb", "", "{0}", "%s", "<b>", "all", "übel", "_value"])
def test_segments_are_text_and_nothing_else(gates, named, odd, told, truth, bare, tried):
    segments = pd.Series([odd if kind == "shop" else kind for kind in SEGMENTS], index=SEGMENTS.index, dtype=object)
    result = tried(told(truth[["purchases"]], spread=0.1), split=bare, segments=segments)
    checks = named(backtest_checks(result, gates, []))
    check = checks[f"bias_purchases_{odd}"]
    assert check.model_validate_json(check.model_dump_json()) == check
    assert "\n" not in check.sentence


def test_two_segments_do_not_collide(gates, named, told, truth, bare, tried):
    kinds = {0: 1, 1: "1", 2: 1.5, 3: "1 (str)", 4: True}
    segments = pd.Series({customer: kinds[customer % 5] for customer in range(1, 301)}, dtype=object)
    result = tried(told(truth[["purchases"]], spread=0.1), split=bare, segments=segments)
    # 1 and True are one value, as they are to a dictionary; the others are four.
    assert sum(name.startswith("bias_purchases_") for name in named(backtest_checks(result, gates, []))) == 4


def test_what_is_no_unicode_is_written_all_the_same():
    assert module._names(pd.Index(["\ud800", "\\ud800", 1, "1"], dtype=object)) == [
        "\\ud800",
        "\\ud800 (str)",
        "1",
        "1 (str)",
    ]


def test_a_segment_without_customers_passes(gates, named, told, truth, bare, tried):
    kinds = pd.Categorical(SEGMENTS, categories=["web", "shop", "nobody"])
    segments = pd.Series(kinds, index=SEGMENTS.index)
    result = tried(told(truth[["purchases"]], spread=0.1), split=bare, segments=segments)
    assert named(backtest_checks(result, gates, []))["bias_purchases_nobody"].verdict == "passed"


def test_intervals_that_hold_too_few_fail(gates, named, told, truth, off_by, tried):
    # Draws that hardly differ from customer to customer hold hardly anybody.
    narrow = told(truth.iloc[::-1].set_axis(truth.index) * 10, spread=0.01)
    check = named(backtest_checks(tried(narrow, off_by(2.0, SIMPLE)), gates, []))["coverage_purchases"]
    assert check.verdict == "failed"
    assert check.figure > check.limit == 0.05
    assert "too narrow" in check.sentence


def test_few_customers_have_a_wider_limit_of_coverage(gates, named, told, truth, split, tried):
    first = truth.index[:60]
    few = replace(split, calibration=split.calibration.select(first), holdout=truth.loc[first])
    result = tried(told(truth.loc[first], spread=0.1), split=few)
    check = named(backtest_checks(result, gates, []))["coverage_purchases"]
    assert check.limit == pytest.approx(2.5758 * np.sqrt(0.9 * 0.1 / 60), rel=1e-4)


def test_coverage_is_that_of_the_results_own_interval(gates, named, told, truth, off_by, tried):
    result = tried(told(truth, spread=0.1), off_by(2.0, SIMPLE), interval=0.6)
    check = named(backtest_checks(result, gates, []))["coverage_purchases"]
    figures = result.metrics.set_index(["forecaster", "target", "metric"])["value"]
    covered = figures["candidate", "purchases", "randomised_coverage_60"]
    assert check.figure == pytest.approx(abs(covered - 0.6))
    assert check.sentence.startswith("The 60 % intervals of purchases held")


def test_past_errors_widen_what_a_bias_may_be(gates, named, told, truth, tried):
    origins = pd.DataFrame({"origin": "2020-05-01", "horizon": 13.0, "predicted": [100.0], "actual": [150.0]})
    past = {"purchases": ModelError(origins=origins, random_seed=1)}
    candidate = told(truth * 1.45, spread=0.01)
    alone, learnt = (
        named(backtest_checks(tried(candidate, past=errors), gates, []))["bias_purchases"] for errors in (None, past)
    )
    assert (alone.verdict, learnt.verdict) == ("failed", "passed")
    assert alone.figure == learnt.figure
