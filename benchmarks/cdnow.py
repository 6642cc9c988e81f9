"""CDNOW in weeks until 1997-09-30 as a plain table, the same for every library."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

import clvmodels as clv

END = "1997-09-30"


def cdnow_rfm(size: str, statistics: Sequence[str] = ()) -> clv.RFM:
    """2,357 customers as published, or all 23,570, with what a model needs; every day is an opportunity."""
    log = clv.datasets.load_cdnow(full=size == "full")
    if "opportunities" in statistics:
        return clv.rfm_summary(log, opportunity="day", observation_end=END)
    further = sorted({"log_gaps", "purchase_times"}.intersection(statistics))
    if size == "sample" and not further:
        return clv.datasets.load_cdnow_summary()
    return clv.rfm_summary(log, time_unit="week", observation_end=END, statistics=further)


def cdnow_table(size: str) -> pd.DataFrame:
    columns = ["frequency", "recency", "T", "monetary_value"]
    return cdnow_rfm(size).frame[columns].reset_index()
