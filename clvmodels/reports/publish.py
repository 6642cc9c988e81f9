"""From transactions to the evaluation's three files, and to the tables that sum it up."""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.export import to_json_dict
from clvmodels.evaluation.scores import scores
from clvmodels.files import make_folder, write_whole
from clvmodels.reports.build import build_report
from clvmodels.reports.customers import (
    customers_table,
    has_lifetime_value,
    outcome_name,
    ranked_customers,
    spread_customers,
)
from clvmodels.reports.evaluation_tables import left_out_table, metrics_table
from clvmodels.reports.render import render_html

if TYPE_CHECKING:
    import pandas as pd

    from clvmodels.evaluation.backtest import BacktestResult
    from clvmodels.reports.tables import Table


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
