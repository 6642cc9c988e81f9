"""Further statistics are made where the log is, against the same quantities written down with numpy."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvmodels as clv
from clvmodels.rfm import RFM, RFMTable, rfm_summary, rfm_table, rolling_splits, split_holdout

ALL = ("log_gaps", "purchase_times", "free_purchases", "log_value_mean", "log_value_squares")
START = pd.Timestamp("2020-01-01")
ROWS = st.tuples(st.integers(1, 4), st.integers(0, 60), st.sampled_from([0, 0, 1, 5, 1999, 1999, 250_000]))
LOGS = st.lists(ROWS, min_size=1, max_size=40)
LOG = pd.DataFrame(
    [
        ("a", "1997-01-01", 10.0),
        ("a", "1997-01-08", 0.0),
        ("a", "1997-01-22", 20.0),
        ("b", "1997-01-01", 5.0),
        ("c", "1997-01-01", 0.0),
        ("c", "1997-01-08", 0.0),
        ("c", "1997-01-22", 0.0),
    ],
    columns=["customer_id", "date", "value"],
)


def as_log(rows):
    customers, days, cents = zip(*rows, strict=True)
    date = START + pd.to_timedelta(np.array(days), unit="D")
    return pd.DataFrame({"customer_id": customers, "date": date, "value": np.array(cents) / 100})


def assert_same(found, expected):
    pd.testing.assert_frame_equal(found, expected, check_exact=True, check_dtype=False, check_index_type=False)


@settings(max_examples=20)
@given(LOGS, st.sampled_from(["day", "week", "month"]))
def test_each_statistic_is_what_a_loop_over_customers_gives(rows, unit):
    log = as_log(rows)
    frame = rfm_summary(log, time_unit=unit, statistics=ALL).frame
    per_unit = clv.rfm.days_per_unit(unit)
    for customer, theirs in log.groupby("customer_id"):
        days = theirs.groupby("date")["value"].sum()
        times = (days.index - days.index[0]).days.to_numpy() / per_unit
        logs = np.log(days[days > 0])
        found = frame.loc[customer]
        assert found["log_gaps"] == pytest.approx(np.log(np.diff(times)).sum(), abs=1e-11)
        assert found["purchase_times"].tolist() == times[1:].tolist()
        assert found["free_purchases"] == (days == 0).sum()
        assert found["log_value_mean"] == pytest.approx(logs.mean() if len(logs) else 0.0, abs=1e-11)
        spread = ((logs - logs.mean()) ** 2).sum() if len(logs) else 0.0
        assert found["log_value_squares"] == pytest.approx(spread, rel=1e-9, abs=1e-11)


@settings(max_examples=15)
@given(LOGS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_no_digit(rows, random):
    log = as_log(rows)
    shuffled = log.iloc[random.sample(range(len(log)), len(log))]
    assert_same(rfm_summary(shuffled, statistics=ALL).frame, rfm_summary(log, statistics=ALL).frame)


def test_the_order_of_many_rows_on_one_day_changes_no_digit():
    value = np.random.default_rng(1).gamma(1, 30, 4000).round(2)
    days = START + pd.to_timedelta(np.repeat(np.arange(40), 100), unit="D")
    log = pd.DataFrame({"customer_id": np.tile([1, 2], 2000), "date": days, "value": value})
    first = rfm_summary(log, statistics=ALL).frame
    for seed in range(5):
        assert_same(rfm_summary(log.sample(frac=1, random_state=seed), statistics=ALL).frame, first)


def test_one_price_differs_from_its_mean_by_nothing():
    days = pd.date_range("2020-01-01", periods=900)
    frame = rfm_summary(pd.DataFrame({"customer_id": 1, "date": days, "value": 19.99}), statistics=ALL).frame
    assert frame["log_value_squares"].tolist() == [0.0]
    assert frame.loc[1, "log_value_mean"] == pytest.approx(np.log(19.99), abs=1e-12)


def test_very_small_and_very_large_values_have_logarithms():
    log = pd.DataFrame({"customer_id": [1, 2, 3], "date": "2020-01-01", "value": [1e-300, 1e99, 5e-324]})
    frame = rfm_summary(log, statistics=["log_value_mean"]).frame
    np.testing.assert_allclose(frame["log_value_mean"], np.log([1e-300, 1e99, 5e-324]), rtol=1e-12)


def test_only_what_is_asked_for_is_made():
    assert not set(rfm_summary(LOG).frame.columns) & set(ALL)
    asked = rfm_summary(LOG, statistics=("frequency", "recency", "T", "log_gaps")).frame
    assert [name for name in ALL if name in asked.columns] == ["log_gaps"]
    assert_same(asked.drop(columns="log_gaps"), rfm_summary(LOG).frame)


def test_refunds_leave_the_gaps_between_purchases():
    days = ["1997-01-01", "1997-01-03", "1997-01-08", "1997-01-15"]
    log = pd.DataFrame({"customer_id": "a", "date": days, "value": [10.0, -2.0, 5.0, 0.0]})
    for refunds in ("net", "drop"):
        found = rfm_summary(log, refunds=refunds, time_unit="day", statistics=ALL).frame.loc["a"]
        assert found["purchase_times"].tolist() == [7, 14]
        assert found["log_gaps"] == pytest.approx(2 * np.log(7), abs=1e-12)
        assert found["free_purchases"] == 1
        assert found["log_value_mean"] == pytest.approx(np.log([10, 5]).mean(), abs=1e-12)


def test_a_log_without_values_has_times_but_no_statistics_of_values():
    log = LOG.drop(columns="value")
    assert rfm_summary(log, value=None, statistics=["purchase_times"]).frame.loc["a", "purchase_times"].tolist() == [
        1,
        3,
    ]
    with pytest.raises(
        clv.InvalidArgument, match=r"\['free_purchases'\] are statistics of values, and the log has none"
    ):
        rfm_summary(log, value=None, statistics=["free_purchases"])


@pytest.mark.parametrize("make", [rfm_summary, rfm_table])
def test_what_is_not_known_is_refused_by_its_name(make):
    with pytest.raises(clv.InvalidArgument, match=r"statistics has \['gaps'\]; choose from log_gaps, purchase_times"):
        make(LOG, statistics=["gaps"])
    with pytest.raises(clv.InvalidArgument, match="opportunities are counted where one is named"):
        make(LOG, statistics=["opportunities"])


def test_splits_hand_them_on():
    cut = {"calibration_end": "1997-01-10", "holdout_end": "1997-01-22"}
    calibration = split_holdout(LOG, statistics=ALL, **cut).calibration
    assert_same(calibration.frame, rfm_summary(LOG, observation_end="1997-01-10", statistics=ALL).frame)
    (only,) = rolling_splits(LOG, origins=["1997-01-10"], horizon=1, statistics=ALL)
    assert_same(only.calibration.frame, calibration.frame)


def test_customers_with_equal_histories_are_counted_once():
    rfm = RFM.from_frame(
        pd.DataFrame(
            {
                "frequency": [2, 2, 0, 2, 1],
                "recency": [5.0, 5.0, 0.0, 5.0, 5.0],
                "T": 8.0,
                "purchase_times": [[2.0, 5.0], (2, 5), [], np.array([3.0, 5.0]), [5.0]],
            },
            index=list("abcde"),
        ),
        time_unit="week",
    )
    found = rfm.compressed(("frequency", "recency", "T", "purchase_times"))
    assert found["count"].tolist() == [1, 1, 2, 1]
    assert [times.tolist() for times in found["purchase_times"]] == [[], [5.0], [2.0, 5.0], [3.0, 5.0]]
    assert rfm.compressed()["count"].tolist() == [1, 1, 3]
    assert rfm.select(["a", "d"]).fingerprint != rfm.select(["a", "b"]).fingerprint


def sources(log, folder):
    log.to_parquet(folder / "log.parquet")
    return [log, folder / "log.parquet", duckdb.connect().read_parquet(str(folder / "log.parquet"))]


def test_a_table_that_is_not_in_memory_counts_and_gives_the_same(tmp_path):
    log = clv.datasets.load_cdnow()
    expected = rfm_summary(log, statistics=ALL)
    for source in sources(log, tmp_path):
        table = rfm_table(source, statistics=ALL)
        assert_same(table.collect().frame, expected.frame)
        for names in (["T", "purchase_times"], ("log_gaps", "frequency"), ALL):
            assert_same(table.compressed(names), expected.compressed(names))
    written = table.to_parquet(tmp_path / "rfm.parquet")
    assert_same(written.collect().frame, expected.frame)
    assert_same(pd.concat([batch.frame for batch in written.batches(1000)]).sort_index(), expected.frame)
    assert written.collect().fingerprint == expected.fingerprint


def test_a_written_frame_is_read_again_by_pandas(tmp_path):
    rfm = rfm_summary(LOG, statistics=ALL)
    rfm.frame.to_parquet(tmp_path / "frame.parquet")
    again = RFM.from_frame(pd.read_parquet(tmp_path / "frame.parquet"), time_unit="week")
    assert_same(again.frame, rfm.frame)
    assert again.fingerprint == rfm.fingerprint


@pytest.mark.parametrize("column", ALL)
def test_the_fingerprint_depends_on_every_statistic(column):
    frame = rfm_summary(LOG, statistics=ALL).frame
    only = frame[["frequency", "recency", "T", column]]
    others = [
        RFM.from_frame(table, time_unit="week").fingerprint
        for table in (only, only.iloc[::-1], frame, frame.iloc[:, :3])
    ]
    assert others[0] == others[1]
    assert len(set(others)) == 3


def test_columns_come_in_the_order_asked_for_or_are_missed_with_the_call_that_makes_them():
    rfm = rfm_summary(LOG, statistics=["log_gaps"])
    assert rfm.statistics(("T", "log_gaps", "frequency")).columns.tolist() == ["T", "log_gaps", "frequency"]
    call = r"rfm_summary\(..., statistics=\['purchase_times'\], opportunity='month'"
    message = f"no purchase_times, opportunities; make it with {call}"
    for ask in (rfm.statistics, rfm.compressed, rfm_table(LOG).compressed):
        with pytest.raises(clv.InvalidRFM, match=message):
            ask(("frequency", "purchase_times", "opportunities"))


GOOD = pd.DataFrame(
    {
        "customer_id": ["a", "b"],
        "frequency": [2, 0],
        "recency": [5.0, 0.0],
        "T": 8.0,
        "log_gaps": [np.log(2) + np.log(3), 0.0],
        "purchase_times": [[2.0, 5.0], []],
        "free_purchases": [1, 1],
        "log_value_mean": [1.0, 0.0],
        "log_value_squares": [0.5, 0.0],
    }
)
WRONG = [
    ({"purchase_times": [[5.0], []]}, "1 of 2 customers have a number of purchase_times other than frequency"),
    ({"purchase_times": [[5.0, 5.0], []]}, "purchase_times that do not go up from above 0"),
    ({"purchase_times": [[7.0, 5.0], []]}, "purchase_times that do not go up from above 0"),
    ({"purchase_times": [[0.0, 5.0], []]}, "purchase_times that do not go up from above 0"),
    ({"purchase_times": [[2.0, 6.0], []]}, "a last of purchase_times other than recency"),
    ({"purchase_times": [[2.0, np.nan], []]}, "purchase_times"),
    ({"purchase_times": [[2.0, 5.0], None]}, "purchase_times"),
    ({"purchase_times": ["now", "then"]}, "column 'purchase_times'"),
    ({"purchase_times": [["2", "5"], []]}, "purchase_times"),
    ({"purchase_times": [5.0, 0.0]}, "column 'purchase_times'"),
    ({"log_gaps": [2.0, 0.0]}, "log_gaps that so many gaps within the recency cannot have"),
    ({"log_gaps": [1.0, 1.0]}, "log_gaps other than 0 at frequency 0"),
    ({"log_gaps": [np.nan, 0.0]}, "no log_gaps"),
    ({"free_purchases": [4, 1]}, "a number of free_purchases that is not whole, or more than all"),
    ({"free_purchases": [0.5, 1]}, "a number of free_purchases that is not whole"),
    ({"free_purchases": [-1, 1]}, "a negative free_purchases"),
    ({"free_purchases": [3, 1]}, "a log_value_mean other than 0 without a purchase that was paid for"),
    ({"free_purchases": [2, 1]}, "log_value_squares above 0 without two purchases"),
    ({"log_value_squares": [-1.0, 0.0]}, "a negative log_value_squares"),
]


@pytest.mark.parametrize(("changed", "message"), WRONG)
@pytest.mark.parametrize("read", [RFM.from_frame, RFMTable.open])
def test_statistics_that_contradict_the_others_are_refused(changed, message, read):
    assert read(GOOD, time_unit="week").time_unit == "week"
    with pytest.raises(clv.InvalidRFM, match=message):
        read(GOOD.assign(**changed), time_unit="week")


def test_gaps_other_than_those_of_the_times_are_refused():
    with pytest.raises(clv.InvalidRFM, match="log_gaps other than those of purchase_times"):
        RFM.from_frame(GOOD.assign(log_gaps=[1.5, 0.0]), time_unit="week")
