"""Compiled code is kept on the disk, and read back by later sessions whatever the earlier ones called."""

import os
import subprocess
import sys

SETUP = """
import clvmodels as clv
rfm = clv.datasets.load_cdnow_summary()
rfm = rfm.select(rfm.frame.index[:20])
purchases = clv.BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week", random_seed=1)
value = clv.LifetimeValue(purchases, clv.GammaGamma.at(p=6.25, q=3.74, v=15.44, time_unit="week"))
"""
CALLS = {
    "counts": "print(purchases.predictive_purchases(rfm, horizon=39).to_numpy().sum())",
    "values": "print(value.predictive(rfm, horizon=39).to_numpy().sum())",
    "waits": "print(purchases.median_lifetime(rfm).to_numpy().sum())",
}


def session(folder, *calls):
    """The printed lines of a fresh interpreter that keeps its compiled code in the folder."""
    source = SETUP + "\n".join(CALLS[call] for call in calls)
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", source], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_later_session_may_call_what_an_earlier_one_did_not(tmp_path):
    order = ["values", "counts", "waits"]
    separately = [session(tmp_path, call)[0] for call in order]
    assert session(tmp_path, *order) == separately
    assert any(tmp_path.rglob("*.nbc"))
