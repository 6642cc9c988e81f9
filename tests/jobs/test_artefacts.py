"""A version's golden batch keeps whatever its models need of a customer."""

from types import SimpleNamespace
from typing import Any

import pandas as pd

import clvmodels as clv
from clvmodels.jobs.artefacts import GOLDEN, keep_golden
from clvmodels.jobs.settings import Gates, Scores
from clvmodels.rfm import RFM


def test_the_golden_batch_keeps_further_statistics(tmp_path):
    rfm = clv.rfm_summary(clv.datasets.load_cdnow(), statistics=["log_gaps", "purchase_times", "free_purchases"])
    purchases = clv.BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
    candidate: Any = SimpleNamespace(
        purchases=purchases, spend=None, tried=SimpleNamespace(purchases=purchases, spend=None)
    )
    config: Any = SimpleNamespace(scores=Scores(horizon=10), gates=Gates())
    keep_golden(tmp_path, candidate, rfm, config)
    kept = RFM.from_frame(pd.read_parquet(tmp_path / GOLDEN), time_unit="week")
    names = ["frequency", "log_gaps", "purchase_times", "free_purchases", "first_value"]
    pd.testing.assert_frame_equal(kept.frame[names], rfm.select(kept.frame.index).frame[names], check_exact=True)
