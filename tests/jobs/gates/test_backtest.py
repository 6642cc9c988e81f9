"""A candidate beside the published model and the simple formula, its intervals and its totals."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from clvmodels.datasets import simulate_transactions
from clvmodels.errors import FitFailed, InvalidArgument
from clvmodels.evaluation import result as result_module
from clvmodels.evaluation.backtest import evaluate
from clvmodels.evaluation.forecasters import Forecast, Prediction
from clvmodels.intervals import DrawBlocks
from clvmodels.jobs.gates import PUBLISHED, SIMPLE, backtest_checks, held_out_checks
from clvmodels.jobs.gates import backtest as module
from clvmodels.model_error import ModelError
from clvmodels.rfm import split_holdout

CUT = {"calibration_end": "2020-07-31", "holdout_end": "2020-10-30"}
CUSTOMERS = range(1, 301)
LOG = simulate_transactions(customers=300, length=44, random_seed=1)
SPLIT = split_holdout(LOG, **CUT)
BARE = split_holdout(LOG, **CUT, value=None)
TRUTH = SPLIT.holdout
NOISE = pd.Series(np.random.default_rng(1).uniform(-1, 1, len(TRUTH)), index=TRUTH.index)


@dataclass(frozen=True)
class Told:
    """A forecaster that is told its answers: means, and draws around their sum where a spread is given."""

    means: pd.DataFrame
    name: str = "candidate"
    spread: float | None = None
    draws: int = 400
    error: str | None = None

    def fit(self, calibration, *, random_seed):
        if self.error:
            raise FitFailed(self.error)
        return self

    def forecast(self, rfm, *, horizon):
        known = {target: self._prediction(self.means[target]) for target in self.means.columns}
        return Forecast(**known)

    def _prediction(self, mean):
        if self.spread is None:
            return Prediction(mean=mean)
        rng = np.random.default_rng(1)
        drawn = rng.poisson(mean.to_numpy() * rng.gamma(1 / self.spread**2, self.spread**2, (self.draws, 1)))
        return Prediction(mean=mean, draws=DrawBlocks.of(drawn.astype(float)))


def off_by(size, name="candidate", **choices):
    """The truth, but for noise of that size, in which the total stays what it was."""
    noise = size * (NOISE - NOISE.mean())
    return Told(TRUTH.add(noise, axis=0), name=name, **choices)


def tried(*forecasters, split=SPLIT, **choices):
    return evaluate(split, [*forecasters], random_seed=1, **choices)


@pytest.fixture(autouse=True, scope="module")
def no_past_errors():
    """What earlier origins say has a test of its own, and takes time."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(result_module, "past_errors", lambda *_, **__: {})
        yield


@pytest.fixture(scope="module")
def three():
    """A candidate that is worse than the published model, and better than the simple formula."""
    return tried(off_by(0.4), off_by(0.1, PUBLISHED), off_by(2.0, SIMPLE))


def test_there_is_a_check_for_each_rival_metric_and_target(three, gates, named):
    checks = named(backtest_checks(three, gates, ["rmse", "crps"]))
    expected = [
        *(f"backtest_{metric}_purchases_{rival}" for rival in (PUBLISHED, SIMPLE) for metric in ("rmse", "crps")),
        "coverage_purchases",
        "bias_purchases",
    ]
    assert list(checks) == [*expected, *(name.replace("purchases", "value") for name in expected)]


def test_a_candidate_that_is_clearly_worse_than_one_rival_fails_that_check_alone(three, gates, named):
    checks = named(backtest_checks(three, gates, ["rmse"]))
    worse, better = (checks[f"backtest_rmse_purchases_{rival}"] for rival in (PUBLISHED, SIMPLE))
    assert (worse.verdict, better.verdict) == ("failed", "passed")
    assert worse.figure == pytest.approx(three.compare(PUBLISHED).loc[("purchases", "rmse"), "advantage"])
    assert worse.figure < worse.limit < 0 < better.figure
    assert "worse than the published model" in worse.sentence
    assert "stays in use" in worse.sentence
    assert "better than the simple formula" in better.sentence


