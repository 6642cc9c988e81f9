r"""Several models of purchases as one: the linear pool of what they predict.

A pool of M posteriors with equal weights holds n / M draws of each, one after the other. Everything that is worked out
draw by draw and then averaged or counted over the draws is thereby that of the mixture

.. math:: p(\text{future}) = \sum_m w_m\, p_m(\text{future} \mid \text{past}),

whose spread holds what the members disagree on beside what each of them leaves open.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from clvmodels.compiled import events
from clvmodels.errors import InvalidArgument, check_interval, check_whole
from clvmodels.inference.diagnostics import Diagnostics
from clvmodels.intervals import Array, DrawBlocks, interval_table, summed
from clvmodels.models.expectations import Expected
from clvmodels.models.outcomes import Events, NewEvents, Stream, Streams
from clvmodels.models.posterior import FORMAT, PREDICTIVE_DRAWS, fresh_seed, versions
from clvmodels.models.purchase_process import LEAVING, Rows
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.models.shares import Weights, check_kind, draws_of, shares_of
from clvmodels.rfm import RFM, TimeUnit

TOP = 0.1
# Of `NewEvents`, all but the offsets.
WHOLE = ("starts", "times", "states")


@dataclass(frozen=True, kw_only=True, repr=False)
class PoolPosterior(PurchasePosterior):
    """Posteriors of several models of purchases as one: see `PurchasePosterior` for all that it answers.

    Draws are those of the members, one member after the other. Who is alive, and for how long, comes from the members
    under which customers leave, drawn out to as many draws.

    Attributes
    ----------
    members : tuple of PurchasePosterior
        Each with its own share of the draws.
    samples : xarray.Dataset
        Of each draw, the number of the member that it is of.
    diagnostics : Diagnostics
        Of the worst member; each has its own.
    """

    members: tuple[PurchasePosterior, ...]

    key: ClassVar[str] = "pool"
    label: ClassVar[str] = "pool"

    @classmethod
    def of(
        cls,
        posteriors: Sequence[PurchasePosterior],
        *,
        weights: Weights = None,
        draws: int | None = None,
        random_seed: int | None = None,
    ) -> PoolPosterior:
        """Pool posteriors that are there already: see `Pool.of`."""
        check_kind(posteriors, PurchasePosterior, "posteriors", "clv.BetaGeo().fit(rfm)")
        most = max(each.draw_count for each in posteriors)
        flat, shares = [], []
        for each, share in zip(posteriors, shares_of(weights, len(posteriors)), strict=True):
            within = list(each.by_model().values())
            flat += within
            shares += [share * member.draw_count / each.draw_count for member in within]
        if draws is None:
            draws = PREDICTIVE_DRAWS if most == 1 and len(flat) > 1 else most
        counts = draws_of(np.array(shares), check_whole(draws, "draws"))
        if len(flat) > 1 and min(counts) < 2:
            parts = ", ".join(f"{share / sum(shares):.3g}" for share in shares)
            raise InvalidArgument(
                f"{draws} draws in shares of {parts} leave a member fewer than two; take more draws,"
                " or leave that member out"
            )
        seed = flat[0].random_seed if random_seed is None else fresh_seed(random_seed)
        members = tuple(each.with_draws(count) for each, count in zip(flat, counts, strict=True))
        return cls.joined(members, seed)

    @classmethod
    def joined(cls, members: tuple[PurchasePosterior, ...], random_seed: int) -> PoolPosterior:
        """Put posteriors together as they are, draw after draw."""
        units: list[TimeUnit] = list(dict.fromkeys(each.time_unit for each in members))
        if len(units) > 1:
            raise InvalidArgument(f"the posteriors are in {' and '.join(f'{unit}s' for unit in units)}; fit all in one")
        sizes = [each.draw_count for each in members]
        which = np.repeat(np.arange(len(members)), sizes)
        coordinates = {"chain": [0], "draw": np.arange(len(which))}
        prints = [each.fingerprint for each in members]
        return cls(
            members=members,
            samples=xr.Dataset({"member": (("chain", "draw"), which[None, :])}, coords=coordinates),
            diagnostics=_worst([each.diagnostics for each in members], list(_names(members))),
            priors={},
            time_unit=units[0],
            random_seed=random_seed,
            fingerprint=hashlib.sha256(" ".join(prints).encode()).hexdigest() if all(prints) else "",
        )

    def __post_init__(self) -> None:
        """Take from the members what a model says of itself."""
        super().__post_init__()
        named = self.by_model().items()
        own = {
            "key": "+".join(each.key for each in self.members),
            "label": pool_label(list(self.by_model())),
            "caveats": union(each.caveats for each in self.members),
            "terms": tuple((f"{name}: {symbols}", said) for name, each in named for symbols, said in each.terms),
            "statistics": union(each.statistics for each in self.members),
            "leaves": any(each.leaves for each in self.members),
            "leave": " or ".join(union((each.leave,) for each in self.members if each.leaves)),
            "left": " or ".join(union((each.left,) for each in self.members if each.leaves)),
        }
        for name, value in own.items():
            object.__setattr__(self, name, value)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of draws of each member."""
        return tuple(each.draw_count for each in self.members)

    def by_model(self) -> dict[str, Any]:
        """The members by their names."""
        return _names(self.members)

    def with_draws(self, count: int) -> PoolPosterior:
        """The same pool with so many draws, in the same shares."""
        if count == self.draw_count:
            return self
        return PoolPosterior.of(self.members, weights=self.sizes, draws=count, random_seed=self.random_seed)

    def with_leaving(self) -> PurchasePosterior:
        """The pool of the members under which customers leave, with as many draws.

        Raises
        ------
        InvalidArgument
            If there is none.
        """
        return self if all(each.leaves for each in self.members) else self._leavers

    @cached_property
    def _leavers(self) -> PurchasePosterior:
        some = [each for each in self.members if each.leaves]
        if not some:
            return super().with_leaving()
        weights = [each.draw_count for each in some]
        return PoolPosterior.of(some, weights=weights, draws=self.draw_count, random_seed=self.random_seed)

    def summary(self, *, interval: float = 0.9) -> pd.DataFrame:
        """Parameters by model and name: as `Posterior.summary`, each member for itself."""
        tables = {name: each.summary(interval=interval) for name, each in self.by_model().items()}
        return pd.concat(tables, names=["model", "parameter"])

    def side_by_side(self, rfm: RFM, *, horizon: float, interval: float = 0.9) -> pd.DataFrame:
        """What each member says of the customers, and the pool: how far the models disagree.

        Parameters
        ----------
        rfm : RFM
        horizon : float
            In the time unit, from the observation end on.
        interval : float
            Probability inside the credible intervals.

        Returns
        -------
        pandas.DataFrame
            Columns mean, lower, upper, indexed by model (the members, then "pool") and quantity: alive (share of the
            customers, missing where nobody leaves), expected_purchases (of all together within the horizon) and
            top_tenth (share of these that the tenth makes of whom the model expects most).
        """
        check_interval(interval)
        rows, _, which = self.distinct(self.rows_of(rfm))
        count = np.bincount(which).astype(float)
        tables = {
            name: interval_table(
                pd.Index(quantities), DrawBlocks.of(np.stack(draws, axis=1)), interval=interval, kind="credible"
            )
            for name, (each, own) in zip(
                (*self.by_model(), "pool"), (*self._with_rows(rows), (self, rows)), strict=True
            )
            for quantities, draws in [_in_all(each, own, count, horizon)]
        }
        return pd.concat(tables, names=["model", "quantity"])

    def named_draws(self) -> dict[str, Array]:
        """The draws of every member's parameters, as "Pareto/NBD r"; each is as long as its member has draws."""
        each = {name: member.named_draws() for name, member in self.by_model().items()}
        return {f"{name} {own}": draws for name, found in each.items() for own, draws in found.items()}

    def prior_draws(self) -> dict[str, Array]:
        """Nothing: the members have priors, each its own."""
        return {}

    def prior_and_posterior(self) -> pd.DataFrame:
        """Densities of the members' parameters before and after the data, as `Posterior.prior_and_posterior`."""
        tables = {name: each.prior_and_posterior() for name, each in self.by_model().items()}
        return pd.concat([table.rename(lambda own, of=name: f"{of} {own}", level=0) for name, table in tables.items()])

    def parameter_draws(self, *, predictive: bool = False) -> list[Array]:  # noqa: ARG002
        """Refuse: a pool has no parameters of its own."""
        raise InvalidArgument("a pool has no parameters of its own; ask its members, or for named_draws()")

    def at_draws(self, *, predictive: bool = False) -> Any:
        """The parameters of each member."""
        alone = predictive and self.draw_count == 1
        return tuple(each.at_draws(predictive=alone) for each in self.members)

    def some_draws(self, params: Any, some: slice) -> Any:
        """Some of the draws of the parameters, none of those of a member that lie elsewhere."""
        first, parts = 0, []
        for each, own in zip(self.members, params, strict=True):
            last = first + len(own[0])
            begin, end = (min(max(place, first), last) - first for place in (some.start, some.stop))
            parts.append(each.some_draws(own, slice(begin, end)))
            first = last
        return tuple(parts)

    def population(self) -> dict[str, Array]:
        """Means of the population that all members have, each (draws,), as drivers of an answer."""
        each = [member.population() for member in self.members]
        shared = [name for name in each[0] if all(name in found for found in each)]
        return {name: np.concatenate([found[name] for found in each]) for name in shared}

    def distributions(self) -> dict[str, Any]:
        """Over the customers, under each draw of the members that have the quantity."""
        each = [member.distributions() for member in self.members]
        return {name: _Each([found[name] for found in each if name in found]) for name in union(each)}

    def expectation(self, quantity: str, rows: Rows, *, horizon: float | None = None, **choices: float) -> Expected:
        """Draws of a credible quantity for customers of whom the `statistics` are known, each (n,)."""
        if quantity in LEAVING and (leavers := self.with_leaving()) is not self:
            return leavers.expectation(quantity, _own(leavers, self, rows), horizon=horizon, **choices)
        return _Side([m.expectation(quantity, own, horizon=horizon, **choices) for m, own in self._with_rows(rows)])

    def ever(self, rows: Rows) -> Expected:
        """P(another purchase at any time)."""
        return _Side([each.ever(own) for each, own in self._with_rows(rows)])

    def newcomer(self, quantity: str, times: Array) -> Array:
        """Draws of a credible quantity for a customer yet to be won: (draws, times)."""
        if quantity in LEAVING and (leavers := self.with_leaving()) is not self:
            return leavers.newcomer(quantity, times)
        return np.concatenate([each.newcomer(quantity, times) for each in self.members])

    def stayed(self, rows: Rows, **terms: float) -> Callable[[slice], tuple[Array, Array]]:
        """What is expected of customers who are alive: slice -> rate and purchases, both (rows, draws)."""
        return _both([each.stayed(own, **terms) for each, own in self._with_rows(rows)])

    def returned(self, rows: Rows, **terms: float) -> Callable[[slice], tuple[Array, Array]]:
        """What is expected of customers who are brought back: slice -> rate and purchases, both (rows, draws)."""
        return _both([each.returned(own, **terms) for each, own in self._with_rows(rows)])

    def log_likelihood(self, rfm: RFM) -> DrawBlocks:
        """Log-likelihood of each customer's history, as leave-one-out asks for it."""
        each = [member.log_likelihood(rfm) for member in self.members]
        return DrawBlocks(len(rfm), self.draw_count, lambda at: np.hstack([one.block(at) for one in each]))

    def fitted(self, rfm: RFM) -> NDArray[np.bool_]:
        """Which customers enter the fit of every member (n,)."""
        return np.logical_and.reduce([each.fitted(rfm) for each in self.members])

    def usual_rate(self, params: Any, rows: Rows) -> Array:
        """Purchases per time unit at the mean of the members' parameters (n,)."""
        each = zip(self._with_rows(rows), params, strict=True)
        rates = [member.usual_rate(own, some) for (member, some), own in each]
        return np.average(rates, axis=0, weights=self.sizes if len(rates) > 1 else None)

    def known_events(
        self, params: Any, rows: Rows, horizon: Array, stream: Stream, *, first: bool, days: float
    ) -> Events:
        """Draw the purchases of customers, under the draws of one member after the other."""
        found = [
            each.known_events(own, some, horizon, _stream_of(stream, m), first=first, days=days)
            for m, ((each, some), own) in enumerate(zip(self._with_rows(rows), params, strict=True))
        ]
        return _merged(found, len(horizon)) if len(found) > 1 else found[0]

    def known_waits(self, params: Any, rows: Rows, stream: Stream, *, until_dropout: bool) -> Array:
        """Draw the time to the next purchase, or to dropping out: (rows, draws)."""
        found = [
            each.known_waits(own, some, _stream_of(stream, m), until_dropout=until_dropout)
            for m, ((each, some), own) in enumerate(zip(self._with_rows(rows), params, strict=True))
        ]
        return np.hstack(found)

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
        found = [
            each.new_events(own, streams[at], won[at], window, last, days=days) for each, own, at in self._parts(params)
        ]
        ends = np.cumsum([0, *(len(each.times) for each in found)])
        offsets = [each.offsets[1:] + before for each, before in zip(found, ends[:-1], strict=True)]
        starts, times, states = (np.concatenate([getattr(each, name) for each in found]) for name in WHOLE)
        return NewEvents(starts, np.concatenate([np.zeros(1, dtype=np.int64), *offsets]), times, states)

    def new_leaving(
        self, params: Any, streams: Streams, won: NDArray[np.integer], window: tuple[float, float]
    ) -> tuple[Array, Streams]:
        """Draw when such customers drop out, and the states of the streams after each."""
        found = [each.new_leaving(own, streams[at], won[at], window) for each, own, at in self._parts(params)]
        left, states = zip(*found, strict=True)
        return np.concatenate(left), np.concatenate(states)

    def __repr__(self) -> str:
        """The members and their draws, in one line."""
        held = ", ".join(f"{name} {each.draw_count} draws" for name, each in self.by_model().items())
        return f"{type(self).__name__}({held}; time unit {self.time_unit})"

    def _with_rows(self, rows: Rows) -> list[tuple[PurchasePosterior, Rows]]:
        """The members with the columns that each needs."""
        return [(each, _own(each, self, rows)) for each in self.members]

    def _parts(self, params: Any) -> Iterator[tuple[PurchasePosterior, Any, slice]]:
        """Each member that has draws among some, with its parameters and the place of its draws."""
        first = 0
        for each, own in zip(self.members, params, strict=True):
            last = first + len(own[0])
            if last > first:
                yield each, own, slice(first, last)
            first = last

    def _tree(self) -> xr.DataTree:
        groups = {group_of(m): each.samples for m, each in enumerate(self.members)}
        tree = xr.DataTree.from_dict({"posterior": self.samples, **groups})
        tree.attrs = super()._tree().attrs
        return tree

    def _metadata(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "model": type(self).__name__,
            "versions": versions(),
            "random_seed": self.random_seed,
            "members": [each._metadata() for each in self.members],
        }


