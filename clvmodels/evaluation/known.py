"""What of a split a forecaster is given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from clvmodels.evaluation.forecasters import Calibration
from clvmodels.rfm import RFM, CheckedLog, HoldoutSplit

Segments = pd.Series | Mapping[Any, Any] | None


def calibration_of(split: HoldoutSplit) -> Calibration:
    """Return what was known at the origin.

    >>> from clvmodels.rfm import split_holdout
    >>> log = pd.DataFrame({"customer_id": ["a"] * 3, "date": ["1997-01-01", "1997-01-08", "1997-01-15"]})
    >>> split = split_holdout(log, calibration_end="1997-01-08", holdout_end="1997-01-15", value=None)
    >>> calibration_of(split).history()["date"].max()
    Timestamp('1997-01-08 00:00:00')
    """
    return _calibration(split.log, split.calibration, split.calibration_end.date(), split.horizon)


def _calibration(log: CheckedLog, rfm: RFM, end: dt.date, horizon: float) -> Calibration:
    def earlier(day: dt.date) -> Calibration:
        last = log.step.last_end(day)
        return _calibration(log, log.known(last), last, horizon)

    return Calibration(rfm=rfm, history=lambda: log.history(end), horizon=horizon, earlier=earlier)


def with_segments(split: HoldoutSplit, segments: Segments) -> HoldoutSplit:
    """Return the split with the column "segment" in its calibration, if there are segments."""
    if segments is None:
        return split
    return replace(split, calibration=split.calibration.assign(segment=segments))
