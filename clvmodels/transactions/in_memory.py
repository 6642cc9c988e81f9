"""A pandas or Arrow table's columns made ready for DuckDB; customer ids of any type become positions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from clvmodels.errors import ClvError, InvalidTransactions, shown

# Object columns of one of pandas' kinds, as most are, need no look at each id.
ONE_KIND = {"string", "integer", "floating", "boolean", "bytes", "decimal", "date", "datetime", "datetime64", "empty"}


def id_index(ids: Any) -> pd.Index:
    """Make an index of customer ids, of their own type; tuples stay whole.

    Examples
    --------
    >>> id_index(pd.Series([("a", 1), ("b", 2)])).nlevels
    1
    """
    return pd.Index(ids.array, dtype=ids.dtype, tupleize_cols=False, name="customer_id")


def id_codes(ids: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Each row's position among the sorted distinct ids, and those ids as they were.

    Parameters
    ----------
    ids : Series, shape (n,)
        Ids of any hashable kind.

    Returns
    -------
    codes : ndarray of int, shape (n,)
        -1 where the id is missing or blank.
    index : Index
        Of the type of `ids`. Ids that have no order are sorted by type and text, so that the row order does not matter.

    Raises
    ------
    InvalidTransactions
        If the ids cannot be hashed, or some are equal but of several types.

    Examples
    --------
    >>> codes, index = id_codes(pd.Series(["b", "a", None, "b"]))
    >>> codes.tolist(), index.tolist()
    ([1, 0, -1, 1], ['a', 'b'])
    """
    values = ids.to_numpy() if isinstance(ids.dtype, np.dtype) else ids.array
    try:
        codes, distinct = pd.factorize(values)
    except TypeError as error:
        raise InvalidTransactions(f"customer ids must be text, numbers or other hashable values: {error}") from error
    check_kinds(ids)
    index = pd.Index(distinct, dtype=distinct.dtype, tupleize_cols=False, name="customer_id")
    order = _sorted_positions(index)
    rank = np.empty(len(index) + 1, dtype=np.int64)
    rank[order], rank[-1] = np.arange(len(index)), -1
    rank[[position for position, one in enumerate(index) if isinstance(one, str) and not one.strip()]] = -1
    return rank[codes], index.take(order)


def check_kinds(ids: Any, *, error: type[ClvError] = InvalidTransactions) -> None:
    """Refuse ids that are equal, but of several types: to Python 1, True and 1.0 are one.

    Parameters
    ----------
    ids : Series or Index
    error : exception class
        What to raise.

    Examples
    --------
    >>> check_kinds(pd.Series([7, True, "a", 1.0], dtype=object))
    Traceback (most recent call last):
    ...
    clvmodels.errors.InvalidTransactions: the customer ids True (bool) and 1.0 (float) are equal, but not of one type;
    make all ids of one type, e.g. text
    """
    if ids.dtype == object and pd.api.types.infer_dtype(ids) not in ONE_KIND:
        codes, distinct = pd.factorize(ids.to_numpy())
        check_same_kinds(distinct[codes[codes >= 0]], ids.to_numpy()[codes >= 0], error=error)


def check_same_kinds(ids: Any, equal: Any, *, error: type[ClvError]) -> None:
    """Refuse ids of which the equal one beside it has another type; as `check_kinds`, which compares one with another.

    Columns of plain numbers are taken as they are: where an id is missing, pandas makes whole numbers floats.
    """
    kinds = {pd.api.types.infer_dtype(each) for each in (ids, equal)}
    if object not in (ids.dtype, equal.dtype) or (len(kinds) == 1 and kinds <= ONE_KIND):
        return
    for one, other in zip(ids, equal, strict=True):
        if one is not other and _kind(one) != _kind(other):
            told = " and ".join(f"{shown(each)} ({type(each).__name__})" for each in (one, other))
            raise error(f"the customer ids {told} are equal, but not of one type; make all ids of one type, e.g. text")


def _kind(one: Any) -> Any:
    """The type of an id, numpy's and pandas' the same as Python's."""
    if isinstance(one, (tuple, frozenset)):
        return type(one), type(one)(_kind(part) for part in one)
    if isinstance(one, np.generic):
        return type(one.item())
    return dt.datetime if isinstance(one, dt.datetime) else type(one)


def _sorted_positions(index: pd.Index) -> np.ndarray:
    try:
        return np.asarray(index.argsort())
    except TypeError:
        return np.array(sorted(range(len(index)), key=lambda i: (type(index[i]).__name__, repr(index[i]))))


def pandas_to_arrow(column: pd.Series, name: str) -> pa.Array | pa.ChunkedArray:
    """Convert a pandas column; missing values of any kind become nulls.

    Raises
    ------
    InvalidTransactions
        If the column mixes types, or has one that is neither a day, a number nor text.

    Examples
    --------
    >>> pandas_to_arrow(pd.Series([1.5, None]), "value").null_count
    1
    """
    if isinstance(column.dtype, pd.PeriodDtype):
        raise InvalidTransactions(f"column {shown(name)} holds periods; convert them with .dt.to_timestamp()")
    if column.dtype == object:
        column = _one_kind_of_date(column, name)
    try:
        return plain(pa.Array.from_pandas(column))
    except (pa.ArrowException, OverflowError, TypeError) as error:
        raise InvalidTransactions(
            f"column {shown(name)} ({column.dtype}) holds {_kinds(column)}; make it one plain type"
        ) from error


def _one_kind_of_date(column: pd.Series, name: str) -> pd.Series:
    """Make a column of Python dates and times one of days, or one of instants where they have a time zone."""
    present = column.dropna()
    if present.empty or not all(isinstance(value, dt.date) for value in present):
        return column
    aware = sum(getattr(value, "tzinfo", None) is not None for value in present)
    if 0 < aware < len(present):
        raise InvalidTransactions(
            f"column {shown(name)} has a time zone in {aware} of {len(present)} rows, none in the others; make them"
            " one kind"
        )
    if aware:
        return pd.to_datetime(column, utc=True)
    # Arrow takes dates and times, but not one after the other.
    return column.map(lambda value: value.date() if isinstance(value, dt.datetime) else value, na_action="ignore")


def _kinds(column: pd.Series) -> str:
    counts = column.dropna().map(lambda value: type(value).__name__).value_counts()
    return ", ".join(f"{kind} ({count} rows)" for kind, count in counts.items())


def plain(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Undo encodings that only save memory, and widen floats to 64 bits.

    Examples
    --------
    >>> str(plain(pa.array([1.5], pa.float32())).type)
    'double'
    """
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column.cast(pa.float64()) if pa.types.is_floating(column.type) else column