def pool_label(names: Sequence[str]) -> str:
    """Return what a pool is called in words; one member keeps its name.

    >>> pool_label(["Pareto/NBD", "MBG/NBD", "BG/NBD"])
    'pool of Pareto/NBD, MBG/NBD and BG/NBD'
    """
    return names[0] if len(names) == 1 else f"pool of {', '.join(names[:-1])} and {names[-1]}"


def group_of(member: int) -> str:
    """The name of the group of a file in which the draws of a member are."""
    return f"member_{member}"


class _Side:
    """Expectations of several members side by side, on the axis of the draws."""

    def __init__(self, each: Sequence[Expected]) -> None:
        self.each = each

    def shared(self, rows: slice) -> list[Any]:
        """What the expectations of each member have in common."""
        return [one.shared(rows) for one in self.each]

    def block(self, rows: slice, shared: list[Any] | None = None) -> Array:
        """What is expected."""
        known = self.shared(rows) if shared is None else shared
        return np.hstack([one.block(rows, own) for one, own in zip(self.each, known, strict=True)])

    def alive(self, rows: slice) -> Array:
        """P(alive at T)."""
        return np.hstack([one.alive(rows) for one in self.each])

    def if_alive(self, rows: slice) -> Array:
        """What is expected of customers who are alive at T."""
        return np.hstack([one.if_alive(rows) for one in self.each])


