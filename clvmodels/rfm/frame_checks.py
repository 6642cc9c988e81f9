"""What a per-customer table must fulfil, checked once, before anything is cast."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from clvmodels.errors import MOST_MONEY, InvalidRFM, shown
from clvmodels.rfm.rules import CLOSE, FLAGS, LISTS, NUMBERS, REQUIRED, SIGNED, WHOLE, rules_for
from clvmodels.rfm.times import as_arrays, wrong_times
from clvmodels.transactions.in_memory import check_kinds, id_index


def checked_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a copy indexed by customer_id, with plain dtypes, or say what is wrong.

    Parameters
    ----------
    frame : DataFrame, one row per customer
        customer_id as a column or as the index.

    Returns
    -------
    DataFrame, in the order handed in

    Raises
    ------
    InvalidRFM
        With the number of bad customers, one of them, and what to do.

    Examples
    --------
    >>> table = pd.DataFrame({"customer_id": ["a"], "frequency": [2.0], "recency": [30.43], "T": [38.86]})
    >>> checked_frame(table).loc["a", "frequency"].item()
    2
    """
    if not isinstance(frame, pd.DataFrame):
        raise InvalidRFM(f"cannot read customers from a {type(frame).__name__}; hand in a pandas DataFrame")
    table = _indexed(frame)
    if "T" not in table.columns and "opportunities" in table.columns:
        table = table.assign(T=table["opportunities"])
    if "count" in table.columns:
        raise InvalidRFM(
            "there is a column count, and a row is one customer; if it says how many customers are alike, repeat the"
            " rows, frame.loc[frame.index.repeat(frame['count'])].drop(columns='count').reset_index(drop=True), or"
            " else rename it"
        )
    missing = [name for name in REQUIRED if name not in table.columns]
    if missing:
        raise InvalidRFM(
            f"missing columns {missing}, found {shown(list(table.columns))}; rename yours to {list(REQUIRED)}"
        )
    if table.empty:
        raise InvalidRFM("the table has no customers; hand in at least one")
    _check_ids(table.index)
    numbers = pd.DataFrame({name: _as_numbers(table[name]) for name in NUMBERS if name in table.columns})
    _check_finite(numbers)
    for rule in rules_for(numbers.columns):
        _refuse(rule.what, rule.bad(numbers), numbers, rule.remedy)
    flags = {name: _as_flags(table[name]) for name in FLAGS if name in table.columns}
    lists = {name: _as_times(table[name], numbers) for name in LISTS if name in table.columns}
    whole = {name: "int64" for name in WHOLE if name in numbers.columns}
    return table.assign(**flags, **lists, **{str(name): numbers[name] for name in numbers}).astype(whole)


def first_of(ids: pd.Index) -> str:
    """Return the first id as an error shows it: as people write it, without numpy's type.

    Examples
    --------
    >>> first_of(pd.Index([4, 5])), first_of(pd.Index(["ann"]))
    ('4', "'ann'")
    """
    return shown(ids[:1].tolist()[0])


def _indexed(frame: pd.DataFrame) -> pd.DataFrame:
    twice = frame.columns[frame.columns.duplicated()].unique().tolist()
    if twice:
        raise InvalidRFM(f"column names occur twice: {shown(twice)}; drop or rename one of them")
    if "customer_id" not in frame.columns and frame.index.nlevels > 1:
        raise InvalidRFM(
            f"the index has {frame.index.nlevels} levels {shown(list(frame.index.names))}; one customer_id is needed"
        )
    if "customer_id" not in frame.columns:
        return frame.rename_axis("customer_id")
    return frame.drop(columns="customer_id").set_axis(id_index(frame["customer_id"]))


def _check_ids(index: pd.Index) -> None:
    absent = int(index.isna().sum())
    if absent:
        raise InvalidRFM(f"{absent} of {len(index)} rows have no customer_id; give every customer one")
    check_kinds(index, error=InvalidRFM)
    twice = index[index.duplicated()]
    if len(twice):
        raise InvalidRFM(f"{len(twice)} duplicate customer ids, e.g. {first_of(twice)}; one row per customer is needed")


def _as_numbers(column: Any) -> pd.Series:
    dtype = column.dtype
    real = pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype)
    if pd.api.types.is_bool_dtype(dtype) or not real:
        raise InvalidRFM(f"column {shown(column.name)} is {column.dtype}; make it numbers, e.g. with pandas.to_numeric")
    return pd.Series(column.to_numpy(dtype="float64", na_value=np.nan), index=column.index, name=column.name)


def _as_flags(column: Any) -> pd.Series:
    if not pd.api.types.is_bool_dtype(column.dtype) or column.isna().any():
        raise InvalidRFM(f"column {shown(column.name)} is {column.dtype}; make it true or false for every customer")
    return column.astype(bool)


def _as_times(column: Any, numbers: pd.DataFrame) -> pd.Series:
    arrays = as_arrays(column)
    remedy = "purchase_times are those of the repeat purchases since the first, in the time unit, ascending"
    for what, bad in wrong_times(numbers.assign(purchase_times=arrays), CLOSE):
        _refuse(what, pd.Series(bad, index=numbers.index), numbers, remedy)
    return arrays


def _check_finite(numbers: pd.DataFrame) -> None:
    for name in numbers.columns:
        values: Any = numbers[name]
        _refuse(f"no {name} (missing or NaN)", values.isna(), numbers, "give every customer one, 0 if there is nothing")
        _refuse(f"an infinite {name}", np.isinf(values), numbers, "correct it")
        if name != "frequency":  # of which whole numbers alone are possible
            _refuse(f"a {name} beyond {MOST_MONEY:g}", values > MOST_MONEY, numbers, "correct it, or use a larger unit")
        if name not in SIGNED:
            _refuse(f"a negative {name}", values < 0, numbers, "zero or more is possible")


def _refuse(what: str, bad: Any, numbers: pd.DataFrame, remedy: str) -> None:
    if not bad.any():
        return
    first = int(bad.to_numpy().argmax())
    row = ", ".join(f"{name} {numbers[name].iloc[first]:.10g}" for name in REQUIRED)
    raise InvalidRFM(
        f"{bad.sum()} of {len(bad)} customers have {what}, e.g. {first_of(numbers.index[first:])} ({row}); {remedy}"
    )
