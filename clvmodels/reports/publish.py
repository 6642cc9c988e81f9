"""From transactions to the evaluation's three files, and to the tables that sum it up."""

from __future__ import annotations

import glob
import io
import json
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from clvmodels.errors import DataWarning
from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.export import to_json_dict
from clvmodels.evaluation.scores import scores
from clvmodels.reports.build import build_report
from clvmodels.reports.customers import (
    customers_table,
    has_lifetime_value,
    outcome_name,
    ranked_customers,
    spread_customers,
)
from clvmodels.reports.evaluation_tables import left_out_table, metrics_table
from clvmodels.reports.files import make_folder, write_whole
from clvmodels.reports.render import render_html

if TYPE_CHECKING:
    import pandas as pd

    from clvmodels.evaluation.backtest import BacktestResult
    from clvmodels.reports.tables import Table

DEFAULT_VALUE = "value"


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What was written, and what a terminal shows of it."""

    headline: str
    customers: Table
    measures: tuple[Table, ...]
    left_out: Table
    verdict: str
    files: tuple[Path, ...]


def publish_evaluation(
    transactions: Any,
    out: str | os.PathLike[str],
    *,
    margin: float = 1.0,
    annual_discount_rate: float = 0.0,
    **choices: Any,
) -> Publication:
    """Evaluate on held-out data, and write ``evaluation.json``, ``scores.parquet`` and ``report.html`` into a folder.

    Parameters
    ----------
    transactions
        As ``clv.backtest`` takes them.
    out
        The folder; made where it is missing. Files in it are replaced whole.
    margin
        Profit per unit of money spent, for the lifetime values.
    annual_discount_rate
        Effective annual rate, for the lifetime values.
    **choices
        For ``clv.backtest``.

    Raises
    ------
    ClvError
        If the transactions or a choice cannot be used, or a file cannot be written.
    """
    # Before the work, so that a place that cannot be written is found in time.
    folder = make_folder(Path(out))
    result = backtest(transactions, **choices)
    table = scores(result, margin=margin, annual_discount_rate=annual_discount_rate)
    report = build_report(result, table, margin=margin, annual_discount_rate=annual_discount_rate)
    return Publication(
        headline=report.headline,
        customers=_customers(result, table, margin=margin),
        measures=tuple(metrics_table(result, target) for target in result.targets),
        left_out=left_out_table(result.split.calibration.log),
        verdict=result.verdict(),
        files=(
            write_whole(folder / "evaluation.json", _json(result)),
            write_whole(folder / "scores.parquet", _parquet(table)),
            write_whole(folder / "report.html", render_html(report).encode()),
        ),
    )


def default_value_column(path: str | os.PathLike[str]) -> str | None:
    """Return "value" if a CSV or Parquet file has such a column; else None, with a warning.

    A file that cannot be read is left to `clv.backtest`, which says why.

    Parameters
    ----------
    path
        One file, or a glob pattern.
    """
    try:
        columns = _columns(os.fspath(path))
    except duckdb.Error:
        return DEFAULT_VALUE
    if DEFAULT_VALUE in columns:
        return DEFAULT_VALUE
    found = f"there is no column {DEFAULT_VALUE!r} among {columns}"
    warnings.warn(
        f"{found}: purchases alone are evaluated; name the spend column to change this", DataWarning, stacklevel=2
    )
    return None


def _columns(path: str) -> list[str]:
    pattern = glob.escape(path) if Path(path).exists() else path
    with duckdb.connect() as connection:
        if Path(path).suffix in (".parquet", ".pq"):
            return connection.read_parquet(pattern).columns
        return connection.read_csv(pattern, all_varchar=True, header=True).columns


def _customers(result: BacktestResult, table: pd.DataFrame, *, margin: float) -> Table:
    spread = spread_customers(ranked_customers(result, table, margin=margin))
    outcome = outcome_name(result, money=has_lifetime_value(table))
    caption = f"Customers from the first to the last rank by expected {outcome}, with predictive intervals"
    return customers_table(spread, result, caption=caption)


def _json(result: BacktestResult) -> bytes:
    return json.dumps(to_json_dict(result), indent=2, allow_nan=False).encode() + b"\n"


def _parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()
