"""Each registered model of purchases: its posterior beside pymc-marketing's and lifetimes' point, its scoring's cost.

BG/NBD has claims of its own and is the measure of the others' scoring; the default model has bars of its own.
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

from clvmodels.models.registry import PURCHASE_MODELS, default_models, textbook_models

DEFAULT, TEXTBOOK = (models()[0].posterior.key for models in (default_models, textbook_models))
# The field's: those without purchase times.
OF_SUMS = {"frequency", "recency", "T", "opportunities"}
OTHERS = [
    key for key, model in PURCHASE_MODELS.items() if key != TEXTBOOK and OF_SUMS.issuperset(model.posterior.statistics)
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
    """Four expected quantities of a million customers: twice BG/NBD's time, and its memory, at most."""
    work: dict[str, Any] = {"customers": MILLION, "draws": DRAWS, "quantities": EXPECTED}
    textbook = run("clvmodels_adapter", "score", **work, model=TEXTBOOK)
    for key in OTHERS:
        ours = run("clvmodels_adapter", "score", **work, model=key)
        claim, because = f"{_label(key)}, four expected quantities, 1e6 customers", f"twice {_label(TEXTBOOK)}'s"
        time = f"{claim}: seconds of processors"
        yield within(time, ours.cpu_seconds, 2 * textbook.cpu_seconds, "s", because=because)
        because = f"1.1 times {_label(TEXTBOOK)}'s"
        yield within(f"{claim}: peak memory", ours.gigabytes, 1.1 * textbook.gigabytes, "GB", because=because)


def default() -> Iterator[Measurement]:
    """The default model's own bars."""
    label = f"{_label(DEFAULT)}, the default"
    few = run("clvmodels_adapter", "fit_cdnow", size="sample", draws=DRAWS, model=DEFAULT)
    yield within(f"{label}: posterior of 1,000 draws, CDNOW sample: time", few.seconds, 4, "s")
    work: dict[str, Any] = {"customers": MILLION, "draws": DRAWS, "model": DEFAULT}
    fit = run("clvmodels_adapter", "fit", **work, source="memory")
    scores = run("clvmodels_adapter", "score", **work, quantities=EXPECTED)
    for name, found, most in (("posterior of 1,000 draws", fit, 4), ("four expected quantities", scores, 2)):
        yield within(f"{label}: {name}, 1e6 customers: time", found.seconds, 90, "s")
        yield within(f"{label}: {name}, 1e6 customers: peak memory", found.gigabytes, most, "GB")


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
