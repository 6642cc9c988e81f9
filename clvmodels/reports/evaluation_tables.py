"""A backtest's figures as tables: the data, what was left out, the totals, the measures, the differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clvmodels.evaluation.measures import catalogue
from clvmodels.names import NOUNS, label
from clvmodels.plots.style import BANDS
from clvmodels.reports.tables import Column, Kind, Table
from clvmodels.reports.terms import Terms

if TYPE_CHECKING:
    import pandas as pd

    from clvmodels.evaluation.result import BacktestResult
    from clvmodels.evaluation.rolling import RollingResult

GROUPS = {
    "level and error": ("bias", "rmse", "poisson_deviance", "mae", "mae_median", "mape_cumulative", "mape_incremental"),
    "ranking": ("concordance_index", "normalized_gini", "top_decile_capture", "spearman", "pearson"),
    "active or not": ("hit_rate", "brier_score", "log_loss"),
    "whole distribution": ("crps", "log_score", "pit_distance", "pit_p_value"),
}
DIFFERENCES = (
    "bias",
    "rmse",
    "poisson_deviance",
    "mae_median",
    "crps",
    "concordance_index",
    "normalized_gini",
    "top_decile_capture",
    "spearman",
)
KINDS: dict[str, Kind] = {
    "bias": "change",
    "mae": "error",
    "mae_median": "error",
    "rmse": "error",
    "poisson_deviance": "error",
    "crps": "error",
    "mape_cumulative": "share",
    "mape_incremental": "share",
    "top_decile_capture": "share",
    "hit_rate": "share",
}
# Those that a page or a terminal has room for beside the model.
FEW = ("multiplicative_customer", "as_before")
FORECASTER = Column(title="forecaster", kind="text")
PLAIN = Terms()


def left_out_table(log: pd.DataFrame) -> Table:
    """Return what was merged, left out or kept on the way from the transactions, counted."""
    columns = (Column(title="what", kind="text"), Column(title="rows or customers", kind="count"))
    columns = (*columns, Column(title="treatment", kind="text"))
    found = log.loc[log["count"] > 0, ["what", "count", "treatment"]]
    rows = found.itertuples(index=False, name=None)
    return Table(caption="What was left out or merged", columns=columns, rows=tuple(rows))


def totals_table(result: BacktestResult, target: str, terms: Terms = PLAIN) -> Table:
    """Return each forecaster's total over all customers, with its two intervals, next to the actual one."""
    table = result.totals().loc[target]
    rows = ((label(str(name)), *total_cells(row)) for name, row in table.iterrows())
    caption = terms.titled(f"Total {NOUNS[target]} of all customers in the holdout", is_money=target == "value")
    return Table(caption=caption, columns=(FORECASTER, *total_columns(result.interval)), rows=tuple(rows))


def segments_table(result: BacktestResult, target: str, terms: Terms = PLAIN, *, most: int | None = None) -> Table:
    """Return the totals of each segment, or of the `most` largest, by the forecaster under test."""
    table: Any = result.totals("segment").xs((target, result.model), level=("target", "forecaster"))
    count = len(table)
    if most is not None and count > most:
        table = table[table["customers"].rank(method="first", ascending=False) <= most]
    columns = (Column(title="segment", kind="text"), Column(title="customers", kind="count"))
    rows = ((str(name), row["customers"], *total_cells(row)) for name, row in table.iterrows())
    caption = terms.titled(f"Total {NOUNS[target]} in the holdout by segment", is_money=target == "value")
    caption += f": the {most} largest of {count:,}" if len(table) < count else ""
    return Table(caption=caption, columns=(*columns, *total_columns(result.interval)), rows=tuple(rows))


def total_columns(interval: float) -> tuple[Column, ...]:
    """The columns of a total with its intervals, beside what happened, which is known exactly."""
    level = f"{100 * interval:g} %"
    return (
        Column(title="predicted", scale="total"),
        Column(title=f"{level} interval", kind="interval", scale="total"),
        Column(title="widened", kind="interval", scale="total"),
        Column(title="actual"),
    )


def total_cells(row: Any) -> tuple[Any, ...]:
    """The cells of `total_columns`, from a row of ``result.totals()``."""
    own, wide = (row["lower"], row["upper"]), (row["wide_lower"], row["wide_upper"])
    return row["predicted"], own, wide, row["actual"]


def new_customers_table(result: BacktestResult, terms: Terms = PLAIN) -> Table:
    """Return what customers first seen in the holdout did, and what was expected of them."""
    table = result.new_customers()
    columns = [Column(title="what", kind="text")]
    rows: list[tuple[Any, ...]] = [(terms.noun(name) if name in NOUNS else str(name),) for name in table.index]
    if "predicted" in table:
        columns += [
            Column(title="predicted", scale="total"),
            Column(title=f"{100 * result.interval:g} % interval", kind="interval", scale="total"),
        ]
        ends = zip(table["lower"].tolist(), table["upper"].tolist(), strict=True)
        rows = [(*row, mean, pair) for row, mean, pair in zip(rows, table["predicted"].tolist(), ends, strict=True)]
    columns.append(Column(title="actual", kind="error"))
    rows = [(*row, actual) for row, actual in zip(rows, table["actual"].tolist(), strict=True)]
    return Table(caption="Customers first seen in the holdout", columns=tuple(columns), rows=tuple(rows))


