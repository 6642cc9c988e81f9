"""The mode of a log density and the curvature there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from clvmodels.errors import FitFailed
from clvmodels.inference.density import Array

HESSIAN_STEP = 1e-4
# Of the mode from the start, on the (log or logit) scale of the unconstrained parameters: a factor of 5e8.
LARGEST_DISTANCE = 20.0
OPTIONS = {"gtol": 1e-8, "ftol": 1e-15, "maxiter": 1000}
GRADIENT_TOLERANCE = 1e-3
# A standard deviation above 1,000 on the (log or logit) scale of the unconstrained parameters.
SMALLEST_CURVATURE = 1e-6


@dataclass(frozen=True)
class Mode:
    """The maximiser (d,) of a log density, and the covariance (d, d) of the normal distribution that fits it there."""

    location: Array
    covariance: Array


def find_mode(value_and_gradient: Callable[[Array], tuple[float, Array]], start: Array) -> Mode:
    """Maximise by L-BFGS from `start`; the covariance is minus the inverse Hessian, by differences of the gradient.

    Raises
    ------
    FitFailed
        If no maximum is found: the density rises for ever (flat priors on degenerate data), or is undefined.
    """
    if not np.isfinite(value_and_gradient(start)[0]):
        raise FitFailed("the density is undefined at the priors' means, where the search begins; use narrower priors")

    def negative(at: Array) -> tuple[float, Array]:
        value, gradient = value_and_gradient(at)
        return (-value, -gradient) if np.isfinite(value) and np.all(np.isfinite(gradient)) else (1e300, 0 * at)

    # Bounds, as a first long step would otherwise leave the region where the density is a number.
    box = [(value - LARGEST_DISTANCE, value + LARGEST_DISTANCE) for value in start]
    found = minimize(negative, start, jac=True, method="L-BFGS-B", bounds=box, options=OPTIONS)
    value, gradient = value_and_gradient(found.x)
    hessian = _hessian(value_and_gradient, found.x)
    eigenvalues, vectors = np.linalg.eigh(-hessian) if np.all(np.isfinite(hessian)) else (np.array([-1.0]), None)
    if not np.isfinite(value) or np.max(np.abs(gradient)) > GRADIENT_TOLERANCE * max(1.0, abs(value)) ** 0.5:
        raise FitFailed(
            f"no mode was found ({found.message}); the priors are improper, or so wide that the search gets lost: use"
            " narrower ones"
        )
    if vectors is None or eigenvalues[0] <= max(1e-8 * eigenvalues[-1], SMALLEST_CURVATURE):
        raise FitFailed(
            "the density is flat in some direction at the point reached, so that the data do not determine the"
            " parameters; use proper priors (the default ones are) and method='auto'"
        )
    return Mode(found.x, (vectors / eigenvalues) @ vectors.T)


def _hessian(value_and_gradient: Callable[[Array], tuple[float, Array]], at: Array) -> Array:
    rows = []
    for direction in np.eye(len(at)) * HESSIAN_STEP:
        up, down = value_and_gradient(at + direction)[1], value_and_gradient(at - direction)[1]
        rows.append((up - down) / (2 * HESSIAN_STEP))
    hessian = np.array(rows)
    return (hessian + hessian.T) / 2
