"""Does it predict? The held-out comparison: verdict, totals, tracking, reliability, coverage, the simple formula."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clvmodels.evaluation.assessment import percent
from clvmodels.names import NOUNS
from clvmodels.plots.style import BANDS
from clvmodels.reports import words
from clvmodels.reports.evaluation_tables import (
    DIFFERENCES,
    FEW,
    coverage_table,
    differences_table,
    new_customers_table,
    reliability_table,
    segments_table,
    totals_table,
)
from clvmodels.reports.figures import (
    SIMPLE,
    coverage_figure,
    differences_figure,
    forecast_figure,
    origins_figure,
    reliability_figure,
    tracking_figure,
)
from clvmodels.reports.outlook import MOST_GROUPS
from clvmodels.reports.parts import Part, Section
from clvmodels.reports.rolling_tables import rolling_tables

if TYPE_CHECKING:
    import pandas as pd

    from clvmodels.evaluation.result import BacktestResult
    from clvmodels.evaluation.rolling import RollingResult
    from clvmodels.reports.terms import Terms

TOP = 15


def evidence(result: BacktestResult, terms: Terms) -> Section:
    """Return the section of one backtest."""
    parts = (_verdict(result, terms), _totals(result, terms), _who(result, terms), _intervals(result), _against(result))
    return Section(title="Does it predict?", parts=tuple(part for part in parts if part is not None))


def several_origins(rolling: RollingResult) -> Section:
    """Return the section of a backtest from several origins."""
    totals: Any = rolling.totals().xs(rolling.model, level="forecaster").dropna(subset="lower")
    present = {target: totals.xs(target, level="target") for target in totals.index.unique("target")}
    return Section(
        title=f"Does it predict from {len(rolling.results)} origins?",
        parts=(
            Part(
                paragraphs=tuple(rolling.verdict().splitlines()),
                figures=tuple(origins_figure(table, noun=NOUNS[target]) for target, table in present.items()),
                tables=tuple(rolling_tables(rolling)),
                definitions=words.chosen("widened", "bias", "RMSE", "Poisson deviance", "concordance", "Gini", "CRPS"),
            ),
        ),
    )


def _verdict(result: BacktestResult, terms: Terms) -> Part:
    return Part(
        title="Verdict",
        paragraphs=tuple(result.verdict(currency=terms.currency).splitlines()),
        definitions=words.chosen(
            "level, error, ranking",
            "better, worse",
            "bias",
            "RMSE",
            "Poisson deviance",
            "MAE of the median",
            "randomised",
        ),
    )


def _totals(result: BacktestResult, terms: Terms) -> Part:
    segments = (
        []
        if result.segments is None
        else [segments_table(result, name, terms, most=MOST_GROUPS) for name in result.targets]
    )
    new = [] if result.acquisition is None else [new_customers_table(result, terms)]
    figure = tracking_figure(
        _few(result, result.tracking()), time_unit=result.split.calibration.time_unit, interval=result.interval
    )
    return Part(
        title="Totals, forecast and seen",
        figures=(figure,),
        tables=(*(totals_table(result, target, terms) for target in result.targets), *segments, *new),
        definitions=words.chosen("widened", "actual", "simple formula"),
    )


def _who(result: BacktestResult, terms: Terms) -> Part:
    figures = [reliability_figure(_few(result, result.reliability()), target="purchases", terms=terms)]
    target = "value" if result.has_draws("value") else "purchases"
    if target == "value":
        table = _few(result, result.reliability(target="value"))
        figures.append(reliability_figure(table, target="value", terms=terms))
    if result.has_draws(target):
        best = _best(result, target)
        figures.append(forecast_figure(best, xlabel=terms.noun(target)))
    shown = (result.model, *FEW)
    tables = [reliability_table(result, name, terms, forecasters=shown) for name in result.forecast_targets]
    return Part(
        title="Forecast and seen, by customer",
        figures=tuple(figures),
        tables=tuple(table for table in tables if table.rows),
        definitions=(("reliability", "whether those of whom more was expected did more, and by as much"),),
    )


def _few(result: BacktestResult, table: pd.DataFrame) -> pd.DataFrame:
    """The table without the forecasters that a figure has no room for."""
    left_out = [name for name in result.names if name not in (result.model, *FEW)]
    return table.drop(columns=[*left_out, *(f"{name}{end}" for name in left_out for end in BANDS)], errors="ignore")


def _best(result: BacktestResult, target: str) -> pd.DataFrame:
    """The customers of whom most was expected, with their predictive intervals and what they did."""
    level = percent(result.interval)
    found = result.assessments[(result.model, target)].customers
    best: Any = found.nlargest(TOP, "mean", keep="first")
    table = best.rename(columns={f"lower_{level}": "lower", f"upper_{level}": "upper", "y_obs": "actual"})
    table = table[["mean", "lower", "upper", "actual"]]
    simple = result.assessments.get((SIMPLE, target))
    return table if simple is None else table.assign(**{SIMPLE: simple.customers["mean"].reindex(table.index)})


def _intervals(result: BacktestResult) -> Part | None:
    targets = [target for target in result.targets if result.has_draws(target)]
    if not targets:
        return None
    return Part(
        title="Do the intervals hold?",
        figures=tuple(coverage_figure(result.coverage(target), noun=NOUNS[target]) for target in targets),
        tables=tuple(coverage_table(result, target) for target in targets),
        definitions=words.chosen("covered", "attainable", "randomised", "width"),
    )


def _against(result: BacktestResult) -> Part | None:
    if SIMPLE not in result.baselines:
        return None
    compared: Any = result.compare(SIMPLE)
    figures = [
        differences_figure(compared.loc[target].loc[list(DIFFERENCES)], baseline=SIMPLE, noun=NOUNS[target])
        for target in result.targets
        if result.has_draws(target)
    ]
    tables = [differences_table(result, target, baselines=[SIMPLE]) for target in result.forecast_targets]
    return Part(
        title="Against the simple formula",
        figures=tuple(figures),
        tables=tuple(table for table in tables if table.rows),
        definitions=words.chosen("simple formula", "concordance", "Gini", "Spearman", "CRPS"),
    )
