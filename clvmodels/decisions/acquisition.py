"""What winning a customer may cost: the value of a new one against the cost, per channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clvmodels.decisions.checks import check_value, costs_of
from clvmodels.decisions.drivers import STEP, Certain, driver_sentence, drivers
from clvmodels.errors import InvalidArgument, check_horizon, check_interval, check_share, check_whole
from clvmodels.formulas.discount import discount_force
from clvmodels.intervals import Array, DrawBlocks, interval_table
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.models.by_period import predictive_new_by_period
from clvmodels.notebook import answer_as_html
from clvmodels.rfm import RFM
from clvmodels.wording import amount, between, chance, plural, share

CURVE_STEPS = 200
PROBABILITIES = (0.01, 0.05, *np.round(np.arange(0.1, 0.95, 0.1), 1).tolist(), 0.95, 0.99)
NEW = "new"
CREDIBLE = ("expected_value", "value_to_cost", "net_value")


@dataclass(frozen=True, kw_only=True, eq=False)
class Acquisition:
    """The answer of `acquisition`.

    Attributes
    ----------
    table : DataFrame
        Indexed by channel and quantity, with mean, lower and upper: expected_value of a customer, value_to_cost,
        net_value (less the cost), all credible, and predictive_value of one customer and cohort_value (per customer of
        a cohort), both predictive.
    payback : DataFrame
        Indexed by channel and `of` ("one customer", "cohort of n"): cost (of a customer), probability_repaid (the value
        within the horizon reaches the cost), most_to_pay (the highest cost that is repaid with `confidence`),
        payback_median, payback_lower, payback_upper (time until the cumulative discounted margin first reaches the
        cost, to a 200th of the horizon; infinite for never) and probability_never.
    curve : DataFrame
        Indexed by channel and time since the cohort was won: mean, lower and upper of its cumulative discounted margin
        per customer (predictive), cost, and the distribution of the payback time: probability_paid_back by then, of the
        cohort, and probability_paid_back_one, of one customer. `clv.plots.payback` draws it.
    distribution : DataFrame
        Indexed by channel and probability: the values that one_customer, and the cohort per customer, stay below with
        this probability (predictive).
    drivers : DataFrame
        Indexed by channel and input; see `clvmodels.decisions.drivers`. The answer is the expected net value.
    sentence : str
    """

    table: pd.DataFrame
    payback: pd.DataFrame
    curve: pd.DataFrame
    distribution: pd.DataFrame
    drivers: pd.DataFrame
    sentence: str

    _repr_html_ = answer_as_html


def acquisition(
    value: LifetimeValue | Mapping[str, LifetimeValue],
    *,
    cost: float | Mapping[str, float],
    horizon: float,
    cohort: int = 100,
    confidence: float = 0.9,
    interval: float = 0.9,
    random_seed: int | None = None,
) -> Acquisition:
    """Weigh what a new customer brings against what winning one costs.

    Parameters
    ----------
    value : LifetimeValue, or dict of channel -> LifetimeValue
        With margin and discount rate. One for each channel comes from `fit_by_segment`.
    cost : float, or dict of channel -> float
        Of winning one customer, in the data's money.
    horizon : float
        How long a customer's margin counts, in the models' time unit, from the first purchase on, which counts too.
    cohort : int
        How many are won together: the more, the less chance there is in what they bring.
    confidence : float
        With which the most that may be paid is repaid.
    interval : float
        Probability inside the intervals.
    random_seed : int, optional
        Replaces the fit's seed.

    Returns
    -------
    Acquisition

    Raises
    ------
    InvalidArgument
        If a cost is negative or missing, or horizon, cohort, confidence or interval are outside their domain.

    Examples
    --------
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> value = LifetimeValue(*cdnow_posteriors(), margin=0.3)
    >>> answer = acquisition(value, cost=12, horizon=156)
    >>> answer.table.loc[("new", "net_value"), "mean"].round(2).item()
    27.71
    """
    check_interval(interval)
    check_share(confidence, "confidence")
    check_whole(cohort, "cohort")
    length = check_horizon(horizon)
    values = {name: check_value(each) for name, each in (value if isinstance(value, Mapping) else {NEW: value}).items()}
    if not values:
        raise InvalidArgument("there is no channel; give at least one LifetimeValue")
    costs = costs_of(cost, list(values), "channels")
    found = {name: _Channel.of(each, costs[name], length, cohort, random_seed) for name, each in values.items()}
    of = {"one customer": 1, f"cohort of {cohort:,}": cohort}
    return Acquisition(
        table=_stacked({name: each.table(interval) for name, each in found.items()}, "quantity"),
        payback=_stacked({name: each.payback(of, confidence, interval) for name, each in found.items()}, "of"),
        curve=_stacked({name: each.curve(interval) for name, each in found.items()}, "time"),
        distribution=_stacked({name: each.distribution() for name, each in found.items()}, "probability"),
        drivers=_stacked({name: each.drivers(interval) for name, each in found.items()}, "input"),
        sentence=" ".join(each.sentence(name, confidence, interval) for name, each in found.items()),
    )


@dataclass(frozen=True, eq=False)
class _Channel:
    """A channel's draws."""

    value: LifetimeValue
    cost: float
    horizon: float
    cohort: int
    purchases: Array
    spend: Array
    paths: dict[int, Array]
    times: Array

    @classmethod
    def of(cls, value: LifetimeValue, cost: float, horizon: float, cohort: int, random_seed: int | None) -> _Channel:
        new = RFM.new_customer(value.purchases.time_unit)
        terms = {"horizon": horizon, "annual_discount_rate": value.annual_discount_rate}
        repeated = value.purchases.blocks("expected_discounted_purchases", new, **terms).array()[:, 0]
        spend = value.spend.blocks("expected_average_spend", new).array()[:, 0]
        times = np.linspace(0.0, horizon, CURVE_STEPS + 1) if horizon else np.zeros(1)
        paths = {number: _paths(value, number, times, random_seed) for number in {1, cohort}}
        return cls(value, cost, horizon, cohort, 1 + repeated, spend, paths, times)

    def table(self, interval: float) -> pd.DataFrame:
        """Mean, lower and upper by quantity."""
        expected = self.purchases * self.value.margin_of(self.spend)
        with np.errstate(divide="ignore", invalid="ignore"):
            credible = DrawBlocks.of(
                np.stack([expected, expected / np.float64(self.cost), expected - self.cost], axis=1)
            )
        drawn = DrawBlocks.of(np.stack([self.paths[1][:, -1], self.paths[self.cohort][:, -1]], axis=1))
        known = interval_table(pd.Index(CREDIBLE), credible, interval=interval, kind="credible")
        names = pd.Index(["predictive_value", "cohort_value"])
        # The mean is known without the luck of the draws.
        outcomes = interval_table(names, drawn, interval=interval, kind="predictive").assign(mean=expected.mean())
        return pd.concat([known, outcomes])

    def payback(self, of: Mapping[str, int], confidence: float, interval: float) -> pd.DataFrame:
        """One row for a customer, one for the cohort."""
        rows = {name: self._payback(self.paths[number], confidence, interval) for name, number in of.items()}
        return pd.DataFrame.from_dict(rows, orient="index")

    def _payback(self, paths: Array, confidence: float, interval: float) -> dict[str, float]:
        time = self._payback_times(paths)
        tail = (1 - interval) / 2
        median, lower, upper = np.quantile(time, [0.5, tail, 1 - tail], method="inverted_cdf")
        return {
            "cost": self.cost,
            "probability_repaid": float((paths[:, -1] >= self.cost).mean()),
            "most_to_pay": _reached_with(paths[:, -1], confidence),
            "payback_median": median,
            "payback_lower": lower,
            "payback_upper": upper,
            "probability_never": float(np.isinf(time).mean()),
        }

    def curve(self, interval: float) -> pd.DataFrame:
        """Of the cohort, by time."""
        draws = DrawBlocks.of(self.paths[self.cohort])
        table = interval_table(pd.Index(self.times), draws, interval=interval, kind="predictive").assign(cost=self.cost)
        for name, number in (("probability_paid_back", self.cohort), ("probability_paid_back_one", 1)):
            times = np.sort(self._payback_times(self.paths[number]))
            table[name] = np.searchsorted(times, self.times, side="right") / len(times)
        return table

    def distribution(self) -> pd.DataFrame:
        """Of what one customer, and the cohort per customer, bring within the horizon."""
        ends = {"one_customer": self.paths[1][:, -1], "cohort": self.paths[self.cohort][:, -1]}
        found = {name: np.quantile(draws, PROBABILITIES, method="inverted_cdf") for name, draws in ends.items()}
        return pd.DataFrame(found, index=pd.Index(PROBABILITIES))

    def _payback_times(self, paths: Array) -> Array:
        """When each path first reaches the cost: (draws,), infinite for never."""
        reached = paths >= self.cost
        return np.where(reached.any(axis=1), self.times[reached.argmax(axis=1)], np.inf)

    def drivers(self, interval: float) -> pd.DataFrame:
        """Of the expected net value."""
        value = self.value
        net = self.purchases * value.margin_of(self.spend) - self.cost
        tenth = STEP * float((self.purchases * self.spend).mean()) * value.margin
        certain = {
            "margin": Certain(value.margin, net.mean() - tenth, net.mean() + tenth),
            "cost of winning": Certain(self.cost, net.mean() + STEP * self.cost, net.mean() - STEP * self.cost),
        }
        if value.cost_per_purchase:
            fixed = STEP * value.cost_per_purchase * float(self.purchases.mean())
            certain["cost per purchase"] = Certain(value.cost_per_purchase, net.mean() + fixed, net.mean() - fixed)
        uncertain = {"number of purchases": self.purchases, "spend per purchase": self.spend}
        return drivers(net, uncertain=uncertain, certain=certain, interval=interval)

    def sentence(self, name: str, confidence: float, interval: float) -> str:
        """The answer in words."""
        worth, net = (self.table(interval).loc[each] for each in ("expected_value", "net_value"))
        paid = self._payback(self.paths[self.cohort], confidence, interval)
        unit = self.value.purchases.time_unit
        never = np.isinf(paid["payback_median"])
        within = f"half of such cohorts do so within {plural(round(paid['payback_median'], 1), unit)}"
        most = f"up to {amount(paid['most_to_pay'])}" if paid["most_to_pay"] > 0 else "nothing"
        return (
            f"A {name} customer is worth {amount(worth['mean'])} within {plural(self.horizon, unit)}"
            f"{between(worth, interval, 'credible')}, {amount(net['mean'])} after a cost of {amount(self.cost)}. A "
            f"cohort of {self.cohort:,} repays its cost with a probability of {chance(paid['probability_repaid'])} "
            f"({'most never do so' if never else within}); with a confidence of {share(confidence)} {most} "
            f"may be paid for a customer. " + driver_sentence(self.drivers(interval), "net value")
        )


def _paths(value: LifetimeValue, number: int, times: Array, random_seed: int | None) -> Array:
    """Cumulative discounted margin per customer of a cohort, at the times: (draws, times)."""
    purchases = value.purchases
    unit = RFM.new_customer(purchases.time_unit).units_per_year
    won = np.full((purchases.predictive_draw_count, 1), number)
    sums = predictive_new_by_period(
        purchases,
        value.spend,
        won,
        windows=np.zeros((1, 2)),
        # First purchases, at time 0, stand in a period of their own.
        edges=np.concatenate([[-1.0], times]),
        discount_force=discount_force(value.annual_discount_rate, units_per_year=unit),
        random_seed=random_seed,
    )
    margins = value.margin * sums[..., 0] - value.cost_per_purchase * sums[..., 1]
    return margins.cumsum(axis=1) / number


def _reached_with(values: Array, confidence: float) -> float:
    """The highest amount that at least this share of the values reach."""
    # Rounding must not move it by one value.
    below = int(np.floor(np.round((1 - confidence) * len(values), 9)))
    return float(np.sort(values)[below])


def _stacked(tables: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    return pd.concat(tables, names=["channel", name])
