"""Customers ranked by what the model expects of them, next to the simple formula and to what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clvmodels.reports.figures import SIMPLE
from clvmodels.reports.tables import Column, Table
from clvmodels.wording import plural

if TYPE_CHECKING:
    from clvmodels.evaluation.result import BacktestResult

SPREAD = 8


def has_lifetime_value(scores: pd.DataFrame) -> bool:
    """Whether the scores know the lifetime value, and not purchases alone."""
    return "lifetime_value_mean" in scores and bool(scores["lifetime_value_mean"].notna().any())


def ranked_customers(result: BacktestResult, scores: pd.DataFrame, *, margin: float = 1.0) -> pd.DataFrame:
    """Return the customers, best first, with what was expected of them and what they did.

    Parameters
    ----------
    result
        The backtest.
    scores
        The same customers' scores, as ``clvmodels.evaluation.scores`` makes them.
    margin
        Profit per unit of money spent, as in the scores.

    Returns
    -------
    DataFrame, indexed by customer_id
        rank (from 1), frequency, since_last (time units), alive (probability; missing where nobody leaves under the
        model), mean, lower and upper (of the predictive interval), simple (the simple formula) and actual. The last
        five are money, the last two of them never discounted; without lifetime values they are numbers of purchases.
    """
    money = has_lifetime_value(scores)
    target, factor = ("value", margin) if money else ("purchases", 1.0)
    expected, predictive = (
        ("lifetime_value", "predictive_lifetime_value") if money else ("expected_purchases", "predictive_purchases")
    )
    scores = scores.set_index("customer_id")
    table = pd.DataFrame(
        {
            "frequency": scores["frequency"],
            "since_last": scores["T"] - scores["recency"],
            "alive": scores.get("probability_alive_mean", np.nan),
            "mean": scores[f"{expected}_mean"],
            "lower": scores[f"{predictive}_lower"],
            "upper": scores[f"{predictive}_upper"],
            "simple": factor * _simple(result, target).reindex(scores.index),
            "actual": factor * result.split.holdout[target].reindex(scores.index),
        }
    )
    table = table.sort_values("mean", ascending=False, kind="stable")
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def _simple(result: BacktestResult, target: str) -> pd.Series:
    """Return the simple formula's means, missing where it was not asked or has no answer."""
    found = result.assessments.get((SIMPLE, target))
    index = result.split.holdout.index
    return pd.Series(np.nan, index=index) if found is None else pd.Series(found.customers["mean"])


def outcome_name(result: BacktestResult, *, money: bool) -> str:
    """Return what is expected of the customers, and within which time."""
    period = plural(round(result.split.horizon, 2), result.split.calibration.time_unit)
    return f"{'lifetime value' if money else 'purchases'} within {period}"


def spread_customers(ranked: pd.DataFrame) -> pd.DataFrame:
    """Return `SPREAD` customers from the first to the last rank, denser at the top, where the money is.

    Examples
    --------
    >>> spread_customers(pd.DataFrame({"rank": range(1, 1001)}))["rank"].tolist()
    [1, 3, 7, 19, 52, 139, 373, 1000]
    """
    places = np.unique(np.geomspace(1, len(ranked), SPREAD).round().astype(int))
    return ranked.iloc[places - 1]


def customers_table(ranked: pd.DataFrame, result: BacktestResult, *, caption: str) -> Table:
    """Return rows of `ranked_customers` as a table to show; the backtest gives the time unit and the interval."""
    unit, level = result.split.calibration.time_unit, f"{100 * result.interval:g} %"
    told = bool(ranked["alive"].notna().any())
    columns = (
        Column(title="rank", kind="count"),
        Column(title="customer", kind="text"),
        Column(title="repeat purchases", kind="count"),
        Column(title=f"{unit}s since last"),
        *([Column(title="alive", kind="share")] if told else []),
        Column(title="expected", scale="outcome"),
        Column(title=f"{level} interval", kind="interval", scale="outcome"),
        *(Column(title=title, scale="known") for title in ("simple formula", "actual")),
    )
    shown = ranked if told else ranked.drop(columns="alive")
    rows = (
        (rank, str(customer), *facts, mean, (lower, upper), simple, actual)
        for customer, rank, *facts, mean, lower, upper, simple, actual in shown.itertuples(name=None)
    )
    return Table(caption=caption, columns=columns, rows=tuple(rows))
