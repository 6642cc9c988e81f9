"""Each registered model of purchases: its posterior beside pymc-marketing's and lifetimes' point, its scoring's cost.

The default model has claims of its own and is the measure of the others' scoring.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import lifetimes_adapter
import pymc_marketing_adapter
from fit_simulated import DRAWS
from measurement import Measurement, within
from processes import Run, run
from score_simulated import EXPECTED, MILLION

from clvmodels.models.registry import PURCHASE_MODELS, default_models

DEFAULT = default_models()[0].posterior.key
# What the simulated customers have; the times of their purchases were not kept.
KNOWN = {"frequency", "recency", "T", "opportunities"}
OTHERS = [
    key for key, model in PURCHASE_MODELS.items() if key != DEFAULT and KNOWN.issuperset(model.posterior.statistics)
]
CDNOW_DRAWS = 4000


def cdnow() -> Iterator[Measurement]:
    """4,000 draws of the CDNOW sample, of every model; a bar for those that the competitor has."""
    for key in OTHERS:
        ours = run("clvmodels_adapter", "fit_cdnow", size="sample", draws=CDNOW_DRAWS, model=key)
        claim = f"{_label(key)} posterior of 4,000 draws, CDNOW sample"
        if key in pymc_marketing_adapter.MODELS:
            theirs = run("pymc_marketing_adapter", "fit", size="sample", model=key)
            yield _beside(f"{claim}: seconds of processors", ours, theirs, times=15, name="pymc-marketing")
        yield within(f"{claim}: k-hat", ours.found["k_hat"], 0.7, "")


def million() -> Iterator[Measurement]:
    """1,000 draws of a million customers; a bar for those of which the competitor has a point estimate."""
    for key in OTHERS:
        ours = run("clvmodels_adapter", "fit", customers=MILLION, draws=DRAWS, source="memory", model=key)
        claim = f"{_label(key)} posterior of 1,000 draws, 1e6 customers, in memory"
        if key in lifetimes_adapter.MODELS:
            theirs = run("lifetimes_adapter", "fit", customers=MILLION, model=key)
            yield _beside(f"{claim}: seconds of processors", ours, theirs, times=1, name="lifetimes' point estimate")
        yield within(f"{claim}: k-hat", ours.found["k_hat"], 0.7, "")


def scoring() -> Iterator[Measurement]:
    """Four expected quantities of a million customers: twice the default model's time, and its memory, at most."""
    work: dict[str, Any] = {"customers": MILLION, "draws": DRAWS, "quantities": EXPECTED}
    default = run("clvmodels_adapter", "score", **work, model=DEFAULT)
    for key in OTHERS:
        ours = run("clvmodels_adapter", "score", **work, model=key)
        claim, because = f"{_label(key)}, four expected quantities, 1e6 customers", f"twice {_label(DEFAULT)}'s"
        time = f"{claim}: seconds of processors"
        yield within(time, ours.cpu_seconds, 2 * default.cpu_seconds, "s", because=because)
        because = f"1.1 times {_label(DEFAULT)}'s"
        yield within(f"{claim}: peak memory", ours.gigabytes, 1.1 * default.gigabytes, "GB", because=because)


def _label(key: str) -> str:
    return PURCHASE_MODELS[key].posterior.label


def _beside(claim: str, ours: Run, theirs: Run, *, times: float, name: str) -> Measurement:
    return Measurement(
        claim=claim,
        value=ours.cpu_seconds,
        limit=theirs.cpu_seconds / times,
        unit="s",
        beside=name,
        theirs=theirs.cpu_seconds,
        because=f"1/{times:g} of {name}" if times != 1 else name,
    )
