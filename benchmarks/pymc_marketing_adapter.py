"""pymc-marketing's models: four chains of 1,000 draws after 1,000 of tuning, its defaults.

nutpie samples them, but for Pareto/NBD, whose gradient is so slow that its authors offer DEMetropolisZ instead. Their
BG/BB is left out: it wants as many opportunities for every customer.
"""

from __future__ import annotations

import importlib
import os
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from cdnow import cdnow_table
from memory import measured

# Class and sampler by our keys. Without a sampler Pareto/NBD would give the mode alone.
NUTS: dict[str, Any] = {"method": "mcmc", "nuts_sampler": "nutpie"}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "bg_nbd": ("BetaGeoModel", NUTS),
    "mbg_nbd": ("ModifiedBetaGeoModel", NUTS),
    "pareto_nbd": ("ParetoNBDModel", {"method": "demz"}),
}
CHAINS, DRAWS, TUNE = 4, 1000, 1000
LIBRARIES = ("pymc-marketing", "pymc", "pytensor", "nutpie", "arviz", "numpy")


def fit(*, size: str, model: str = "bg_nbd") -> dict[str, Any]:
    """The second fit of a process; the first stands beside it."""
    table = cdnow_table(size)
    first, _ = measured(lambda: _fitted(table, seed=1, model=model))
    report, fitted = measured(lambda: _fitted(table, seed=2, model=model))
    ess = _smallest_ess(fitted)
    return {**report, "first_seconds": first["seconds"], "effective_sample_size": ess, "versions": _versions()}


def expected_purchases(*, size: str, horizon: float) -> dict[str, Any]:
    """Expected purchases of every customer at every draw; the draws are those of the CDNOW sample."""
    model = _fitted(cdnow_table("sample"), seed=1)
    table = cdnow_table(size)
    model.expected_purchases(table.head(2), future_t=horizon)  # compiled
    report, cells = measured(lambda: model.expected_purchases(table, future_t=horizon))
    return {**report, "cells": int(np.size(cells)), "mean": float(cells.mean()), "versions": _versions()}


def _fitted(table: pd.DataFrame, *, seed: int, model: str = "bg_nbd") -> Any:
    name, sampler = MODELS[model]
    made = getattr(importlib.import_module("pymc_marketing.clv"), name)()
    sampling: dict[str, Any] = {**sampler, "chains": CHAINS, "draws": DRAWS, "tune": TUNE}
    # Left alone, PyMC counts physical cores and may keep half of the machine idle.
    sampling["cores"] = min(CHAINS, os.cpu_count() or 1)
    made.fit(table, **sampling, random_seed=seed, progressbar=False)
    return made


def _smallest_ess(model: Any) -> float:
    import arviz as az

    posterior = model.idata.posterior
    scalars = [draws for draws in posterior.data_vars.values() if draws.ndim == 2]
    smallest = min(float(az.ess(draws.values, method="bulk")) for draws in scalars)
    if not np.isfinite(smallest):
        raise ValueError("the chains do not move: this is no posterior")
    return smallest


def _versions() -> dict[str, str]:
    return {library: version(library) for library in LIBRARIES}
