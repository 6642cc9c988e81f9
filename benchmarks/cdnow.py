"""CDNOW in weeks until 1997-09-30 as a plain table, the same for every library."""

from __future__ import annotations

import pandas as pd

import clvmodels as clv

END = "1997-09-30"


def cdnow_rfm(size: str, *, in_steps: bool = False) -> clv.RFM:
    """2,357 customers as published, or all 23,570; in steps, every day is an opportunity."""
    if in_steps:
        log = clv.datasets.load_cdnow(full=size == "full")
        return clv.rfm_summary(log, opportunity="day", observation_end=END)
    if size == "sample":
        return clv.datasets.load_cdnow_summary()
    return clv.rfm_summary(clv.datasets.load_cdnow(full=True), time_unit="week", observation_end=END)


def cdnow_table(size: str) -> pd.DataFrame:
    columns = ["frequency", "recency", "T", "monetary_value"]
    return cdnow_rfm(size).frame[columns].reset_index()
