"""What the report says, as values: sentences, tables and figures in their order. Nothing is written here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clvmodels.evaluation.scores import MODEL
from clvmodels.evaluation.verdict import place
from clvmodels.reports import words
from clvmodels.reports.criticism_tables import criticism_tables
from clvmodels.reports.customers import (
    SIMPLE,
    customers_table,
    has_lifetime_value,
    outcome_name,
    ranked_customers,
    top_customers,
)
from clvmodels.reports.evaluation_tables import (
    DIFFERENCES,
    NOUNS,
    coverage_table,
    data_table,
    deciles_table,
    differences_table,
    left_out_table,
    metrics_tables,
    new_customers_table,
    reliability_table,
    segments_table,
    totals_table,
)
from clvmodels.reports.figures import (
    Figure,
    coverage_figure,
    differences_figure,
    frequency_figure,
    lift_figure,
    origins_figure,
    periods_figure,
    pit_figure,
    reliability_figure,
    tracking_figure,
    value_figure,
)
from clvmodels.reports.fit import fit_paragraphs, fit_tables
from clvmodels.reports.rolling_tables import rolling_tables
from clvmodels.wording import plural

if TYPE_CHECKING:
    import pandas as pd

    from clvmodels.evaluation.criticism import Criticism
    from clvmodels.evaluation.result import BacktestResult
    from clvmodels.evaluation.rolling import RollingResult
    from clvmodels.reports.tables import Table


@dataclass(frozen=True, kw_only=True)
class Section:
    """A titled part of the report: paragraphs, then figures, then tables, then the words explained."""

    title: str
    paragraphs: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report's title, its headline in one sentence with an interval, and its sections."""

    title: str
    headline: str
    sections: tuple[Section, ...]


def build_report(
    result: BacktestResult,
    scores: pd.DataFrame,
    *,
    criticism: Criticism | None = None,
    rolling: RollingResult | None = None,
    margin: float = 1.0,
    annual_discount_rate: float = 0.0,
) -> Report:
    """Return all that the report of a backtest says.

    Parameters
    ----------
    result
        The backtest.
    scores
        The same customers' scores, as ``clvmodels.evaluation.scores`` makes them.
    criticism
        Of the model's fit, as ``result.criticism()`` makes it.
    rolling
        The same comparison from several origins.
    margin, annual_discount_rate
        As in the scores.
    """
    ranked = ranked_customers(result, scores, margin=margin)
    sections = (
        Section(title="Verdict", paragraphs=tuple(result.verdict().splitlines())),
        _data(result),
        _value(result, ranked, money=has_lifetime_value(scores), margin=margin, rate=annual_discount_rate),
        _evaluation(result),
        None if rolling is None else _rolling(rolling),
        _fit(result, criticism),
    )
    return Report(
        title="Customer lifetime value, checked on held-out purchases",
        headline=headline(result),
        sections=tuple(section for section in sections if section is not None),
    )


def headline(result: BacktestResult) -> str:
    """Return the total that was expected, with its interval, and the actual one, in a sentence."""
    split = result.split
    totals = result.totals().xs(MODEL, level="forecaster").dropna(subset="predicted")
    target, total = totals.index[-1], totals.iloc[-1].to_dict()
    customers = plural(len(split.calibration), "customer")
    period = plural(round(split.horizon, 2), split.calibration.time_unit)
    verb, done, noun = ("spend", "spent", "") if target == "value" else ("make", "made", " purchases")
    return (
        f"The {customers} known on {words.long_date(split.calibration_end)} were expected to {verb} "
        f"{total['predicted']:,.0f}{noun} within the {period} that followed ({100 * result.interval:g} % interval "
        f"{total['lower']:,.0f} to {total['upper']:,.0f}); they {done} {total['actual']:,.0f}, "
        f"{place(total['actual'], total['lower'], total['upper'])} that interval."
    )