class _Each:
    """Distributions of several members, one after the other on the axis of the draws."""

    def __init__(self, each: Sequence[Any]) -> None:
        self.each = each

    def ppf(self, q: Any) -> Array:
        """Quantiles (draws, n)."""
        return np.concatenate([one.ppf(q) for one in self.each])

    def pdf(self, at: Any) -> Array:
        """Densities (draws, n)."""
        return np.concatenate([one.pdf(at) for one in self.each])


def _both(each: Sequence[Callable[[slice], tuple[Array, Array]]]) -> Callable[[slice], tuple[Array, Array]]:
    def block(at: slice) -> tuple[Array, Array]:
        rates, rests = zip(*(one(at) for one in each), strict=True)
        return np.hstack(rates), np.hstack(rests)

    return block


def _own(member: PurchasePosterior, pool: PurchasePosterior, rows: Rows) -> Rows:
    """Of the columns of a pool, those that a member needs."""
    known = dict(zip(pool.statistics, rows, strict=True))
    return tuple(known[name] for name in member.statistics)


def _in_all(posterior: PurchasePosterior, rows: Rows, count: Array, horizon: float) -> tuple[list[str], list[Array]]:
    """The quantities of `side_by_side`, and their draws; rows stand for so many customers each."""
    expected, customers = posterior.expectation("expected_purchases", rows, horizon=horizon), count.sum()
    draws = posterior.draw_count
    blocks = DrawBlocks(len(count), draws, expected.block)
    mean = np.concatenate(list(blocks.map(lambda block: block.mean(axis=1))))
    order = np.argsort(-mean, kind="stable")
    before = np.cumsum(count[order]) - count[order]
    top = np.empty(len(count))
    top[order] = np.clip(math.ceil(TOP * customers) - before, 0, count[order])
    weights = np.stack([count, top])
    total, best = summed(lambda at: weights[:, at] @ expected.block(at), len(count), draws)
    alive = np.full(draws, np.nan)
    if posterior.leaves:
        now = posterior.expectation("probability_alive", rows)
        alive = summed(lambda at: count[at] @ now.block(at), len(count), draws) / customers
    share = np.divide(best, total, out=np.zeros(draws), where=total > 0)
    return ["alive", "expected_purchases", "top_tenth"], [alive, total, share]


