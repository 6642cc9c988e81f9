"""What customers will do, period by period: those who are known, and those yet to be won."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clvmodels.compiled import events
from clvmodels.compiled.threads import in_order
from clvmodels.errors import InvalidArgument
from clvmodels.intervals import Array, summed, with_progress
from clvmodels.models.outcomes import Events, Streams, check_drawable, checked_edges
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.models.spend import SpendPosterior
from clvmodels.rfm import RFM

WHAT = ("revenue", "purchases", "customers", "first_in_year", "first")
DRAWS_AT_ONCE, MOST_LIVES = 64, 1e9
# Customers are drawn this many at a time until enough are won: more at once cost time where few are needed.
FEWEST_AT_ONCE, MOST_AT_ONCE = 4, 512


def predictive_by_period(
    purchases: PurchasePosterior,
    spend: SpendPosterior | None,
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
    purchases : PurchasePosterior
    spend : SpendPosterior, optional
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
    _check_draws(purchases, spend)
    outcomes, draws = purchases.outcomes(rfm, random_seed=random_seed), purchases.predictive_draw_count
    edges, in_years = checked_edges(edges.tolist()), _years(years, edges)
    horizon, now = np.full(len(rfm), edges[-1]), np.zeros(len(rfm) * draws)
    amounts = unit_amounts if spend is None else spend.amounts(outcomes, rfm)

    def block(rows: slice) -> Array:
        out = np.zeros((draws, len(edges) - 1, len(WHAT)))
        for part, found in outcomes.parts(rows, horizon[rows]):
            worth = amounts(slice(rows.start + part.start, rows.start + part.stop), found)
            draw = np.tile(np.arange(draws), part.stop - part.start)
            events.add_all_by_period(draw, now[: len(draw)], *found, worth, edges, in_years, discount_force, out)
        return out

    return summed(block, len(rfm), draws)


def predictive_new_by_period(
    purchases: PurchasePosterior,
    spend: SpendPosterior | None,
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
    purchases : PurchasePosterior
    spend : SpendPosterior, optional
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
    _check_draws(purchases, spend)
    check_lives(float(won.sum()), draws)
    check_drawable(edges, purchases.days)
    bought, spent = _parameters(purchases), None if spend is None else _parameters(spend)
    in_years = _years(years, edges)

    def part(first: int, some: slice) -> Array:
        number = len(won[some])
        out = np.zeros((number, len(edges) - 1, len(WHAT)))
        streams, purses = (events.new_streams(seed, first, number, events.NEW, second) for second in (0, 1))
        for window, (begin, end) in enumerate(windows.tolist()):
            count = won[some, window]
            new = purchases.new_events(bought(some), streams, count, (begin, end), edges[-1], days=purchases.days)
            cells = np.append(0, np.cumsum(count))
            worth = np.ones(len(new.times))
            if spend is not None and spent is not None:
                worth, _ = spend.new_amounts(spent(some), purses, cells, new.offsets)
            draw = np.repeat(np.arange(number), count)
            events.add_all_by_period(
                draw, new.starts, new.offsets, new.times, worth, edges, in_years, discount_force, out
            )
        return out

    return _over_draws(part, draws)


def check_lives(lives: float, draws: int) -> None:
    """Refuse more customers yet to be won, in all draws together, than can be drawn one by one.

    >>> check_lives(1e6, 1000)
    """
    if not lives <= MOST_LIVES:
        raise InvalidArgument(
            f"{lives / draws:,.3g} new customers, one by one for each of {draws} draws, would take hours; fit"
            " with fewer draws=, or take a part of them and scale it up"
        )


def predictive_alive(purchases: PurchasePosterior, rfm: RFM, *, times: Array, random_seed: int | None = None) -> Array:
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
    purchases: PurchasePosterior,
    spend: SpendPosterior | None,
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
    purchases : PurchasePosterior
    spend : SpendPosterior, optional
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
    _check_draws(purchases, spend)
    check_drawable(edges, purchases.days)
    purchases = purchases.with_leaving() if spend is None else purchases
    seed, draws = purchases.seed_for(random_seed), purchases.predictive_draw_count
    bought, spent = _parameters(purchases), None if spend is None else _parameters(spend)

    def part(first: int, some: slice) -> Array:
        number = len(goal[some])
        streams, purses = (events.new_streams(seed, first, number, events.NEEDED, second) for second in (0, 1))
        brought, out = np.array(base[some]), np.zeros(goal[some].shape)
        mine, money = bought(some), None if spent is None else spent(some)
        for period, window in enumerate(zip(edges[:-1], edges[1:], strict=True)):
            at_once = FEWEST_AT_ONCE
            while (lacking := brought[:, period] < goal[some, period]).any():
                taken = np.empty(number, dtype=np.int64)
                count = np.where(lacking, at_once, 0)
                cells = np.append(0, np.cumsum(count))
                rest = goal[some, period], brought, cells, group, period
                if spend is None:
                    left, states = purchases.new_leaving(mine, streams, count, window)
                    events.take_needed_alive(*rest, left, edges, taken)
                else:
                    new = purchases.new_events(mine, streams, count, window, edges[-1], days=purchases.days)
                    worth, purse_states = spend.new_amounts(money, purses, cells, new.offsets)
                    events.take_needed(*rest, new.starts, new.offsets, new.times, worth, edges, taken)
                    states = new.states
                    _go_back(purses, purse_states, cells, taken)
                _go_back(streams, states, cells, taken)
                out[:, period] += group * taken
                at_once = min(2 * at_once, MOST_AT_ONCE)
        return out

    return _over_draws(part, draws)


def _go_back(streams: Streams, states: Streams, cells: NDArray[np.integer], taken: NDArray[np.integer]) -> None:
    """Let each stream go on from where it was after the last customer that was taken."""
    some = taken > 0
    streams[some] = states[(cells[:-1] + taken - 1)[some]]


def _over_draws(part: Callable[[int, slice], Array], draws: int) -> Array:
    """The parts of some draws at a time, on all cores, put together."""
    starts = range(0, draws, DRAWS_AT_ONCE)
    made = in_order(lambda first: part(first, slice(first, first + DRAWS_AT_ONCE)), starts)
    return np.concatenate(list(with_progress(made, "new customers", len(starts))))


def _years(years: NDArray[np.integer] | None, edges: Array) -> NDArray[np.integer]:
    return np.arange(len(edges) - 1) if years is None else np.asarray(years)


def unit_amounts(_: slice, found: Events) -> Array:
    """1 for every purchase."""
    return np.ones(len(found.times))


def _parameters(posterior: PurchasePosterior | SpendPosterior) -> Callable[[slice], Any]:
    """The parameters of some draws, as the model takes them."""
    all_draws = posterior.at_draws(predictive=True)
    return lambda some: posterior.some_draws(all_draws, some)


def _check_draws(purchases: PurchasePosterior, spend: SpendPosterior | None) -> None:
    if spend is not None and spend.predictive_draw_count != purchases.predictive_draw_count:
        found = f"purchases have {purchases.draw_count} draws, spend has {spend.draw_count}"
        raise InvalidArgument(f"{found}; fit both with the same method= and draws=")
