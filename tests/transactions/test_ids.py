"""Customer ids of any type come back as they went in; none is made up."""

import datetime as dt
import uuid
from decimal import Decimal

import duckdb
import ibis
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvmodels.errors import InvalidArgument, InvalidRFM, InvalidTransactions
from clvmodels.rfm import RFM, rfm_summary, split_holdout

DAYS = ["1997-01-05", "1997-01-02", "1997-01-09"]
TYPES = {
    "int64": np.array([20, 3, 3]),
    "int32": np.array([20, 3, 3], dtype="int32"),
    "uint8": np.array([20, 3, 3], dtype="uint8"),
    "nullable integers": pd.array([20, 3, 3], dtype="Int64"),
    "Arrow integers": pd.array([20, 3, 3], dtype="uint32[pyarrow]"),
    "floats": np.array([20.5, 3.0, 3.0]),
    "text": ["b", "a", "a"],
    "text as objects": pd.Series(["b", "a", "a"], dtype=object),
    "leading zeros": ["00042", "0", "0"],
    "categories": pd.Categorical(["x", "y", "y"], categories=["z", "y", "x"]),
    "timestamps": pd.to_datetime(["2021-01-01", "2020-01-01", "2020-01-01"]),
    "booleans": [True, False, False],
    "beyond 64 bits": pd.Series([2**70, 1, 1], dtype=object),
    "bytes": pd.Series([b"b", b"a", b"a"], dtype=object),
    "UUIDs": pd.Series([uuid.UUID(int=9), uuid.UUID(int=1), uuid.UUID(int=1)], dtype=object),
    "tuples": pd.Series([("x", 2), ("x", 1), ("x", 1)], dtype=object),
    "text and numbers": pd.Series(["b", 1, 1], dtype=object),
    "dates": pd.Series([dt.date(2021, 1, 1), dt.date(2020, 1, 1), dt.date(2020, 1, 1)], dtype=object),
}


def a_log(ids):
    return pd.DataFrame({"customer_id": ids, "date": DAYS, "value": [1.0, 2.0, 4.0]})


@pytest.mark.parametrize("ids", TYPES.values(), ids=TYPES)
def test_ids_come_back_in_their_own_type_and_with_their_own_numbers(ids):
    log = a_log(ids)
    frame = rfm_summary(log).frame
    once, twice, _ = log["customer_id"]
    assert frame.index.dtype == log["customer_id"].dtype
    assert frame.index.nlevels == 1
    assert {one: count for one, count in zip(frame.index, frame["frequency"], strict=True)} == {once: 0, twice: 1}
    assert {type(one) for one in frame.index} == {type(once), type(twice)}


@pytest.mark.parametrize("ids", TYPES.values(), ids=TYPES)
def test_the_holdout_is_lined_up_by_id(ids):
    split = split_holdout(a_log(ids), calibration_end="1997-01-06", holdout_end="1997-01-12")
    purchases = dict(zip(split.holdout.index, split.holdout["purchases"], strict=True))
    assert purchases == {pd.Series(ids).iloc[0]: 0, pd.Series(ids).iloc[1]: 1}


def test_customers_are_sorted_by_id():
    assert rfm_summary(a_log([30, 4, 200])).frame.index.tolist() == [4, 30, 200]


def test_ids_that_cannot_be_compared_have_an_order_that_the_rows_do_not_change():
    log = a_log(pd.Series(["b", 1, (2, 3)], dtype=object))
    there, back = rfm_summary(log).frame, rfm_summary(log.iloc[::-1]).frame
    pd.testing.assert_frame_equal(there, back)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CAST('6f9619ff-8b86-d011-b42d-00cf4fc964ff' AS UUID)", uuid.UUID("6f9619ff-8b86-d011-b42d-00cf4fc964ff")),
        ("CAST(7 AS SMALLINT)", 7),
        ("CAST(1180591620717411303424 AS HUGEINT)", 2**70),
        ("CAST('b' AS ENUM('b', 'a'))", "b"),
        ("'00042'", "00042"),
        ("CAST('1.50' AS DECIMAL(10, 2))", Decimal("1.50")),
    ],
)
def test_ids_of_a_relation_come_back_exactly(sql, expected):
    relation = duckdb.sql(f"SELECT {sql} AS customer_id, DATE '1997-01-01' AS date")
    assert rfm_summary(relation, value=None).frame.index.tolist() == [expected]


def test_uuids_in_parquet_come_back_as_uuids(tmp_path):
    known = "6f9619ff-8b86-d011-b42d-00cf4fc964ff"
    duckdb.sql(
        f"COPY (SELECT CAST('{known}' AS UUID) AS customer_id, DATE '1997-01-01' AS date) TO '{tmp_path}/u.parquet'"
    )
    assert rfm_summary(tmp_path / "u.parquet", value=None).frame.index.tolist() == [uuid.UUID(known)]


def test_polars_categories_come_back_as_categories():
    log = pl.from_pandas(a_log(["b", "a", "a"])).with_columns(pl.col("customer_id").cast(pl.Categorical))
    index = rfm_summary(log).frame.index
    assert isinstance(index.dtype, pd.CategoricalDtype)
    assert sorted(index) == ["a", "b"]


