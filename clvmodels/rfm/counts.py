"""The distinct rows that models are fitted to, with the number of customers that have them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidRFM
from clvmodels.rfm.rules import LISTS, OF_VALUES, OPPORTUNITIES, STATISTICS
from clvmodels.rfm.times import flat, ranks


def spend_column(frame: Any, *, include_first: bool) -> str:
    """Return the name of the column that holds the spend, of a DataFrame or an Ibis table.

    Raises
    ------
    InvalidRFM
        If it is not there.
    """
    needed = "total_value" if include_first else "monetary_value"
    if needed not in frame.columns:
        raise InvalidRFM(f"the RFM has no {needed}; make it from transactions with a value column")
    return needed


def spend_data(frame: pd.DataFrame, *, include_first: bool) -> tuple[np.ndarray, np.ndarray]:
    """Number of purchases that count, and their mean value: two arrays (n,). A new customer has none.

    Raises
    ------
    InvalidRFM
        If the frame has no values.

    Examples
    --------
    >>> spent = pd.DataFrame({"frequency": [1], "monetary_value": [20.0], "total_value": [29.5]})
    >>> [each.item() for each in spend_data(spent, include_first=True)]
    [2.0, 14.75]
    """
    value = frame[spend_column(frame, include_first=include_first)].to_numpy(float)
    frequency = frame["frequency"].to_numpy(float)
    if not include_first:
        return frequency, value
    # A new customer (T = 0 and nothing spent yet) has not made the first purchase.
    count = np.where(np.isnan(value), 0.0, frequency + 1)
    return count, np.nan_to_num(value) / np.maximum(count, 1)


def checked_names(statistics: Sequence[str], columns: Any) -> list[str]:
    """Return the names of the columns that are asked for, each once and in order, or say which are not there.

    Raises
    ------
    InvalidRFM
        With the call that makes them.

    Examples
    --------
    >>> checked_names(("T", "log_gaps"), ["frequency", "T"])
    Traceback (most recent call last):
    ...
    clvmodels.errors.InvalidRFM: the RFM has no log_gaps; make it with rfm_summary(..., statistics=['log_gaps'])
    """
    names = list(dict.fromkeys([statistics] if isinstance(statistics, str) else statistics))
    missing = [name for name in names if name not in columns]
    if not missing:
        return names
    if set(missing) & set(OF_VALUES) and "monetary_value" not in columns:
        raise InvalidRFM(f"the RFM has no {', '.join(missing)}; make it from transactions with a value column")
    calls = [f"statistics={made}"] if (made := [name for name in missing if name in STATISTICS]) else []
    calls += ["opportunity='month' (or another period)"] if set(missing) & set(OPPORTUNITIES) else []
    remedy = f"rfm_summary(..., {', '.join(calls)})" if calls else "a table that has them"
    if set(missing) & set(OPPORTUNITIES):
        remedy += ", or with RFM.from_frame and a column opportunities"
    raise InvalidRFM(f"the RFM has no {', '.join(missing)}; make it with {remedy}")


def counted(columns: dict[str, Any]) -> pd.DataFrame:
    """Return the distinct rows of some columns, in order, with their `count`; arrays are equal if their numbers are.

    Examples
    --------
    >>> counted({"T": [38.0, 20.0, 38.0]}).values.tolist()
    [[20.0, 1.0], [38.0, 2.0]]
    """
    return summed(pd.DataFrame(columns).assign(count=1))


def summed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the distinct rows of the columns but `count`, in order, with the sum of their counts."""
    names = [str(name) for name in table.columns if name != "count"]
    lists = [name for name in names if name in LISTS]
    keys: Any = table.assign(**{name: ranks(table[name]) for name in lists}) if lists else table
    grouped: Any = keys.groupby(names, as_index=False).agg(count=("count", "sum"))
    for name in lists:
        place = keys.drop_duplicates(name).sort_values(name).index
        grouped[name] = table.loc[place, name].to_numpy()[grouped[name].to_numpy()]
    return grouped


def merged(counts: pd.DataFrame, number: np.ndarray, mean: np.ndarray) -> pd.DataFrame:
    """Return the distinct rows of `number` and `mean`, with the sum of their counts."""
    table = pd.DataFrame({"number": number, "mean": mean, "count": counts["count"].to_numpy()})
    return table.groupby(["number", "mean"], as_index=False).agg(count=("count", "sum"))


def fingerprint(rows: pd.DataFrame, time_unit: str) -> str:
    """A sha256 of rows of numbers (or arrays of them), in order, and their unit.

    Examples
    --------
    >>> len(fingerprint(counted({"T": [38.0]}), "week"))
    64
    """
    lists = [name for name in rows.columns if name in LISTS]
    parts = [rows.drop(columns=lists).to_numpy(dtype="<f8"), *(part for name in lists for part in flat(rows[name]))]
    said = hashlib.sha256(f"{time_unit} {list(rows.columns)}".encode())
    for part in parts:
        said.update(np.ascontiguousarray(part.astype("<f8") + 0.0).tobytes())  # -0.0 becomes 0.0
    return said.hexdigest()


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of numbers or arrays so that their order depends on nothing else."""
    numbers = rows.assign(**{name: ranks(rows[name]) for name in rows.columns if name in LISTS})
    return rows.iloc[np.lexsort(numbers.to_numpy(float).T)]
