"""The customers' scores, as they are written to a file."""

import pandas as pd
import pytest

from clvmodels.datasets import simulate_transactions
from clvmodels.errors import InvalidArgument
from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.baselines import AsBefore
from clvmodels.evaluation.registry import textbook
from clvmodels.evaluation.scores import scores

CUT = {"calibration_end": "2020-10-01", "holdout_end": "2021-04-01", "random_seed": 1, "past_errors": False}
LOG = simulate_transactions(customers=60, length=66, random_seed=1)
QUICK = textbook(draws=100)
FACTS = ["customer_id", "frequency", "recency", "T", "monetary_value"]
ANSWERS = ["probability_alive", "expected_purchases", "predictive_purchases", "expected_lifetime"]
MONEY = ["lifetime_value", "predictive_lifetime_value"]


def columns(*answers):
    return [f"{answer}_{part}" for answer in answers for part in ("mean", "lower", "upper")]


@pytest.fixture(scope="module")
def result():
    return backtest(LOG, **CUT, forecasters=[QUICK, AsBefore()])


@pytest.fixture(scope="module")
def table(result):
    return scores(result)


def test_every_answer_has_a_mean_and_an_interval(table):
    assert table.columns.tolist() == [*FACTS, *columns(*ANSWERS, *MONEY)]
    assert len(table) == 60
    assert table.notna().all(axis=None)


def test_scores_are_those_of_the_fitted_model_at_the_calibration_end(result, table):
    posterior, rfm = result.fitted["bg_nbd_gamma_gamma"].purchases, result.split.calibration
    table = table.set_index("customer_id")
    for name, choices in {"probability_alive": {}, "expected_lifetime": {"horizon": result.split.horizon}}.items():
        expected = getattr(posterior, name)(rfm, **choices)
        pd.testing.assert_frame_equal(table[columns(name)].set_axis(expected.columns, axis=1), expected)


def test_scores_agree_with_the_forecasts(result, table):
    name = "bg_nbd_gamma_gamma"
    purchases, value = (result.assessments[name, target].customers for target in ("purchases", "value"))
    assert table["expected_purchases_mean"].tolist() == result.forecasts[name].purchases.mean.tolist()
    assert table["predictive_purchases_upper"].tolist() == purchases["upper_90"].tolist()
    assert table["predictive_lifetime_value_lower"].tolist() == value["lower_90"].tolist()


def test_margin_scales_the_money_and_discounting_lowers_it(result, table):
    part, plain = scores(result, margin=0.3, annual_discount_rate=0.5), table["lifetime_value_mean"]
    # At most half a year ahead at 50 % a year.
    assert part["lifetime_value_mean"].between(0.3 * 1.5**-0.5 * plain, 0.3 * plain, inclusive="neither").all()


def test_ids_come_back_as_they_went_in():
    named = LOG.assign(customer_id="c" + LOG["customer_id"].astype(str))
    table = scores(backtest(named, **CUT, value=None, forecasters=[QUICK]))
    assert set(table["customer_id"]) == set(named["customer_id"])


def test_a_log_without_values_has_no_columns_of_money():
    table = scores(backtest(LOG, **CUT, value=None, forecasters=[QUICK]))
    assert table.columns.tolist() == [*FACTS[:-1], *columns(*ANSWERS)]


def test_spend_that_could_not_be_fitted_is_missing(one_timers):
    table = scores(one_timers)
    assert table[columns(*MONEY)].isna().all(axis=None)
    assert table[columns(*ANSWERS)].notna().all(axis=None)


def test_scores_need_the_model():
    result = backtest(LOG, **CUT, forecasters=[AsBefore()])
    with pytest.raises(InvalidArgument, match="no scores without a model's fit, and as_before has none"):
        scores(result)
