"""A log cut in two: no leak, one way of counting, and periods in step."""

import numpy as np
import pandas as pd
import pytest

from clvmodels.errors import DataWarning, InvalidArgument, InvalidTransactions
from clvmodels.rfm import rfm_summary, split_holdout

LOG = pd.DataFrame(
    [
        ("a", "1997-01-01", 10.0),
        ("a", "1997-01-08", 20.0),
        ("a", "1997-01-10 09:00", 5.0),  # two lines of one day
        ("a", "1997-01-10 18:00", 7.0),
        ("a", "1997-01-15", 1.0),
        ("b", "1997-01-08 23:59", 3.0),
        ("c", "1997-01-12", 50.0),  # new
        ("c", "1997-01-16", 50.0),
        ("b", "1997-01-23 00:00", 4.0),  # after the end
    ],
    columns=["customer_id", "date", "value"],
)
CUT = {"calibration_end": "1997-01-08", "holdout_end": "1997-01-22"}


def test_the_calibration_is_the_summary_at_the_cut():
    split, alone = split_holdout(LOG, **CUT), rfm_summary(LOG, observation_end="1997-01-08")
    pd.testing.assert_frame_equal(split.calibration.frame, alone.frame)
    assert split.calibration.fingerprint == alone.fingerprint
    assert split.calibration.churn_window == alone.churn_window


def test_the_holdout_counts_days_and_adds_their_values():
    holdout = split_holdout(LOG, **CUT).holdout
    assert holdout.loc["a"].tolist() == [2, 13]
    assert holdout.dtypes.astype(str).to_dict() == {"purchases": "int64", "value": "float64"}


def test_the_afternoon_of_the_calibration_end_is_calibration():
    split = split_holdout(LOG, **CUT)
    assert split.calibration.frame.loc["b", ["frequency", "T"]].tolist() == [0, 0]


def test_the_day_after_the_holdout_end_is_left_out():
    assert split_holdout(LOG, **CUT).holdout.loc["b"].tolist() == [0, 0]
    assert split_holdout(LOG, calibration_end="1997-01-08", holdout_end="1997-01-23").holdout.loc["b"].tolist() == [
        1,
        4,
    ]


def test_the_holdout_has_the_calibrations_customers_in_their_order():
    split = split_holdout(LOG.sample(frac=1, random_state=1), **CUT)
    pd.testing.assert_index_equal(split.holdout.index, split.calibration.frame.index)


def test_customers_first_seen_in_the_holdout_are_counted_apart():
    split = split_holdout(LOG, **CUT)
    assert (split.new_customers, split.new_purchases, split.new_value) == (1, 2, 100)
    assert "c" not in split.holdout.index


@pytest.mark.parametrize(
    ("unit", "horizon"), [("day", 14), ("week", 2), ("month", 14 / 30.4375), ("year", 14 / 365.25)]
)
def test_the_horizon_is_in_time_units_and_not_rounded(unit, horizon):
    assert split_holdout(LOG, time_unit=unit, **CUT).horizon == horizon


def test_a_period_ends_with_its_last_day():
    # Days 2 and 7 after the cut are in the first week, which ends with the seventh day.
    periods = split_holdout(LOG, **CUT).periods
    assert periods.to_dict("list") == {"end": [1.0, 2.0], "purchases": [2, 0], "value": [13.0, 0.0]}


def test_the_day_after_a_period_is_in_the_next():
    log = LOG.replace({"date": {"1997-01-15": "1997-01-16"}})
    assert split_holdout(log, **CUT).periods["purchases"].tolist() == [1, 1]


def test_the_last_period_ends_at_the_horizon():
    periods = split_holdout(LOG, calibration_end="1997-01-08", holdout_end="1997-01-18").periods
    np.testing.assert_allclose(periods["end"], [1, 10 / 7])


def test_a_holdout_shorter_than_a_time_unit_has_one_period():
    periods = split_holdout(LOG, time_unit="month", **CUT).periods
    assert periods.to_dict("list") == {"end": [14 / 30.4375], "purchases": [2], "value": [13.0]}


def test_a_holdout_without_purchases_is_all_zero():
    later = LOG.iloc[:2].assign(date=["1997-01-01", "1997-06-01"])
    split = split_holdout(later, calibration_end="1997-01-08", holdout_end="1997-01-15")
    assert np.all(split.holdout == 0)
    assert split.periods["purchases"].tolist() == [0]


def test_a_calibration_that_ends_with_the_log_leaves_nothing_to_test_and_is_refused():
    with pytest.raises(InvalidArgument, match="leaves purchases on both sides"):
        split_holdout(LOG.iloc[:2], calibration_end="1997-01-08", holdout_end="1997-01-15")


def test_a_log_without_amounts_has_a_holdout_of_purchases():
    split = split_holdout(LOG.drop(columns="value"), value=None, **CUT)
    assert split.holdout.columns.tolist() == ["purchases"]
    assert split.periods.columns.tolist() == ["end", "purchases"]
    assert np.isnan(split.new_value)
    assert split.history().columns.tolist() == ["customer_id", "date"]


def test_a_split_shows_what_it_is():
    assert repr(split_holdout(LOG, **CUT)) == "HoldoutSplit(2 customers until 1997-01-08, 2 purchases until 1997-01-22)"


@pytest.mark.parametrize("start", ["1996-12-31", "1997-01-24"])
def test_a_cut_outside_the_purchases_is_refused(start):
    with pytest.raises(InvalidArgument, match="which run from 1997-01-01 to 1997-01-23; choose a day that leaves"):
        split_holdout(LOG, calibration_end=start, holdout_end="1997-03-01")


