"""Importance sampling from a multivariate t that is fitted to the posterior itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import multivariate_t

from clvmodels.errors import FitFailed
from clvmodels.inference.density import Array, FlatModel
from clvmodels.inference.diagnostics import Diagnostics, effective_sample_size, k_hat_limit, smooth_weights
from clvmodels.inference.mode import find_mode

DEGREES_OF_FREEDOM = 7
LARGEST_REFITS = 3
GOOD_K_HAT = 0.3
PILOT = 1000
# Effective draws to be made for each one kept, and the most proposals for it.
SURPLUS = 1.25
LARGEST_PROPOSALS_PER_DRAW = 8


@dataclass(frozen=True)
class _Proposal:
    """A t distribution, and what was drawn from it: points (n, d), log weights (n,), smoothed weights (n,)."""

    location: Array
    covariance: Array
    points: Array
    log_weights: Array
    weights: Array
    k_hat: float


def sample_importance(model: FlatModel, *, draws: int, rng: np.random.Generator) -> tuple[Array, Diagnostics]:
    """Draws (draws, d) of equal weight in the unconstrained space, and their diagnostics.

    The proposal starts from the mode and its curvature and is refitted to its own weighted draws until k-hat is good.
    A pilot of 1,000 points shows how many are needed for the draws that were asked for; they are a systematic
    resample, in random order.

    Raises
    ------
    FitFailed
        If the density has no mode.
    """
    mode = find_mode(model.value_and_gradient, model.start)
    tried = [_propose(model, mode.location, mode.covariance, PILOT, rng)]
    while tried[-1].k_hat > GOOD_K_HAT and len(tried) <= LARGEST_REFITS:
        tried.append(_propose(model, *_moments(tried[-1]), PILOT, rng))
    best = min(tried, key=lambda proposed: proposed.k_hat)
    if not np.all(np.isfinite(best.weights)):
        raise FitFailed("the density is undefined around its mode; use other priors")
    enough = _extended(model, best, _points_needed(best, draws) - PILOT, rng)
    return enough.points[_resample(enough.weights, draws, rng)], _diagnose(enough, draws)


def _points_needed(pilot: _Proposal, draws: int) -> int:
    efficiency = effective_sample_size(pilot.weights) / len(pilot.weights)
    return max(PILOT, int(draws * min(SURPLUS / efficiency, LARGEST_PROPOSALS_PER_DRAW)))


def _propose(model: FlatModel, location: Array, covariance: Array, count: int, rng: np.random.Generator) -> _Proposal:
    nothing = np.empty((0, len(location)))
    empty = _Proposal(location, covariance, nothing, nothing[:, 0], nothing[:, 0], np.inf)
    return _extended(model, empty, count, rng)


def _extended(model: FlatModel, proposal: _Proposal, count: int, rng: np.random.Generator) -> _Proposal:
    """The proposal with `count` further points of its own."""
    if count == 0:
        return proposal
    family: Any = multivariate_t
    density = family(proposal.location, proposal.covariance, df=DEGREES_OF_FREEDOM, allow_singular=True)
    added = density.rvs(count, random_state=rng).reshape(count, -1)
    points = np.concatenate([proposal.points, added])
    log_weights = np.concatenate([proposal.log_weights, model.log_density(added) - density.logpdf(added)])
    return _Proposal(proposal.location, proposal.covariance, points, log_weights, *smooth_weights(log_weights))


def _moments(weighted: _Proposal) -> tuple[Array, Array]:
    location = weighted.weights @ weighted.points
    return location, np.cov(weighted.points, rowvar=False, aweights=weighted.weights, ddof=0).reshape(
        len(location), len(location)
    )


def _resample(weights: Array, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    positions = (np.arange(draws) + rng.random()) / draws
    chosen = np.searchsorted(np.cumsum(weights), positions).clip(max=len(weights) - 1)
    # In random order, so that purchase and spend draws pair independently by index.
    return rng.permutation(chosen)


def _diagnose(weighted: _Proposal, draws: int) -> Diagnostics:
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