def _data(result: BacktestResult) -> Section:
    tables = (data_table(result), left_out_table(result.split.calibration.log))
    return Section(title="The data", tables=tuple(table for table in tables if table.rows))


def _value(result: BacktestResult, ranked: pd.DataFrame, *, money: bool, margin: float, rate: float) -> Section:
    outcome = outcome_name(result, money=money)
    table = customers_table(top_customers(ranked), result, caption=f"Customers of highest expected {outcome}")
    return Section(
        title="Lifetime value" if money else "Purchases to come",
        paragraphs=(_terms_of_value(margin, rate),) if money else (),
        figures=(value_figure(ranked, xlabel=outcome, interval=result.interval),),
        tables=(table,),
        terms=words.CUSTOMER_TERMS,
    )


def _terms_of_value(margin: float, rate: float) -> str:
    discount = f"discounted at {100 * rate:g} % a year (the last two columns are not)" if rate else "not discounted"
    return f"Counted from the calibration end on, at a margin of {100 * margin:g} % of spend, {discount}."


def _evaluation(result: BacktestResult) -> Section:
    unit = result.split.calibration.time_unit
    tracking = tracking_figure(result.tracking(), time_unit=unit, interval=result.interval)
    segments = [] if result.segments is None else [segments_table(result, target) for target in result.targets]
    return Section(
        title="Does it predict?",
        figures=(
            tracking,
            periods_figure(result.tracking(cumulative=False, calibration=True), time_unit=unit),
            reliability_figure(result.reliability()),
            *(figure for target in result.targets if result.has_draws(target) for figure in _checks(result, target)),
        ),
        tables=(
            *(totals_table(result, target) for target in result.targets),
            *segments,
            *(table for target in result.forecast_targets for table in evaluation_tables(result, target)),
            *([] if result.acquisition is None else [new_customers_table(result)]),
        ),
        terms=words.METRIC_TERMS,
    )


def evaluation_tables(result: BacktestResult, target: str) -> tuple[Table, ...]:
    """Return the tables of all measures of one target."""
    tables = (
        *metrics_tables(result, target),
        coverage_table(result, target),
        differences_table(result, target),
        *([deciles_table(result, target)] if (result.model, target) in result.assessments else []),
        reliability_table(result, target),
    )
    return tuple(table for table in tables if table.rows)


def _checks(result: BacktestResult, target: str) -> tuple[Figure, ...]:
    noun = NOUNS[target]
    figures = (
        lift_figure(result.lift(target), noun=noun),
        coverage_figure(result.coverage(target), noun=noun),
        pit_figure(result.pit(target), noun=noun, interval=result.interval),
    )
    if SIMPLE not in result.baselines:
        return figures
    return (*figures, differences_figure(result.compare(SIMPLE).loc[target].loc[list(DIFFERENCES)], baseline=SIMPLE))


def _rolling(rolling: RollingResult) -> Section:
    totals: Any = rolling.totals().xs(rolling.model, level="forecaster").dropna(subset="lower")
    present = {target: totals.xs(target, level="target") for target in totals.index.unique("target")}
    return Section(
        title=f"Does it predict from {len(rolling.results)} origins?",
        paragraphs=tuple(rolling.verdict().splitlines()),
        figures=tuple(origins_figure(table, noun=NOUNS[target]) for target, table in present.items()),
        tables=tuple(rolling_tables(rolling)),
    )


def _fit(result: BacktestResult, criticism: Criticism | None) -> Section:
    fitted = result.fitted[MODEL]
    independence = None if criticism is None else criticism.independence
    return Section(
        title="Can the fit be trusted?",
        paragraphs=(*fit_paragraphs(fitted), *([] if independence is None else [independence.sentence])),
        figures=() if criticism is None else (frequency_figure(criticism.frequencies),),
        tables=(
            *fit_tables(fitted, interval=result.interval),
            *(() if criticism is None else criticism_tables(criticism)),
        ),
        terms=words.FIT_TERMS,
    )
