"""The appendix: parameters, priors, all measures, versions."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from clvmodels.names import NOUNS
from clvmodels.reports import words
from clvmodels.reports.evaluation_tables import deciles_table, differences_table, metrics_tables
from clvmodels.reports.figures import lift_figure, pit_figure
from clvmodels.reports.fit import fit_tables, priors_table
from clvmodels.reports.parts import Part, Section
from clvmodels.reports.tables import Column, Table

if TYPE_CHECKING:
    from clvmodels.evaluation.result import BacktestResult
    from clvmodels.reports.outlook import Outlook
    from clvmodels.reports.terms import Terms

PACKAGES = ("clvmodels", "pymc", "arviz", "numpy", "scipy", "pandas", "xarray", "duckdb", "matplotlib")


def appendix(result: BacktestResult, outlook: Outlook | None, terms: Terms) -> Section:
    """Return the section."""
    return Section(
        title="Appendix",
        parts=(
            *(() if outlook is None else (_parameters(outlook),)),
            *(_measures(result, target, terms) for target in result.forecast_targets),
            Part(title="Versions", tables=(_versions(),)),
        ),
    )


def _parameters(outlook: Outlook) -> Part:
    fitted = outlook.fitted
    return Part(
        title="Parameters and priors",
        tables=(*fit_tables(fitted, interval=outlook.interval), priors_table(fitted)),
        definitions=(*fitted.terms, *words.FIT_TERMS),
    )


def _measures(result: BacktestResult, target: str, terms: Terms) -> Part:
    noun, has_draws = NOUNS[target], result.has_draws(target)
    own = (result.model, target) in result.assessments
    return Part(
        title=f"All measures of {noun}",
        figures=(lift_figure(result.lift(target), noun=noun),)
        + ((pit_figure(result.pit(target), noun=noun, interval=result.interval),) if has_draws else ()),
        tables=tuple(
            table
            for table in (
                *metrics_tables(result, target),
                differences_table(result, target),
                *([deciles_table(result, target, terms)] if own else []),
            )
            if table.rows
        ),
        definitions=words.METRIC_TERMS,
    )


def _versions() -> Table:
    columns = (Column(title="package", kind="text"), Column(title="version", kind="text"))
    rows = tuple((name, version(name)) for name in PACKAGES)
    return Table(caption="Packages", columns=columns, rows=rows)
