"""What customers will do, period by period: those who are known, and those yet to be won."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clvmodels.compiled.periods import known_by_period, needed_by_period, new_by_period
from clvmodels.compiled.threads import in_order
from clvmodels.errors import InvalidArgument
from clvmodels.intervals import Array, summed, with_progress
from clvmodels.models.beta_geo_posterior import BetaGeoPosterior
from clvmodels.models.gamma_gamma import GammaGammaPosterior
from clvmodels.models.simulation import check_drawable, checked_edges
from clvmodels.rfm import RFM, days_per_unit

WHAT = ("revenue", "purchases", "customers", "first_in_year", "first")
DRAWS_AT_ONCE, MOST_LIVES = 64, 1e9


def predictive_by_period(
    purchases: BetaGeoPosterior,
    spend: GammaGammaPosterior | None,
    rfm: RFM,
    *,
    edges: Array,
    years: NDArray[np.integer] | None = None,
    discount_force: float = 0.0,
    random_seed: int | None = None,
) -> Array:
    """Draw what all known customers together will do between the edges.

    Parameters
    ----------
    purchases : BetaGeoPosterior
    spend : GammaGammaPosterior, optional
        Without it every purchase is worth 1.
    rfm : RFM
    edges : array (periods + 1,)
        Times since the observation end, rising from 0.
    years : array of integers (periods,), optional
        The year of each period, rising; by default each period is a year of its own.
    discount_force : float
        Per time unit; weights revenue and purchases.
    random_seed : int, optional
        Replaces the fit's seed. The purchases are those of `predictive_purchases` with the same seed.

    Returns
    -------
    array, shape (draws, periods, 5)
        Revenue, purchases, customers who buy in the period, those of them who do so for the first time in the year, and
        those who do so for the first time of all.

    Raises
    ------
    InvalidArgument
        If the two posteriors have different numbers of draws.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> from clvmodels.models.beta_geo import BetaGeo
    >>> from clvmodels.models.gamma_gamma import GammaGamma
    >>> purchases = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week", random_seed=1)
    >>> spend = GammaGamma.at(p=6.25, q=3.74, v=15.44, time_unit="week")
    >>> predictive_by_period(purchases, spend, load_cdnow_summary(), edges=np.array([0.0, 13.0, 26.0])).shape
    (1000, 2, 5)
    """
    simulation = purchases.simulation(rfm, random_seed)
    nothing = np.zeros(len(rfm))
    number, mean = (nothing, nothing) if spend is None else rfm.spend(include_first=spend.include_first)
    amounts, draws = _amounts(purchases, spend), purchases.predictive_draw_count
    edges, in_years = checked_edges(edges.tolist()), _years(years, edges)

    def block(rows: slice) -> Array:
        out = np.zeros((draws, len(edges) - 1, len(WHAT)))
        own = number[rows], mean[rows], *amounts
        known_by_period(
            *simulation.of(rows), edges, in_years, discount_force, simulation.none(rows, edges[-1]), *own, out
        )
        return out

    return _worth(summed(block, len(rfm), draws), spend)


def predictive_new_by_period(
    purchases: BetaGeoPosterior,
    spend: GammaGammaPosterior | None,
    won: NDArray[np.integer],
    *,
    windows: Array,
    edges: Array,
    years: NDArray[np.integer] | None = None,
    discount_force: float = 0.0,
    random_seed: int | None = None,
) -> Array:
    """Draw what customers yet to be won will do between the edges, each draw with its own parameters.

    Parameters
    ----------
    purchases : BetaGeoPosterior
    spend : GammaGammaPosterior, optional
        Without it every purchase is worth 1.
    won : array of integers (draws, windows)
        How many are won in each window of time.
    windows : array (windows, 2)
        Begin and end of each, on the axis of the edges; they come at any time between with the same probability.
    edges : array (periods + 1,)
        Times that rise; the first is not after any window's begin.
    years : array of integers (periods,), optional
        The year of each period, rising; by default each period is a year of its own.
    discount_force : float
        Per time unit; weights revenue and purchases by the time since 0.
    random_seed : int, optional
        Replaces the fit's seed.

    Returns
    -------
    array, shape (draws, periods, 5)
        The same, first purchases included.

    Raises
    ------
    InvalidArgument
        If the two posteriors have different numbers of draws.
    """
    seed, draws = purchases.seed_for(random_seed), purchases.predictive_draw_count
    parameters: list[Any] = [*purchases.parameter_draws(predictive=True), *_amounts(purchases, spend)]

    check_lives(float(won.sum()), draws)
    begins, ends = np.ascontiguousarray(windows.T)
    days = days_per_unit(purchases.time_unit)
    check_drawable(edges, days)
    in_years = _years(years, edges)

    def part(first: int, some: slice) -> Array:
        out = np.zeros((len(won[some]), len(edges) - 1, len(WHAT)))
        own = [each[some] for each in parameters]
        new_by_period(seed, first, won[some], begins, ends, edges, in_years, discount_force, days, *own, out)
        return out

    return _worth(_over_draws(part, draws), spend)


def check_lives(lives: float, draws: int) -> None:
    """Refuse more customers yet to be won, in all draws together, than can be drawn one by one.

    >>> check_lives(1e6, 1000)
    """
    if not lives <= MOST_LIVES:
        raise InvalidArgument(
            f"{lives / draws:,.3g} new customers, one by one for each of {draws} draws, would take hours; fit"
            " with fewer draws=, or take a part of them and scale it up"
        )


def predictive_alive(purchases: BetaGeoPosterior, rfm: RFM, *, times: Array, random_seed: int | None = None) -> Array:
    """Draw how many of the known customers are alive at each of the times (m,) since the observation end: (draws, m).

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> from clvmodels.models.beta_geo import BetaGeo
    >>> purchases = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week", random_seed=1)
    >>> predictive_alive(purchases, load_cdnow_summary(), times=np.array([0.0, 52.0])).mean(axis=0).round(-1).tolist()
    [1920.0, 1680.0]
    """
    lifetimes = purchases.blocks("lifetime", rfm, random_seed=random_seed)
    counts = lifetimes.map(lambda block: np.stack([(block > time).sum(axis=0) for time in times], axis=1))
    return np.sum(list(counts), axis=0).astype(float)


def predictive_needed(
    purchases: BetaGeoPosterior,
    spend: GammaGammaPosterior | None,
    goal: Array,
    base: Array,
    *,
    edges: Array,
    group: int = 1,
    random_seed: int | None = None,
) -> Array:
    """Draw how many customers must be won in each period until a goal is reached, one customer after the other.

    Parameters
    ----------
    purchases : BetaGeoPosterior
    spend : GammaGammaPosterior, optional
        Without it the goal is a number of customers alive at the period's end; with it, revenue of the period.
    goal, base : arrays (draws, periods)
        What is to be reached, and what is there without customers yet to be won.
    edges : array (periods + 1,)
        Rising from 0.
    group : int
        So many customers are won at once, and do the same: faster, with a little more chance.
    random_seed : int, optional
        Replaces the fit's seed.

    Returns
    -------
    array (draws, periods)
        As what a customer brings is never negative, the share of draws that are not above n is the probability that n
        are enough, where as many as needed were won before.

    Examples
    --------
    >>> from clvmodels.models.beta_geo import BetaGeo
    >>> purchases = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week", random_seed=1)
    >>> goal, base = np.full((1000, 1), 10.0), np.zeros((1000, 1))
    >>> bool(predictive_needed(purchases, None, goal, base, edges=np.array([0.0, 1.0])).min() >= 10)
    True
    """
    seed, draws = purchases.seed_for(random_seed), purchases.predictive_draw_count
    parameters = [*purchases.parameter_draws(predictive=True), *_amounts(purchases, spend)]
    days = days_per_unit(purchases.time_unit)
    check_drawable(edges, days)

    def part(first: int, some: slice) -> Array:
        out = np.zeros(goal[some].shape)
        own = [each[some] for each in parameters]
        needed_by_period(seed, first, goal[some], base[some], edges, spend is None, group, days, *own, out)
        return out

    return _over_draws(part, draws)


def _over_draws(part: Callable[[int, slice], Array], draws: int) -> Array:
    """The parts of some draws at a time, on all cores, put together."""
    starts = range(0, draws, DRAWS_AT_ONCE)
    made = in_order(lambda first: part(first, slice(first, first + DRAWS_AT_ONCE)), starts)
    return np.concatenate(list(with_progress(made, "new customers", len(starts))))


def _years(years: NDArray[np.integer] | None, edges: Array) -> NDArray[np.integer]:
    return np.arange(len(edges) - 1) if years is None else np.asarray(years)


def _worth(made: Array, spend: GammaGammaPosterior | None) -> Array:
    """Without spend, the purchases in the place of the revenue."""
    if spend is None:
        made[..., 0] = made[..., 1]
    return made


def _amounts(purchases: BetaGeoPosterior, spend: GammaGammaPosterior | None) -> list[Array]:
    """Draws of p, q and v; of anything where amounts do not matter."""
    if spend is None:
        return [np.ones(purchases.predictive_draw_count)] * 3
    if spend.draw_count != purchases.draw_count:
        found = f"purchases have {purchases.draw_count} draws, spend has {spend.draw_count}"
        raise InvalidArgument(f"{found}; fit both with the same method= and draws=")
    return spend.parameter_draws(predictive=True)
