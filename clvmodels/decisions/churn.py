"""Churn and lifespan: how many leave, how many stay, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.decisions.checks import grouped
from clvmodels.decisions.drivers import driver_sentence, drivers
from clvmodels.errors import InvalidArgument, check_horizon, check_interval, check_length, check_whole, shown
from clvmodels.intervals import Array, DrawBlocks, interval_table, summed
from clvmodels.models.by_period import predictive_alive, predictive_by_period
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.notebook import answer_as_html
from clvmodels.rfm import RFM
from clvmodels.wording import amount, between, plural, share

NEW = "new customer"
KNOWN = "known customers"
LOW_RATE = 0.01
FEWEST_DEPARTURES = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Churn:
    """The answer of `churn`.

    Attributes
    ----------
    table : DataFrame
        Indexed by group ("total", or the segments) and quantity, credible: alive (customers alive at the observation
        end), churn_rate (share of them who leave within the period), lifespan (their mean remaining lifespan within the
        horizon, in time units), beyond (share of them who stay longer than the horizon).
    by_period : DataFrame
        Indexed by quantity and time (the periods' ends), predictive: alive (customers alive then) and active (customers
        who buy in the period that ends then), of those known now. `clv.plots.customer_base` draws it.
    survival : DataFrame
        Indexed by group and time, credible: share of those alive now who are alive then, and the same of a new
        customer. `clv.plots.survival` draws it.
    drivers : DataFrame
        Of the churn rate of all customers.
    identified : bool
        Whether the data tell the churn rate of all customers from none: see `churn`. Where not, neither churn nor
        lifespan can be told.
    sentence : str
    """

    table: pd.DataFrame
    by_period: pd.DataFrame
    survival: pd.DataFrame
    drivers: pd.DataFrame
    identified: bool
    sentence: str

    _repr_html_ = answer_as_html


def churn(
    purchases: PurchasePosterior,
    rfm: RFM,
    *,
    period: float,
    periods: int = 12,
    horizon: float | None = None,
    by: str | None = None,
    interval: float = 0.9,
    random_seed: int | None = None,
) -> Churn:
    """Churn rate over a period, and who is left after each of several.

    Parameters
    ----------
    purchases : PurchasePosterior
    rfm : RFM
    period : float
        Its length, in the model's time unit.
    periods : int
        How many of them to look ahead.
    horizon : float, optional
        Within which the lifespan counts; by default all periods together. Without one the mean is infinite for most.
    by : str, optional
        A column of `rfm.frame` with segments.
    interval : float
        Probability inside the intervals.
    random_seed : int, optional
        Replaces the fit's seed.

    Returns
    -------
    Churn

    Raises
    ------
    InvalidArgument
        If a choice is outside its domain, a segment is empty, or nobody leaves under the model.

    Notes
    -----
    Among those alive now, the share who leave within t is 1 - sum of S_i(t) / sum of S_i(0), with the model's S. Who
    counts as alive depends on the model: see `purchases.caveats`.

    Where hardly anybody leaves, the data do not tell a low churn rate from none. A rate learnt from d departures in a
    known time has, as a Gamma(d + 1) variable, (mean / sd)^2 = d + 1. A rate below 1 % whose draws are worth less than
    three departures is called not identified: its posterior then reaches from next to nothing to about twice its mean.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> purchases, _ = cdnow_posteriors()
    >>> answer = churn(purchases, load_cdnow_summary(), period=52, periods=3)
    >>> answer.table.loc[("total", "churn_rate"), "mean"].round(3).item()
    0.125
    """
    check_interval(interval)
    _check_posterior(purchases).check_customers(rfm)
    length = check_length(period, "period")
    times = length * np.arange(check_whole(periods, "periods") + 1, dtype=float)
    within = float(times[-1]) if horizon is None else check_horizon(horizon)
    codes, names = grouped(rfm, by)
    groups = ["total"] if by is None else [*_usable(names), "total"]
    leaving = purchases.with_leaving()
    reached = np.append(times, within)
    alive, lifetime = _expected(leaving, rfm, codes, len(names), reached, within, in_all=by is not None)
    (*survival, beyond), lifespan = _share(alive, alive[0]), _share(lifetime, alive[0])
    survival = np.stack(survival)
    rate = 1 - survival[1]
    known = {name: _group(interval, alive[0, g], rate[g], lifespan[g], beyond[g]) for g, name in enumerate(groups)}
    table = pd.concat(known, names=["group", "quantity"])
    moved = drivers(_enough(rate[-1], purchases), uncertain=leaving.population(), interval=interval)
    identified = is_identified(rate[-1])
    said = _sentence(table.loc["total"], length, within, leaving, interval)
    moves = driver_sentence(moved, "churn rate", percent=True)
    return Churn(
        table=table,
        by_period=_by_period(purchases, rfm, times, interval, random_seed),
        survival=_survival(purchases, survival, groups, times, interval),
        drivers=moved,
        identified=identified,
        sentence=said + moves if identified else not_identified(leaving),
    )


def not_identified(purchases: PurchasePosterior) -> str:
    """Say that neither churn nor lifespan can be told."""
    found = f"{purchases.label} finds hardly anybody who {purchases.left}"
    return f"Churn and lifespan cannot be told from these data: {found}."


def is_identified(rate: Array) -> bool:
    """Whether the draws of a rate tell it from none; a point, which has no spread, is taken at its word.

    >>> is_identified(np.array([0.004, 0.005, 0.006])), is_identified(np.array([0.0001, 0.0005, 0.003]))
    (True, False)
    """
    mean, spread = float(np.mean(rate)), float(np.std(rate))
    return not (mean < LOW_RATE and mean**2 < (FEWEST_DEPARTURES + 1) * spread**2)


def _check_posterior(purchases: object) -> PurchasePosterior:
    if not isinstance(purchases, PurchasePosterior):
        raise InvalidArgument(f"purchases is a {type(purchases).__name__}; give the posterior of a model of purchases")
    return purchases


def _usable(names: pd.Index) -> pd.Index:
    """The segments, unless the answer calls something else by the name of one."""
    taken = sorted(set(map(str, names)) & {"total", KNOWN, NEW})
    if taken:
        raise InvalidArgument(f"a segment is called {shown(taken[0])}, as the answer calls something else; rename it")
    return names


def _expected(
    purchases: PurchasePosterior,
    rfm: RFM,
    codes: Array,
    groups: int,
    times: Array,
    horizon: float,
    *,
    in_all: bool,
) -> tuple[Array, Array]:
    """Sums over each group, then, if wanted, over all: alive (times, groups, draws) and lifetime (groups, draws)."""
    rows, (code,), which = purchases.distinct(purchases.rows_of(rfm), codes)
    members = np.zeros((groups, len(code)))
    members[code.astype(int), np.arange(len(code))] = np.bincount(which)
    if in_all:
        members = np.vstack([members, members.sum(axis=0)])
    curves = [purchases.expectation("probability_alive", rows, horizon=time) for time in times]
    curves.append(purchases.expectation("expected_lifetime", rows, horizon=horizon))

    def sums(at: slice) -> Array:
        alive = curves[0].alive(at)
        return np.stack([members[:, at] @ (alive * curve.if_alive(at)) for curve in curves])

    found = summed(sums, len(code), purchases.draw_count)
    return found[:-1], found[-1]


def _share(part: Array, alive: Array) -> Array:
    """Missing where nobody is alive."""
    with np.errstate(invalid="ignore"):
        return part / alive


def _group(interval: float, *draws: Array) -> pd.DataFrame:
    names = pd.Index(["alive", "churn_rate", "lifespan", "beyond"])
    return interval_table(names, DrawBlocks.of(np.stack(draws, axis=1)), interval=interval, kind="credible")


def _enough(draws: Array, purchases: PurchasePosterior) -> Array:
    """A point repeated as often as its parameters are."""
    return np.broadcast_to(draws, purchases.predictive_draw_count) if len(draws) == 1 else draws


def _by_period(
    purchases: PurchasePosterior, rfm: RFM, times: Array, interval: float, random_seed: int | None
) -> pd.DataFrame:
    alive = predictive_alive(purchases, rfm, times=times[1:], random_seed=random_seed)
    active = predictive_by_period(purchases, None, rfm, edges=times, random_seed=random_seed)[..., 2]
    index = pd.Index(times[1:], name="time")
    tables = {
        name: interval_table(index, DrawBlocks.of(counts), interval=interval, kind="predictive")
        for name, counts in (("alive", alive), ("active", active))
    }
    return pd.concat(tables, names=["quantity"])


def _survival(
    purchases: PurchasePosterior, survival: Array, groups: Sequence[str], times: Array, interval: float
) -> pd.DataFrame:
    """Of each group, and of a new customer."""
    curves = {KNOWN if name == "total" else str(name): survival[:, g] for g, name in enumerate(groups)}
    curves[NEW] = purchases.newcomer("probability_alive", times).T
    index = pd.Index(times, name="time")
    tables = {
        name: interval_table(index, DrawBlocks.of(curve.T), interval=interval, kind="credible")
        for name, curve in curves.items()
    }
    return pd.concat(tables, names=["group"])


def _sentence(total: Any, period: float, horizon: float, purchases: PurchasePosterior, interval: float) -> str:
    unit = purchases.time_unit
    alive, rate = (total.loc[name] for name in ("alive", "churn_rate"))
    ends = between({name: 100 * rate[name] for name in ("lower", "upper")}, interval, "credible").replace(")", " %)")
    return (
        f"Of the {amount(alive['mean'])} customers expected to be alive, {amount(100 * rate['mean'])} %{ends} "
        f"{purchases.leave} within {plural(period, unit)}; {_stay(total, horizon, unit, interval)} "
    )


def _stay(total: Any, horizon: float, unit: str, interval: float) -> str:
    """The mean lifespan; or, where most stay longer than it is counted, their share."""
    lifespan, beyond = total.loc["lifespan"], total.loc["beyond"]
    if beyond["mean"] > 0.5:
        return f"{share(beyond['mean'])} of them stay longer than {plural(round(horizon, 1), unit)}."
    return (
        f"they stay for {plural(round(lifespan['mean'], 1), unit)}{between(lifespan, interval, 'credible')} of the "
        f"next {horizon:,.10g} on average."
    )
