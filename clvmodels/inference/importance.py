"""Importance sampling from a multivariate t that is fitted to the posterior itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import multivariate_t

from clvmodels.inference.density import Array, FlatModel
from clvmodels.inference.diagnostics import Diagnostics, effective_sample_size, k_hat_limit, smooth_weights
from clvmodels.inference.mode import find_mode

DEGREES_OF_FREEDOM = 7
LARGEST_REFITS = 3
GOOD_K_HAT = 0.3
PROPOSALS_PER_DRAW = 4
SMALLEST_PROPOSAL_COUNT = 4000


@dataclass(frozen=True)
class _Weighted:
    points: Array
    weights: Array
    k_hat: float


def sample_importance(model: FlatModel, *, draws: int, rng: np.random.Generator) -> tuple[Array, Diagnostics]:
    """Draws (draws, d) of equal weight in the unconstrained space, and their diagnostics.

    The proposal starts from the mode and its curvature and is refitted to its own weighted draws until k-hat is good;
    the draws kept are a systematic resample, in random order.

    Raises
    ------
    FitFailed
        If the density has no mode.
    """
    mode = find_mode(model.value_and_gradient, model.start)
    count = max(PROPOSALS_PER_DRAW * draws, SMALLEST_PROPOSAL_COUNT)
    tried = [_propose(model, mode.location, mode.covariance, count, rng)]
    while tried[-1].k_hat > GOOD_K_HAT and len(tried) <= LARGEST_REFITS:
        tried.append(_propose(model, *_moments(tried[-1]), count, rng))
    weighted = min(tried, key=lambda proposed: proposed.k_hat)
    return weighted.points[_resample(weighted.weights, draws, rng)], _diagnose(weighted, draws)


def _propose(model: FlatModel, location: Array, covariance: Array, count: int, rng: np.random.Generator) -> _Weighted:
    family: Any = multivariate_t
    proposal = family(location, covariance, df=DEGREES_OF_FREEDOM, allow_singular=True)
    points = proposal.rvs(count, random_state=rng).reshape(count, -1)
    weights, k_hat = smooth_weights(model.log_density(points) - proposal.logpdf(points))
    return _Weighted(points, weights, k_hat)


def _moments(weighted: _Weighted) -> tuple[Array, Array]:
    location = weighted.weights @ weighted.points
    return location, np.cov(weighted.points, rowvar=False, aweights=weighted.weights, ddof=0).reshape(
        len(location), len(location)
    )


def _resample(weights: Array, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    positions = (np.arange(draws) + rng.random()) / draws
    chosen = np.searchsorted(np.cumsum(weights), positions).clip(max=len(weights) - 1)
    # In random order, so that purchase and spend draws pair independently by index.
    return rng.permutation(chosen)


def _diagnose(weighted: _Weighted, draws: int) -> Diagnostics:
    size = effective_sample_size(weighted.weights)
    limit = k_hat_limit(len(weighted.points))
    problems = []
    if not weighted.k_hat <= limit:
        problems.append(f"k-hat is {weighted.k_hat:.2f}, above {limit:.2f}: the proposal misses the posterior's tails")
    if size < draws:
        problems.append(f"{size:.0f} effective draws for {draws} asked")
    return Diagnostics(
        method="importance",
        converged=not problems,
        effective_sample_size=size,
        k_hat=weighted.k_hat,
        notes=tuple(problems),
    )
