"""`clvmodels retrain` on full CDNOW, with backtest, gates, scores and report, beside the version published before."""

from __future__ import annotations

import tempfile
from pathlib import Path

import command
from measurement import Measurement

from clvmodels.datasets import load_cdnow

CONFIGURATION = """
[source]
transactions = "cdnow.csv"
[model]
observation_end = {end}
[scores]
horizon = 39
margin = 0.3
annual_discount_rate = 0.1
"""


def measure() -> list[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "clvmodels.toml"
        load_cdnow(full=True).to_csv(Path(folder) / "cdnow.csv", index=False)
        # The second night does more: it compares the candidate with what the first one published.
        for end in ("1998-06-23", "1998-06-30"):
            config.write_text(CONFIGURATION.format(end=end))
            seconds, gigabytes = command.run("retrain", config)
    claim = "`clvmodels retrain`, full CDNOW, the second night"
    return [
        Measurement(claim=f"{claim}: time", value=seconds, limit=60, unit="s"),
        Measurement(claim=f"{claim}: peak memory", value=gigabytes, limit=1.5, unit="GB"),
    ]
