"""A summary that stays where the transactions are gives what the one in memory gives."""

import datetime as dt

import duckdb
import ibis
import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.rfm import RFMTable

END = "1997-09-30"


@pytest.fixture(scope="module")
def log():
    return clv.datasets.load_cdnow()


@pytest.fixture(scope="module")
def rfm(log):
    return clv.rfm_summary(log, observation_end=END)


@pytest.fixture(scope="module")
def parquet(log, tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "orders.parquet"
    log.to_parquet(path)
    return path


@pytest.fixture(scope="module")
def table(parquet):
    return clv.rfm_table(parquet, observation_end=END)


def sources(log, parquet):
    connection = duckdb.connect()
    return {
        "pandas": log,
        "path": parquet,
        "relation": connection.read_parquet(str(parquet)),
        "ibis": ibis.duckdb.connect().read_parquet(parquet),
    }


@pytest.mark.parametrize("kind", ["pandas", "path", "relation", "ibis"])
def test_collecting_it_gives_the_summary(log, parquet, rfm, kind):
    found = clv.rfm_table(sources(log, parquet)[kind], observation_end=END).collect()
    pd.testing.assert_frame_equal(found.frame, rfm.frame, check_exact=True)
    assert found.observation_end == rfm.observation_end
    assert found.churn_window == rfm.churn_window


@pytest.mark.parametrize("kind", ["pandas", "path", "relation", "ibis"])
def test_its_counts_are_those_of_the_summary(log, parquet, rfm, kind):
    found = clv.rfm_table(sources(log, parquet)[kind], observation_end=END)
    pd.testing.assert_frame_equal(found.compressed(), rfm.compressed(), check_dtype=False, check_exact=True)
    for first in (False, True):
        counts, expected = found.spend_counts(include_first=first), rfm.spend_counts(include_first=first)
        pd.testing.assert_frame_equal(counts, expected, check_dtype=False, check_exact=True)


def test_it_counts_the_customers(table):
    assert table.count() == 2357


def test_its_log_says_what_was_merged_and_left_out(table, rfm):
    pd.testing.assert_frame_equal(table.log, rfm.log)


def test_refunds_are_treated_as_in_memory():
    days = ["1997-01-01", "1997-01-08", "1997-01-08", "1997-01-20", "1997-01-01"]
    log = pd.DataFrame({"customer_id": list("aaaab"), "date": days, "value": [9.5, 20, -20, 3.3, -1]})
    for refunds in ("net", "drop"):
        found = clv.rfm_table(log, refunds=refunds)
        expected = clv.rfm_summary(log, refunds=refunds)
        pd.testing.assert_frame_equal(found.collect().frame, expected.frame)
        pd.testing.assert_frame_equal(found.log, expected.log)


def test_a_fit_to_it_is_the_fit_to_the_summary(table, rfm):
    for model in (clv.BetaGeo(), clv.GammaGamma(), clv.GammaGamma(include_first=True)):
        there, here = model.fit(table, draws=200, random_seed=1), model.fit(rfm, draws=200, random_seed=1)
        assert there.samples.equals(here.samples)
        assert there.fingerprint == here.fingerprint


def test_a_fit_collects_counts_and_never_customers(table, monkeypatch):
    def refused(*_):
        raise AssertionError("customers were collected")

    monkeypatch.setattr(RFMTable, "collect", refused)
    monkeypatch.setattr(RFMTable, "batches", refused)
    collected = []
    collect = type(table.source).collect
    monkeypatch.setattr(
        type(table.source), "collect", lambda self, e: collected.append(collect(self, e)) or collected[-1]
    )
    clv.BetaGeo().fit(table, draws=200, random_seed=1)
    assert [set(frame.columns) for frame in collected] == [{"frequency", "recency", "T", "count"}]
    assert len(collected[0]) == 1016


def test_it_is_written_and_opened_again_as_it_was(table, rfm, tmp_path):
    opened = table.to_parquet(tmp_path / "rfm.parquet")
    pd.testing.assert_frame_equal(opened.collect().frame, rfm.frame, check_exact=True)
    assert opened.observation_end == rfm.observation_end
    assert opened.churn_window == rfm.churn_window
    assert [path.name for path in tmp_path.iterdir()] == ["rfm.parquet"]


def test_cached_it_is_worked_out_once_and_the_same(parquet, rfm):
    cached = clv.rfm_table(parquet, observation_end=END).cached()
    pd.testing.assert_frame_equal(cached.collect().frame, rfm.frame, check_exact=True)
    assert "transactions" not in cached.sql("duckdb")
    assert "GROUP BY" not in cached.sql("duckdb")


def test_a_relation_cannot_be_cached_and_says_what_can(log, parquet):
    relation = clv.rfm_table(sources(log, parquet)["relation"], observation_end=END)
    with pytest.raises(clv.InvalidArgument, match="use to_parquet"):
        relation.cached()


def test_a_log_in_memory_is_not_cached_and_says_what_to_do(log):
    with pytest.raises(clv.InvalidArgument, match="the log is in memory; use collect"):
        clv.rfm_table(log, observation_end=END).cached()


def test_a_log_of_which_nothing_is_left_after_refunds_is_refused_by_the_fit():
    log = pd.DataFrame({"customer_id": ["a", "a"], "date": ["1997-01-01"] * 2, "value": [9.5, -9.5]})
    with pytest.raises(clv.InvalidRFM, match="no customers; did every day come to zero"):
        clv.BetaGeo().fit(clv.rfm_table(log, refunds="net"))


def test_batches_have_all_customers_once(table, rfm):
    batches = list(table.batches(500))
    assert len(batches) > 1
    frame = pd.concat([batch.frame for batch in batches]).sort_index()
    pd.testing.assert_frame_equal(frame, rfm.frame, check_exact=True)
    assert all(batch.time_unit == "week" for batch in batches)


def test_customers_of_a_pandas_log_keep_their_own_ids():
    ids = [dt.date(2020, 1, 1), dt.date(2020, 1, 1), dt.date(2021, 1, 1)]
    log = pd.DataFrame({"customer_id": ids, "date": ["1997-01-01", "1997-01-08", "1997-01-01"]})
    (batch,) = clv.rfm_table(log, value=None).batches()
    assert set(batch.frame.index) == set(ids)


TABLE = pd.DataFrame(
    {"customer_id": ["a", "b"], "frequency": [0, 2], "recency": [0.0, 5.0], "T": [8.0, 9.0], "monetary_value": [0, 3.5]}
)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"frequency": [0, 1.5]}, r"1 of 2 customers have a frequency that is not a whole number, e.g. customer 'b'"),
        ({"recency": [0, 10.0]}, r"1 of 2 customers have recency > T"),
        ({"recency": [1.0, 5.0]}, r"recency > 0 at frequency 0.*recency is 0"),
        ({"recency": [0.0, 0.0]}, r"recency 0 at frequency > 0"),
        ({"T": [np.nan, 9.0]}, r"1 of 2 customers have no T \(missing or NaN\)"),
        ({"T": [np.inf, 9.0]}, r"an infinite T"),
        ({"monetary_value": [0, -1.0]}, r"a negative monetary_value"),
        ({"customer_id": ["a", "a"]}, r"1 duplicate customer ids"),
        ({"customer_id": ["a", None]}, r"1 of 2 customers have no customer_id"),
        ({"T": ["8", "9"]}, r"column 'T' is string; make it numbers"),
        ({"first_date": ["hello", "you"]}, r"column 'first_date' is string; make it dates"),
        ({"active_lately": ["yes", "no"]}, r"column 'active_lately' is string; make it true or false"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused_with_the_number_of_customers(changed, message):
    with pytest.raises(clv.InvalidRFM, match=message):
        clv.RFMTable.open(TABLE.assign(**changed), time_unit="week")


def test_a_table_without_a_column_is_refused_by_its_name():
    with pytest.raises(clv.InvalidRFM, match=r"missing columns \['T'\], found .*; customer_id, .* under these names"):
        clv.RFMTable.open(TABLE.drop(columns="T"), time_unit="week")


def test_an_empty_table_is_refused():
    with pytest.raises(clv.InvalidRFM, match="no customers"):
        clv.RFMTable.open(TABLE.iloc[:0].astype({"customer_id": "str"}), time_unit="week")


def test_values_that_are_not_there_are_missed_by_name():
    opened = clv.RFMTable.open(TABLE.drop(columns="monetary_value"), time_unit="week")
    with pytest.raises(clv.InvalidRFM, match="no monetary_value; make it from transactions with a value column"):
        clv.GammaGamma().fit(opened)


def test_a_prediction_for_a_table_that_is_not_in_memory_names_the_way_to_it(table, rfm):
    purchases = clv.BetaGeo().fit(rfm, method="map")
    with pytest.raises(clv.InvalidArgument, match=r"not in memory; use clv.score"):
        purchases.expected_purchases(table, horizon=39)


def test_its_line_says_what_it_is_without_counting(table):
    assert repr(table).startswith("RFMTable(customer_id, frequency, recency, T, monetary_value")
    assert "time unit week, observed until 1997-09-30" in repr(table)
