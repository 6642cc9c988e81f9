"""A candidate beside the published model and the simple formula."""

from dataclasses import dataclass

import pandas as pd
import pytest

from clvmodels.errors import InvalidArgument
from clvmodels.evaluation.forecasters import Prediction
from clvmodels.jobs.gates import PUBLISHED, SIMPLE, backtest_checks, held_out_checks


@pytest.fixture(scope="module")
def three(off_by, tried):
    """A candidate that is worse than the published model, and better than the simple formula."""
    return tried(off_by(0.4), off_by(0.1, PUBLISHED), off_by(2.0, SIMPLE))


def test_there_is_a_check_for_each_rival_metric_and_target(three, gates, named):
    checks = named(backtest_checks(three, gates, ["rmse", "crps"]))
    expected = [
        *(f"backtest_{metric}_purchases_{rival}" for rival in (PUBLISHED, SIMPLE) for metric in ("rmse", "crps")),
        "coverage_purchases",
        "bias_purchases",
    ]
    assert list(checks) == [*expected, *(name.replace("purchases", "spend") for name in expected)]


def test_a_candidate_that_is_clearly_worse_than_one_rival_fails_that_check_alone(three, gates, named):
    checks = named(backtest_checks(three, gates, ["rmse"]))
    worse, better = (checks[f"backtest_rmse_purchases_{rival}"] for rival in (PUBLISHED, SIMPLE))
    assert (worse.verdict, better.verdict) == ("failed", "passed")
    assert worse.figure == pytest.approx(three.compare(PUBLISHED).loc[("purchases", "rmse"), "advantage"])
    assert worse.figure < worse.limit < 0 < better.figure
    assert "worse than the published model" in worse.sentence
    assert "stays in use" in worse.sentence
    assert "better than the simple formula" in better.sentence


def test_the_limit_is_where_an_advantage_becomes_clearly_worse(gates, off_by, tried):
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
            target, noun = ("purchases", "purchases") if "_purchases_" in check.name else ("value", "spend")
            metric = check.name.removeprefix("backtest_").removesuffix(f"_{noun}_{PUBLISHED}")
            outcome = table.loc[(target, metric), "outcome"]
            outcomes.add(outcome)
            assert (check.verdict == "failed") == (outcome == "worse")
            # An infinite deviance leaves no figure.
            if check.figure is not None:
                assert (outcome == "worse") == (check.figure < check.limit)
    assert outcomes == {"better", "worse", "no clear difference"}


def test_on_the_first_night_there_is_no_published_model(gates, named, off_by, tried):
    checks = named(backtest_checks(tried(off_by(0.4), off_by(2.0, SIMPLE)), gates, ["rmse"]))
    check = checks[f"backtest_rmse_purchases_{PUBLISHED}"]
    assert (check.verdict, check.figure) == ("not applicable", None)
    assert check.sentence == "There is no forecast by the published model to compare with."
    assert checks[f"backtest_rmse_purchases_{SIMPLE}"].verdict == "passed"


def test_a_model_in_use_is_not_compared_with_itself(three, gates):
    names = [check.name for check in held_out_checks(three, gates, ["rmse"])]
    assert names[:3] == [f"backtest_rmse_purchases_{SIMPLE}", "coverage_purchases", "bias_purchases"]
    assert not any(PUBLISHED in name for name in names)


def test_a_candidate_without_a_forecast_fails_and_says_why(gates, named, off_by, tried):
    candidate = off_by(0.4, error="no mode was found")
    checks = named(backtest_checks(tried(candidate, off_by(2.0, SIMPLE)), gates, ["rmse"]))
    failed = [name for name, check in checks.items() if check.verdict == "failed" and "purchases" in name]
    assert failed == [f"backtest_rmse_purchases_{SIMPLE}", "coverage_purchases", "bias_purchases"]
    assert "has no forecast of purchases. candidate has no forecast: no mode was found." in checks[failed[0]].sentence


def test_a_candidate_without_a_forecast_of_money_fails_where_there_is_money(
    gates, named, told, truth, bare, off_by, tried
):
    candidate = told(truth[["purchases"]])
    checks = named(backtest_checks(tried(candidate, off_by(2.0, SIMPLE)), gates, ["rmse"]))
    assert checks[f"backtest_rmse_spend_{SIMPLE}"].verdict == "failed"
    assert checks[f"backtest_rmse_purchases_{SIMPLE}"].verdict == "passed"
    purchases = tried(candidate, told(truth[["purchases"]], SIMPLE), split=bare)
    assert not any("spend" in check.name for check in backtest_checks(purchases, gates, ["rmse"]))


def test_a_rival_without_a_forecast_is_not_compared(gates, named, off_by, tried):
    published = off_by(0.1, PUBLISHED, error="it is in months")
    check = named(backtest_checks(tried(off_by(0.4), published), gates, ["rmse"]))[f"backtest_rmse_spend_{PUBLISHED}"]
    assert check.verdict == "not applicable"
    assert "it is in months" in check.sentence


def test_a_metric_that_is_not_defined_is_not_compared(three, gates, named):
    checks = named(backtest_checks(three, gates, ["brier_score", "log_score"]))
    sentences = [checks[f"backtest_{name}_{SIMPLE}"] for name in ("brier_score_spend", "log_score_purchases")]
    assert {check.verdict for check in sentences} == {"not applicable"}
    assert [check.sentence for check in sentences] == [
        "There is no brier_score of spend for the candidate: it is of purchases only.",
        "There is no log_score of purchases for the candidate: there are no draws.",
    ]


def test_an_infinite_loss_fails_without_figures(gates, named, told, truth, bare, tried):
    @dataclass(frozen=True)
    class Active(told):
        probability: float = 0.5

        def _prediction(self, mean):
            return Prediction(mean=mean, active=pd.Series(self.probability, index=mean.index))

    counts = truth[["purchases"]]
    rivals = [Active(counts, PUBLISHED), Active(counts, SIMPLE)]
    result = tried(Active(counts, probability=0.0), *rivals, split=bare)
    check = named(backtest_checks(result, gates, ["log_loss"]))[f"backtest_log_loss_purchases_{PUBLISHED}"]
    assert (check.verdict, check.figure, check.limit) == ("failed", None, None)
    assert "infinite worse than the published model" in check.sentence


def test_an_unknown_metric_is_refused(three, gates):
    with pytest.raises(InvalidArgument, match="metrics has rsme"):
        backtest_checks(three, gates, ["rsme"])