@pytest.mark.parametrize(
    "ids",
    [
        [None, "a", "a"],
        ["", "a", "a"],
        [" \t", "a", "a"],
        [np.nan, 3, 3],
        pd.array([None, 3, 3], dtype="Int64"),
        pd.Categorical([None, "a", "a"]),
        pd.Series([pd.NA, ("x", 1), ("x", 1)], dtype=object),
    ],
)
def test_missing_and_blank_ids_are_counted(ids):
    with pytest.raises(InvalidTransactions, match="1 of 3 rows have no 'customer_id'; give every row its customer"):
        rfm_summary(a_log(ids))


@pytest.mark.parametrize("identifier", ["NULL", "''", "CAST('nan' AS DOUBLE)"])
def test_missing_and_blank_ids_in_a_database_are_counted(identifier):
    relation = duckdb.sql(f"SELECT {identifier} AS customer_id, DATE '1997-01-01' AS date")
    with pytest.raises(InvalidTransactions, match="1 of 1 rows have no 'customer_id'"):
        rfm_summary(relation, value=None)


@pytest.mark.parametrize("ids", [[[1], [2], [2]], [{"a": 1}, {}, {}]])
def test_ids_that_cannot_be_told_apart_are_refused(ids):
    with pytest.raises(InvalidTransactions, match="must be text, numbers or other hashable values: unhashable"):
        rfm_summary(a_log(ids))


def test_nested_ids_in_a_database_are_refused():
    table = ibis.memtable(
        {"customer_id": [[1]], "date": ["1997-01-01"]}, schema={"customer_id": "array<int>", "date": "string"}
    )
    with pytest.raises(InvalidTransactions, match="column 'customer_id' is array"):
        rfm_summary(table, value=None)


@settings(max_examples=15)
@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.text(), min_size=1, unique=True))
def test_any_mixture_of_numbers_and_text_comes_back(ids):
    usable = [one for one in ids if not isinstance(one, str) or one.strip()] or [0]
    log = pd.DataFrame({"customer_id": pd.Series(usable, dtype=object), "date": "1997-01-01"})
    assert set(rfm_summary(log, value=None).frame.index) == set(usable)


EQUAL = [
    ([1, True], r"1 \(int\) and True \(bool\)"),
    ([1.0, 1], r"1\.0 \(float\) and 1 \(int\)"),
    (["a", np.True_, 7, 1], r"True \(bool\) and 1 \(int\)"),
    ([Decimal(1), 1], r"Decimal\('1'\) \(Decimal\) and 1 \(int\)"),
    ([Decimal("1.5"), 1.5], r"Decimal\('1.5'\) \(Decimal\) and 1.5 \(float\)"),
    ([0, -0.0], r"0 \(int\) and -0\.0 \(float\)"),
    ([("x", 1), ("x", True)], r"\('x', 1\) \(tuple\) and \('x', True\) \(tuple\)"),
]


@pytest.mark.parametrize(("ids", "message"), EQUAL)
def test_equal_ids_of_several_types_are_refused_in_a_log(ids, message):
    log = pd.DataFrame({"customer_id": pd.Series(ids, dtype=object), "date": "1997-01-01"})
    with pytest.raises(InvalidTransactions, match=f"the customer ids {message} are equal.*make all ids of one type"):
        rfm_summary(log, value=None)


@pytest.mark.parametrize(("ids", "message"), EQUAL)
def test_equal_ids_of_several_types_are_refused_in_a_table(ids, message):
    table = pd.DataFrame({"customer_id": pd.Series(ids, dtype=object), "frequency": 0, "recency": 0, "T": 1})
    with pytest.raises(InvalidRFM, match=message):
        RFM.from_frame(table, time_unit="week")


def test_a_column_to_assign_and_customers_to_select_need_ids_of_the_type_of_the_table():
    table = pd.DataFrame({"customer_id": [1, 2], "frequency": 0, "recency": 0, "T": 1})
    rfm = RFM.from_frame(table, time_unit="week")
    with pytest.raises(InvalidArgument, match=r"True \(bool\) and 1 \(int\)"):
        rfm.assign(segment={True: "a", 2: "b"})
    with pytest.raises(InvalidArgument, match=r"True \(bool\) and 1 \(int\)"):
        rfm.select([True, 2])


@pytest.mark.parametrize(
    "ids",
    [[1, np.int64(1)], ["a", np.str_("a")], [pd.Timestamp("2024"), dt.datetime(2024, 1, 1)], [1.5, np.float32(1.5)]],
)
def test_an_id_is_the_same_as_a_type_of_numpy_or_pandas(ids):
    log = pd.DataFrame({"customer_id": pd.Series(ids, dtype=object), "date": "1997-01-01"})
    assert len(rfm_summary(log, value=None)) == 1


def test_a_number_and_its_text_are_two_customers():
    log = pd.DataFrame({"customer_id": pd.Series([1, "1"], dtype=object), "date": "1997-01-01"})
    assert len(rfm_summary(log, value=None)) == 2
