"""The RFM's two groupings in polars."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import polars as pl
import simulated
from memory import measured


def groupings(*, even: int, ids: str) -> dict[str, Any]:
    """A log's rows by customer and day, those by customer."""
    path = simulated.even_log_path(even, ids)
    _grouped(path)
    report, table = measured(lambda: _grouped(path))
    return {**report, "customers": len(table), "versions": {"polars": version("polars")}}


def _grouped(path: Any) -> pl.DataFrame:
    rows = pl.scan_parquet(path).with_columns(pl.col("date").cast(pl.Date))
    days = rows.group_by("customer_id", "date").agg(pl.col("value").sum())
    value, date = pl.col("value"), pl.col("date")
    customers = days.group_by("customer_id").agg(
        days=pl.len(),
        first=date.min(),
        last=date.max(),
        total=value.sum(),
        first_value=value.sort_by("date").first(),
    )
    return customers.collect()
