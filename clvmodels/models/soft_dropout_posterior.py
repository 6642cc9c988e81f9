"""Posteriors of soft dropout, regularity, and both together: what they predict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy import stats
from scipy.special import exprel

from clvmodels.compiled import soft_dropout as compiled
from clvmodels.compiled import soft_dropout_events as drawn
from clvmodels.compiled import soft_dropout_means as means
from clvmodels.compiled.soft_dropout import Histories
from clvmodels.errors import InvalidArgument
from clvmodels.formulas import modified_beta_geo, soft_dropout
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.formulas.soft_dropout import SoftDropoutParams
from clvmodels.intervals import Array, DrawBlocks
from clvmodels.models.expectations import Expectation, Expected
from clvmodels.models.outcomes import Events, NewEvents, Stream, Streams
from clvmodels.models.purchase_process import FORMULAS, PURCHASES, Rows
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.rfm import RFM, RFMTable, days_per_unit
from clvmodels.rfm.times import flat

# A day is the log's resolution: of a shorter gap only that is known.
SHORTEST_GAP_DAYS = 0.5
# exp(-60) of a purchase.
WORTHLESS = 60.0
SAME_TOTAL = 1e-6


@dataclass(frozen=True)
class StateExpectation:
    """What is expected of customers, over the states that they may be in.

    Attributes
    ----------
    points : array (draws, 9)
    histories : callable
        slice of rows -> their Histories.
    until, share : arrays (q,)
        The answer is the sum of what is expected until each time, by share.
    quantity : int
    most : float
        What is expected is never more.
    """

    points: Array
    histories: Callable[[slice], Histories]
    until: Array
    share: Array
    quantity: int
    most: float

    def shared(self, rows: slice) -> None:
        """Nothing: each quantity has its own phases."""

    def block(self, rows: slice, shared: None = None) -> Array:  # noqa: ARG002
        """What is expected of them, those who have slowed down included: (rows, draws)."""
        _, of_alive, of_lapsed = self._parts(rows)
        return np.minimum(of_alive + of_lapsed, self.most)

    def alive(self, rows: slice) -> Array:
        """P(has not slowed down): (rows, draws)."""
        return compiled.log_likelihood(self.histories(rows), self.points)[1]

    def if_alive(self, rows: slice) -> Array:
        """What is expected of them if they have not slowed down: (rows, draws)."""
        alive, of_alive, _ = self._parts(rows)
        return np.minimum(of_alive / np.maximum(alive, np.finfo(float).tiny), self.most)

    def _parts(self, rows: slice) -> Array:
        known = self.histories(rows)
        until = np.broadcast_to(self.until, (len(known), len(self.share)))
        return means.expected(known, self.points, until, self.share, self.quantity)


@dataclass(frozen=True)
class SlowingExpectation:
    """What is expected of customers who buy at random until they slow down, and at delta times the rate after that.

    Who has not slowed down buys and slows down as a customer of MBG/NBD buys and leaves: with S(u) = P(not slowed down
    by T + u), at the rate lambda, purchases come at lambda [delta + (1 - delta) S(u)]. Who has slowed down after
    purchase m buys at delta times a rate that is Gamma(r + x, alpha + t_m + delta (T - t_m)).

    Attributes
    ----------
    points : array (draws, 9)
    histories : callable
        slice of rows -> their Histories.
    rows : arrays (n,)
        x, t_x and T.
    unslowed : Expectation or None
        The same of MBG/NBD; None for what is 1 of everybody.
    later : float
        For how long those who have slowed down buy, discounted; 0 for what they have no part in.
    most : float
        What is expected is never more.
    """

    points: Array
    histories: Callable[[slice], Histories]
    rows: Rows
    unslowed: Expectation | None
    later: float
    most: float

    def shared(self, rows: slice) -> Array:
        """P(alive), and the rate at which those who have slowed down buy times their probability: (2, rows, draws)."""
        return compiled.alive_and_slowed(self.histories(rows), self.points)

    def block(self, rows: slice, shared: Array | None = None) -> Array:
        """What is expected of them, those who have slowed down included: (rows, draws)."""
        alive, slowed = self.shared(rows) if shared is None else shared
        if self.unslowed is None:
            return alive.copy()
        found = self.unslowed.if_alive(rows)
        means.with_slowed(found, alive, slowed, *self._choices(rows))
        return found

    def alive(self, rows: slice) -> Array:
        """P(has not slowed down): (rows, draws)."""
        return self.shared(rows)[0]

    def if_alive(self, rows: slice) -> Array:
        """What is expected of them if they have not slowed down: (rows, draws)."""
        if self.unslowed is None:
            return np.ones((rows.stop - rows.start, len(self.points)))
        found = self.unslowed.if_alive(rows)
        means.with_slowed(found, np.ones_like(found), np.zeros_like(found), *self._choices(rows))
        return found

    def _choices(self, rows: slice) -> tuple[Any, ...]:
        x, _, T = (column[rows] for column in self.rows)
        return self.points, x, T, self.later, self.most


@dataclass(frozen=True)
class Certain:
    """Probability 1 of every customer under every draw."""

    draws: int

    def shared(self, rows: slice) -> None:
        """Nothing."""

    def block(self, rows: slice, shared: Any = None) -> Array:  # noqa: ARG002
        """Of all: (rows, draws)."""
        return np.ones((rows.stop - rows.start, self.draws))

    def alive(self, rows: slice) -> Array:
        """No matter."""
        return self.block(rows)

    def if_alive(self, rows: slice) -> Array:
        """Of those who have not slowed down."""
        return self.block(rows)


@dataclass(frozen=True)
class AnyPurchase:
    """P(at least one purchase within the horizon): the likelihood of a silence that goes on, against that until now."""

    points: Array
    histories: Callable[[slice], Histories]
    horizon: float

    def shared(self, rows: slice) -> None:
        """Nothing."""

    def block(self, rows: slice, shared: Any = None) -> Array:  # noqa: ARG002
        """Of all: (rows, draws)."""
        (now, _), (later, _) = self._both(rows)
        return -np.expm1(np.minimum(later - now, 0.0))

    def alive(self, rows: slice) -> Array:
        """P(has not slowed down): (rows, draws)."""
        return compiled.log_likelihood(self.histories(rows), self.points)[1]

    def if_alive(self, rows: slice) -> Array:
        """Of those who have not slowed down: (rows, draws)."""
        (now, alive), (later, still) = self._both(rows)
        with np.errstate(divide="ignore", invalid="ignore"):
            return -np.expm1(np.fmin(later - now + np.log(still / alive), 0.0))

    def _both(self, rows: slice) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        known = self.histories(rows)
        longer = replace(known, T=known.T + self.horizon)
        return compiled.log_likelihood(known, self.points), compiled.log_likelihood(longer, self.points)


@dataclass(frozen=True, kw_only=True, repr=False)
class StatePosterior(PurchasePosterior):
    """Posterior of a model with states (see `formulas.soft_dropout`): see `PurchasePosterior` for all that it answers.

    In all of its answers "alive" means: has not slowed down.
    """

    formulas: ClassVar[Any] = soft_dropout

    @classmethod
    def histories(cls, rows: Rows, days: float) -> Histories:
        """Histories of customers of whom the `statistics` are known; a time unit has so many days."""
        x, t_x, T, known = rows
        shortest = SHORTEST_GAP_DAYS / days
        if cls.statistics[-1] == "log_gaps":
            log_gaps = np.maximum(known, x * np.log(shortest))
            return Histories(x.astype(np.int64), T, log_gaps, np.arange(len(x) + 1), t_x)
        starts, repeats = flat(known)
        times, start = np.insert(repeats, starts[:-1], 0.0), starts + np.arange(len(starts))
        gaps = np.maximum(np.diff(times, prepend=0.0), shortest)
        gaps[start[:-1]] = 1.0
        owner = np.repeat(np.arange(len(x)), np.diff(start))
        return Histories(x.astype(np.int64), T, np.bincount(owner, np.log(gaps), len(x)).astype(float), start, times)

    def prior_draws(self) -> dict[str, Array]:
        """The draws in the parametrisation of the priors, by its names."""
        r, alpha, a, b, delta, share_1, *rest = self.at_draws()
        found = {"r": r, "alpha": alpha, "phi": a / (a + b), "kappa": a + b}
        if "delta" in self.parameters:
            found["delta"] = delta
        if "share_1" in self.parameters:
            share_2, share_4, share_8 = rest
            found |= {"share_1": share_1, "part_2": share_2 / (share_2 + share_4 + share_8)}
            found["part_4"] = share_4 / (share_4 + share_8)
        return found

    def population(self) -> dict[str, Array]:
        """Means of the population in words, each (draws,), as drivers of an answer."""
        r, alpha, a, b, delta, share_1, *_ = self.at_draws(predictive=True)
        found = {"purchase rate of a new customer": r / alpha, "dropout probability": a / (a + b)}
        if "delta" in self.parameters:
            found["share of the rate that is left after slowing down"] = delta
        if "share_1" in self.parameters:
            found["share of customers who buy regularly"] = 1 - share_1
        return found

    def distributions(self) -> dict[str, Any]:
        """The purchase rate, Gamma(r, rate alpha), and the probability of leaving after a purchase, Beta(a, b)."""
        r, alpha, a, b = (draws[:, None] for draws in self.at_draws()[:4])
        return {"purchase_rate": stats.gamma(r, scale=1 / alpha), "dropout_probability": stats.beta(a, b)}

    def log_likelihood(self, rfm: RFM) -> DrawBlocks:
        """Log-likelihood of each customer's history, as leave-one-out asks for it."""
        points, histories = _points(self.at_draws()), self._histories(self.rows_of(rfm))
        return DrawBlocks(len(rfm), self.draw_count, lambda rows: compiled.log_likelihood(histories(rows), points)[0])

    def expectation_at(self, params: Any, quantity: str, rows: Rows, horizon: float, **choices: float) -> Expected:
        """Draws of a credible quantity at given parameters, each (draws,)."""
        points, histories, force = _points(params), self._histories(rows), choices.get("discount_force", 0.0)
        if quantity == "probability_of_purchase":
            return AnyPurchase(points, histories, horizon)
        youngest = float(np.min(rows[2], initial=np.inf))
        until, share = _rule(quantity, horizon, force, youngest + float(np.mean(points[:, 1])))
        if quantity in PURCHASES:
            most = self.most_purchases(horizon, **choices)
            return StateExpectation(points, histories, until, share, means.PURCHASES, most)
        most = horizon if quantity == "expected_lifetime" else 1.0
        return StateExpectation(points, histories, until, share, means.SURVIVAL, most)

    def ever(self, rows: Rows) -> Expected:
        """P(another purchase at any time): certain where customers slow down instead of leaving."""
        return Certain(self.draw_count) if "delta" in self.parameters else super().ever(rows)

    def newcomer(self, quantity: str, times: Array) -> Array:
        """Draws of a credible quantity for a customer yet to be won, at times since the first purchase: (draws, times).

        `quantity` is probability_alive (at that time) or expected_purchases (until then, without the first one).
        """
        points, until = _points(self.at_draws()), np.asarray(times, float)[:, None]
        new = self.histories(self.unknown(len(until)), self.days)
        if quantity == "probability_alive":
            return means.expected(new, points, until, np.ones(1), means.SURVIVAL)[1].T
        return means.expected(new, points, until, np.ones(1), means.PURCHASES)[1:].sum(axis=0).T

    def alive(self, params: Any, rows: Rows) -> Array:
        """P(has not slowed down) at given parameters: (rows, draws)."""
        return compiled.log_likelihood(self.histories(rows, self.days), _points(params))[1]

    def purchase_rate(self, params: Any, rows: Rows) -> Array:
        """Expected purchases per time unit of customers who buy at random and are alive, at the observation end."""
        return (params.r + rows[0]) / (params.alpha + rows[2])

    def known_events(
        self, params: Any, rows: Rows, horizon: Array, stream: Stream, *, first: bool, days: float
    ) -> Events:
        """Draw the purchases of customers within the horizon of each (n,), at most one on each day of a time unit."""
        points, histories = _points(params), self.histories(rows, self.days)
        states = drawn.draw_states(*stream, histories, points)
        return Events(*drawn.known_events(*states, first, days, horizon, histories.x, points))

    def known_waits(self, params: Any, rows: Rows, stream: Stream, *, until_dropout: bool) -> Array:
        """Draw the time to the next purchase (infinite without one), or to slowing down (0 if done): (rows, draws)."""
        points, histories = _points(params), self.histories(rows, self.days)
        states = drawn.draw_states(*stream, histories, points)
        return drawn.known_waits(*states, until_dropout, histories.x, points)

    def new_events(
        self,
        params: Any,
        streams: Streams,
        won: NDArray[np.integer],
        window: tuple[float, float],
        last: float,
        *,
        days: float,
    ) -> NewEvents:
        """Draw the lives of customers won in a window of time, won (draws,) under each draw, until the time `last`."""
        return NewEvents(*drawn.new_events(streams, won, *window, last, days, _points(params)))

    def new_leaving(
        self, params: Any, streams: Streams, won: NDArray[np.integer], window: tuple[float, float]
    ) -> tuple[Array, Streams]:
        """Draw when such customers slow down, and the states of the streams after each."""
        return drawn.new_leaving(streams, won, *window, _points(params))

    def stayed(self, rows: Rows, *, horizon: float, discount_force: float) -> Callable[[slice], tuple[Array, Array]]:
        """What is expected of customers who are alive: their mean purchase rate, and what they buy later."""
        points, histories = _points(self.at_draws()), self._histories(rows)
        rest = self.expectation("expected_discounted_purchases", rows, horizon=horizon, discount_force=discount_force)

        def block(at: slice) -> tuple[Array, Array]:
            known = histories(at)
            return means.rates(known, points, np.empty((len(known), 0)), np.empty(0))[0], rest.if_alive(at)

        return block

    def returned(self, rows: Rows, *, horizon: float, discount_force: float) -> Callable[[slice], tuple[Array, Array]]:
        """What is expected of customers who have slowed down and are brought back to their own rate.

        Leaving has been seen once. When it was matters little to how likely the next one is, and is taken to be after
        the last purchase (as it always is where nobody buys after leaving).
        """
        points, histories = _points(self.at_draws()), self._histories(rows)
        until, share = _rule("expected_discounted_purchases", horizon, discount_force, float(np.mean(points[:, 1])))

        def block(at: slice) -> tuple[Array, Array]:
            known = histories(at)
            _, rate, rest = means.rates(known, points, np.broadcast_to(until, (len(known), len(share))), share)
            return rate, rest

        return block

    @classmethod
    def counts(cls, rfm: RFM | RFMTable) -> pd.DataFrame:
        """The distinct rows that the model is fitted to, with their `count`; log_gaps as the likelihood takes them."""
        found = rfm.compressed(cls.statistics)
        rows = tuple(found[name].to_numpy() for name in cls.statistics)
        return found.assign(log_gaps=cls.histories(rows, days_per_unit(rfm.time_unit)).log_gaps)

    def _check_draws(self) -> None:
        super()._check_draws()
        delta, shares = self.at_draws().delta, np.sum(self.at_draws()[5:], axis=0)
        if not np.all(delta < 1):
            raise InvalidArgument(
                f"delta must be below 1, the share of the rate that is left; found {float(np.max(delta))}"
            )
        if not np.allclose(shares, 1.0, rtol=0.0, atol=SAME_TOTAL):
            odd = float(shares[np.argmax(np.abs(shares - 1.0))])
            raise InvalidArgument(f"the shares of the classes must add up to 1; found {odd:.6g}")

    def _histories(self, rows: Rows) -> Callable[[slice], Histories]:
        return lambda at: self.histories(tuple(column[at] for column in rows), self.days)


