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


def given_fields(parameters: dict[str, Any], time_unit: TimeUnit, random_seed: int | None) -> dict[str, Any]:
    """The fields of a posterior at given parameters: numbers, or arrays of shape (draws,).

    Raises
    ------
    InvalidArgument
        If a parameter is no number or array of them, or the numbers of draws differ.
    """
    values = {name: _draws(name, value) for name, value in parameters.items()}
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


def _draws(name: str, value: Any) -> Array:
    """A parameter's draws (draws,) from a number or an array of them."""
    try:
        values = np.atleast_1d(np.asarray(value))
        if values.ndim == 1 and values.dtype.kind in "iufO":
            return values.astype(float)
    except (TypeError, ValueError, OverflowError):
        pass
    raise InvalidArgument(f"{name} is {shown(value)}; give a number, or an array of numbers with one per draw")
