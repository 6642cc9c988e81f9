"""The questions of ``clvmodels decide``: each asks one decision and says what to show of its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clvmodels import decisions, plots
from clvmodels.decisions.calendar import Calendar
from clvmodels.decisions.effects import read_effect
from clvmodels.errors import InvalidArgument, shown
from clvmodels.reports.known import SEGMENT, Answered, Known, Path

TERMS = ("margin", "annual_discount_rate", "cost_per_purchase")
# A terminal has no room for more.
BUDGET_SHOWN = ["mean", "lower", "upper", "wide_lower", "wide_upper", "cumulative_mean"]
REPLACEMENT_SHOWN = ["mean", "lower", "upper", "cost_of_keeping", "cost_of_replacing", "probability_retain", "verdict"]


def acquisition(known: Known, *, cost: str, channels: Path | None, **choices: Any) -> Answered:
    """What winning a customer may cost."""
    value: Any = known.value
    if channels is not None:
        terms = {name: getattr(value, name) for name in TERMS}
        terms |= {"purchases": known.models.purchases, "spend": known.models.spend}
        rfm, seed = known.segmented(channels, name="channel"), known.random_seed
        value = decisions.fit_by_segment(rfm, "channel", random_seed=seed, **terms)
    found = decisions.acquisition(value, cost=_costs(cost), **choices)
    unit = known.rfm.time_unit
    names = list(dict.fromkeys(found.drivers.index.get_level_values("channel")))
    return Answered(
        sentence=found.sentence,
        shown={"Value of a new customer": found.table, "Payback": found.payback},
        tables={
            "value": found.table,
            "payback": found.payback,
            "curve": found.curve,
            "distribution": found.distribution,
            "drivers": found.drivers,
        },
        figures={
            "payback": lambda ax: plots.payback(found.curve, ax=ax, xlabel=f"{unit}s since the customers were won"),
            **{
                f"drivers_{place}" if len(names) > 1 else "drivers": lambda ax, name=name: plots.drivers(
                    found.drivers.loc[name], ax=ax, xlabel=f"net value of a {name} customer"
                )
                for place, name in enumerate(names, start=1)
            },
        },
    )


def cohorts(known: Known, *, cost: str, past_errors: bool, horizon: float, **choices: Any) -> Answered:
    """Whether the customers won each month repay what they cost."""
    error = known.model_error(horizon, wanted=past_errors)
    terms = {"cost": _costs(cost), "horizon": horizon, "model_error": error}
    found = decisions.follow_cohorts(known.value, known.rfm, **terms, **choices)
    return Answered(
        sentence=found.sentence,
        shown={"Cohorts by the month of the first purchase": found.table},
        tables={"cohorts": found.table, "drivers": found.drivers},
        figures={
            "cohorts": lambda ax: plots.cohorts(found.table, ax=ax, ylabel="margin"),
            "drivers": lambda ax: plots.drivers(found.drivers, ax=ax, xlabel="value less cost"),
        },
    )


def churn(known: Known, *, segments: Path | None, **choices: Any) -> Answered:
    """How many leave, how many stay, and for how long."""
    rfm, unit = known.segmented(segments), known.rfm.time_unit
    found = decisions.churn(known.purchases, rfm, by=None if segments is None else SEGMENT, **choices)
    return Answered(
        sentence=found.sentence,
        shown={"Churn and lifespan": found.table, "Customers alive, and active in each period": found.by_period},
        tables={
            "churn": found.table,
            "by_period": found.by_period,
            "survival": found.survival,
            "drivers": found.drivers,
        },
        figures={
            "customers": lambda ax: plots.customer_base(found.by_period, ax=ax, xlabel=f"{unit}s from now on"),
            "survival": lambda ax: plots.survival(found.survival, ax=ax, xlabel=f"{unit}s from now on"),
            "drivers": lambda ax: plots.drivers(found.drivers, ax=ax, xlabel="churn rate"),
        },
    )


def slipping(known: Known, *, top: int, **choices: Any) -> Answered:
    """Customers by the value that leaving puts at risk."""
    found = decisions.value_at_risk(known.value, known.rfm, **choices)
    ends: Any = found.table[["mean", "lower", "upper"]]
    return Answered(
        sentence=found.sentence,
        shown={f"The {top} customers with the most at risk": found.table.head(top)},
        tables={"value_at_risk": found.table, "drivers": found.drivers},
        figures={
            "value_at_risk": lambda ax: plots.lifetime_value(ends, top=top, ax=ax, xlabel="value at risk"),
            "drivers": lambda ax: plots.drivers(found.drivers, ax=ax, xlabel="value at risk of all"),
        },
    )


def offer(known: Known, *, top: int, **choices: Any) -> Answered:
    """Whom to make a retention offer, and what it gains."""
    made, rest = _offer(choices)
    found = decisions.retention_offer(known.value, known.rfm, made, **rest)
    return Answered(
        sentence=found.sentence,
        shown={"The offer": found.table, f"The {top} customers to make it first": found.customers.head(top)},
        tables={
            "offer": found.table,
            "customers": found.customers,
            "net_gain": found.curve,
            "drivers": found.drivers,
        },
        figures={
            "net_gain": lambda ax: plots.net_gain(found.curve, ax=ax),
            "drivers": lambda ax: plots.drivers(found.drivers, ax=ax, xlabel="net gain"),
        },
    )


def replace(known: Known, *, segments: Path | None, top: int, **choices: Any) -> Answered:
    """Keep customers by an offer, or win others who bring as much."""
    made, rest = _offer(choices)
    by = None if segments is None else SEGMENT
    found = decisions.retain_or_replace(known.value, known.segmented(segments), made, by=by, **rest)
    largest: Any = found.table.sort_values("mean", ascending=False, kind="stable").head(top)
    return Answered(
        sentence=found.sentence,
        shown={"What keeping gains over replacing": largest[REPLACEMENT_SHOWN]},
        tables={"retain_or_replace": found.table, "drivers": found.drivers},
        figures={
            "retain_or_replace": lambda ax: plots.retain_or_replace(found.table, top=top, ax=ax),
            "drivers": lambda ax: plots.drivers(found.drivers, ax=ax, xlabel="gain of keeping over replacing"),
        },
    )


def budget(known: Known, *, new_customers: str | None, past_errors: bool, **choices: Any) -> Answered:
    """Revenue and margin of the coming periods."""
    length = Calendar.of(known.rfm, period=choices["period"], periods=choices["periods"]).edges[-1]
    plan = _numbers(new_customers, "new_customers")
    error = known.model_error(length, wanted=past_errors)
    found = decisions.budget(known.value, known.rfm, new_customers=plan, model_error=error, **choices)
    main = "base" if plan is None else "total"
    return Answered(
        sentence=found.sentence,
        shown={
            "Revenue": found.table.loc[("revenue", main)].filter(BUDGET_SHOWN),
            "Margin": found.table.loc[("margin", main)].filter(BUDGET_SHOWN),
            "Customers who buy at least once": found.reached,
        },
        tables={"budget": found.table, "reached": found.reached, "drivers": found.drivers},
        figures={
            name: lambda ax, name=name: plots.budget(found.table.loc[name], ax=ax, ylabel=name)
            for name in ("revenue", "margin")
        }
        | {"drivers": lambda ax: plots.drivers(found.drivers, ax=ax, xlabel="revenue")},
    )


def needed(known: Known, *, target_revenue: str | None, **choices: Any) -> Answered:
    """How many customers must be won in each period."""
    target = _numbers(target_revenue, "target_revenue")
    found = decisions.customers_needed(known.value, known.rfm, target_revenue=target, **choices)
    return Answered(
        sentence=found.sentence,
        shown={"Customers to be won": found.table},
        tables={"needed": found.table, "drivers": found.drivers},
        figures={
            "needed": lambda ax: plots.interval_points(found.table, ax=ax, ylabel="customers to be won"),
            "drivers": lambda ax: plots.drivers(found.drivers, ax=ax, xlabel="customers to be won"),
        },
    )


QUESTIONS: dict[str, Callable[..., Answered]] = {
    question.__name__: question for question in (acquisition, cohorts, churn, slipping, offer, replace, budget, needed)
}


def _offer(choices: dict[str, Any]) -> tuple[decisions.Offer, dict[str, Any]]:
    """The offer that the choices describe, and the other choices."""
    rest = dict(choices)
    kept: Any = read_effect(rest.pop("kept"), "kept")
    terms = {name: rest.pop(name) for name in ("cost", "discount", "lasts", "reach")}
    return decisions.Offer(kept=kept, lift=read_effect(rest.pop("lift"), "lift"), **terms), rest


def _costs(text: str) -> float | dict[str, float]:
    """One number, or one for each name: "search:25,mail:12"."""
    try:
        if ":" not in text:
            return float(text)
        pairs = (part.rsplit(":", 1) for part in text.split(","))
        return {name.strip(): float(number) for name, number in pairs}
    except ValueError:
        raise InvalidArgument(
            f"cost is {shown(text)}; give a number, or one for each name: search:25,mail:12"
        ) from None


def _numbers(text: str | None, name: str) -> float | list[float] | None:
    """One number, or several with commas between them."""
    if text is None:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise InvalidArgument(
            f"{name} is {shown(text)}; give a number, or one for each period, e.g. 100,120,90"
        ) from None
    return numbers[0] if len(numbers) == 1 else numbers
