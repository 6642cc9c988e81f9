"""From transactions to the evaluation's three files, and to the tables that sum it up."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.export import to_json_dict
from clvmodels.evaluation.rolling import evaluate_splits
from clvmodels.evaluation.scores import scores
from clvmodels.evaluation.verdict import place, told_interval
from clvmodels.files import CUSTOMERS, EVALUATION, REPORT, Kind, check_output, check_unread, make_folder, write_whole
from clvmodels.reports.build import build_report
from clvmodels.reports.criticism_tables import criticism_tables
from clvmodels.reports.customers import (
    customers_table,
    has_lifetime_value,
    outcome_name,
    ranked_customers,
    spread_customers,
)
from clvmodels.reports.evaluation_tables import (
    evaluation_tables,
    left_out_table,
    new_customers_table,
    segments_table,
    totals_table,
)
from clvmodels.reports.outlook import look_ahead
from clvmodels.reports.parts import Estimate
from clvmodels.reports.render import Format, render
from clvmodels.reports.rolling_tables import rolling_tables
from clvmodels.reports.tables import decimals_for
from clvmodels.reports.terms import Terms
from clvmodels.reports.words import long_date
from clvmodels.rfm import LogChoices, asking_for, check_opportunities, needed_statistics, rolling_splits
from clvmodels.wording import plural, shown_number

if TYPE_CHECKING:
    import pandas as pd

    from clvmodels.evaluation.result import BacktestResult
    from clvmodels.evaluation.rolling import RollingResult
    from clvmodels.reports.tables import Table


FILES = {"evaluation.json": EVALUATION, "scores.parquet": CUSTOMERS}
CUT_CHOICES = ("holdout_end", *LogChoices.__annotations__)


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What was written, and what a terminal shows of it."""

    headline: str
    customers: Table
    evaluation: tuple[Table, ...]
    verdict: str
    rolling: tuple[Table, ...]
    rolling_verdict: str
    fit: tuple[Table, ...]
    left_out: Table
    files: tuple[Path, ...]


@dataclass(frozen=True, kw_only=True)
class Origins:
    """Several origins for the same comparison.

    Attributes
    ----------
    origins : int or sequence of dates
    horizon : float, optional
        Length of their holdouts in time units; by default that of the holdout.
    """

    origins: int | Sequence[str]
    horizon: float | None = None


def publish_evaluation(
    transactions: Any,
    out: str | os.PathLike[str],
    *,
    origins: Origins | None = None,
    margin: float = 1.0,
    annual_discount_rate: float = 0.0,
    currency: str = "",
    format: Format = "html",
    **choices: Any,
) -> Publication:
    """Evaluate on held-out data, and write ``evaluation.json``, ``scores.parquet`` and a report into a folder.

    Parameters
    ----------
    transactions
        As ``clv.backtest`` takes them.
    out
        The folder; made where it is missing. What an earlier evaluation wrote is replaced whole, nothing else.
    origins
        For the same comparison from several origins as well, until the holdout's end.
    margin
        Profit per unit of money spent, for the lifetime values.
    annual_discount_rate
        Effective annual rate, for the lifetime values.
    currency
        A code or a sign, for amounts of money.
    format
        Of the report, which is the file ``report.html``, ``report.md`` or ``report.json``.
    **choices
        For ``clv.backtest``.

    Raises
    ------
    ClvError
        If the transactions or a choice cannot be used, or a file cannot be written.
    """
    # Before the work, so that a place that cannot be written is found in time.
    folder, terms = make_folder(out), {"margin": margin, "annual_discount_rate": annual_discount_rate}
    to = _outputs(folder, format, transactions)
    shown_in = Terms(currency=currency, **terms)
    check_opportunities(needed_statistics((choices.get("forecasters") or [])[:1]), choices)
    result = backtest(transactions, **choices)
    rolling = None if origins is None else _rolling(transactions, origins, result, choices)
    table, ahead = scores(result, **terms), look_ahead(result, shown_in)
    page = render(build_report(result, ahead, terms=shown_in, rolling=rolling), format=format)
    criticism = None if ahead is None else ahead.criticism
    plain = to_json_dict(result, criticism=criticism, rolling=rolling, currency=currency)
    return Publication(
        headline=headline(result, shown_in),
        customers=_customers(result, table, shown_in),
        evaluation=_evaluation(result, shown_in),
        verdict=result.verdict(currency=currency),
        rolling=() if rolling is None else tuple(rolling_tables(rolling)),
        rolling_verdict="" if rolling is None else rolling.verdict(),
        fit=() if criticism is None else criticism_tables(criticism, shown_in),
        left_out=left_out_table(result.split.calibration.log),
        files=tuple(
            write_whole(path, content, kind)
            for (path, kind), content in zip(to.items(), (_json(plain), _parquet(table), page.encode()), strict=True)
        ),
    )