@pytest.mark.parametrize("end", ["1997-01-08", "1997-01-07"])
def test_a_holdout_that_does_not_end_after_the_cut_is_refused(end):
    with pytest.raises(InvalidArgument, match=f"holdout_end {end} is not after calibration_end 1997-01-08"):
        split_holdout(LOG, calibration_end="1997-01-08", holdout_end=end)


@pytest.mark.parametrize(("name", "day"), [("calibration_end", "8 Jan 1997"), ("holdout_end", "1997-22-01")])
def test_ends_that_are_no_dates_are_refused(name, day):
    with pytest.raises(InvalidArgument, match=f"{name} is '{day}'"):
        split_holdout(LOG, **{**CUT, name: day})


def test_a_holdout_that_ends_long_after_the_log_is_warned_about():
    with pytest.warns(
        DataWarning, match="the log ends on 1997-01-23, more than a week before holdout_end 1997-01-31"
    ) as record:
        split_holdout(LOG, calibration_end="1997-01-08", holdout_end="1997-01-31")
    assert record[0].filename == __file__


def test_a_holdout_that_ends_within_a_time_unit_of_the_log_is_not_warned_about():
    assert split_holdout(LOG, calibration_end="1997-01-08", holdout_end="1997-01-30").horizon == 22 / 7


def test_a_missing_value_in_the_holdout_is_refused():
    with pytest.raises(InvalidTransactions, match="1 of 9 rows have no 'value', e.g. customer 'c'"):
        split_holdout(LOG.assign(value=LOG["value"].where(LOG["date"] != "1997-01-16")), **CUT)


def test_an_unknown_time_unit_is_refused():
    with pytest.raises(InvalidArgument, match="time_unit is 'weeks'"):
        split_holdout(LOG, time_unit="weeks", **CUT)


def test_the_history_is_the_purchase_days_of_the_calibration_in_order():
    shuffled = LOG.sample(frac=1, random_state=2)
    history = split_holdout(shuffled, calibration_end="1997-01-10", holdout_end="1997-01-22").history()
    assert history["customer_id"].tolist() == ["a", "a", "a", "b"]
    assert history["date"].dt.strftime("%m-%d").tolist() == ["01-01", "01-08", "01-10", "01-08"]
    # Two lines of one day are one purchase.
    assert history["value"].tolist() == [10, 20, 12, 3]


def test_the_history_is_what_the_calibration_was_made_of():
    split = split_holdout(LOG, **CUT)
    days, frame = split.history().groupby("customer_id"), split.calibration.frame
    assert (days.size() - 1).to_dict() == frame["frequency"].to_dict()
    assert days["value"].sum().to_dict() == frame["total_value"].to_dict()
    assert days["date"].max().to_dict() == frame["last_date"].to_dict()


def test_days_that_come_to_nothing_after_refunds_are_not_in_the_history():
    refund = pd.DataFrame({"customer_id": ["a"], "date": ["1997-01-08"], "value": [-20.0]})
    history = split_holdout(pd.concat([LOG, refund]), refunds="net", **CUT).history()
    assert history["value"].tolist() == [10, 3]


def earlier(places, *, horizon=1, end="1997-01-21", **choices):
    """The earlier cuts of twenty days."""
    split = split_holdout(LOG, calibration_end=end, holdout_end="1997-01-23", time_unit="week", **choices)
    cuts = split.log.earlier(split.calibration_end.date(), places=places, horizon=horizon)
    return [split.log.split(*cut) for cut in cuts]


def test_earlier_cuts_lie_at_shares_of_what_is_known():
    found = [f"{split.calibration_end:%m-%d} {split.holdout_end:%m-%d}" for split in earlier((0.25, 0.5))]
    assert found == ["01-06 01-13", "01-11 01-18"]


def test_an_earlier_cut_is_that_of_a_log_which_ends_where_it_was_known():
    (cut,) = earlier((0.5,))
    alone = split_holdout(LOG[LOG["date"] < "1997-01-22"], calibration_end="1997-01-11", holdout_end="1997-01-18")
    pd.testing.assert_frame_equal(cut.calibration.frame, alone.calibration.frame)
    pd.testing.assert_frame_equal(cut.holdout, alone.holdout)


def test_an_earlier_holdout_ends_with_what_is_known():
    (cut,) = earlier((0.5,), horizon=100)
    assert (cut.holdout_end, cut.horizon) == (pd.Timestamp("1997-01-21"), 10 / 7)


def test_a_place_that_leaves_nothing_to_learn_or_to_test_is_left_out():
    assert len(earlier((-0.5, 0.5, 1.0))) == 1


def test_with_a_window_the_places_are_shares_of_it():
    days = pd.date_range("2020-01-01", periods=100)
    log = pd.DataFrame({"customer_id": 1, "date": days, "value": 1.0})
    split = split_holdout(log, calibration_end=days[80], holdout_end=days[99], window=3)
    ((start, end),) = split.log.earlier(split.calibration_end.date(), places=(0.5,), horizon=1)
    # Three weeks begin twenty days before the end.
    assert (start, end) == (days[70].date(), days[77].date())


def test_a_window_in_which_nothing_was_bought_is_refused():
    log = pd.DataFrame({"customer_id": "a", "date": ["2024-01-01", "2024-01-03", "2024-06-01", "2024-06-08"]})
    with pytest.raises(
        InvalidArgument, match="nothing was bought from 2024-03-05 to 2024-04-01, the window of 4 weeks"
    ):
        split_holdout(log, calibration_end="2024-04-01", holdout_end="2024-06-08", window=4, value=None)
