"""Discrete time: a purchase is a customer's calendar period."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvmodels as clv
from clvmodels.rfm import RFM, RFMTable, rfm_summary, rfm_table, rolling_splits, split_holdout
from clvmodels.rfm.steps import Step

LOG = pd.DataFrame(
    [
        ("a", "2019-12-31", 5.0),
        ("a", "2020-02-01", 10.0),
        ("a", "2020-02-29", 30.0),
        ("a", "2020-04-30 23:59", 20.0),
        ("b", "2020-02-15", 0.0),
        ("b", "2020-06-01", 8.0),
    ],
    columns=["customer_id", "date", "value"],
)
PERIODS = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
ROWS = st.tuples(st.integers(1, 4), st.integers(0, 900), st.integers(0, 5000))


def test_months_with_a_purchase_are_counted():
    rfm = rfm_summary(LOG, opportunity="month", observation_end="2020-06-30")
    names = ["frequency", "recency", "T", "opportunities", "monetary_value", "first_value", "total_value"]
    assert rfm.frame.loc["a", names].tolist() == [2, 4, 6, 6, 30, 5, 65]
    assert rfm.frame.loc["b", names].tolist() == [1, 4, 4, 4, 8, 0, 8]
    assert rfm.time_unit == "month"
    assert rfm.frame["opportunities"].dtype == "int64"
    assert rfm.log.set_index("what").loc["further rows in a customer's month", "count"] == 1


@settings(max_examples=20)
@given(st.lists(ROWS, min_size=1, max_size=30), st.sampled_from(list(PERIODS)), st.integers(0, 40))
def test_a_summary_is_what_pandas_periods_give(rows, length, more):
    customers, days, cents = zip(*rows, strict=True)
    date = pd.Timestamp("2019-12-20") + pd.to_timedelta(np.array(days), unit="D")
    log = pd.DataFrame({"customer_id": customers, "date": date, "value": np.array(cents) / 100})
    last = (date.max() + pd.Timedelta(days=more)).to_period(PERIODS[length])
    rfm = rfm_summary(log, opportunity=length, observation_end=last.end_time.normalize(), statistics=["purchase_times"])
    for customer, theirs in log.groupby("customer_id"):
        values = theirs.groupby(theirs["date"].dt.to_period(PERIODS[length]))["value"].sum()
        times = [(period - values.index[0]).n for period in values.index]
        found = rfm.frame.loc[customer]
        known = (last - values.index[0]).n
        assert found[["frequency", "recency", "T", "opportunities"]].tolist() == [
            len(times) - 1,
            times[-1],
            known,
            known,
        ]
        assert found["purchase_times"].tolist() == times[1:]
        assert found["monetary_value"] == pytest.approx(values.iloc[1:].mean() if len(values) > 1 else 0)
        assert found["first_date"] == values.index[0].start_time


@pytest.mark.parametrize(
    ("length", "before", "after"),
    [
        ("week", "2020-06-14", "2020-06-21"),
        ("month", "2020-05-31", "2020-06-30"),
        ("quarter", "2020-03-31", "2020-06-30"),
        ("year", "2019-12-31", "2020-12-31"),
    ],
)
def test_an_end_within_a_period_is_refused_with_the_two_nearest(length, before, after):
    message = f"observation_end 2020-06-15 is not the last day of a {length}.*choose {before} or {after}"
    for make in (rfm_summary, rfm_table):
        with pytest.raises(clv.InvalidArgument, match=message):
            make(LOG, opportunity=length, observation_end="2020-06-15")
    assert rfm_summary(LOG, opportunity=length, observation_end=after).time_unit == length


def test_a_log_that_ends_within_a_period_needs_an_end():
    with pytest.raises(clv.InvalidArgument, match="the log's last day 2020-06-01 is not the last day of a month"):
        rfm_summary(LOG, opportunity="month")


def test_refunds_are_netted_within_the_period():
    log = pd.DataFrame(
        {"customer_id": "a", "date": ["2020-01-05", "2020-02-03", "2020-02-20"], "value": [9.0, 7.0, -7.0]}
    )
    choices = {"opportunity": "month", "observation_end": "2020-03-31"}
    assert rfm_summary(log, refunds="net", **choices).frame.loc["a", ["frequency", "opportunities"]].tolist() == [0, 2]
    assert rfm_summary(log, refunds="drop", **choices).frame.loc["a", ["frequency", "recency"]].tolist() == [1, 1]


def test_a_unit_beside_the_opportunity_is_refused():
    with pytest.raises(
        clv.InvalidArgument, match="time_unit is 'day', but with opportunity='month' time is counted in months"
    ):
        rfm_summary(LOG, opportunity="month", time_unit="day", observation_end="2020-06-30")
    with pytest.raises(clv.InvalidArgument, match="opportunity is 'decade'; choose one of day"):
        rfm_summary(LOG, opportunity="decade")


def test_the_windows_of_churn_are_whole_periods():
    rfm = rfm_summary(LOG, opportunity="month", observation_end="2020-06-30", churn_window=2)
    # The later window is May and June, the older one March and April.
    assert rfm.frame["active_lately"].to_dict() == {"a": False, "b": True}
    assert rfm.frame["active_before"].to_dict() == {"a": True, "b": False}


def test_a_holdout_counts_periods():
    split = split_holdout(LOG, calibration_end="2020-02-29", holdout_end="2020-06-30", opportunity="month")
    assert split.horizon == 4.0
    assert split.calibration.frame.loc["a", ["frequency", "opportunities"]].tolist() == [1, 2]
    assert split.holdout.to_dict("list") == {"purchases": [1, 1], "value": [20.0, 8.0]}
    assert split.periods.to_dict("list") == {
        "end": [1.0, 2.0, 3.0, 4.0],
        "purchases": [0, 1, 0, 1],
        "value": [0.0, 20.0, 0.0, 8.0],
    }


@pytest.mark.parametrize("name", ["calibration_end", "holdout_end"])
def test_a_cut_within_a_period_is_refused(name):
    days = {"calibration_end": "2020-02-29", "holdout_end": "2020-06-30", name: "2020-05-15"}
    with pytest.raises(clv.InvalidArgument, match=f"{name} 2020-05-15 .*choose 2020-04-30 or 2020-05-31"):
        split_holdout(LOG, opportunity="month", **days)


def test_rolling_origins_end_periods_and_a_window_counts_them():
    log = clv.datasets.simulate_transactions(customers=100, length=60, random_seed=1)
    splits = list(rolling_splits(log, origins=3, horizon=2, opportunity="month"))
    assert len(splits) == 3
    for split in splits:
        assert split.calibration_end.is_month_end
        assert split.holdout_end.is_month_end
        assert split.horizon == 2
    (short,) = rolling_splits(log, origins=["2020-09-30"], horizon=2, opportunity="month", window=3)
    assert short.calibration.frame["opportunities"].max() == 2
    assert short.history()["date"].min() >= pd.Timestamp("2020-07-01")


def test_what_is_known_of_earlier_errors_ends_with_periods():
    log = clv.datasets.simulate_transactions(customers=200, length=90, random_seed=1)
    checked = clv.rfm.CheckedLog.check(log, last_day=None, opportunity="month")
    cuts = list(checked.earlier(dt.date(2021, 8, 31), places=[0.5, 0.75], horizon=3))
    assert len(cuts) == 2
    assert all(checked.step.ends(day) for cut in cuts for day in cut)


def test_a_table_that_is_not_in_memory_gives_the_same(tmp_path):
    choices = {"opportunity": "quarter", "observation_end": "2020-06-30", "statistics": ["opportunities", "log_gaps"]}
    expected, table = rfm_summary(LOG, **choices), rfm_table(LOG, **choices)
    for found in (table.collect(), table.to_parquet(tmp_path / "rfm.parquet").collect()):
        pd.testing.assert_frame_equal(found.frame, expected.frame, check_exact=True)
    names = ("frequency", "recency", "opportunities")
    assert table.compressed(names).to_dict("list") == expected.compressed(names).to_dict("list")


GOOD = pd.DataFrame({"customer_id": ["a", "b"], "frequency": [2, 0], "recency": [3, 0], "opportunities": [6, 6]})


@pytest.mark.parametrize("read", [RFM.from_frame, lambda *a, **k: RFMTable.open(*a, **k).collect()])
def test_a_table_with_opportunities_needs_no_T(read):
    rfm = read(GOOD, time_unit="year")
    assert rfm.frame["T"].tolist() == [6, 6]
    assert rfm.frame["T"].dtype == "float64"
    assert rfm.frame["opportunities"].dtype == "int64"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"opportunities": [2, 6]}, "recency > T"),
        ({"opportunities": [6.5, 6]}, "a number of opportunities that is not whole"),
        ({"opportunities": [-6, 6]}, "a negative"),
        ({"frequency": [4, 0]}, "1 of 2 customers have frequency > recency"),
        ({"recency": [2.5, 0]}, "a recency that is not a whole number of opportunities"),
        ({"T": [7, 6]}, "a T other than opportunities"),
    ],
)
@pytest.mark.parametrize("read", [RFM.from_frame, RFMTable.open])
def test_opportunities_that_contradict_the_others_are_refused(changed, message, read):
    with pytest.raises(clv.InvalidRFM, match=message):
        read(GOOD.assign(**changed), time_unit="year")


@given(st.dates(dt.date(1700, 1, 1), dt.date(2200, 1, 1)), st.sampled_from(list(PERIODS)), st.integers(-30, 30))
def test_steps_go_as_pandas_periods_do(day, length, steps):
    step, period = Step.of(None, length), pd.Timestamp(day).to_period(PERIODS[length])
    assert step.later(day, steps) == (period + steps).end_time.date()
    assert step.between(day, step.later(day, steps)) == steps
    assert step.ends(day) == (period.end_time.date() == day)