@dataclass(frozen=True, kw_only=True, repr=False)
class RegularBetaGeoPosterior(StatePosterior):
    """Posterior of MBG/CNBD-k: see `PurchasePosterior` for all that it answers."""

    key: ClassVar[str] = "mbg_cnbd_k"
    label: ClassVar[str] = "MBG/CNBD-k"
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b", "share_1", "share_2", "share_4", "share_8")
    caveats: ClassVar[tuple[str, ...]] = (
        "Under MBG/CNBD-k a customer may leave after any purchase, the first one included, and does not come back;"
        " some customers buy more regularly than others, and are missed sooner.",
    )
    terms: ClassVar[tuple[tuple[str, str], ...]] = (
        ("r, alpha", "shape and rate of the Gamma distribution of purchase rates over the customers"),
        ("a, b", "the Beta distribution of the probability of leaving after a purchase"),
        ("share_k", "share of the customers whose waits are Erlang(k): at random for k = 1, regular for k = 8"),
    )
    statistics: ClassVar[tuple[str, ...]] = ("frequency", "recency", "T", "log_gaps")

    @staticmethod
    def params(r: Any, alpha: Any, a: Any, b: Any, *shares: Any) -> SoftDropoutParams:
        """Nobody buys after leaving: delta is 0."""
        return SoftDropoutParams(r, alpha, a, b, np.zeros_like(r), *shares)