def test_the_limit_is_where_an_advantage_becomes_clearly_worse(gates):
    """For measures and candidates of all kinds, the figure is below the limit exactly where the outcome is worse."""
    candidates = [off_by(size) for size in (0.0, 0.1005, 0.103, 0.5)]
    outcomes = set()
    for candidate in candidates:
        result = tried(candidate, off_by(0.1, PUBLISHED), off_by(0.1, SIMPLE))
        metrics = [measure.name for measure in result.compared]
        table = result.compare(PUBLISHED)
        for check in backtest_checks(result, gates, metrics):
            if not check.name.endswith(f"_{PUBLISHED}") or check.verdict == "not applicable":
                continue
            target = "purchases" if "_purchases_" in check.name else "value"
            metric = check.name.removeprefix("backtest_").removesuffix(f"_{target}_{PUBLISHED}")
            outcome = table.loc[(target, metric), "outcome"]
            outcomes.add(outcome)
            assert (check.verdict == "failed") == (outcome == "worse") == (check.figure < check.limit)
    assert outcomes == {"better", "worse", "no clear difference"}


def test_on_the_first_night_there_is_no_published_model(gates, named):
    checks = named(backtest_checks(tried(off_by(0.4), off_by(2.0, SIMPLE)), gates, ["rmse"]))
    check = checks[f"backtest_rmse_purchases_{PUBLISHED}"]
    assert (check.verdict, check.figure) == ("not applicable", None)
    assert check.sentence == "There is no forecast by the published model to compare with."
    assert checks[f"backtest_rmse_purchases_{SIMPLE}"].verdict == "passed"


def test_a_model_in_use_is_not_compared_with_itself(three, gates):
    names = [check.name for check in held_out_checks(three, gates, ["rmse"])]
    assert names[:3] == [f"backtest_rmse_purchases_{SIMPLE}", "coverage_purchases", "bias_purchases"]
    assert not any(PUBLISHED in name for name in names)


def test_a_candidate_without_a_forecast_fails_and_says_why(gates, named):
    candidate = off_by(0.4, error="no mode was found")
    checks = named(backtest_checks(tried(candidate, off_by(2.0, SIMPLE)), gates, ["rmse"]))
    failed = [name for name, check in checks.items() if check.verdict == "failed" and "purchases" in name]
    assert failed == [f"backtest_rmse_purchases_{SIMPLE}", "coverage_purchases", "bias_purchases"]
    assert "has no forecast of purchases. candidate has no forecast: no mode was found." in checks[failed[0]].sentence


def test_a_candidate_without_a_forecast_of_money_fails_where_there_is_money(gates, named):
    candidate = Told(TRUTH[["purchases"]])
    checks = named(backtest_checks(tried(candidate, off_by(2.0, SIMPLE)), gates, ["rmse"]))
    assert checks[f"backtest_rmse_value_{SIMPLE}"].verdict == "failed"
    assert checks[f"backtest_rmse_purchases_{SIMPLE}"].verdict == "passed"
    purchases = tried(candidate, Told(TRUTH[["purchases"]], SIMPLE), split=BARE)
    assert not any("value" in check.name for check in backtest_checks(purchases, gates, ["rmse"]))


def test_a_rival_without_a_forecast_is_not_compared(gates, named):
    published = off_by(0.1, PUBLISHED, error="it is in months")
    check = named(backtest_checks(tried(off_by(0.4), published), gates, ["rmse"]))[f"backtest_rmse_value_{PUBLISHED}"]
    assert check.verdict == "not applicable"
    assert "it is in months" in check.sentence


def test_a_metric_that_is_not_defined_is_not_compared(three, gates, named):
    checks = named(backtest_checks(three, gates, ["brier_score", "log_score"]))
    sentences = [checks[f"backtest_{name}_{SIMPLE}"] for name in ("brier_score_value", "log_score_purchases")]
    assert {check.verdict for check in sentences} == {"not applicable"}
    assert [check.sentence for check in sentences] == [
        "There is no brier_score of value for the candidate: it is of purchases only.",
        "There is no log_score of purchases for the candidate: there are no draws.",
    ]