def _merged(found: Sequence[Events], rows: int) -> Events:
    """The purchases of all members, each customer's cells of one member after those of the other."""
    counts = [np.diff(each.offsets).reshape(rows, -1) for each in found]
    together = np.hstack(counts)
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(together)])
    times, first = np.empty(offsets[-1]), 0
    for each, own in zip(found, counts, strict=True):
        events.put_between(each.offsets, each.times, own.shape[1], offsets, times, first, together.shape[1])
        first += own.shape[1]
    return Events(offsets, times)


def _stream_of(stream: Stream, member: int) -> Stream:
    """A random stream of the member's own; the first member's is that of a single model."""
    return stream._replace(purpose=stream.purpose + (np.uint64(member) << np.uint64(32)))


def _names(members: Sequence[PurchasePosterior]) -> dict[str, PurchasePosterior]:
    """The members by their labels, numbered where one comes more than once."""
    found: dict[str, PurchasePosterior] = {}
    for each in members:
        number = 1 + sum(other.label == each.label for other in found.values())
        found[each.label if number == 1 else f"{each.label} {number}"] = each
    return found


def union(each: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return all names, each once."""
    return tuple(dict.fromkeys(name for names in each for name in names))


def _worst(each: Sequence[Diagnostics], names: Sequence[str]) -> Diagnostics:
    """Diagnostics of which each figure is that of the worst member."""
    if len(each) == 1:
        return each[0]
    methods = {found.method for found in each}

    def figure(name: str, worst: Callable[..., float]) -> float:
        known = [value for found in each if not math.isnan(value := getattr(found, name))]
        return worst(known) if known else math.nan

    return Diagnostics(
        method=each[0].method if len(methods) == 1 else "several",
        converged=all(found.converged for found in each),
        effective_sample_size=figure("effective_sample_size", min),
        k_hat=figure("k_hat", max),
        r_hat=figure("r_hat", max),
        r_hat_limit=min(found.r_hat_limit for found in each),
        divergences=sum(found.divergences for found in each),
        notes=tuple(f"{name}: {note}" for name, found in zip(names, each, strict=True) for note in found.notes),
    )
