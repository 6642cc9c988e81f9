"""Churn and lifespan: how many leave, how many stay, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.decisions.checks import grouped
from clvmodels.decisions.drivers import driver_sentence, drivers, purchase_inputs
from clvmodels.errors import InvalidArgument, check_horizon, check_interval, check_length, check_whole, shown
from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.intervals import Array, DrawBlocks, interval_table, summed
from clvmodels.models.beta_geo_posterior import BetaGeoPosterior
from clvmodels.models.by_period import predictive_alive, predictive_by_period
from clvmodels.models.expectations import distinct_rows
from clvmodels.notebook import answer_as_html
from clvmodels.rfm import RFM
from clvmodels.wording import amount, between, plural

NEW = "new customer"
KNOWN = "known customers"


@dataclass(frozen=True, kw_only=True, eq=False)
class Churn:
    """The answer of `churn`.

    Attributes
    ----------
    table : DataFrame
        Indexed by group ("total", or the segments) and quantity, credible: alive (customers alive at the observation
        end), churn_rate (share of them who leave within the period), lifespan (their mean remaining lifespan within the
        horizon, in time units).
    by_period : DataFrame
        Indexed by quantity and time (the periods' ends), predictive: alive (customers alive then) and active (customers
        who buy in the period that ends then), of those known now. `clv.plots.customer_base` draws it.
    survival : DataFrame
        Indexed by group and time, credible: share of those alive now who are alive then, and the same of a new
        customer. `clv.plots.survival` draws it.
    drivers : DataFrame
        Of the churn rate of all customers.
    sentence : str
    """

    table: pd.DataFrame
    by_period: pd.DataFrame
    survival: pd.DataFrame
    drivers: pd.DataFrame
    sentence: str

    _repr_html_ = answer_as_html


def churn(
    purchases: BetaGeoPosterior,
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
    purchases : BetaGeoPosterior
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
        If a choice is outside its domain, or a segment is empty.

    Notes
    -----
    Among those alive now, the share who leave within t is 1 - sum of S_i(t) / sum of S_i(0), with S of BG/NBD. Nobody
    drops out before a repeat purchase there, so that customers without one count as alive.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> from clvmodels.models.beta_geo import BetaGeo
    >>> purchases = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week", random_seed=1)
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
    alive, lifetime = _expected(purchases, rfm, codes, len(names), times, within, in_all=by is not None)
    survival, lifespan = _share(alive, alive[0]), _share(lifetime, alive[0])
    rate = 1 - survival[1]
    known = {name: _group(interval, alive[0, g], rate[g], lifespan[g]) for g, name in enumerate(groups)}
    table = pd.concat(known, names=["group", "quantity"])
    moved = drivers(_enough(rate[-1], purchases), uncertain=purchase_inputs(purchases), interval=interval)
    said = _sentence(table.loc["total"], length, within, purchases.time_unit, interval)
    return Churn(
        table=table,
        by_period=_by_period(purchases, rfm, times, interval, random_seed),
        survival=_survival(purchases, survival, groups, times, interval),
        drivers=moved,
        sentence=said + driver_sentence(moved, "churn rate", percent=True),
    )


def _check_posterior(purchases: object) -> BetaGeoPosterior:
    if not isinstance(purchases, BetaGeoPosterior):
        raise InvalidArgument(f"purchases is a {type(purchases).__name__}; give the posterior of BetaGeo().fit(...)")
    return purchases


def _usable(names: pd.Index) -> pd.Index:
    """The segments, unless the answer calls something else by the name of one."""
    taken = sorted(set(map(str, names)) & {"total", KNOWN, NEW})
    if taken:
        raise InvalidArgument(f"a segment is called {shown(taken[0])}, as the answer calls something else; rename it")
    return names


def _expected(
    purchases: BetaGeoPosterior,
    rfm: RFM,
    codes: Array,
    groups: int,
    times: Array,
    horizon: float,
    *,
    in_all: bool,
) -> tuple[Array, Array]:
    """Sums over each group, then, if wanted, over all: alive (times, groups, draws) and lifetime (groups, draws)."""
    frequency, recency, T = (rfm.frame[name].to_numpy(float) for name in ("frequency", "recency", "T"))
    (x, T, t_x, code), which = distinct_rows(frequency, T, recency, codes)
    members = np.zeros((groups, len(x)))
    members[code.astype(int), np.arange(len(x))] = np.bincount(which)
    if in_all:
        members = np.vstack([members, members.sum(axis=0)])
    rows = x, t_x, T
    curves = [purchases.expectation("probability_alive", rows, horizon=time) for time in times]
    curves.append(purchases.expectation("expected_lifetime", rows, horizon=horizon))

    def sums(at: slice) -> Array:
        alive = curves[0].alive(at)
        return np.stack([members[:, at] @ (alive * curve.if_alive(at)) for curve in curves])

    found = summed(sums, len(x), purchases.draw_count)
    return found[:-1], found[-1]


def _share(part: Array, alive: Array) -> Array:
    """Missing where nobody is alive."""
    with np.errstate(invalid="ignore"):
        return part / alive


def _group(interval: float, *draws: Array) -> pd.DataFrame:
    names = pd.Index(["alive", "churn_rate", "lifespan"])
    return interval_table(names, DrawBlocks.of(np.stack(draws, axis=1)), interval=interval, kind="credible")


def _enough(draws: Array, purchases: BetaGeoPosterior) -> Array:
    """A point repeated as often as its parameters are."""
    return np.broadcast_to(draws, purchases.predictive_draw_count) if len(draws) == 1 else draws


def _by_period(
    purchases: BetaGeoPosterior, rfm: RFM, times: Array, interval: float, random_seed: int | None
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
    purchases: BetaGeoPosterior, survival: Array, groups: Sequence[str], times: Array, interval: float
) -> pd.DataFrame:
    """Of each group, and of a new customer."""
    params = BetaGeoParams(*(draws[:, None] for draws in purchases.parameter_draws()))
    curves = {KNOWN if name == "total" else str(name): survival[:, g] for g, name in enumerate(groups)}
    curves[NEW] = beta_geo.survival_if_alive(params, times, 0.0, 0.0).T
    index = pd.Index(times, name="time")
    tables = {
        name: interval_table(index, DrawBlocks.of(curve.T), interval=interval, kind="credible")
        for name, curve in curves.items()
    }
    return pd.concat(tables, names=["group"])


def _sentence(total: Any, period: float, horizon: float, unit: str, interval: float) -> str:
    alive, rate, lifespan = (total.loc[name] for name in ("alive", "churn_rate", "lifespan"))
    ends = between({name: 100 * rate[name] for name in ("lower", "upper")}, interval, "credible").replace(")", " %)")
    return (
        f"Of the {amount(alive['mean'])} customers expected to be alive, {amount(100 * rate['mean'])} %{ends} leave "
        f"within {plural(period, unit)}; they stay for {plural(round(lifespan['mean'], 1), unit)}"
        f"{between(lifespan, interval, 'credible')} of the next {horizon:,.10g} on average. "
    )
