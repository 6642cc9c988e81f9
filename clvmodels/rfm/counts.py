"""The distinct rows that models are fitted to, with the number of customers that have them."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidRFM


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


def counted(columns: dict[str, Any]) -> pd.DataFrame:
    """Return the distinct rows of some columns, in order, with their `count`.

    Examples
    --------
    >>> counted({"T": [38.0, 20.0, 38.0]}).values.tolist()
    [[20.0, 1.0], [38.0, 2.0]]
    """
    table: Any = pd.DataFrame(columns)
    return table.groupby(list(columns), as_index=False).size().rename(columns={"size": "count"})


def merged(counts: pd.DataFrame, number: np.ndarray, mean: np.ndarray) -> pd.DataFrame:
    """Return the distinct rows of `number` and `mean`, with the sum of their counts."""
    table = pd.DataFrame({"number": number, "mean": mean, "count": counts["count"].to_numpy()})
    return table.groupby(["number", "mean"], as_index=False).agg(count=("count", "sum"))


def fingerprint(rows: pd.DataFrame, time_unit: str) -> str:
    """A sha256 of rows of numbers, in order, and their unit.

    Examples
    --------
    >>> len(fingerprint(counted({"T": [38.0]}), "week"))
    64
    """
    numbers = np.ascontiguousarray(rows.to_numpy(dtype="<f8") + 0.0)  # -0.0 becomes 0.0
    return hashlib.sha256(f"{time_unit} {list(rows.columns)}".encode() + numbers.tobytes()).hexdigest()