@dataclass(frozen=True, kw_only=True, repr=False)
class SoftDropoutPosterior(StatePosterior):
    """Posterior of soft dropout: see `PurchasePosterior` for all that it answers. "Alive": has not slowed down."""

    key: ClassVar[str] = "soft_dropout"
    label: ClassVar[str] = "soft dropout"
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b", "delta")
    caveats: ClassVar[tuple[str, ...]] = (
        "Under soft dropout a customer who leaves slows down and does not vanish: 'alive' means 'has not slowed down',"
        " and those who have slowed down still buy now and then.",
    )
    terms: ClassVar[tuple[tuple[str, str], ...]] = (
        ("r, alpha", "shape and rate of the Gamma distribution of purchase rates over the customers"),
        ("a, b", "the Beta distribution of the probability of slowing down after a purchase"),
        ("delta", "share of the purchase rate that is left after slowing down"),
    )
    statistics: ClassVar[tuple[str, ...]] = ("frequency", "recency", "T", "purchase_times")
    # Whoever has slowed down buys again as well.
    leaves_between_purchases: ClassVar[bool] = True
    leave: ClassVar[str] = "slow down"
    left: ClassVar[str] = "slowed down"

    def expectation_at(self, params: Any, quantity: str, rows: Rows, horizon: float, **choices: float) -> Expected:
        """Draws of a credible quantity at given parameters, each (draws,)."""
        if quantity not in FORMULAS or quantity == "probability_of_purchase":
            return super().expectation_at(params, quantity, rows, horizon, **choices)
        name, buying, surviving = FORMULAS[quantity], quantity in PURCHASES, quantity == "probability_alive"
        formula, own = partial(getattr(modified_beta_geo, name), **choices), BetaGeoParams(*params[:4])
        unslowed = None
        if not (surviving and horizon == 0):
            unslowed = Expectation.of(formula, own, horizon, rows[:3], alive=self.alive, log=surviving)
        most = self.most_purchases(horizon, **choices) if buying else 1.0 if surviving else horizon
        later = float(horizon * exprel(-choices.get("discount_force", 0.0) * horizon)) if buying else 0.0
        return SlowingExpectation(_points(params), self._histories(rows), rows[:3], unslowed, later, most)

    @staticmethod
    def params(r: Any, alpha: Any, a: Any, b: Any, delta: Any) -> SoftDropoutParams:
        """Everybody buys at random: k is 1."""
        nobody = np.zeros_like(r)
        return SoftDropoutParams(r, alpha, a, b, delta, np.ones_like(r), nobody, nobody, nobody)


