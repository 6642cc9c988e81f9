"""The RFM summary in plain pandas, as one writes it by hand."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import simulated
from memory import measured


def summary(*, rows: int) -> dict[str, Any]:
    """From a Parquet log to one row per customer."""
    path = simulated.log_of_rows_path(rows)
    report, table = measured(lambda: summarised(path))
    versions = {name: version(name) for name in ("pandas", "numpy")}
    repeats = int(table["frequency"].sum())
    return {**report, "customers": len(table), "repeat_purchases": repeats, "versions": versions}


def even_summary(*, even: int, ids: str) -> dict[str, Any]:
    """As `summary`, of a log with ten rows for a customer."""
    path = simulated.even_log_path(even, ids)
    report, table = measured(lambda: summarised(path))
    return {**report, "customers": len(table), "versions": {"pandas": version("pandas")}}


def summarised(path: Path) -> pd.DataFrame:
    log: Any = pd.read_parquet(path)
    log["date"] = log["date"].dt.normalize()
    days = log.groupby(["customer_id", "date"], as_index=False)["value"].sum()
    # The days are sorted, so that the first value is that of the first day.
    table = days.groupby("customer_id").agg(
        purchases=("date", "size"),
        first=("date", "min"),
        last=("date", "max"),
        total=("value", "sum"),
        first_value=("value", "first"),
    )
    frequency = table["purchases"] - 1
    return pd.DataFrame(
        {
            "frequency": frequency,
            "recency": (table["last"] - table["first"]).dt.days,
            "T": (pd.Timestamp(simulated.END) - table["first"]).dt.days,
            "monetary_value": ((table["total"] - table["first_value"]) / frequency).where(frequency > 0, 0.0),
        }
    )
