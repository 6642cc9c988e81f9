"""A full BG/NBD posterior of 4,000 draws of CDNOW's customers, beside pymc-marketing with nutpie."""

from __future__ import annotations

from measurement import Measurement, faster
from processes import Run, run

NAME = "pymc-marketing"
DRAWS = 4000


def sample() -> list[Measurement]:
    return _compared("sample", "CDNOW sample (2,357)", times=15)


def full() -> list[Measurement]:
    return _compared("full", "full CDNOW (23,570)", times=50)


def _compared(size: str, customers: str, *, times: float) -> list[Measurement]:
    ours = run("clvmodels_adapter", "fit_cdnow", size=size, draws=DRAWS)
    theirs = run("pymc_marketing_adapter", "fit", size=size)
    claim = f"posterior of 4,000 draws, {customers}"
    return [
        faster(f"{claim}: time", ours, theirs, times=times, name=NAME),
        _effective(f"{claim}: effective sample", ours, theirs),
    ]


def _effective(claim: str, ours: Run, theirs: Run) -> Measurement:
    size = theirs.found["effective_sample_size"]
    return Measurement(
        claim=claim,
        # Importance sampling may weigh more points than are kept; what is not kept helps nobody.
        value=min(ours.found["effective_sample_size"], DRAWS),
        limit=size,
        unit="draws",
        at_least=True,
        beside=NAME,
        theirs=size,
        because=NAME,
    )
