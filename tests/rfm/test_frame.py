"""An RFM is a value: questions and copies, never changes."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from clvmodels.errors import InvalidArgument, InvalidRFM
from clvmodels.rfm import RFM

TABLE = pd.DataFrame(
    {"frequency": [2, 0, 0, 1], "recency": [30.0, 0.0, 0.0, 5.0], "T": [38.0, 38.0, 38.0, 20.0]},
    index=["d", "a", "c", "b"],
)


@pytest.fixture
def rfm():
    return RFM.from_frame(TABLE, time_unit="week", observation_end="1997-09-30")


def test_the_length_is_the_number_of_customers(rfm):
    assert len(rfm) == 4


def test_it_shows_what_it_is(rfm):
    assert repr(rfm) == "RFM(4 customers, time unit week, observed until 1997-09-30)"


def test_it_is_frozen(rfm):
    with pytest.raises(dataclasses.FrozenInstanceError):
        rfm.time_unit = "day"


def test_compressing_keeps_the_distinct_rows_and_their_number(rfm):
    assert rfm.compressed().to_dict("list") == {
        "frequency": [0, 1, 2],
        "recency": [0.0, 5.0, 30.0],
        "T": [38.0, 20.0, 38.0],
        "count": [2, 1, 1],
    }


def test_the_fingerprint_depends_on_neither_order_nor_ids(rfm):
    shuffled = RFM.from_frame(TABLE.iloc[::-1].reset_index(drop=True), time_unit="week")
    assert shuffled.fingerprint == rfm.fingerprint
    assert len(rfm.fingerprint) == 64


@pytest.mark.parametrize(("column", "value"), [("frequency", 3), ("recency", 30.000001), ("T", 38.000001)])
def test_the_fingerprint_depends_on_every_number(rfm, column, value):
    other = TABLE.copy()
    other.loc["d", column] = value
    assert RFM.from_frame(other, time_unit="week").fingerprint != rfm.fingerprint


def test_the_fingerprint_depends_on_the_unit_and_on_the_amounts(rfm):
    others = [
        RFM.from_frame(TABLE, time_unit="day"),
        RFM.from_frame(TABLE.assign(monetary_value=1.0), time_unit="week"),
        RFM.from_frame(TABLE.assign(monetary_value=2.0), time_unit="week"),
    ]
    assert len({rfm.fingerprint, *(other.fingerprint for other in others)}) == 4


def test_a_fingerprint_is_of_the_rows_and_not_of_the_columns(rfm):
    swapped = TABLE.assign(T=[38.0, 38.0, 20.0, 38.0])
    assert RFM.from_frame(swapped, time_unit="week").fingerprint != rfm.fingerprint


def test_an_assigned_column_is_aligned_by_customer(rfm):
    segment = pd.Series({"a": 1, "b": 2, "c": 3, "d": 4, "stranger": 5})
    assert rfm.assign(segment=segment).frame["segment"].to_dict() == {"d": 4, "a": 1, "c": 3, "b": 2}
    assert "segment" not in rfm.frame.columns


def test_an_assigned_column_may_be_a_dict(rfm):
    assert rfm.assign(size=dict.fromkeys("abcd", "big")).frame["size"].tolist() == ["big"] * 4


def test_an_assigned_column_keeps_its_type(rfm):
    segment = pd.Series(list("xyxy"), index=list("abcd"), dtype="category")
    assert isinstance(rfm.assign(segment=segment).frame["segment"].dtype, pd.CategoricalDtype)


def test_an_assigned_column_that_lacks_customers_is_refused(rfm):
    with pytest.raises(InvalidArgument, match="segment lacks 2 of 4 customers, e.g. 'c'"):
        rfm.assign(segment=pd.Series({"d": 1, "a": 1}))


def test_an_assigned_column_with_a_customer_twice_is_refused(rfm):
    with pytest.raises(InvalidArgument, match="segment has customers twice, e.g. 'a'"):
        rfm.assign(segment=pd.Series([1] * 5, index=list("abcda")))


@pytest.mark.parametrize("column", [[1, 2, 3, 4], "web", np.zeros(4)])
def test_an_assigned_column_without_customers_is_refused(rfm, column):
    with pytest.raises(InvalidArgument, match="give a Series indexed by customer_id, or a dict"):
        rfm.assign(segment=column)


def test_what_was_derived_from_transactions_cannot_be_assigned(rfm):
    with pytest.raises(InvalidArgument, match=r"\['T'\] are derived from the transactions"):
        rfm.assign(T=TABLE["T"])


def test_selected_customers_come_in_the_order_asked_for(rfm):
    some = rfm.select(["b", "d"])
    assert some.frame.index.tolist() == ["b", "d"]
    assert (some.time_unit, some.observation_end) == (rfm.time_unit, rfm.observation_end)


@pytest.mark.parametrize("kind", [list, np.array, pd.Series, pd.Index, tuple, iter])
def test_ids_of_any_list_like_are_selected(rfm, kind):
    assert rfm.select(kind(["b", "d"])).frame.index.tolist() == ["b", "d"]


@pytest.mark.parametrize("kind", [list, np.array])
def test_a_mask_selects_by_position(rfm, kind):
    assert rfm.select(kind([True, False, False, True])).frame.index.tolist() == ["d", "b"]


def test_a_mask_that_is_a_series_is_aligned_by_customer(rfm):
    assert rfm.select(pd.Series({"a": True, "b": False, "c": False, "d": True})).frame.index.tolist() == ["d", "a"]


def test_a_condition_on_the_frame_is_a_mask(rfm):
    assert rfm.select(rfm.frame["frequency"] > 0).frame.index.tolist() == ["d", "b"]


def test_tuple_ids_are_selected():
    ids = pd.Index([("x", 1), ("x", 2), ("y", 1), ("y", 2)], tupleize_cols=False)
    rfm = RFM.from_frame(TABLE.set_axis(ids), time_unit="week")
    assert rfm.select([("y", 1)]).frame.index.tolist() == [("y", 1)]
    assert rfm.assign(segment=dict.fromkeys(ids, "web")).frame["segment"].tolist() == ["web"] * 4


@pytest.mark.parametrize(
    ("customers", "message"),
    [
        (["a", "x", "y"], "2 of 3 customers are not in the table, e.g. 'x'"),
        (["a", "b", "a"], "customer 'a' is asked for twice"),
        ([True, False], "2 booleans for 4 customers"),
        ([], "none of the 4 customers is selected"),
        ([False] * 4, "none of the 4 customers is selected"),
    ],
)
def test_a_selection_that_cannot_be_made_is_refused(rfm, customers, message):
    with pytest.raises(InvalidArgument, match=message):
        rfm.select(customers)


def test_numbers_that_are_ids_are_shown_as_numbers():
    rfm = RFM.from_frame(TABLE.set_axis([4, 3, 2, 1]), time_unit="week")
    with pytest.raises(InvalidArgument, match="e.g. 9$"):
        rfm.select([4, 9])
    with pytest.raises(InvalidArgument, match="customer 4 is asked for twice"):
        rfm.select([4, 3, 4])
    with pytest.raises(InvalidArgument, match="lacks 2 of 4 customers, e.g. 2; index"):
        rfm.assign(segment=pd.Series(["x", "y"], index=[4, 3]))
    with pytest.raises(InvalidArgument, match="has customers twice, e.g. 3$"):
        rfm.assign(segment=pd.Series(["x", "y", "z"], index=[4, 3, 3]))


def test_a_new_customer_has_no_history():
    new = RFM.new_customer("month")
    assert new.frame.loc["new", ["frequency", "recency", "T", "monetary_value"]].tolist() == [0, 0, 0, 0]
    assert new.time_unit == "month"


def test_what_a_new_customer_will_first_spend_is_not_known():
    assert RFM.new_customer("week").frame.loc["new", ["first_value", "total_value"]].isna().all()


def test_a_new_customer_of_an_unknown_unit_is_refused():
    with pytest.raises(InvalidArgument, match="time_unit is 'eon'"):
        RFM.new_customer("eon")


def test_errors_are_value_errors_too():
    with pytest.raises(ValueError, match="no customers"):
        RFM.from_frame(TABLE.iloc[:0], time_unit="week")
    assert issubclass(InvalidRFM, ValueError)