def test_an_unknown_metric_is_refused(three, gates):
    with pytest.raises(InvalidArgument, match="metrics has rsme"):
        backtest_checks(three, gates, ["rsme"])


@pytest.mark.parametrize(("bias", "verdict"), [(1.0, "passed"), (1.29, "passed"), (1.5, "failed"), (0.5, "failed")])
def test_the_total_may_be_biased_by_as_much_as_the_limit(gates, named, bias, verdict):
    candidate = Told(TRUTH * bias, spread=0.01)
    check = named(backtest_checks(tried(candidate, off_by(2.0, SIMPLE)), gates, []))["bias_purchases"]
    assert (check.verdict, check.figure) == (verdict, pytest.approx(abs(bias - 1)))
    assert check.limit == 0.3


def test_a_bias_inside_the_interval_is_no_surprise(gates, named):
    candidate = Told(TRUTH * 1.5, spread=0.5)
    check = named(backtest_checks(tried(candidate, off_by(2.0, SIMPLE)), gates, []))["bias_purchases"]
    assert (check.verdict, check.figure) == ("passed", pytest.approx(0.5))


def test_without_draws_a_bias_counts_as_it_is(gates, named):
    checks = named(backtest_checks(tried(Told(TRUTH * 1.5), off_by(2.0, SIMPLE)), gates, []))
    assert (checks["bias_purchases"].verdict, checks["coverage_purchases"].verdict) == ("failed", "not applicable")


def test_where_nothing_was_bought_the_interval_alone_decides(gates, named):
    nothing = replace(SPLIT, holdout=TRUTH * 0)
    found = [
        named(backtest_checks(tried(Told(TRUTH * size, spread=0.01), split=nothing), gates, []))["bias_purchases"]
        for size in (1.0, 0.001, 0.0)
    ]
    assert [(check.verdict, check.figure) for check in found] == [("failed", None), ("passed", None), ("passed", 0.0)]
    assert "of which no share can be taken" in found[0].sentence


SEGMENTS = pd.Series({customer: "web" if customer % 3 else "shop" for customer in CUSTOMERS})


def test_a_biased_segment_fails_alone(gates, named):
    wrong = TRUTH.mul(np.where(SEGMENTS[TRUTH.index] == "shop", 2.0, 1.0), axis=0)
    result = tried(Told(wrong, spread=0.01), off_by(2.0, SIMPLE), segments=SEGMENTS)
    checks = named(backtest_checks(result, gates, []))
    segments = {name: check.verdict for name, check in checks.items() if name.startswith("bias_purchases_")}
    assert segments == {"bias_purchases_shop": "failed", "bias_purchases_web": "passed"}
    assert "Segment 'shop': purchases expected" in checks["bias_purchases_shop"].sentence


def test_the_luck_of_many_small_segments_fails_nobody(gates):
    # Every expectation is right, and nobody shares a segment with more than one other.
    rng = np.random.default_rng(3)
    segments = pd.Series({customer: customer % 150 for customer in CUSTOMERS})
    rates = pd.DataFrame({"purchases": rng.gamma(1.0, 1.0, len(TRUTH))}, index=TRUTH.index)
    split = replace(BARE, holdout=rates.apply(rng.poisson))
    result = tried(Told(rates, spread=0.001, draws=1000), split=split, segments=segments)
    row = result.totals(by="segment").xs(("purchases", "candidate"), level=("target", "forecaster"))
    outside = ~row["actual"].between(row["lower"], row["upper"])
    far = (row["predicted"] - row["actual"]).abs() > 0.3 * row["actual"]
    # By the interval as it is, some would fail.
    assert (outside & far).sum() >= 3
    checks = [check for check in backtest_checks(result, gates, []) if check.name.startswith("bias")]
    assert len(checks) == 151
    assert {check.verdict for check in checks} == {"passed"}


