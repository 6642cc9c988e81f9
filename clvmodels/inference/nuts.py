"""Hamiltonian Monte Carlo (nutpie) on the same PyMC graph."""

from __future__ import annotations

import warnings
from typing import Any

import arviz_stats
import numpy as np
import nutpie
import pymc as pm
import xarray as xr

from clvmodels.inference.diagnostics import Diagnostics

CHAINS = 4
TUNE = 1000
SMALLEST_DRAWS_PER_CHAIN = 1000
R_HAT_LIMIT = 1.01
SMALLEST_EFFECTIVE_SIZE = 400
TARGET_ACCEPT = 0.98


def sample_nuts(
    model: pm.Model, *, names: list[str], draws: int, rng: np.random.Generator, progress: bool
) -> tuple[xr.Dataset, Diagnostics]:
    """About `draws` draws of the named variables as a Dataset with dims (chain, draw), and their diagnostics.

    The chains are never shorter than 1,000, which r-hat needs; where fewer draws are wanted, every k-th is kept.
    """
    kept = -(-draws // CHAINS)
    every = -(-SMALLEST_DRAWS_PER_CHAIN // kept)
    sampler: Any = nutpie.sample
    trace = sampler(
        _compiled(model),
        draws=kept * every,
        tune=TUNE,
        chains=CHAINS,
        seed=int(rng.integers(2**31)),
        target_accept=TARGET_ACCEPT,
        progress_bar=progress,
    )
    posterior = xr.Dataset({name: trace["posterior"][name] for name in names}).drop_attrs()
    diagnostics = _diagnose(posterior, int(trace["sample_stats"]["diverging"].sum()))
    thinned = posterior.isel(draw=slice(every - 1, None, every))
    return thinned.assign_coords(draw=np.arange(kept)), diagnostics


def _compiled(model: pm.Model) -> Any:
    with warnings.catch_warnings():
        # nutpie compiles with numba; that PyTensor finds no BLAS for its own C code does not matter.
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS", category=UserWarning)
        return nutpie.compile_pymc_model(model)


def _diagnose(posterior: xr.Dataset, divergences: int) -> Diagnostics:
    r_hat = max(float(value) for value in arviz_stats.rhat(posterior).data_vars.values())
    size = min(float(value) for value in arviz_stats.ess(posterior).data_vars.values())
    problems = []
    if not r_hat <= R_HAT_LIMIT:
        problems.append(f"r-hat is {r_hat:.3f}, above {R_HAT_LIMIT}: the chains disagree")
    if size < SMALLEST_EFFECTIVE_SIZE:
        problems.append(f"only {size:.0f} effective draws")
    if divergences:
        problems.append(f"{divergences} divergent transitions")
    return Diagnostics(
        method="nuts",
        converged=not problems,
        effective_sample_size=size,
        r_hat=r_hat,
        divergences=divergences,
        notes=tuple(problems),
    )
