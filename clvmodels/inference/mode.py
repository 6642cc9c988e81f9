"""The mode of a log density and the curvature there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from clvmodels.errors import FitFailed
from clvmodels.inference.density import Array

HESSIAN_STEP = 1e-4
# Of the mode from the start, on the (log or logit) scale of the unconstrained parameters: a factor of 5e8.
LARGEST_DISTANCE = 20.0
OPTIONS = {"gtol": 1e-8, "ftol": 1e-15, "maxiter": 1000}
GRADIENT_TOLERANCE = 1e-3
FEW_STEPS = 60
NEWTON_STEPS = 50
SMALLEST_GAIN = 1e-12
LARGEST_STEP = 2.0
SHARES = (1.0, 0.3, 0.1, 0.03)
# A standard deviation above 1,000 on the (log or logit) scale of the unconstrained parameters.
SMALLEST_CURVATURE = 1e-6


@dataclass(frozen=True)
class Mode:
    """The maximiser (d,) of a log density, and the covariance (d, d) of the normal distribution that fits it there."""

    location: Array
    covariance: Array


class _Reached(NamedTuple):
    """A point (d,), and the density's value, gradient (d,) and Hessian (d, d) there."""

    location: Array
    value: float
    gradient: Array
    hessian: Array

    @classmethod
    def at(cls, value_and_gradient: Callable[[Array], tuple[float, Array]], location: Array) -> _Reached:
        return cls(location, *value_and_gradient(location), _hessian(value_and_gradient, location))


def find_mode(
    value_and_gradient: Callable[[Array], tuple[float, Array]], start: Array, *, thorough: bool = True
) -> Mode:
    """Maximise by L-BFGS from `start`; the covariance is minus the inverse Hessian, by differences of the gradient.

    Where L-BFGS does not get there, Newton's steps go on, unless it is not to be `thorough`.

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
    options = OPTIONS if thorough else {**OPTIONS, "maxiter": FEW_STEPS}
    box = [(value - LARGEST_DISTANCE, value + LARGEST_DISTANCE) for value in start]
    found = minimize(negative, start, jac=True, method="L-BFGS-B", bounds=box, options=options)
    steps = NEWTON_STEPS if thorough else 0
    try:
        return _mode(_polished(value_and_gradient, found.x, steps), found.message)
    except FitFailed:
        if not thorough:
            raise
        # Slower, but it takes no long steps: past a narrow mode lies a plain where the density is lost in rounding.
        with contextlib.suppress(FitFailed):
            return _mode(_polished(value_and_gradient, start, steps), found.message)
        raise


def _mode(reached: _Reached, message: str) -> Mode:
    location, value, gradient, hessian = reached
    covariance = _covariance(hessian)
    flat = np.max(np.abs(gradient)) <= GRADIENT_TOLERANCE * max(1.0, abs(value)) ** 0.5
    top = covariance is not None and gradient @ covariance @ gradient <= GRADIENT_TOLERANCE
    if not np.isfinite(value) or not (flat or top):
        raise FitFailed(
            f"no mode was found ({message}): the density rises for ever, as it does under improper priors where the"
            " data set no limit, or the search got lost, as under very wide ones; use proper priors that say more"
        )
    if covariance is None:
        raise FitFailed(
            "the density is flat in some direction at the point reached, so that the data do not determine the"
            " parameters; use proper priors (the default ones are) and method='auto'"
        )
    return Mode(location, covariance)


def _polished(value_and_gradient: Callable[[Array], tuple[float, Array]], at: Array, steps: int) -> _Reached:
    """Take some of Newton's steps, always uphill: L-BFGS stops short on narrow ridges."""
    reached = _Reached.at(value_and_gradient, at)
    for _ in range(steps):
        at, value, gradient, hessian = reached
        if not (np.isfinite(value) and np.all(np.isfinite(hessian))):
            break
        eigenvalues, vectors, scale = _curvature(hessian)
        downhill = np.maximum(np.abs(eigenvalues), SMALLEST_CURVATURE)
        step = scale * (vectors @ ((vectors.T @ (scale * gradient)) / downhill))
        step *= min(1.0, LARGEST_STEP / np.max(np.abs(step), initial=SMALLEST_CURVATURE))
        if gradient @ step < SMALLEST_GAIN:
            break
        further = (at + step * share for share in SHARES)
        better = next((point for point in further if value_and_gradient(point)[0] > value), None)
        if better is None:
            break
        reached = _Reached.at(value_and_gradient, better)
    return reached


def _covariance(hessian: Array) -> Array | None:
    """Minus its inverse; None where it is not that of a maximum."""
    if not np.all(np.isfinite(hessian)) or np.max(np.diag(hessian)) > -SMALLEST_CURVATURE:
        return None
    eigenvalues, vectors, scale = _curvature(hessian)
    inverse = (vectors / eigenvalues) @ vectors.T * np.outer(scale, scale)
    well = eigenvalues[0] > 1e-8 and np.max(np.linalg.eigvalsh(inverse)) < 1 / SMALLEST_CURVATURE
    return inverse if well else None


def _curvature(hessian: Array) -> tuple[Array, Array, Array]:
    """Eigenvalues and vectors of minus the Hessian in units (d,) in which it is about 1 along every axis."""
    scale = 1 / np.sqrt(np.maximum(np.abs(np.diag(hessian)), SMALLEST_CURVATURE))
    eigenvalues, vectors = np.linalg.eigh(-hessian * np.outer(scale, scale))
    return eigenvalues, vectors, scale


def _hessian(value_and_gradient: Callable[[Array], tuple[float, Array]], at: Array) -> Array:
    rows = []
    for direction in np.eye(len(at)) * HESSIAN_STEP:
        up, down = value_and_gradient(at + direction)[1], value_and_gradient(at - direction)[1]
        rows.append((up - down) / (2 * HESSIAN_STEP))
    hessian = np.array(rows)
    return (hessian + hessian.T) / 2