@dataclass(frozen=True, kw_only=True, repr=False)
class RegularSoftDropoutPosterior(StatePosterior):
    """Posterior of soft dropout with regularity: see `PurchasePosterior`. "Alive" means: has not slowed down."""

    key: ClassVar[str] = "soft_dropout_cnbd_k"
    label: ClassVar[str] = "soft dropout with regularity"
    parameters: ClassVar[tuple[str, ...]] = (*SoftDropoutPosterior.parameters, *RegularBetaGeoPosterior.parameters[4:])
    caveats: ClassVar[tuple[str, ...]] = (
        "Under soft dropout with regularity a customer who leaves slows down and does not vanish: 'alive' means 'has"
        " not slowed down', and those who have slowed down still buy now and then; some customers buy more regularly"
        " than others, and are missed sooner.",
    )
    terms: ClassVar[tuple[tuple[str, str], ...]] = (*SoftDropoutPosterior.terms, RegularBetaGeoPosterior.terms[-1])
    statistics: ClassVar[tuple[str, ...]] = SoftDropoutPosterior.statistics
    leaves_between_purchases: ClassVar[bool] = True
    leave: ClassVar[str] = SoftDropoutPosterior.leave
    left: ClassVar[str] = SoftDropoutPosterior.left
    params: ClassVar[Callable[..., Any]] = SoftDropoutParams


def _points(params: Any) -> Array:
    """Draws of the parameters as the loops take them: (draws, 9)."""
    return np.stack([np.atleast_1d(np.asarray(draws, float)) for draws in params], axis=1)


def _rule(quantity: str, horizon: float, force: float, scale: float) -> tuple[Array, Array]:
    """Times and shares by which what is expected until each time adds up to the quantity.

    Purchases are discounted by parts, and a lifetime is the integral of survival, both by a Gauss-Legendre rule on
    log(1 + t / scale): right to 1e-5, and to 1e-8 where nobody buys many times in the horizon and regularly.
    """
    lifetime = quantity == "expected_lifetime"
    if not lifetime and force == 0.0:
        return np.array([horizon]), np.ones(1)
    end = horizon if lifetime else min(horizon, WORTHLESS / force)
    length = np.log1p(end / scale)
    count = 8 + 4 * length if lifetime else 5 + 2 * length + 3 * np.sqrt(force * end)
    nodes, weights = leggauss(int(count))
    y = length * (1 + nodes) / 2
    until, share = scale * np.expm1(y), weights * length / 2 * scale * np.exp(y)
    if lifetime:
        return until, share
    return np.append(until, end), np.append(share * force * np.exp(-force * until), np.exp(-force * end))
