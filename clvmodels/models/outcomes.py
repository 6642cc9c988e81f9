"""What one customer may do next, drawn from BG/NBD event by event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.intervals import Array

SMALLEST_DROPOUT = 1e-15


@dataclass(frozen=True)
class Customer:
    """Draws (draws,) of one customer's own state: alive or not, purchase rate, dropout probability."""

    alive: NDArray[np.bool_]
    rate: Array
    dropout: Array


@dataclass(frozen=True)
class Purchases:
    """Purchases within a horizon: `count` (draws,), and for every purchase its draw and its time since T."""

    count: NDArray[np.int64]
    draw: NDArray[np.int64]
    time: Array


def draw_customer(
    params: BetaGeoParams, alive_probability: Array, x: float, T: float, rng: np.random.Generator
) -> Customer:
    """One draw for every parameter draw. Shapes: params and alive_probability (draws,).

    Alive at T, the rate is Gamma(r + x, rate alpha + T) and the dropout probability Beta(a, b + x), independent.
    """
    alive = rng.random(len(alive_probability)) < alive_probability
    rate = rng.standard_gamma(params.r + x) / (params.alpha + T)
    dropout = rng.beta(params.a, params.b + x)
    return Customer(alive, rate, np.maximum(dropout, SMALLEST_DROPOUT))


def purchase_counts(
    customer: Customer, horizon: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Purchases within the horizon, and those that there would be without dropout; both (draws,).

    The number is min(Poisson(rate x horizon), Geometric(dropout)) while alive, and 0 otherwise.
    """
    without_dropout = rng.poisson(customer.rate * horizon)
    count = np.minimum(without_dropout, rng.geometric(customer.dropout))
    return np.where(customer.alive, count, 0), without_dropout


def purchase_times(customer: Customer, horizon: float, rng: np.random.Generator) -> Purchases:
    """The purchases within the horizon with their times since T, in order within each draw.

    Given n arrivals of a Poisson process their times are n ordered uniforms: partial sums of n + 1 exponentials over
    the total. Only the first `count` are wanted, so that the rest of the total is one Gamma draw.
    """
    count, without_dropout = purchase_counts(customer, horizon, rng)
    draw = np.repeat(np.arange(len(count)), count)
    sums = np.cumsum(rng.standard_exponential(len(draw)))
    before = np.concatenate([[0.0], sums])[np.cumsum(count) - count]
    elapsed = sums - before[draw]
    total = np.bincount(draw[:0], minlength=len(count)).astype(float)
    np.maximum.at(total, draw, elapsed)
    total += rng.standard_gamma(without_dropout + 1.0 - count)
    return Purchases(count, draw, horizon * elapsed / total[draw])


def next_purchase_time(customer: Customer, rng: np.random.Generator) -> Array:
    """Time since T of the next purchase (draws,); infinite when there is none."""
    gap = rng.standard_exponential(len(customer.rate))
    with np.errstate(divide="ignore"):
        return np.where(customer.alive, gap / customer.rate, np.inf)


def remaining_lifetime(customer: Customer, rng: np.random.Generator) -> Array:
    """Time since T of dropping out (draws,): exponential with rate x dropout probability; 0 when already gone."""
    gap = rng.standard_exponential(len(customer.rate))
    with np.errstate(divide="ignore", over="ignore"):
        return np.where(customer.alive, gap / (customer.rate * customer.dropout), 0.0)