@pytest.mark.parametrize("odd", ["../../etc", "a\nb", "", "{0}", "%s", "<b>", "all", "übel", "_value"])
def test_segments_are_text_and_nothing_else(gates, named, odd):
    segments = pd.Series([odd if kind == "shop" else kind for kind in SEGMENTS], index=SEGMENTS.index, dtype=object)
    result = tried(Told(TRUTH[["purchases"]], spread=0.1), split=BARE, segments=segments)
    checks = named(backtest_checks(result, gates, []))
    check = checks[f"bias_purchases_{odd}"]
    assert check.model_validate_json(check.model_dump_json()) == check
    assert "\n" not in check.sentence


def test_two_segments_do_not_collide(gates, named):
    kinds = {0: 1, 1: "1", 2: 1.5, 3: "1 (str)", 4: True}
    segments = pd.Series({customer: kinds[customer % 5] for customer in CUSTOMERS}, dtype=object)
    result = tried(Told(TRUTH[["purchases"]], spread=0.1), split=BARE, segments=segments)
    # 1 and True are one value, as they are to a dictionary; the others are four.
    assert sum(name.startswith("bias_purchases_") for name in named(backtest_checks(result, gates, []))) == 4


def test_what_is_no_unicode_is_written_all_the_same():
    assert module._names(pd.Index(["\ud800", "\\ud800", 1, "1"], dtype=object)) == [
        "\\ud800",
        "\\ud800 (str)",
        "1",
        "1 (str)",
    ]


def test_a_segment_without_customers_passes(gates, named):
    kinds = pd.Categorical(SEGMENTS, categories=["web", "shop", "nobody"])
    segments = pd.Series(kinds, index=SEGMENTS.index)
    result = tried(Told(TRUTH[["purchases"]], spread=0.1), split=BARE, segments=segments)
    assert named(backtest_checks(result, gates, []))["bias_purchases_nobody"].verdict == "passed"


def test_intervals_that_hold_too_few_fail(gates, named):
    # Draws that hardly differ from customer to customer hold hardly anybody.
    narrow = Told(TRUTH.iloc[::-1].set_axis(TRUTH.index) * 10, spread=0.01)
    check = named(backtest_checks(tried(narrow, off_by(2.0, SIMPLE)), gates, []))["coverage_purchases"]
    assert check.verdict == "failed"
    assert check.figure > check.limit == 0.05
    assert "too narrow" in check.sentence


def test_few_customers_have_a_wider_limit_of_coverage(gates, named):
    first = TRUTH.index[:60]
    few = replace(SPLIT, calibration=SPLIT.calibration.select(first), holdout=TRUTH.loc[first])
    result = tried(Told(TRUTH.loc[first], spread=0.1), split=few)
    check = named(backtest_checks(result, gates, []))["coverage_purchases"]
    assert check.limit == pytest.approx(2.5758 * np.sqrt(0.9 * 0.1 / 60), rel=1e-4)


def test_coverage_is_that_of_the_results_own_interval(gates, named):
    result = tried(Told(TRUTH, spread=0.1), off_by(2.0, SIMPLE), interval=0.6)
    check = named(backtest_checks(result, gates, []))["coverage_purchases"]
    figures = result.metrics.set_index(["forecaster", "target", "metric"])["value"]
    covered = figures["candidate", "purchases", "randomised_coverage_60"]
    assert check.figure == pytest.approx(abs(covered - 0.6))
    assert check.sentence.startswith("The 60 % intervals of purchases held")


def test_past_errors_widen_what_a_bias_may_be(gates, named, monkeypatch):
    origins = pd.DataFrame({"origin": "2020-05-01", "horizon": 13.0, "predicted": [100.0], "actual": [150.0]})
    past = {"purchases": ModelError(origins=origins, random_seed=1)}
    candidate = Told(TRUTH * 1.45, spread=0.01)
    alone = named(backtest_checks(tried(candidate), gates, []))["bias_purchases"]
    monkeypatch.setattr(result_module, "past_errors", lambda *_, **__: past)
    learnt = named(backtest_checks(tried(candidate), gates, []))["bias_purchases"]
    assert (alone.verdict, learnt.verdict) == ("failed", "passed")
    assert alone.figure == learnt.figure
