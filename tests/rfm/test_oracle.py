"""Random logs against the same quantities written down in plain pandas."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from clvmodels.rfm import rfm_summary, split_holdout

START = pd.Timestamp("2020-01-01")
ROWS = st.tuples(st.integers(1, 4), st.floats(0, 60, exclude_max=True), st.integers(0, 5000))
LOGS = st.lists(ROWS, min_size=1, max_size=40)
MORE_LOGS = st.lists(ROWS, min_size=1, max_size=40).map(lambda rows: [(1, 0.5, 100), *rows, (2, 59.9, 100)])


def as_log(rows):
    """Customers, days since the start as timestamps, and cents as amounts."""
    customers, days, cents = zip(*rows, strict=True)
    date = START + pd.to_timedelta(np.array(days), unit="D")
    return pd.DataFrame({"customer_id": customers, "date": date, "value": np.array(cents) / 100})


def by_hand(log, end):
    """The RFM in days, by looping over the customers."""
    rows = {}
    for customer, theirs in log[log["date"].dt.normalize() <= end].groupby("customer_id"):
        days = theirs.groupby(theirs["date"].dt.normalize())["value"].sum()
        first, last = days.index.min(), days.index.max()
        mean = days.iloc[1:].mean() if len(days) > 1 else 0.0
        rows[customer] = (len(days) - 1, (last - first).days, (end - first).days, mean, days.iloc[0], days.sum())
    columns = ["frequency", "recency", "T", "monetary_value", "first_value", "total_value"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


@settings(max_examples=20)
@given(LOGS)
def test_a_summary_is_what_a_loop_over_customers_gives(rows):
    log = as_log(rows)
    found = rfm_summary(log, time_unit="day").frame
    expected = by_hand(log, log["date"].max().normalize())
    assert found.index.tolist() == expected.index.tolist()
    np.testing.assert_allclose(
        found[expected.columns].to_numpy(dtype=float), expected.to_numpy(dtype=float), rtol=1e-11
    )


@settings(max_examples=15)
@given(LOGS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows, random):
    log = as_log(rows)
    shuffled = log.iloc[random.sample(range(len(log)), len(log))]
    pd.testing.assert_frame_equal(rfm_summary(shuffled).frame, rfm_summary(log).frame, check_exact=True)


@settings(max_examples=15)
@given(LOGS)
def test_splitting_a_row_in_two_on_its_day_changes_nothing(rows):
    log = as_log(rows)
    halves = pd.concat([log.assign(value=0.25 * log["value"]), log.assign(value=0.75 * log["value"])])
    pd.testing.assert_frame_equal(rfm_summary(halves).frame, rfm_summary(log).frame, rtol=1e-11)


@settings(max_examples=15)
@given(MORE_LOGS, st.integers(0, 58), st.integers(1, 30))
def test_a_split_counts_what_is_left_of_and_right_of_the_cut(rows, cut, length):
    log = as_log(rows)
    start, end = START + pd.Timedelta(days=cut), START + pd.Timedelta(days=min(cut + length, 60))
    split = split_holdout(log, calibration_end=start, holdout_end=end, time_unit="day")
    day = log["date"].dt.normalize()
    later = log[(day > start) & (day <= end)].assign(day=day)
    known = split.calibration.frame.index
    counts = later.groupby("customer_id").agg(purchases=("day", "nunique"), value=("value", "sum"))
    expected = counts.reindex(known, fill_value=0)
    assert known.tolist() == sorted(log.loc[day <= start, "customer_id"].unique())
    assert split.holdout["purchases"].tolist() == expected["purchases"].tolist()
    np.testing.assert_allclose(split.holdout["value"], expected["value"], rtol=1e-11)
    assert split.new_purchases == counts["purchases"].sum() - expected["purchases"].sum()
    assert split.periods["purchases"].sum() == expected["purchases"].sum()


@settings(max_examples=10)
@given(MORE_LOGS, st.integers(1, 58))
def test_nothing_after_the_cut_is_known_at_the_cut(rows, cut):
    log = as_log(rows)
    end = START + pd.Timedelta(days=cut)
    before = log[log["date"].dt.normalize() <= end]
    whole = split_holdout(log, calibration_end=end, holdout_end=START + pd.Timedelta(days=60)).calibration
    pd.testing.assert_frame_equal(whole.frame, rfm_summary(before, observation_end=end).frame, check_exact=True)
