"""`write_report` on full CDNOW, of a result that nothing was asked of before: how long, and how large a page."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from measurement import Measurement

from clvmodels.datasets import load_cdnow
from clvmodels.evaluation.backtest import backtest
from clvmodels.reports import write_report


def measure() -> list[Measurement]:
    result = backtest(load_cdnow(full=True), calibration_end="1997-09-30", holdout_end="1998-06-30")
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        page = write_report(result, Path(folder) / "report.html", horizon=52, margin=0.3, currency="$")
        seconds, megabytes = time.perf_counter() - started, page.stat().st_size / 1e6
    return [
        Measurement(claim="`write_report`, full CDNOW: time", value=seconds, limit=15, unit="s"),
        Measurement(claim="`write_report`, full CDNOW: size", value=megabytes, limit=1, unit="MB"),
    ]
