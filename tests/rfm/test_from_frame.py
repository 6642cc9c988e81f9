"""A per-customer table is checked before anything is cast."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvmodels as clv
from clvmodels.errors import InvalidArgument, InvalidRFM
from clvmodels.rfm import RFM


def a_table(**columns):
    good = {"frequency": [2, 0, 1], "recency": [30.43, 0.0, 1.71], "T": [38.86, 38.86, 38.86]}
    return pd.DataFrame({"customer_id": ["a", "b", "c"], **good, **columns})


def rfm_of(table, **choices):
    return RFM.from_frame(table, **{"time_unit": "week", **choices})


def test_customer_id_may_be_a_column_or_the_index():
    column, index = rfm_of(a_table()), rfm_of(a_table().set_index("customer_id"))
    pd.testing.assert_frame_equal(column.frame, index.frame)
    assert column.frame.index.name == "customer_id"


def test_an_index_without_a_name_is_the_customer_id():
    assert rfm_of(a_table().drop(columns="customer_id")).frame.index.tolist() == [0, 1, 2]


def test_the_order_and_further_columns_are_kept():
    frame = rfm_of(a_table(segment=["x", "y", "x"]).iloc[::-1]).frame
    assert frame.index.tolist() == ["c", "b", "a"]
    assert frame["segment"].tolist() == ["x", "y", "x"]


def test_the_callers_table_is_not_changed():
    table = a_table(frequency=[2.0, 0.0, 1.0])
    before = table.copy(deep=True)
    frame = rfm_of(table).frame
    frame.loc["a", "T"] = 99.0
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float64", "Int64", "Float64", "int64[pyarrow]"])
def test_whole_numbers_of_any_type_are_frequencies(dtype):
    frame = rfm_of(a_table().astype({"frequency": dtype})).frame
    assert frame["frequency"].dtype == "int64"
    assert frame["frequency"].tolist() == [2, 0, 1]


def test_ids_that_are_tuples_stay_whole():
    table = a_table().assign(customer_id=pd.Series([("x", 1), ("x", 2), ("y", 1)], dtype=object))
    assert rfm_of(table).frame.index.tolist() == [("x", 1), ("x", 2), ("y", 1)]


def test_the_observation_end_is_read():
    assert rfm_of(a_table(), observation_end="1997-09-30").observation_end == pd.Timestamp("1997-09-30")


def test_a_table_without_amounts_has_none():
    assert not rfm_of(a_table()).has_value
    assert rfm_of(a_table(monetary_value=[22.35, 0.0, 11.77])).has_value


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"frequency": [2, 0, 1.9]},
            "1 of 3 customers have a frequency that is not a whole number, e.g. 'c' .*frequency 1.9",
        ),
        ({"frequency": [2, 0, 1e300]}, "a frequency that is not a whole number"),
        ({"frequency": [2, -1, -3]}, "2 of 3 customers have a negative frequency, e.g. 'b'"),
        ({"frequency": [2, 0, np.nan]}, "1 of 3 customers have no frequency"),
        ({"frequency": [2, 0, np.inf]}, "1 of 3 customers have an infinite frequency"),
        ({"frequency": ["2", "0", "1"]}, "column 'frequency' is .*; make it numbers"),
        ({"frequency": [True, False, True]}, "column 'frequency' is bool"),
        ({"frequency": pd.array([2, None, 1], dtype="Int64")}, "1 of 3 customers have no frequency"),
        ({"recency": [38.87, 0.0, 1.71]}, "1 of 3 customers have recency > T, e.g. 'a' .*recency 38.87, T 38.86"),
        ({"recency": [30.43, 5.0, 1.71]}, "1 of 3 customers have recency > 0 at frequency 0, e.g. 'b'"),
        ({"recency": [30.43, 0.0, 0.0]}, "1 of 3 customers have recency 0 at frequency > 0, e.g. 'c'"),
        ({"recency": [30.43, 0.0, -1.0]}, "1 of 3 customers have a negative recency"),
        ({"recency": [30.43, 0.0, np.nan]}, "1 of 3 customers have no recency"),
        ({"recency": [30.43, 0.0, np.inf]}, "1 of 3 customers have an infinite recency"),
        ({"T": [38.86, np.nan, 38.86]}, r"1 of 3 customers have no T \(missing or NaN\), e.g. 'b'"),
        ({"T": [38.86, np.inf, 38.86]}, "1 of 3 customers have an infinite T"),
        ({"T": [38.86, -1.0, 38.86]}, "1 of 3 customers have a negative T"),
        ({"T": pd.to_timedelta([1, 2, 3], unit="D")}, "column 'T' is timedelta"),
        ({"monetary_value": [22.35, -1.0, 11.77]}, "1 of 3 customers have a negative monetary_value"),
        ({"monetary_value": [22.35, np.nan, 11.77]}, "1 of 3 customers have no monetary_value .*0 if there is nothing"),
        ({"total_value": [22.35, np.inf, 11.77]}, "1 of 3 customers have an infinite total_value"),
        ({"active_lately": [1, 0, 1]}, "column 'active_lately' is int64; make it true or false"),
        ({"customer_id": ["a", "b", "a"]}, "1 duplicate customer ids, e.g. 'a'; one row per customer"),
        ({"customer_id": ["a", None, "c"]}, "1 of 3 rows have no customer_id"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused_with_what_was_found(columns, message):
    with pytest.raises(InvalidRFM, match=message):
        rfm_of(a_table(**columns))


@pytest.mark.parametrize(
    ("ids", "shown"),
    [(np.array([7, 8, 9]), "7"), (pd.array([7, 8, 9], dtype="Int64"), "7"), (["007", "8", "9"], "'007'")],
    ids=["int64", "Int64", "text"],
)
def test_an_id_is_shown_as_people_write_it(ids, shown):
    table = a_table().assign(customer_id=ids)
    with pytest.raises(InvalidRFM, match=rf"have recency > T, e.g. {shown} \(frequency 2, "):
        rfm_of(table.assign(recency=[50.0, 0.0, 1.71]))
    with pytest.raises(InvalidRFM, match=f"1 duplicate customer ids, e.g. {shown}; one row"):
        rfm_of(table.iloc[[0, 0, 1]])


def test_missing_columns_are_named_with_those_found():
    with pytest.raises(
        InvalidRFM, match=r"missing columns \['recency', 'T'\], found \['frequency', 't_x'\]; rename yours"
    ):
        rfm_of(pd.DataFrame({"frequency": [1], "t_x": [1.0]}))


def test_a_column_that_is_there_twice_is_refused():
    with pytest.raises(InvalidRFM, match="column names occur twice"):
        rfm_of(pd.concat([a_table(), a_table()[["T"]]], axis=1))


def test_an_empty_table_is_refused():
    with pytest.raises(InvalidRFM, match="the table has no customers"):
        rfm_of(a_table().iloc[:0])


def test_an_index_of_several_levels_is_refused():
    with pytest.raises(InvalidRFM, match=r"the index has 2 levels \['shop', 'customer'\]"):
        rfm_of(
            a_table()
            .drop(columns="customer_id")
            .set_axis(pd.MultiIndex.from_product([["s"], [1, 2, 3]], names=["shop", "customer"]))
        )


@pytest.mark.parametrize("table", [None, [[1, 2, 3]], pl.DataFrame({"frequency": [1]})])
def test_what_is_no_pandas_table_is_refused(table):
    with pytest.raises(InvalidRFM, match="hand in a pandas DataFrame"):
        rfm_of(table)


def test_an_unknown_time_unit_is_refused():
    with pytest.raises(InvalidArgument, match="time_unit is 'weeks'"):
        rfm_of(a_table(), time_unit="weeks")


CUSTOMERS = st.tuples(st.integers(0, 5), st.floats(0.01, 50), st.floats(0, 50))
WRONG = {
    "frequency": st.sampled_from([-1.0, 0.5, np.nan, np.inf, -np.inf]) | st.floats(max_value=-1e-9),
    "recency": st.sampled_from([-1.0, np.nan, np.inf, 1e6]) | st.floats(min_value=101, allow_nan=False),
    "T": st.sampled_from([-1.0, np.nan, np.inf, -np.inf]) | st.floats(max_value=-1e-9),
}


@settings(max_examples=50)
@given(st.lists(CUSTOMERS, min_size=1, max_size=8), st.data())
def test_one_wrong_number_anywhere_is_refused(customers, data):
    rows = [(float(x), recency if x else 0.0, recency + rest) for x, recency, rest in customers]
    table = pd.DataFrame(rows, columns=["frequency", "recency", "T"])
    assert len(rfm_of(table)) == len(rows)
    column = data.draw(st.sampled_from(list(WRONG)))
    row, wrong = data.draw(st.integers(0, len(rows) - 1)), data.draw(WRONG[column])
    table.loc[row, column] = wrong
    with pytest.raises(InvalidRFM, match=f"of {len(rows)} customers have .*e.g. "):
        rfm_of(table)


def test_a_column_of_counts_is_not_taken_for_the_users_own():
    with pytest.raises(clv.InvalidRFM, match="a row is one customer; if it says how many customers are alike, repeat"):
        clv.RFM.from_frame(clv.datasets.load_donations(), time_unit="year")
