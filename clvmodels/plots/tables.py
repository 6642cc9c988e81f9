"""The table that each plot takes, the call that makes it, and the check of what is handed in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from clvmodels.errors import InvalidArgument


@dataclass(frozen=True)
class Table:
    """What a plot takes.

    Attributes
    ----------
    call : str
        What makes it.
    columns : str
        Those that it must have.
    levels : str
        The names of its index's levels, as the call makes them; "*" for a level of any name.
    """

    call: str
    columns: str = "mean lower upper"
    levels: str = "*"


BY_TENTH = "forecaster decile"
# Levels on the axis of a plot.
NUMBERS = {"customers", "time", "frequency", "recency", "at", "share", "power", "at_least", "below"}
MATRIX = "purchases.frequency_recency_matrix(T=39"
TABLES = {
    "budget": Table("budget(...).table.loc['revenue']", levels="source period"),
    "cohorts": Table("follow_cohorts(...).table", "cost realised mean lower upper"),
    "concentration": Table("value.concentration(rfm, horizon=52)", levels="customers"),
    "coverage": Table("result.coverage()", "forecaster level covered attainable randomised"),
    "customer_base": Table("churn(...).by_period", levels="quantity time"),
    "differences": Table("result.compare(baseline).loc['purchases']", "advantage lower upper scale outcome"),
    "drivers": Table("the answer's drivers, such as churn(...).drivers", "answer_low answer_high answer low high"),
    "frequency_check": Table("criticise(...).frequencies", "customers expected lower upper"),
    "frequency_recency_matrix": Table(f"{MATRIX}, horizon=52)", levels="frequency recency"),
    "heterogeneity": Table("purchases.heterogeneity().loc['purchase_rate']", levels="at"),
    "history_alive": Table("purchases.probability_alive_path(dates, until=...)", "mean lower upper purchase", "date"),
    "interval_points": Table("a method that returns means and intervals, such as value.total(rfm, horizon=52)"),
    "lifetime_value": Table("value.predictive(rfm, horizon=52)"),
    "lift": Table("result.lift()", f"{BY_TENTH} share cumulative lift"),
    "net_gain": Table("retention_offer(...).curve", levels="share"),
    "pareto_k": Table("criticise(...).k_hats", "part k_hat customers"),
    "payback": Table("acquisition(...).curve", "mean lower upper cost", "channel time"),
    "pit": Table("result.pit()", "lower upper share expected band_lower band_upper"),
    "prior_posterior": Table("purchases.prior_and_posterior().loc['r']", "prior posterior", "at"),
    "prior_sensitivity": Table("criticise(...).sensitivity.loc['purchases']", levels="power"),
    "probability_alive_matrix": Table(f"{MATRIX}, quantity='probability_alive')", levels="frequency recency"),
    "reliability": Table("result.reliability()", "customers actual"),
    "reliability_by_decile": Table("result.reliability(by='decile')", f"{BY_TENTH} customers predicted actual"),
    "retain_or_replace": Table("retain_or_replace(...).table", "mean lower upper verdict"),
    "spend_by_frequency": Table("criticise(...).independence.by_frequency", "customers mean lower upper"),
    "survival": Table("churn(...).survival", levels="group time"),
    "totals": Table(
        "rolling.totals().loc[('value', forecaster)]", "predicted lower upper wide_lower wide_upper actual"
    ),
    "tracking": Table("result.tracking()", "end actual"),
    "value_distribution": Table("value.distribution(rfm, horizon=52)", levels="at_least below"),
}


def checked(plot: str, found: object) -> pd.DataFrame:
    """Return the table of a plot, less the outer levels of its index that hold one value only.

    Raises
    ------
    InvalidArgument
        If it is no table, or another one, or its outer levels tell several apart; the message names what was found,
        and the call that makes the right one.

    Examples
    --------
    >>> table = pd.DataFrame({"mean": [1.0], "lower": [0.5], "upper": [2.0]}, index=["Oct"])
    >>> checked("interval_points", table) is table
    True
    """
    wanted = TABLES[plot]
    if not isinstance(found, pd.DataFrame):
        raise _refused(plot, f"this is a {type(found).__name__}, not a table")
    if missing := [name for name in wanted.columns.split() if name not in found.columns]:
        raise _refused(plot, f"this table has no {', '.join(missing)}, but {_named(found.columns)}")
    table = _innermost(plot, found, len(wanted.levels.split()))
    pairs = zip(table.index.names, wanted.levels.split(), strict=True)
    if any(name is not None and level not in ("*", name) for name, level in pairs):
        raise _refused(plot, f"this table is indexed by {_named(table.index.names)}")
    numbers = (place for place, level in enumerate(wanted.levels.split()) if level in NUMBERS)
    if any(not pd.api.types.is_numeric_dtype(table.index.get_level_values(place).dtype) for place in numbers):
        raise _refused(plot, "its index holds no numbers")
    return table


def _innermost(plot: str, table: pd.DataFrame, levels: int) -> pd.DataFrame:
    """Drop the levels that are too many, where they tell nothing apart."""
    index, outer = table.index, table.index.nlevels - levels
    if outer < 0:
        raise _refused(plot, f"this table is indexed by {_named(index.names)} alone")
    if outer == 0:
        return table
    groups = index.droplevel(list(range(outer, index.nlevels))).unique()
    if len(groups) > 1:
        what = ", ".join(map(repr, groups[:3])) + (", ..." if len(groups) > 3 else "")
        raise _refused(plot, f"this table is of {len(groups)}: {what}; draw one of them, table.loc[{groups[0]!r}]")
    return table.droplevel(list(range(outer)))


def _refused(plot: str, found: str) -> InvalidArgument:
    return InvalidArgument(f"plots.{plot} cannot draw it: {found}; what it draws is made by {TABLES[plot].call}")


def _named(names: Iterable[object]) -> str:
    shown = [str(name)[:30] for name in names]
    return ", ".join(shown[:8]) + (", ..." if len(shown) > 8 else "")
