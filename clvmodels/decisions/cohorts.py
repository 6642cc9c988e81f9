"""Cohorts followed: what customers won together have brought so far, will bring, and cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels.decisions.checks import check_model_error, check_value, costs_of, grouped
from clvmodels.decisions.drivers import STEP, Certain, driver_sentence, drivers, per_unit
from clvmodels.errors import InvalidArgument, InvalidRFM, check_horizon, check_interval, check_share
from clvmodels.intervals import Array, DrawBlocks, interval_table
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.model_error import ModelError
from clvmodels.notebook import answer_as_html
from clvmodels.rfm import RFM, days_per_unit
from clvmodels.wording import amount, between, listed, plural

REPAID, WILL, WILL_NOT, EARLY = "repaid", "will repay", "will not repay", "too early to say"
COHORT, MAIN = "cohort", "value less cost"


@dataclass(frozen=True, kw_only=True, eq=False)
class Cohorts:
    """The answer of `follow_cohorts`.

    Attributes
    ----------
    table : DataFrame
        Indexed by cohort: customers, age (mean time since the first purchase), cost (of all), realised (margin so far),
        mean, lower and upper (predictive, of realised and to come), probability_repaid, verdict ("repaid" already,
        "will repay", "will not repay", "too early to say") and mature (whether the verdict is any but the last).
    drivers : DataFrame
        Of all cohorts' value less their cost.
    sentence : str
    """

    table: pd.DataFrame
    drivers: pd.DataFrame
    sentence: str

    _repr_html_ = answer_as_html


def follow_cohorts(
    value: LifetimeValue,
    rfm: RFM,
    *,
    cost: float | Mapping[str, float],
    horizon: float,
    by: str | None = None,
    confidence: float = 0.9,
    interval: float = 0.9,
    model_error: ModelError | None = None,
    random_seed: int | None = None,
) -> Cohorts:
    """Follow the cohorts of customers won: value realised so far plus value to come, against what they cost.

    Money that came in counts in full, as did the cost; what is to come is discounted to the observation end. A cohort's
    interval narrows as it matures, since more of its horizon is behind it.

    Parameters
    ----------
    value : LifetimeValue
    rfm : RFM
        With total_value, as `rfm_summary` makes it.
    cost : float, or dict of cohort -> float
        Of winning one customer.
    horizon : float
        How long a customer's margin counts, in the models' time unit, from the first purchase on. What a customer older
        than that has brought counts as well, and nothing more is to come.
    by : str, optional
        A column of `rfm.frame` with the cohorts; by default the month of the first purchase ("1997-01").
    confidence : float
        From this probability on that the cost is (or is not) reached, a verdict is given.
    interval : float
        Probability inside the intervals.
    model_error : ModelError, optional
        What `clvmodels.estimate_model_error` learnt from the past: widens what is to come.
    random_seed : int, optional
        Replaces the fit's seed.

    Returns
    -------
    Cohorts

    Raises
    ------
    InvalidArgument
        If a cost is negative or missing, a choice is outside its domain, or the month of the first purchase is unknown.
    InvalidRFM
        If the RFM has no total_value.

    Examples
    --------
    >>> from clvmodels.datasets import simulate_transactions
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> from clvmodels.rfm import rfm_summary
    >>> rfm = rfm_summary(simulate_transactions(customers=200, length=39, random_seed=1), observation_end="2020-09-30")
    >>> value = LifetimeValue(*cdnow_posteriors())
    >>> follow_cohorts(value, rfm, cost=30, horizon=156).table["verdict"].tolist()
    ['repaid', 'repaid', 'repaid']
    """
    check_interval(interval)
    check_share(confidence, "confidence", above=0.5)
    check_model_error(model_error)
    length = check_horizon(horizon)
    check_value(value).purchases.check_customers(rfm)
    rfm = rfm if by is not None else rfm.assign(**{COHORT: acquisition_month(rfm)})
    codes, names = grouped(rfm, by or COHORT)
    age, known = rfm.frame["T"].to_numpy(float), _known(value, rfm, codes, names, cost)
    left = np.maximum(length - age, 0.0)
    drawn = value.blocks(rfm, horizon=left, kind="predictive", random_seed=random_seed).sums(codes, len(names))
    to_come = drawn if model_error is None else model_error.widened(drawn)
    table = known.assign(**_whole(known, drawn, to_come, interval), **_judged(known, to_come, confidence))
    cost_of_all = float(known["cost"].sum())
    realised = float(known["realised"].sum())
    net = drawn.sum(axis=1) + realised - cost_of_all
    counts = value.purchases.outcomes(rfm, random_seed=random_seed).counts(left).sums(np.zeros(len(rfm), int), 1)[:, 0]
    inputs = _inputs(drawn.sum(axis=1), counts)
    moved = drivers(net, uncertain=inputs, certain=_certain(net, cost_of_all), interval=interval)
    return Cohorts(
        table=table,
        drivers=moved,
        sentence=_sentence(table, to_come.sum(axis=1) + realised, interval) + driver_sentence(moved, MAIN),
    )


def _known(
    value: LifetimeValue, rfm: RFM, codes: NDArray[np.integer], names: pd.Index, cost: float | Mapping[str, float]
) -> Any:
    """What is certain of each cohort."""
    customers, age = np.bincount(codes), rfm.frame["T"].to_numpy(float)
    columns = {
        "customers": customers,
        "age": np.bincount(codes, weights=age) / customers,
        "cost": customers * np.array(list(costs_of(cost, list(names), "cohorts").values())),
        "realised": np.bincount(codes, weights=_realised(value, rfm)).astype(float),
    }
    return pd.DataFrame(columns, index=names.rename(COHORT))


def _whole(known: pd.DataFrame, drawn: Array, to_come: Array, interval: float) -> dict[str, Any]:
    """Mean, lower and upper of realised and to come; widened draws have no mean, and their ends are not inside."""
    realised = known["realised"].to_numpy()
    plain, wide = (
        interval_table(known.index, DrawBlocks.of(realised + each), interval=interval, kind="predictive")
        for each in (drawn, to_come)
    )
    # All are quantiles of draws: by chance a wider one may end a step inside the other.
    lower, upper = np.minimum(wide["lower"], plain["lower"]), np.maximum(wide["upper"], plain["upper"])
    return {"mean": realised + drawn.mean(axis=0), "lower": lower, "upper": upper}


def _judged(known: pd.DataFrame, to_come: Array, confidence: float) -> dict[str, Any]:
    realised, cost = known["realised"].to_numpy(), known["cost"].to_numpy()
    repaid = (realised + to_come >= cost).mean(axis=0)
    conditions = [realised >= cost, repaid >= confidence, repaid <= 1 - confidence]
    verdict = np.select(conditions, [REPAID, WILL, WILL_NOT], EARLY)
    return {"probability_repaid": repaid, "verdict": verdict, "mature": verdict != EARLY}


def acquisition_month(rfm: RFM) -> pd.Series:
    """The month of each customer's first purchase, such as "1997-01", by customer_id.

    Raises
    ------
    InvalidArgument
        If the RFM knows neither first_date nor the observation end.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> acquisition_month(load_cdnow_summary()).unique().tolist()
    ['1997-01', '1997-02', '1997-03']
    """
    if "first_date" in rfm.frame.columns:
        first = pd.to_datetime(rfm.frame["first_date"])
    elif rfm.observation_end is not None:
        days = np.round(rfm.frame["T"].to_numpy(float) * days_per_unit(rfm.time_unit))
        first = pd.Series(rfm.observation_end - pd.to_timedelta(days, unit="D"), index=rfm.frame.index)
    else:
        raise InvalidArgument(
            "the RFM has neither first_date nor an observation end; give by= (a column with the cohorts), or"
            " RFM.from_frame(..., observation_end=...)"
        )
    return first.dt.to_period("M").astype(str)


def _realised(value: LifetimeValue, rfm: RFM) -> Array:
    """Margin of each customer's purchases so far, the first included."""
    if "total_value" not in rfm.frame.columns:
        raise InvalidRFM("the RFM has no total_value; make it from a log with a value column, by rfm_summary")
    purchases = rfm.frame["frequency"].to_numpy(float) + 1
    return value.margin * rfm.frame["total_value"].to_numpy(float) - value.cost_per_purchase * purchases


def _inputs(value: Array, purchases: Array) -> dict[str, Array]:
    """What the value to come is made of, in every draw."""
    return {"purchases to come": purchases, "margin per purchase": per_unit(value, purchases)}


def _certain(net: Array, cost: float) -> dict[str, Certain]:
    tenth = STEP * cost
    return {"cost": Certain(cost, net.mean() + tenth, net.mean() - tenth)}


def _sentence(table: Any, whole: Array, interval: float) -> str:
    counts, cost = table["verdict"].value_counts(), float(table["cost"].sum())
    said = listed([f"{counts[name]} {name}" for name in (REPAID, WILL, WILL_NOT, EARLY) if name in counts])
    index, draws = pd.Index(["all"]), DrawBlocks.of(whole[:, None])
    row = interval_table(index, draws, interval=interval, kind="predictive").loc["all"]
    return (
        f"{plural(len(table), 'cohort')} of {plural(int(table['customers'].sum()), 'customer')} cost {amount(cost)}, "
        f"have brought {amount(table['realised'].sum())} and will have brought {amount(table['mean'].sum())}"
        f"{between(row, interval, 'predictive')} within the horizon: {said}. "
    )
