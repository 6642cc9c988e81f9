"""Hamiltonian Monte Carlo (nutpie) on the same PyMC graph."""

from __future__ import annotations

import warnings
from typing import Any

import arviz_stats
import numpy as np
import nutpie
import pymc as pm
import xarray as xr

from clvmodels.errors import FitFailed
from clvmodels.inference.diagnostics import Diagnostics, r_hat_limit

CHAINS = 4
TUNE = 1000
SMALLEST_DRAWS_PER_CHAIN = 1000
SMALLEST_EFFECTIVE_SIZE = 400
TARGET_ACCEPT = 0.98


def sample_nuts(
    model: pm.Model, *, names: list[str], draws: int, rng: np.random.Generator, progress: bool
) -> tuple[xr.Dataset, Diagnostics]:
    """Exactly `draws` draws of the named variables as a Dataset with dims (chain, draw), and their diagnostics.

    The chains are never shorter than 1,000, which r-hat needs; where fewer draws are wanted, every k-th is kept. Where
    the chains cannot share the draws evenly, they take turns in one.
    """
    kept = -(-draws // CHAINS)
    every = -(-SMALLEST_DRAWS_PER_CHAIN // kept)
    sampler: Any = nutpie.sample
    try:
        trace = sampler(
            _compiled(model),
            draws=kept * every,
            tune=TUNE,
            chains=CHAINS,
            seed=int(rng.integers(2**31)),
            target_accept=TARGET_ACCEPT,
            progress_bar=progress,
        )
    except RuntimeError as error:  # no point to start from has a density
        reason = str(error).splitlines()[0]
        raise FitFailed(
            f"NUTS finds no point to start from ({reason}); are there numbers beyond all others?"
        ) from error
    posterior = xr.Dataset({name: trace["posterior"][name] for name in names}).drop_attrs()
    diagnostics = diagnose(posterior, int(trace["sample_stats"]["diverging"].sum()))
    return _exactly(draws, posterior.isel(draw=slice(every - 1, None, every))), diagnostics


def _exactly(draws: int, thinned: xr.Dataset) -> xr.Dataset:
    if draws % CHAINS == 0:
        return thinned.assign_coords(draw=np.arange(thinned.sizes["draw"]))
    in_turn = {name: (("chain", "draw"), each.to_numpy().T.reshape(1, -1)) for name, each in thinned.items()}
    one = xr.Dataset(in_turn, coords={"chain": [0], "draw": np.arange(thinned.sizes["draw"] * CHAINS)})
    return one.isel(draw=slice(draws))


def _compiled(model: pm.Model) -> Any:
    with warnings.catch_warnings():
        # nutpie compiles with numba; that PyTensor finds no BLAS for its own C code does not matter.
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS", category=UserWarning)
        # A sum that is compiled by ourselves is called as it is.
        warnings.filterwarnings("ignore", message="Numba will use object mode", category=UserWarning)
        return nutpie.compile_pymc_model(model)


def diagnose(posterior: xr.Dataset, divergences: int) -> Diagnostics:
    """The checks of whole chains, dims (chain, draw)."""
    r_hat = max(float(value) for value in arviz_stats.rhat(posterior).data_vars.values())
    size = min(float(value) for value in arviz_stats.ess(posterior).data_vars.values())
    limit = r_hat_limit(posterior.sizes["chain"], _size_within_chains(posterior), len(posterior.data_vars))
    problems = []
    if not r_hat <= limit:
        problems.append(f"r-hat is {r_hat:.3f}, above {limit:.3f}: the chains disagree")
    if not size >= SMALLEST_EFFECTIVE_SIZE:
        problems.append(f"only {size:.0f} effective draws")
    if divergences:
        problems.append(f"{divergences} divergent transitions")
    return Diagnostics(
        method="nuts",
        converged=not problems,
        effective_sample_size=size,
        r_hat=r_hat,
        r_hat_limit=limit,
        divergences=divergences,
        notes=tuple(problems),
    )


def _size_within_chains(posterior: xr.Dataset) -> float:
    """Effective draws of all chains, each taken by itself: it does not fall where chains disagree.

    The smallest over the variables, and over their distances from the median, which r-hat looks at as well.
    """
    median: Any = posterior.median()
    sizes: list[Any] = [
        sum(arviz_stats.ess(draws.isel(chain=[chain])) for chain in range(posterior.sizes["chain"]))
        for draws in (posterior, np.abs(posterior - median))
    ]
    return min(float(size) for both in sizes for size in both.data_vars.values())