def _outputs(folder: Path, format: Format, transactions: Any) -> dict[Path, Kind]:
    """The files to write, none of which is somebody else's, or read."""
    to = {folder / name: kind for name, kind in {**FILES, f"report.{format}": REPORT}.items()}
    for path, kind in to.items():
        check_unread(path, transactions)
        check_output(path, kind)
    return to


def headline(result: BacktestResult, terms: Terms) -> str:
    """Return the total that was expected of the holdout, with its interval, and the actual one, in a sentence."""
    split = result.split
    totals = result.totals().xs(result.model, level="forecaster").dropna(subset="predicted")
    target, total = totals.index[-1], totals.iloc[-1]
    customers = plural(len(split.calibration), "customer")
    period = plural(round(split.horizon, 2), split.calibration.time_unit)
    is_money = target == "value"
    verb, done = ("spend", "spent") if is_money else ("make", "made")
    unit = "money" if is_money else "purchases"
    lower, upper, wide = told_interval(total.to_dict())
    row = {"mean": total["predicted"], "lower": lower, "upper": upper}
    expected, interval = Estimate.of(unit, row, kind="predictive", unit=unit).shown(terms)
    actual = shown_number(total["actual"], decimals=decimals_for(total["actual"]))
    actual = terms.money(actual) if is_money else f"{actual} purchases"
    return (
        f"The {customers} known on {long_date(split.calibration_end)} were expected to {verb} {expected} within the "
        f"{period} that followed ({100 * result.interval:g} % interval {interval}"
        f"{', with past errors' if wide else ''}); they {done} {actual}, "
        f"{place(total['actual'], lower, upper)} that interval."
    )


def _rolling(transactions: Any, asked: Origins, result: BacktestResult, choices: Mapping[str, Any]) -> RollingResult:
    horizon = result.split.horizon if asked.horizon is None else asked.horizon
    shared = {name: choices[name] for name in CUT_CHOICES if name in choices}
    log: Any = result.split.log
    made = asking_for(log.statistics, shared)
    splits = rolling_splits(transactions, origins=asked.origins, horizon=horizon, **made)
    rest = {name: choice for name, choice in choices.items() if name not in {*shared, "calibration_end"}}
    return evaluate_splits(list(splits), known=[result], **rest)


def _evaluation(result: BacktestResult, terms: Terms) -> tuple[Table, ...]:
    return (
        *(table for target in result.forecast_targets for table in evaluation_tables(result, target, terms)),
        *(totals_table(result, target, terms) for target in result.targets),
        *([] if result.segments is None else [segments_table(result, target, terms) for target in result.targets]),
        new_customers_table(result, terms),
    )


def _customers(result: BacktestResult, table: pd.DataFrame, terms: Terms) -> Table:
    spread = spread_customers(ranked_customers(result, table, margin=terms.margin))
    money = has_lifetime_value(table)
    outcome = terms.titled(outcome_name(result, money=money), is_money=money)
    caption = f"Customers from the first to the last rank by expected {outcome}, with predictive intervals"
    return customers_table(spread, result, caption=caption)


def _json(plain: dict[str, Any]) -> bytes:
    return json.dumps(plain, indent=1, allow_nan=False).encode() + b"\n"


def _parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()
