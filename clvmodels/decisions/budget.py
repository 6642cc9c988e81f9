"""Budget: revenue and margin of the coming periods, from those who are customers now and those planned to be won."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels.decisions.calendar import MONTHS, Calendar, Period
from clvmodels.decisions.checks import check_value, grouped, successor
from clvmodels.decisions.drivers import driver_sentence, drivers, model_inputs
from clvmodels.decisions.plan import Plan, planned
from clvmodels.errors import check_cost, check_interval
from clvmodels.intervals import Array, DrawBlocks, interval_table, quantiles
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.model_error import ModelError
from clvmodels.models.by_period import predictive_by_period, predictive_new_by_period
from clvmodels.rfm import RFM
from clvmodels.wording import amount, between

QUANTITIES = ("revenue", "margin", "purchases", "customers")
SEED = 0xB0D6E7
ALL = "all"


@dataclass(frozen=True, kw_only=True, eq=False)
class Budget:
    """The answer of `budget`.

    Attributes
    ----------
    table : DataFrame
        Indexed by quantity (revenue, margin, purchases, and customers who buy in the period), source ("base": customers
        now; with a plan also "new" and "total") and period: mean, lower and upper (predictive), and the same of the sum
        from the first period on (cumulative_mean, cumulative_lower, cumulative_upper; not for customers, who may come
        back). With `model_error` also wide_lower and wide_upper, and cumulative_wide_lower and cumulative_wide_upper.
        `clv.plots.budget` draws one quantity of it.
    reached : DataFrame
        Indexed by source and year: customers who buy at least once in it; "all" is the whole time.
    drivers : DataFrame
        Of the revenue of all periods.
    sentence : str
    """

    table: pd.DataFrame
    reached: pd.DataFrame
    drivers: pd.DataFrame
    sentence: str


def budget(
    value: LifetimeValue,
    rfm: RFM,
    *,
    periods: int = 12,
    period: Period = "month",
    new_customers: Plan | None = None,
    plan_sd: float = 0.0,
    new_cost: float = 0.0,
    new: LifetimeValue | None = None,
    interval: float = 0.9,
    model_error: ModelError | None = None,
    random_seed: int | None = None,
) -> Budget:
    """Forecast revenue and margin by month, quarter or year, with predictive intervals. Nothing is discounted.

    Parameters
    ----------
    value : LifetimeValue
        Of the customers now; its discount rate is not used.
    rfm : RFM
        All customers now. With an observation end the periods are those of the calendar after it.
    periods : int
    period : {"month", "quarter", "year"}
    new_customers : float, sequence of floats, or AcquisitionRate, optional
        Customers planned to be won in each period; or one number for each period; or a rate per time unit.
    plan_sd : float
        How uncertain the plan is: its relative standard deviation, 0.1 for ten per cent. Chance comes on top.
    new_cost : float
        Of winning one, in money, taken off the margin in the period in which they are won.
    new : LifetimeValue, optional
        Of the customers planned; by default `value`.
    interval : float
        Probability inside the intervals.
    model_error : ModelError, optional
        What `clvmodels.estimate_model_error` learnt from the past: a second, wider interval for what the model does not
        know about itself. Without it the intervals hold if the model is right.
    random_seed : int, optional
        Replaces the fit's seed.

    Returns
    -------
    Budget

    Raises
    ------
    InvalidArgument
        If a choice is outside its domain, or the plan has not as many numbers as there are periods.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> from clvmodels.models.beta_geo import BetaGeo
    >>> from clvmodels.models.gamma_gamma import GammaGamma
    >>> purchases = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week", random_seed=1)
    >>> value = LifetimeValue(purchases, GammaGamma.at(p=6.25, q=3.74, v=15.44, time_unit="week"))
    >>> answer = budget(value, load_cdnow_summary(), periods=3, new_customers=100)
    >>> answer.table.loc[("revenue", "base")].index.tolist()
    ['1997-10', '1997-11', '1997-12']
    """
    check_interval(interval)
    check_cost(new_cost, "new_cost")
    check_value(value).purchases.check_customers(rfm)
    grouped(rfm, None)
    calendar = Calendar.of(rfm, period=period, periods=periods)
    forecast = _Forecast.of(value, successor(value, new), rfm, calendar.edges, new_customers, plan_sd, random_seed)
    drawn = forecast.amounts(new_cost)
    widened = (
        {}
        if model_error is None
        else forecast.amounts(new_cost, model_error.factors(drawn["base"]["revenue"].sum(axis=1)))
    )
    whole = drawn["total" if "total" in drawn else "base"]["revenue"].sum(axis=1)
    moved = drivers(whole, uncertain=forecast.inputs(), interval=interval)
    table = _table(drawn, widened, calendar.labels, interval)
    return Budget(
        table=table,
        reached=_reached(forecast, calendar, 12 // MONTHS[period], interval),
        drivers=moved,
        sentence=_sentence(table, calendar.labels, interval) + driver_sentence(moved, "revenue"),
    )


@dataclass(frozen=True, eq=False)
class _Forecast:
    """The models, the customers, and how many are won in each period: (draws, periods), or None without a plan."""

    value: LifetimeValue
    new: LifetimeValue
    rfm: RFM
    edges: Array
    won: NDArray[np.int64] | None
    random_seed: int | None

    @classmethod
    def of(
        cls,
        value: LifetimeValue,
        new: LifetimeValue,
        rfm: RFM,
        edges: Array,
        plan: Plan | None,
        plan_sd: float,
        random_seed: int | None,
    ) -> _Forecast:
        rng = np.random.default_rng([int(value.purchases.seed_for(random_seed)), SEED])
        draws = value.purchases.predictive_draw_count
        won = None if plan is None else planned(plan, plan_sd=plan_sd, edges=edges, draws=draws, rng=rng)
        return cls(value, new, rfm, edges, won, random_seed)

    def sums(self, edges: Array) -> dict[str, Array]:
        """Revenue, purchases and customers between the edges, by source: (draws, periods, 3)."""
        seed = self.random_seed
        base = predictive_by_period(self.value.purchases, self.value.spend, self.rfm, edges=edges, random_seed=seed)
        if self.won is None:
            return {"base": base}
        windows = np.stack([self.edges[:-1], self.edges[1:]], axis=1)
        models = self.new.purchases, self.new.spend
        return {
            "base": base,
            "new": predictive_new_by_period(*models, self.won, windows=windows, edges=edges, random_seed=seed),
        }

    @cached_property
    def by_period(self) -> dict[str, Array]:
        """The sums of every period."""
        return self.sums(self.edges)

    def amounts(self, new_cost: float, factors: Array | float = 1.0) -> dict[str, dict[str, Array]]:
        """Every quantity by source, each (draws, periods); what customers do is multiplied by factors (draws,)."""
        made = {}
        for source, sums in self.by_period.items():
            model = self.value if source == "base" else self.new
            revenue, purchases, customers = np.moveaxis(sums * np.reshape(factors, (-1, 1, 1)), -1, 0)
            margin = model.margin * revenue - model.cost_per_purchase * purchases
            made[source] = {"revenue": revenue, "margin": margin, "purchases": purchases, "customers": customers}
        if self.won is not None:
            made["new"]["margin"] = made["new"]["margin"] - new_cost * self.won
            made["total"] = {name: made["base"][name] + made["new"][name] for name in QUANTITIES}
        return made

    def inputs(self) -> dict[str, Array]:
        """What the revenue depends on."""
        known = model_inputs(self.value)
        if self.won is None:
            return known
        if self.new is not self.value:
            known |= {f"{name}, of those to be won": draws for name, draws in model_inputs(self.new).items()}
        return {**known, "customers won": self.won.sum(axis=1).astype(float)}


def _table(drawn: dict, widened: dict, labels: tuple[str, ...], interval: float) -> pd.DataFrame:
    parts = []
    for quantity in QUANTITIES:
        for source in drawn:
            choices: dict[str, Any] = {"interval": interval, "summed": quantity != "customers"}
            rows = _rows(drawn[source][quantity], labels, **choices)
            parts.append(rows.join(_wide(widened[source][quantity], labels, **choices)) if widened else rows)
    levels = [QUANTITIES, list(drawn), labels]
    # In the order of the levels, so that a part of the key finds its rows without a search.
    codes = np.indices([len(level) for level in levels]).reshape(len(levels), -1)
    return pd.concat(parts).set_axis(pd.MultiIndex(levels, codes, names=["quantity", "source", "period"]))


def _rows(draws: Array, labels: tuple[str, ...], *, interval: float, summed: bool) -> pd.DataFrame:
    index, each = pd.Index(labels), DrawBlocks.of(draws)
    table = interval_table(index, each, interval=interval, kind="predictive")
    total = interval_table(index, DrawBlocks.of(draws.cumsum(axis=1)), interval=interval, kind="predictive")
    return table.join((total if summed else total * np.nan).add_prefix("cumulative_"))


def _wide(draws: Array, labels: tuple[str, ...], *, interval: float, summed: bool) -> pd.DataFrame:
    """Of widened draws, whose mean is not finite."""
    own, total = (quantiles(each, interval, "predictive") for each in (draws, draws.cumsum(axis=1)))
    names = ["wide_lower", "wide_upper", "cumulative_wide_lower", "cumulative_wide_upper"]
    table = pd.DataFrame(dict(zip(names, [*own, *total], strict=True)), index=pd.Index(labels))
    return table if summed else table.assign(cumulative_wide_lower=np.nan, cumulative_wide_upper=np.nan)


def _reached(forecast: _Forecast, calendar: Calendar, per_year: int, interval: float) -> pd.DataFrame:
    starts = range(0, len(calendar.labels), per_year)
    ends = [min(start + per_year, len(calendar.labels)) for start in starts]
    labels = [_span(calendar.labels[start], calendar.labels[end - 1]) for start, end in zip(starts, ends, strict=True)]
    years = forecast.sums(calendar.edges[[0, *ends]])
    ever = forecast.sums(calendar.edges[[0, -1]])
    tables = {}
    for source in [*years, *(["total"] if "new" in years else [])]:
        parts = list(years) if source == "total" else [source]
        draws = [sum(sums[part][..., 2] for part in parts) for sums in (years, ever)]
        joined = DrawBlocks.of(np.concatenate(draws, axis=1))
        tables[source] = interval_table(pd.Index([*labels, ALL]), joined, interval=interval, kind="predictive")
    return pd.concat(tables, names=["source", "year"])


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


def _sentence(table: Any, labels: tuple[str, ...], interval: float) -> str:
    sources = table.index.unique("source")
    main = "total" if "total" in sources else "base"
    revenue, margin = (table.loc[(quantity, main, labels[-1])] for quantity in ("revenue", "margin"))
    first, last = (table.loc[("revenue", main, labels[place]), "mean"] for place in (0, -1))
    of_new = ""
    if "new" in sources:
        from_new = amount(table.loc[("revenue", "new", labels[-1]), "cumulative_mean"])
        of_new = f", {from_new} of it from customers yet to be won"
    return (
        f"From {labels[0]} to {labels[-1]} a revenue of {amount(revenue['cumulative_mean'])}{_ends(revenue, interval)} "
        f"is expected{of_new}, and a margin of {amount(margin['cumulative_mean'])}{_ends(margin, interval)}; the first "
        f"period brings {amount(first)}, the last {amount(last)}. "
    )


def _ends(row: Any, interval: float) -> str:
    own = between({name: row[f"cumulative_{name}"] for name in ("lower", "upper")}, interval)
    if "cumulative_wide_lower" not in row:
        return own
    wide = f"; widened by past errors {amount(row['cumulative_wide_lower'])} to {amount(row['cumulative_wide_upper'])})"
    return own.removesuffix(")") + wide
