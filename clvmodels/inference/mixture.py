"""A mixture of multivariate t distributions as a proposal, for posteriors that are bent, as along a ridge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp, softmax
from scipy.stats import multivariate_t

from clvmodels.inference.density import Array

DEGREES_OF_FREEDOM = 7
COMPONENTS = 8
SMALLEST_SHARE = 0.005
# Of the whole covariance, added to each component's, so that none collapses.
LEAST_WIDTH = 1e-3


@dataclass(frozen=True)
class Mixture:
    """Components with their log probabilities (k,)."""

    components: tuple[Any, ...]
    log_shares: Array

    def rvs(self, count: int, *, random_state: np.random.Generator) -> Array:
        """Points (count, d)."""
        counts = random_state.multinomial(count, np.exp(self.log_shares))
        each = zip(self.components, counts, strict=True)
        return np.concatenate(
            [component.rvs(size, random_state=random_state).reshape(size, -1) for component, size in each if size]
        )

    def logpdf(self, points: Array) -> Array:
        """Log density (n,) at points (n, d)."""
        total: Any = logsumexp(self._joint(points), axis=0)
        return total

    def refitted(self, points: Array, weights: Array) -> Mixture:
        """The mixture after one EM step towards weighted points (n, d); components that matter nowhere are dropped.

        Source: Cappe and others (2008), doi:10.1007/s11222-008-9059-x, with the moments of each component as its scale.
        """
        held = softmax(self._joint(points), axis=0) * weights
        shares = held.sum(axis=1)
        kept = shares > SMALLEST_SHARE
        whole = np.cov(points, rowvar=False, aweights=weights, ddof=0)
        components = tuple(_around(points, each, whole) for each in held[kept])
        return Mixture(components, np.log(shares[kept] / shares[kept].sum()))

    def joined(self, component: Any) -> Mixture:
        """The mixture with one more component, all equal."""
        count = len(self.components) + 1
        return Mixture((*self.components, component), np.full(count, -np.log(count)))

    def _joint(self, points: Array) -> Array:
        densities = np.array([component.logpdf(points) for component in self.components])
        return densities.reshape(len(self.components), -1) + self.log_shares[:, None]


def scattered(points: Array, weights: Array, rng: np.random.Generator) -> Mixture:
    """Equal components around some of the weighted points (n, d)."""
    centres = points[rng.choice(len(points), COMPONENTS, p=weights)]
    narrow = np.cov(points, rowvar=False, aweights=weights, ddof=0) / 4
    return Mixture(tuple(student(centre, narrow) for centre in centres), np.full(COMPONENTS, -np.log(COMPONENTS)))


def student(location: Array, scale: Array) -> Any:
    """The multivariate t distribution that proposals are made of."""
    family: Any = multivariate_t
    return family(location, scale, df=DEGREES_OF_FREEDOM, allow_singular=True)


def _around(points: Array, weights: Array, whole: Array) -> Any:
    own = np.cov(points, rowvar=False, aweights=weights, ddof=0)
    return student(np.average(points, axis=0, weights=weights), own + LEAST_WIDTH * whole)
