"""A multivariate t distribution bent along its longest axis, as a proposal for posteriors that follow a ridge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import multivariate_t

from clvmodels.inference.density import Array

# A ridge ends slowly, and often more so on one side: tails are heavy, and the longest axis is made longer.
DEGREES_OF_FREEDOM = 3
LENGTHENED = 1.25
# Standard deviations along the longest axis, beyond which it bends no further.
STRAIGHT_BEYOND = 3.0
# With fewer effective points a bend would follow the noise.
FEWEST_TO_BEND = 50.0
SMALLEST_SCALE = 1e-12


@dataclass(frozen=True)
class Bent:
    r"""Points :math:`\mu + A (z + b(z_1))`, with z from a t distribution and b a quadratic of the first coordinate.

    Only the other coordinates are moved, so that volumes stay as they are. Source: Haario and others (1999),
    doi:10.1007/s001800050022.

    Attributes
    ----------
    location : array (d,)
    axes : array (d, d)
        The principal axes, one a column, each as long as a standard deviation; the longest is the first.
    bend : array (3, d)
        Coefficients of the quadratic; 0 for the first coordinate.
    straight : frozen distribution
        That of z.
    root : array (d, d)
        The lower triangle whose square is the scale of z.
    """

    location: Array
    axes: Array
    bend: Array
    straight: Any
    root: Array

    @classmethod
    def through(cls, points: Array, weights: Array) -> Bent:
        """Fit it to weighted points (n, d) by their moments and a regression along the longest axis."""
        location = weights @ points
        variances, vectors = np.linalg.eigh(_covariance(points, weights))
        # An axis has no sign of its own, and rounding must not choose one.
        vectors *= np.sign(vectors[np.argmax(np.abs(vectors), axis=0), np.arange(len(location))])
        axes = (vectors * np.sqrt(np.maximum(variances, np.finfo(float).tiny)))[:, ::-1]
        at: Array = np.linalg.solve(axes, (points - location).T).T.astype(float)
        bend = np.zeros((3, len(location)))
        if 1 / np.sum(weights**2) > FEWEST_TO_BEND:
            by = np.sqrt(weights)[:, None]
            bend[:, 1:] = np.linalg.lstsq(by * _powers(at[:, 0]), by * at[:, 1:], rcond=None)[0]
        at -= _powers(at[:, 0]) @ bend
        family: Any = multivariate_t
        longer = np.ones(len(location))
        longer[0] = LENGTHENED
        scale = _covariance(at, weights) * np.outer(longer, longer)
        straight = family(weights @ at, scale, df=DEGREES_OF_FREEDOM, allow_singular=True)
        root: Array = np.linalg.cholesky(scale + SMALLEST_SCALE * np.eye(len(scale))).astype(float)
        return cls(location, axes, bend, straight, root)

    def rvs(self, count: int, *, random_state: np.random.Generator) -> Array:
        """Points (count, d)."""
        # By a triangle: the axes of a scale that is nearly round are arbitrary, and so would the draws be.
        normal = random_state.standard_normal((count, len(self.location)))
        longer = np.sqrt(DEGREES_OF_FREEDOM / random_state.chisquare(DEGREES_OF_FREEDOM, count))
        at = self.straight.loc + longer[:, None] * (normal @ self.root.T)
        return self.location + (at + _powers(at[:, 0]) @ self.bend) @ self.axes.T

    def logpdf(self, points: Array) -> Array:
        """Log density (n,) at points (n, d)."""
        at: Array = np.linalg.solve(self.axes, (points - self.location).T).T.astype(float)
        unbent = self.straight.logpdf(at - _powers(at[:, 0]) @ self.bend)
        return np.atleast_1d(unbent) - np.linalg.slogdet(self.axes)[1]


def _powers(along: Array) -> Array:
    return np.column_stack([np.ones_like(along), along, np.clip(along, -STRAIGHT_BEYOND, STRAIGHT_BEYOND) ** 2])


def _covariance(points: Array, weights: Array) -> Array:
    return np.atleast_2d(np.cov(points, rowvar=False, aweights=weights, ddof=0))
