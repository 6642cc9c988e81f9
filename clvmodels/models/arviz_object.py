"""The one place where ArviZ 0.x and 1.x differ."""

from __future__ import annotations

from typing import Any

import arviz as az
import xarray as xr


def to_arviz(tree: xr.DataTree) -> Any:
    """InferenceData on ArviZ 0.x, the tree itself on 1.x."""
    return tree if int(az.__version__.split(".")[0]) >= 1 else az.InferenceData.from_datatree(tree)
