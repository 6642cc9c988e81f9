"""Expected purchases of all CDNOW customers at 4,000 draws, beside pymc-marketing.

Ours ends with means and intervals; theirs with the array of all draws, which a user has yet to summarise.
"""

from __future__ import annotations

from measurement import Measurement, faster
from processes import run

NAME = "pymc-marketing"
HORIZON = 39
MEGABYTE = 1e6


def measure() -> list[Measurement]:
    ours = run("clvmodels_adapter", "expected_purchases", size="full", draws=4000, horizon=HORIZON)
    theirs = run("pymc_marketing_adapter", "expected_purchases", size="full", horizon=HORIZON)
    claim = "expected purchases, full CDNOW x 4,000 draws"
    memory = Measurement(
        claim=f"{claim}: memory above the level before the call",
        value=ours.added_bytes / MEGABYTE,
        limit=theirs.added_bytes / MEGABYTE / 8,
        unit="MB",
        beside=NAME,
        theirs=theirs.added_bytes / MEGABYTE,
        because=f"1/8 of {NAME}",
    )
    return [faster(f"{claim}: time", ours, theirs, times=20, name=NAME), memory]
