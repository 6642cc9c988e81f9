"""One way from a PyMC model to draws: the method is chosen here and nowhere else."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from typing import Literal, Protocol, get_args

import numpy as np
import pymc as pm
import pytensor
import xarray as xr
from pymc.logprob.utils import ParameterValueError

from clvmodels.errors import FitFailed, FitWarning, InvalidArgument, check_whole, shown, warn
from clvmodels.inference.density import FlatModel, flatten, posterior_and_gradient
from clvmodels.inference.diagnostics import Diagnostics
from clvmodels.inference.importance import sample_importance
from clvmodels.inference.mode import find_mode
from clvmodels.inference.nuts import sample_nuts

logger = logging.getLogger(__name__)
MOST_DRAWS = 1_000_000
Method = Literal["auto", "importance", "nuts", "map"]


class Graph(Protocol):
    """Builds the PyMC model."""

    def __call__(self, *, loops: bool) -> pm.Model:
        """With sums over many rows in compiled loops, or written out."""
        ...


REMEDY = {
    "importance": "use method='auto' or method='nuts'",
    "nuts": "use more draws, or priors that say more; look at posterior.summary()",
}


def sample(
    graph: Graph, *, names: list[str], method: Method, draws: int, rng: np.random.Generator
) -> tuple[xr.Dataset, Diagnostics]:
    """Draws of the named variables, dims (chain, draw), with diagnostics.

    `graph(loops=...)` gives the PyMC model, its sums over many rows in compiled loops or written out in PyTensor,
    as NUTS needs them.

    "auto" is importance sampling, and NUTS where importance sampling fails its checks; "map" is one draw, the mode.

    Raises
    ------
    FitFailed
        If the posterior has no mode, for methods that need one.
    InvalidArgument
        If the method is unknown, fewer than 100 draws are asked for, or a prior has parameters outside their domain.

    Warns
    -----
    FitWarning
        If the draws failed a check, with cause and remedy.
    """
    if method not in get_args(Method):
        raise InvalidArgument(f"method is {shown(method)}; choose one of {', '.join(get_args(Method))}")
    draws = check_whole(draws, "draws", smallest=100, largest=MOST_DRAWS)
    if method == "nuts":
        return _checked(_nuts(graph(loops=False), names, draws, rng))
    # PyTensor notes for every node where it was made, which takes a seventh of a small fit.
    with pytensor.config.change_flags(traceback__limit=0):
        model = graph(loops=True)
        flat = flatten(model)
    try:
        if method == "map":
            return _mode_alone(model, flat, names)
        if method == "importance":
            return _checked(_importance(flat, names, draws, rng))
        return _automatic(graph, flat, names, draws, rng)
    except ParameterValueError as error:
        raise InvalidArgument(f"the parameters of a prior are outside their domain; PyMC wants {error}") from error


def _automatic(
    graph: Graph, flat: FlatModel, names: list[str], draws: int, rng: np.random.Generator
) -> tuple[xr.Dataset, Diagnostics]:
    try:
        posterior, diagnostics = _importance(flat, names, draws, rng)
    except FitFailed as error:
        problems: tuple[str, ...] = (str(error),)
    else:
        if diagnostics.converged:
            return posterior, diagnostics
        problems = diagnostics.notes
    handed_over = f"importance sampling handed over to NUTS: {'; '.join(problems)}"
    logger.warning("%s; this takes longer", handed_over)
    posterior, diagnostics = _nuts(graph(loops=False), names, draws, rng)
    return _checked((posterior, replace(diagnostics, notes=(handed_over, *diagnostics.notes))))


def _importance(
    flat: FlatModel, names: list[str], draws: int, rng: np.random.Generator
) -> tuple[xr.Dataset, Diagnostics]:
    points, diagnostics = sample_importance(flat, draws=draws, rng=rng)
    return _dataset(flat, points, names), diagnostics


def _nuts(model: pm.Model, names: list[str], draws: int, rng: np.random.Generator) -> tuple[xr.Dataset, Diagnostics]:
    return sample_nuts(model, names=names, draws=draws, rng=rng, progress=sys.stderr.isatty())


def _mode_alone(model: pm.Model, flat: FlatModel, names: list[str]) -> tuple[xr.Dataset, Diagnostics]:
    mode = find_mode(posterior_and_gradient(model), flat.start)
    return _dataset(flat, mode.location[None, :], names), Diagnostics(method="map", converged=True)


def _dataset(flat: FlatModel, points: np.ndarray, names: list[str]) -> xr.Dataset:
    values = flat.constrain(points)
    return xr.Dataset(
        {name: (("chain", "draw"), values[name][None, :]) for name in names},
        coords={"chain": [0], "draw": np.arange(len(points))},
    )


def _checked(fitted: tuple[xr.Dataset, Diagnostics]) -> tuple[xr.Dataset, Diagnostics]:
    diagnostics = fitted[1]
    if not diagnostics.converged:
        reasons = "; ".join(diagnostics.notes)
        warn(f"the fit failed its checks: {reasons}; {REMEDY[diagnostics.method]}", FitWarning)
    return fitted
