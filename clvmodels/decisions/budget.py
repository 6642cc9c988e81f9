"""Budget: revenue and margin of the coming periods, from those who are customers now and those planned to be won."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels.decisions.calendar import MONTHS, Calendar, Period, span
from clvmodels.decisions.checks import check_known, check_model_error, successor
from clvmodels.decisions.drivers import driver_sentence, drivers, per_unit
from clvmodels.decisions.plan import Plan, planned
from clvmodels.errors import InvalidArgument, check_cost, check_interval
from clvmodels.intervals import Array, DrawBlocks, interval_table, quantiles
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.model_error import ModelError
from clvmodels.models.by_period import WHAT, predictive_by_period, predictive_new_by_period
from clvmodels.notebook import answer_as_html
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

    _repr_html_ = answer_as_html


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
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> value = LifetimeValue(*cdnow_posteriors())
    >>> answer = budget(value, load_cdnow_summary(), periods=3, new_customers=100)
    >>> answer.table.loc[("revenue", "base")].index.tolist()
    ['1997-10', '1997-11', '1997-12']
    """
    check_interval(interval)
    check_cost(new_cost, "new_cost")
    check_model_error(model_error)
    check_known(value, rfm)
    _check_plan(new_customers, plan_sd, new_cost)
    calendar = Calendar.of(rfm, period=period, periods=periods)
    years = np.arange(periods) * MONTHS[period] // 12
    models = value, successor(value, new), rfm
    forecast = _Forecast.of(*models, calendar.edges, years, new_customers, plan_sd, random_seed)
    drawn = forecast.amounts(new_cost)
    widened = {} if model_error is None else forecast.amounts(new_cost, _factors(model_error, drawn))
    whole = drawn["total" if "total" in drawn else "base"]["revenue"].sum(axis=1)
    moved = drivers(whole, uncertain=forecast.inputs(), interval=interval)
    table = _table(drawn, widened, calendar.labels, interval)
    return Budget(
        table=table,
        reached=_reached(forecast, calendar.labels, interval),
        drivers=moved,
        sentence=_sentence(table, calendar.labels, interval) + driver_sentence(moved, "revenue"),
    )


def _check_plan(new_customers: Plan | None, plan_sd: float, new_cost: float) -> None:
    if new_customers is None and (plan_sd or new_cost):
        raise InvalidArgument("plan_sd and new_cost are of customers planned; give them too, e.g. new_customers=100")


def _factors(model_error: ModelError, drawn: dict[str, dict[str, Array]]) -> Array:
    """For every draw, by what past errors call for."""
    return model_error.factors(drawn["base"]["revenue"].sum(axis=1))


@dataclass(frozen=True, eq=False)
class _Forecast:
    """The models, the customers, and how many are won in each period: (draws, periods), or None without a plan."""

    value: LifetimeValue
    new: LifetimeValue
    rfm: RFM
    edges: Array
    years: NDArray[np.integer]
    won: NDArray[np.int64] | None
    random_seed: int | None

    @classmethod
    def of(
        cls,
        value: LifetimeValue,
        new: LifetimeValue,
        rfm: RFM,
        edges: Array,
        years: NDArray[np.integer],
        plan: Plan | None,
        plan_sd: float,
        random_seed: int | None,
    ) -> _Forecast:
        rng = np.random.default_rng([int(value.purchases.seed_for(random_seed)), SEED])
        draws = value.purchases.predictive_draw_count
        won = None if plan is None else planned(plan, plan_sd=plan_sd, edges=edges, draws=draws, rng=rng)
        return cls(value, new, rfm, edges, years, won, random_seed)

    @cached_property
    def by_period(self) -> dict[str, Array]:
        """What customers do in every period, by source: (draws, periods, 5)."""
        terms = {"edges": self.edges, "years": self.years, "random_seed": self.random_seed}
        base = predictive_by_period(self.value.purchases, self.value.spend, self.rfm, **terms)
        if self.won is None:
            return {"base": base}
        windows = np.stack([self.edges[:-1], self.edges[1:]], axis=1)
        new = predictive_new_by_period(self.new.purchases, self.new.spend, self.won, windows=windows, **terms)
        return {"base": base, "new": new, "total": base + new}

    def amounts(self, new_cost: float, factors: Array | float = 1.0) -> dict[str, dict[str, Array]]:
        """Every quantity by source, each (draws, periods); what customers do is multiplied by factors (draws,)."""
        made = {}
        for source in ("base", "new")[: len(self.by_period)]:
            model = self.value if source == "base" else self.new
            sums = self.by_period[source][..., : len(QUANTITIES) - 1] * np.reshape(factors, (-1, 1, 1))
            revenue, purchases, customers = np.moveaxis(sums, -1, 0)
            margin = model.margin * revenue - model.cost_per_purchase * purchases
            made[source] = {"revenue": revenue, "margin": margin, "purchases": purchases, "customers": customers}
        if self.won is not None:
            made["new"]["margin"] = made["new"]["margin"] - new_cost * self.won
            made["total"] = {name: made["base"][name] + made["new"][name] for name in QUANTITIES}
        return made

    def inputs(self) -> dict[str, Array]:
        """What the revenue is made of, in every draw."""
        names = {"base": ("purchases of customers now", "spend per purchase now")}
        names["new"] = ("customers won", "revenue of one who is won")
        found = {}
        for source, (count, each) in list(names.items())[: len(self.by_period)]:
            revenue, purchases = self.by_period[source][..., :2].sum(axis=1).T
            number = purchases if self.won is None or source == "base" else self.won.sum(axis=1).astype(float)
            found |= {count: number, each: per_unit(revenue, number)}
        return found


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


def _reached(forecast: _Forecast, labels: tuple[str, ...], interval: float) -> pd.DataFrame:
    years = [np.flatnonzero(forecast.years == year) for year in np.unique(forecast.years)]
    index = pd.Index([*(_span(labels[year[0]], labels[year[-1]]) for year in years), ALL])
    tables = {}
    for source, sums in forecast.by_period.items():
        in_year, ever = sums[..., WHAT.index("first_in_year")], sums[..., WHAT.index("first")]
        draws = [*(in_year[:, year].sum(axis=1) for year in years), ever.sum(axis=1)]
        table = interval_table(index, DrawBlocks.of(np.stack(draws, axis=1)), interval=interval, kind="predictive")
        tables[source] = table
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
        f"A revenue of {amount(revenue['cumulative_mean'])}{_ends(revenue, interval)} is expected "
        f"{span(labels)}{of_new}, and a margin of {amount(margin['cumulative_mean'])}{_ends(margin, interval)}; the "
        f"first period brings {amount(first)}, the last {amount(last)}. "
    )


def _ends(row: Any, interval: float) -> str:
    own = between({name: row[f"cumulative_{name}"] for name in ("lower", "upper")}, interval, "predictive")
    if "cumulative_wide_lower" not in row:
        return own
    wide = f"; widened by past errors {amount(row['cumulative_wide_lower'])} to {amount(row['cumulative_wide_upper'])})"
    return own.removesuffix(")") + wide
