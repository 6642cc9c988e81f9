"""Importance sampling from a multivariate t, a bent one or a mixture, that is fitted to the posterior itself."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.special import logsumexp

from clvmodels.errors import FitFailed
from clvmodels.inference.bend import Bent
from clvmodels.inference.density import Array, FlatModel
from clvmodels.inference.diagnostics import Diagnostics, effective_sample_size, k_hat_limit, smooth_weights
from clvmodels.inference.mixture import scattered, student
from clvmodels.inference.mode import Mode, find_mode

LARGEST_REFITS = 3
GOOD_K_HAT, EXCELLENT_K_HAT = 0.3, 0.0
PILOT = 1000
MIXTURE_PILOT = 2000
MIXTURE_STEPS = 6
MIXTURE_STARTS = 4
WIDE = 4.0
LEAST_REACH = 0.3
# Effective draws to be made for each one kept, and the most proposals for it.
SURPLUS = 1.25
LARGEST_PROPOSALS_PER_DRAW = 8


@dataclass(frozen=True)
class _Proposal:
    """A distribution, and what was drawn from it: points (n, d), log weights (n,), smoothed weights (n,)."""

    density: Any
    points: Array
    log_weights: Array
    weights: Array
    k_hat: float


def sample_importance(model: FlatModel, *, draws: int, rng: np.random.Generator) -> tuple[Array, Diagnostics]:
    """Draws (draws, d) of equal weight in the unconstrained space, and their diagnostics.

    The proposal starts from the mode and its curvature and is refitted, bent, to all weighted points so far until k-hat
    is good. A pilot of 1,000 points shows how many are needed for the draws that were asked for; they are a systematic
    resample, in random order.

    Raises
    ------
    FitFailed
        If the density has no mode.
    """
    mode = find_mode(model.value_and_gradient, model.start)
    tried = [_propose(model, student(mode.location, mode.covariance), PILOT, rng)]
    while tried[-1].k_hat > GOOD_K_HAT and len(tried) <= LARGEST_REFITS:
        tried.append(_propose(model, Bent.through(*_pooled(tried)), PILOT, rng))
    best = tried[-1]
    if len(tried) > 1 and best.k_hat > EXCELLENT_K_HAT:
        # What the last one saw counts as well.
        best = _propose(model, Bent.through(*_pooled(tried)), PILOT, rng)
    if not np.all(np.isfinite(best.weights)):
        raise FitFailed("the density is undefined around its mode; use other priors")
    enough = _enough(model, best, draws, rng)
    diagnostics = _diagnose(enough, draws)
    if len(mode.location) > 1 and not diagnostics.converged:
        enough = _enough(model, _mixed(model, best, rng), draws, rng)
        diagnostics = _diagnose(enough, draws, reach=_reach(enough, mode))
    return enough.points[_resample(enough.weights, draws, rng)], diagnostics


def _mixed(model: FlatModel, pilot: _Proposal, rng: np.random.Generator) -> _Proposal:
    """A mixture of narrower distributions, where one does not fit, looked for in a wide neighbourhood."""
    density = scattered(pilot.points, pilot.weights, rng)
    location, covariance = _moments(pilot)
    for start in student(location, WIDE**2 * covariance).rvs(MIXTURE_STARTS, random_state=rng):
        # From far away a search may well end nowhere.
        with contextlib.suppress(FitFailed):
            mode = find_mode(model.value_and_gradient, start, thorough=False)
            density = density.joined(student(mode.location, mode.covariance))
    for _ in range(MIXTURE_STEPS):
        pilot = _propose(model, density, MIXTURE_PILOT, rng)
        density = density.refitted(pilot.points, pilot.weights)
    return _propose(model, density, MIXTURE_PILOT, rng)


def _reach(weighted: _Proposal, mode: Mode) -> float:
    """The least standard deviation along any axis, in those of the curvature at the mode.

    A search that began in a part of a long ridge may stay there, and k-hat knows nothing of what was never seen.
    """
    narrowest = eigh(_moments(weighted)[1], mode.covariance, eigvals_only=True)[0]
    return float(np.sqrt(max(narrowest, 0.0)))


def _enough(model: FlatModel, pilot: _Proposal, draws: int, rng: np.random.Generator) -> _Proposal:
    efficiency = effective_sample_size(pilot.weights) / len(pilot.weights)
    needed = int(draws * min(SURPLUS / efficiency, LARGEST_PROPOSALS_PER_DRAW))
    return _extended(model, pilot, max(0, needed - len(pilot.points)), rng)


def _propose(model: FlatModel, density: Any, count: int, rng: np.random.Generator) -> _Proposal:
    nothing = np.empty((0, len(model.start)))
    return _extended(model, _Proposal(density, nothing, nothing[:, 0], nothing[:, 0], np.inf), count, rng)


def _extended(model: FlatModel, proposal: _Proposal, count: int, rng: np.random.Generator) -> _Proposal:
    """The proposal with `count` further points of its own."""
    if count == 0:
        return proposal
    density = proposal.density
    added = density.rvs(count, random_state=rng).reshape(count, -1)
    points = np.concatenate([proposal.points, added])
    log_weights = np.concatenate([proposal.log_weights, model.log_density(added) - density.logpdf(added)])
    return _Proposal(density, points, log_weights, *smooth_weights(log_weights))


def _pooled(tried: list[_Proposal]) -> tuple[Array, Array]:
    """The points of several proposals (n, d), and their weights (n,) as points of the mixture of all.

    Source: Cornuet and others (2012), doi:10.1111/j.1467-9469.2011.00756.x.
    """
    points = np.concatenate([proposal.points for proposal in tried])
    density = np.concatenate([proposal.log_weights + proposal.density.logpdf(proposal.points) for proposal in tried])
    shares = [proposal.density.logpdf(points) + np.log(len(proposal.points) / len(points)) for proposal in tried]
    weights, _ = smooth_weights(density - logsumexp(shares, axis=0))
    return points, weights


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


def _diagnose(weighted: _Proposal, draws: int, *, reach: float = 1.0) -> Diagnostics:
    size = effective_sample_size(weighted.weights)
    limit = k_hat_limit(len(weighted.points))
    problems = []
    if not weighted.k_hat <= limit:
        problems.append(f"k-hat is {weighted.k_hat:.2f}, above {limit:.2f}: the proposal misses the posterior's tails")
    if reach < LEAST_REACH:
        problems.append(
            f"the effective draws reach {reach:.2f} times as far along one axis as the curvature at the mode says"
        )
    if size < draws:
        problems.append(f"{size:.0f} effective draws for {draws} asked")
    return Diagnostics(
        method="importance",
        converged=not problems,
        effective_sample_size=size,
        k_hat=weighted.k_hat,
        notes=tuple(problems),
    )