def evaluation_tables(result: BacktestResult, target: str, terms: Terms = PLAIN) -> tuple[Table, ...]:
    """Return the tables of all measures of one target."""
    tables = (
        *metrics_tables(result, target),
        coverage_table(result, target),
        differences_table(result, target),
        *([deciles_table(result, target, terms)] if (result.model, target) in result.assessments else []),
        reliability_table(result, target, terms, forecasters=(result.model, *FEW)),
    )
    return tuple(table for table in tables if table.rows)


def metrics_tables(result: BacktestResult | RollingResult, target: str, *, where: str = "") -> list[Table]:
    """Return the measures of every forecaster for one target, a table for each group of them."""
    table: Any = result.table().loc[target]
    words = catalogue()["label"].to_dict()
    return [
        _metrics_table(table[names], words, caption=f"Measures for {NOUNS[target]} per customer: {group}{where}")
        for group, names in ((group, _shown(table, names)) for group, names in GROUPS.items())
        if names
    ]


def _shown(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """The measures that any forecaster has."""
    return [name for name in names if bool(table[name].notna().any())]


def _metrics_table(table: pd.DataFrame, words: Mapping[str, str], *, caption: str) -> Table:
    columns = (FORECASTER, *(Column(title=words[name], kind=KINDS.get(name, "correlation")) for name in table.columns))
    rows = ((label(str(name)), *row.tolist()) for name, row in table.dropna(how="all").iterrows())
    return Table(caption=caption, columns=columns, rows=tuple(rows))


def coverage_table(result: BacktestResult, target: str) -> Table:
    """Return how many customers the intervals held, by level."""
    table = result.coverage(target)
    shares = ("level", "covered", "attainable", "randomised")
    columns = (FORECASTER, *(Column(title=name, kind="share") for name in shares), Column(title="width", kind="error"))
    rows = ((label(name), *figures) for name, *figures in table.itertuples(index=False, name=None))
    caption = f"Measures for {NOUNS[target]} per customer: intervals"
    return Table(caption=caption, columns=columns, rows=tuple(rows))


def differences_table(
    result: BacktestResult | RollingResult, target: str, *, baselines: Sequence[str] | None = None
) -> Table:
    """Return how far the model is ahead of baselines, by default of each, in the measures that matter."""
    level = f"{100 * result.interval:g} %"
    columns = (
        Column(title="baseline", kind="text"),
        Column(title="measure", kind="text"),
        Column(title="model", kind="error"),
        Column(title="its own", kind="error"),
        Column(title="advantage", scale="advantage"),
        Column(title=f"{level} interval", kind="interval", scale="advantage"),
        Column(title="model is", kind="text"),
    )
    caption = f"Differences for {NOUNS[target]}; above 0 the model is better"
    return Table(
        caption=caption, columns=columns, rows=tuple(_differences(result, target, baselines or result.baselines))
    )


def _differences(
    result: BacktestResult | RollingResult, target: str, baselines: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    for baseline in baselines:
        table = result.compare(baseline).loc[target]
        for name in DIFFERENCES:
            row = table.loc[name]
            if row["outcome"] != "not defined":
                outcome = row["outcome"].replace("no clear difference", "unclear")
                figures = row["model"], row["baseline"], row["advantage"], (row["lower"], row["upper"])
                yield (label(baseline), row["label"], *figures, outcome)


def deciles_table(result: BacktestResult, target: str, terms: Terms = PLAIN) -> Table:
    """Return tenths of the customers by the model's prediction, best first: predicted, actual, and lift."""
    means = result.reliability(by="decile", target=target).query("forecaster == @result.model")
    gains = result.lift(target).query("forecaster == @result.model")
    best_first = means.iloc[::-1]
    columns = (
        Column(title="tenth", kind="count"),
        Column(title="predicted, mean", kind="error"),
        Column(title="actual, mean", kind="error"),
        *(Column(title=title, kind="share") for title in ("share of all", "cumulative")),
        Column(title="lift", kind="figure"),
    )
    parts = best_first["predicted"], best_first["actual"], gains["share"], gains["cumulative"], gains["lift"]
    rows = zip(range(1, 11), *(part.tolist() for part in parts), strict=True)
    caption = f"Tenths of the customers by predicted {terms.noun(target)}, highest first: {label(result.model)}"
    return Table(caption=caption, columns=columns, rows=tuple(rows))


def reliability_table(
    result: BacktestResult, target: str, terms: Terms = PLAIN, *, forecasters: Sequence[str] | None = None
) -> Table:
    """Return mean outcomes and predictions by calibration frequency, of some forecasters or of all."""
    table = result.reliability(target=target)
    table = table.drop(
        columns=[] if forecasters is None else [name for name in result.names if name not in forecasters],
        errors="ignore",
    )
    columns = (Column(title="repeat purchases", kind="text"), Column(title="customers", kind="count"))
    names = [name for name in table.columns if name != "customers" and not name.endswith(BANDS)]
    columns = (*columns, *(Column(title=label(name), kind="figure") for name in names))
    rows = ((str(group), row["customers"], *row[names].tolist()) for group, row in table.iterrows())
    caption = f"Mean {terms.noun(target)} in the holdout by repeat purchases in calibration"
    return Table(caption=caption, columns=columns, rows=tuple(rows))
