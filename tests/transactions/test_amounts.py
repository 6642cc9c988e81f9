"""Amounts are numbers: nothing missing is zero, nothing else is converted."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from clvmodels.errors import InvalidArgument, InvalidTransactions
from clvmodels.rfm import rfm_summary
from clvmodels.transactions import Reading, check_transactions


def a_log(values, dtype=None):
    return pd.DataFrame({"customer_id": "a", "date": "1997-01-01", "value": pd.Series(values, dtype=dtype)})


@pytest.mark.parametrize(
    "values",
    [
        [1, 2],
        np.array([1, 2], dtype="uint8"),
        np.array([1, 2], dtype="float32"),
        np.array([1, 2], dtype="float16"),
        [Decimal("1.00"), Decimal("2.00")],
        pd.array([1, 2], dtype="Int64"),
        pd.array([1.0, 2.0], dtype="double[pyarrow]"),
        pd.Categorical([1.0, 2.0]),
    ],
)
def test_numbers_of_any_type_are_added(values):
    assert rfm_summary(a_log(values)).frame.loc["a", "total_value"] == 3.0


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1.0, np.nan], None),
        ([1.0, None], object),
        ([1, None], "Int64"),
        ([1.0, None], "double[pyarrow]"),
        ([Decimal(1), Decimal("NaN")], object),
        ([Decimal(1), None], object),
    ],
)
def test_a_missing_amount_is_not_counted_as_zero(values, dtype):
    with pytest.raises(
        InvalidTransactions, match="1 of 2 rows have no 'value', e.g. customer 'a'; a missing amount is not"
    ):
        rfm_summary(a_log(values, dtype))


def test_nan_in_polars_is_missing_too():
    log = pl.DataFrame({"customer_id": ["a", "b"], "date": ["1997-01-01"] * 2, "value": [1.0, float("nan")]})
    with pytest.raises(InvalidTransactions, match="1 of 2 rows have no 'value', e.g. customer 'b'"):
        rfm_summary(log)


@pytest.mark.parametrize("infinity", [np.inf, -np.inf])
def test_an_infinite_amount_is_refused(infinity):
    with pytest.raises(InvalidTransactions, match="1 of 2 rows have a 'value' that is not finite"):
        rfm_summary(a_log([1.0, infinity]))


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["1", "2"], "column 'value' is string; make it numbers, e.g. with pandas.to_numeric"),
        ([True, False], "column 'value' is boolean"),
        (pd.to_datetime(["1997-01-01"] * 2), "column 'value' is timestamp"),
        ([1, "a"], r"column 'value' \(object\) holds int \(1 rows\), str \(1 rows\); make it one plain type"),
        ([True, 2.5], r"column 'value' \(object\) holds bool \(1 rows\), float \(1 rows\)"),
        ([Decimal(1), 2.5], r"holds Decimal \(1 rows\), float \(1 rows\)"),
        ([1j, 2j], r"column 'value' \(complex128\)"),
    ],
)
def test_what_is_no_number_is_refused_with_what_was_found(values, found):
    with pytest.raises(InvalidTransactions, match=found):
        rfm_summary(a_log(values))


def test_refunds_are_counted_and_the_choices_named():
    log = pd.DataFrame({"customer_id": ["a", "b", "b"], "date": "1997-01-01", "value": [1.0, -2.0, 3.0]})
    with pytest.raises(
        InvalidTransactions, match="1 of 3 rows have a negative 'value', e.g. customer 'b'; .*'net'.*'drop'"
    ):
        rfm_summary(log)


def test_an_unknown_treatment_of_refunds_is_refused():
    with pytest.raises(InvalidArgument, match="refunds is 'ignore'; choose one of error, net, drop"):
        rfm_summary(a_log([1.0]), refunds="ignore")


@pytest.mark.parametrize("refunds", ["net", "drop"])
def test_a_log_of_nothing_but_refunds_is_refused(refunds):
    with pytest.raises(InvalidTransactions, match="all 2 rows have a negative 'value', so nothing was bought"):
        rfm_summary(a_log([-1.0, -2.0]), refunds=refunds)


def test_the_callers_names_are_in_the_messages_even_with_braces():
    log = a_log([-1.0]).rename(columns={"value": "{paid}"})
    with pytest.raises(InvalidTransactions, match=r"negative '\{paid\}'"):
        rfm_summary(log, value="{paid}")


def test_a_log_without_amounts_says_so():
    assert not check_transactions(a_log([1.0]), Reading(value=None)).has_value
