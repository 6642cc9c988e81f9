"""Posteriors at parameters that are given, not fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from clvmodels.errors import InvalidArgument, shown
from clvmodels.inference.diagnostics import Diagnostics
from clvmodels.intervals import Array
from clvmodels.models.posterior import fresh_seed
from clvmodels.rfm import TimeUnit

SMALLEST, LARGEST = 1e-100, 1e100


def given_fields(parameters: dict[str, Any], time_unit: TimeUnit, random_seed: int | None) -> dict[str, Any]:
    """The fields of a posterior at given parameters: numbers, or arrays of shape (draws,).

    Raises
    ------
    InvalidArgument
        If a parameter is no number, or one that cannot be computed with, or the numbers of draws differ.
    """
    values = {name: _given_draws(value, name) for name, value in parameters.items()}
    lengths = {name: len(value) for name, value in values.items()}
    if len(set(lengths.values())) > 1:
        raise InvalidArgument(
            f"the parameters have different numbers of draws: {lengths}; give one value each per draw"
        )
    return {
        "samples": xr.Dataset({name: (("chain", "draw"), value[None, :]) for name, value in values.items()}),
        "diagnostics": Diagnostics(method="given", converged=True),
        "priors": {},
        "time_unit": time_unit,
        "random_seed": fresh_seed(random_seed),
        "fingerprint": "",
    }


def _given_draws(value: Any, name: str) -> Array:
    """One parameter, shape (draws,)."""
    try:
        draws = np.atleast_1d(np.asarray(np.nan if isinstance(value, bool | str) else value, float))
    except (TypeError, ValueError, OverflowError):
        draws = np.array([np.nan])
    if draws.ndim > 1 or not len(draws):
        raise InvalidArgument(f"parameter {name} has the shape {draws.shape}; give a number, or one for each draw")
    wrong = ~((draws >= SMALLEST) & (draws <= LARGEST))
    if wrong.any():
        found = shown(value) if np.ndim(value) == 0 else f"{draws[wrong][0]:g} in one of {wrong.sum()} draws"
        raise InvalidArgument(
            f"parameters {[name]} must be positive and finite, from {SMALLEST:g} to {LARGEST:g}; {name} is {found}"
        )
    return draws
