"""A log cut at several origins: where they lie, what each of them knows, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from clvmodels.datasets import simulate_transactions
from clvmodels.errors import DataWarning, InvalidArgument, InvalidTransactions
from clvmodels.rfm import rolling_splits, split_holdout

# From 1 January to 8 April 2020: ninety-eight days from the first purchase to the last.
DAYS = pd.date_range("2020-01-01", "2020-04-08", freq="7D")
LOG = pd.DataFrame({"customer_id": "a", "date": DAYS, "value": np.arange(1.0, 16.0)})
MANY = simulate_transactions(customers=80, length=40, random_seed=2)


def ends(splits):
    return [f"{split.calibration_end:%m-%d} {split.holdout_end:%m-%d}" for split in splits]


def assert_same_split(one, other):
    pd.testing.assert_frame_equal(one.calibration.frame, other.calibration.frame)
    pd.testing.assert_frame_equal(one.holdout, other.holdout)
    pd.testing.assert_frame_equal(one.periods, other.periods)
    pd.testing.assert_frame_equal(one.history(), other.history())
    for name in ("calibration_end", "holdout_end", "horizon", "new_customers", "new_purchases", "new_value"):
        np.testing.assert_equal(getattr(one, name), getattr(other, name))


def test_a_number_of_origins_is_spread_over_the_second_half_of_the_possible_time():
    # The last origin leaves 28 of 98 days; the half of the other 70 is 35.
    assert ends(rolling_splits(LOG, origins=3, horizon=4)) == ["02-05 03-04", "02-22 03-21", "03-11 04-08"]


def test_one_origin_is_the_last_possible_one():
    assert ends(rolling_splits(LOG, origins=1, horizon=4)) == ["03-11 04-08"]


def test_the_last_day_of_the_last_holdout_may_be_given():
    assert ends(rolling_splits(LOG, origins=1, horizon=4, holdout_end="2020-03-31")) == ["03-03 03-31"]


def test_given_origins_are_taken_in_the_order_of_time():
    splits = rolling_splits(LOG, origins=["2020-03-01", "2020-02-01", "2020-02-20"], horizon=2)
    assert ends(splits) == ["02-01 02-15", "02-20 03-05", "03-01 03-15"]


@pytest.mark.parametrize(("unit", "horizon", "days"), [("day", 10, 10), ("week", 1.5, 10), ("month", 1, 30)])
def test_the_horizon_is_in_time_units_and_of_whole_days(unit, horizon, days):
    (split,) = rolling_splits(LOG, origins=["2020-02-01"], horizon=horizon, time_unit=unit)
    assert (split.holdout_end - split.calibration_end).days == days


def test_holdouts_may_overlap():
    first, second = rolling_splits(LOG, origins=["2020-02-01", "2020-02-08"], horizon=4)
    assert first.holdout["purchases"].item() == second.holdout["purchases"].item() == 4


@pytest.mark.parametrize("choices", [{}, {"time_unit": "month"}, {"churn_window": 4}, {"value": None}, {"window": 10}])
def test_a_split_is_the_one_that_split_holdout_makes_of_the_same_day(choices):
    horizon = 7 / 30.4375 * 10 if choices.get("time_unit") == "month" else 10
    for split in rolling_splits(MANY, origins=["2020-04-15", "2020-06-01"], horizon=horizon, **choices):
        start, end = split.calibration_end, split.holdout_end
        assert_same_split(split, split_holdout(MANY, calibration_end=start, holdout_end=end, **choices))


def test_without_a_window_the_calibration_grows():
    splits = list(rolling_splits(LOG, origins=["2020-02-05", "2020-03-04"], horizon=4))
    assert [split.calibration.frame["frequency"].item() for split in splits] == [5, 9]
    assert {split.history()["date"].min() for split in splits} == {DAYS[0]}


def test_with_a_window_the_calibration_slides():
    splits = list(rolling_splits(LOG, origins=["2020-02-05", "2020-03-04"], horizon=4, window=3))
    # Three weeks that end with a purchase hold three of them.
    assert [split.calibration.frame["frequency"].item() for split in splits] == [2, 2]
    assert [f"{split.history()['date'].min():%m-%d}" for split in splits] == ["01-22", "02-19"]


@pytest.mark.parametrize("window", [5, 12.5, 400])
def test_a_sliding_split_is_that_of_a_log_whose_earlier_rows_were_dropped(window):
    # Its default depends on the first purchase, which is later than the first day of the window.
    choices = {"churn_window": 2}
    for split in rolling_splits(MANY, origins=["2020-04-15", "2020-06-01"], horizon=8, window=window, **choices):
        begin = split.calibration_end - pd.Timedelta(days=round(7 * window) - 1)
        dropped = MANY[MANY["date"] >= begin]
        cut = {"calibration_end": split.calibration_end, "holdout_end": split.holdout_end}
        assert_same_split(split, split_holdout(dropped, **cut, **choices))


def test_customers_whom_the_window_forgot_count_as_new_when_they_come_back():
    rows = [("old", "2020-01-01"), ("here", "2020-02-20"), ("here", "2020-03-10"), ("old", "2020-03-11")]
    log = pd.DataFrame(rows, columns=["customer_id", "date"]).assign(value=5.0)
    cut = {"calibration_end": "2020-03-01", "holdout_end": "2020-03-15"}
    grown, slid = (split_holdout(log, **cut, window=window) for window in (None, 3))
    assert (len(grown.calibration), grown.new_customers, grown.new_value) == (2, 0, 0)
    assert slid.calibration.frame.index.tolist() == ["here"]
    assert (slid.new_customers, slid.new_purchases, slid.new_value) == (1, 1, 5)
    assert slid.holdout["purchases"].to_dict() == {"here": 1}


def test_the_log_is_checked_before_the_first_split():
    with pytest.raises(InvalidTransactions, match="missing"):
        rolling_splits(LOG.drop(columns="value"), origins=2, horizon=4)


def test_an_origin_before_the_first_purchase_is_found_when_it_is_cut():
    splits = rolling_splits(LOG, origins=["2019-12-01", "2020-02-01"], horizon=4)
    with pytest.raises(InvalidArgument, match="which run from 2020-01-01 to 2020-04-08"):
        next(splits)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"origins": 72}, "72 origins are asked for, and between 2020-01-01 and 2020-03-11, .* there is room for 36;"),
        ({"origins": 0}, "origins is 0; ask for one or more"),
        ({"origins": 2, "horizon": 14}, "between 2020-01-01 and 2020-01-01, .* there is room for 0"),
        ({"origins": ["2020-02-01", "2020-02-01"]}, "origins has a day twice; name each once"),
        ({"origins": "2020-02-01"}, "origins is '2020-02-01'; give a number, or a list of dates"),
        ({"origins": pd.Timestamp("2020-02-01")}, "give a number, or a list of dates"),
        ({"origins": []}, r"origins is \[\]; give a number"),
        ({"origins": True}, "origins is True; give a number"),
        ({"origins": 2.0}, "origins is 2.0; give a number"),
        ({"origins": ["February"]}, "origins is 'February'"),
        ({"origins": ["2020-03-12"]}, "origin 2020-03-12 leaves less than the horizon .* one is 2020-03-11"),
        ({"horizon": 0.05}, "horizon is 0.05 weeks; give a length of a day or more"),
        ({"horizon": -4}, "horizon is -4; give a finite number of time units"),
        ({"horizon": float("nan")}, "horizon is nan; give a finite number of time units"),
        ({"horizon": float("inf")}, "horizon is inf; give a finite number of time units"),
        ({"window": 0}, "window is 0; give a finite number of time units, above zero"),
        ({"window": 0.01}, "window is 0.01 weeks; give a length of a day or more"),
        ({"window": float("nan")}, "window is nan"),
        ({"window": float("inf")}, "window is inf"),
        ({"time_unit": "weeks"}, "time_unit is 'weeks'"),
    ],
)
def test_origins_that_cannot_be_are_refused_at_once(choices, message):
    with pytest.raises(InvalidArgument, match=message):
        rolling_splits(LOG, **{"origins": 2, "horizon": 4} | choices)


def test_as_many_origins_as_days_of_the_second_half_are_room_enough():
    assert ends([next(rolling_splits(LOG, origins=36, horizon=4))]) == ["02-05 03-04"]


def test_a_holdout_that_ends_long_after_the_log_is_warned_about():
    splits = rolling_splits(LOG, origins=["2020-04-01"], horizon=6, holdout_end="2020-06-01")
    with pytest.warns(DataWarning, match="the log ends on 2020-04-08, more than a week before holdout_end 2020-05-13"):
        next(splits)
