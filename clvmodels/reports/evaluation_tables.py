"""A backtest's figures as tables: the data, what was left out, the totals, the measures, the fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clvmodels.plots.style import label
from clvmodels.reports.tables import Column, Kind, Table
from clvmodels.reports.words import long_date, plural

if TYPE_CHECKING:
    import pandas as pd

    from clvmodels.evaluation.backtest import BacktestResult

NOUNS = {"purchases": "purchases", "value": "spend"}
METRICS: dict[str, tuple[str, Kind]] = {
    "bias": ("bias", "change"),
    "mae": ("MAE", "figure"),
    "rmse": ("RMSE", "figure"),
    "pearson": ("Pearson", "correlation"),
    "spearman": ("Spearman", "correlation"),
    "normalized_gini": ("Gini", "correlation"),
    "coverage": ("coverage", "share"),
    "width": ("width", "figure"),
}


def data_table(result: BacktestResult) -> Table:
    """Return what was evaluated: customers, the two periods, purchases and spend."""
    split, rfm = result.split, result.split.calibration
    repeaters = int(np.count_nonzero(rfm.frame["frequency"]))
    rows = [
        ("customers known at the calibration end", plural(len(rfm), "customer")),
        ("of them with a repeat purchase", plural(repeaters, "customer")),
        ("calibration ends", long_date(split.calibration_end)),
        ("holdout ends", f"{long_date(split.holdout_end)}, {plural(round(split.horizon, 2), rfm.time_unit)} later"),
        ("purchases in the holdout", plural(np.sum(split.holdout["purchases"].to_numpy()), "purchase day")),
    ]
    if "value" in split.holdout:
        rows.append(("spend in the holdout", f"{split.holdout['value'].sum():,.0f}"))
    new = f"{plural(split.new_customers, 'customer')}, {plural(split.new_purchases, 'purchase day')}"
    rows.append(("first seen in the holdout, not forecast", new))
    columns = (Column(title="what", kind="text"), Column(title="how many, or when", kind="text"))
    return Table(caption="Customers and periods", columns=columns, rows=tuple(rows))


def left_out_table(log: pd.DataFrame) -> Table:
    """Return what was merged, left out or kept on the way from the transactions, counted."""
    columns = (Column(title="what", kind="text"), Column(title="rows or customers", kind="count"))
    columns = (*columns, Column(title="treatment", kind="text"))
    found = log.loc[log["count"] > 0, ["what", "count", "treatment"]]
    rows = found.itertuples(index=False, name=None)
    return Table(caption="What was left out or merged", columns=columns, rows=tuple(rows))


def totals_table(result: BacktestResult, target: str) -> Table:
    """Return each forecaster's total over all customers, next to the actual one."""
    titles = ("predicted", "lower", "upper", "actual")
    table = result.totals().loc[target]
    columns = (Column(title="forecaster", kind="text"), *(Column(title=title, scale="total") for title in titles))
    rows = ((label(name), *row[list(titles)].tolist()) for name, row in table.iterrows())
    return Table(caption=f"Total {NOUNS[target]} of all customers in the holdout", columns=columns, rows=tuple(rows))


def metrics_table(result: BacktestResult, target: str) -> Table:
    """Return the measures of every forecaster for one target."""
    table = result.table().loc[target]
    columns = (Column(title="forecaster", kind="text"), *(_metric_column(name) for name in table.columns))
    rows = ((label(name), *row.tolist()) for name, row in table.iterrows())
    return Table(caption=f"Measures for {NOUNS[target]} per customer", columns=columns, rows=tuple(rows))


def _metric_column(name: str) -> Column:
    stem, _, level = name.rpartition("_")
    if stem in METRICS and level.isdigit():
        title, kind = METRICS[stem]
        return Column(title=f"{title} {level} %", kind=kind)
    title, kind = METRICS.get(name, (name, "number"))
    return Column(title=title, kind=kind)
