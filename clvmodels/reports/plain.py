"""A report as plain values that JSON can hold: every figure unrounded, and as it is shown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from clvmodels.plots.style import printable

if TYPE_CHECKING:
    from clvmodels.reports.parts import Estimate, Part, Report
    from clvmodels.reports.tables import Table
    from clvmodels.reports.terms import Terms

SCHEMA = 1


def plain_report(report: Report) -> dict[str, Any]:
    """Return the report as texts, numbers, lists and dicts, from which page and Markdown are made.

    Returns
    -------
    dict
        schema, title, headline, facts (the figures of the headline), summary, and sections: each with title and parts,
        which have title, estimates (name, mean, lower, upper, kind, unit, shown, shown_interval, meaning), paragraphs,
        figures (caption, alt), tables (caption, columns, rows unrounded, shown) and definitions. What is missing or
        infinite is None.
    """
    return {
        "schema": SCHEMA,
        "title": report.title,
        "headline": report.headline,
        "facts": {name: _number(value) for name, value in report.facts.items()},
        "summary": list(report.summary),
        "sections": [
            {"title": section.title, "parts": [_part(part, report.terms) for part in section.parts]}
            for section in report.sections
        ],
    }


def _part(part: Part, terms: Terms) -> dict[str, Any]:
    return {
        "title": part.title,
        "estimates": [_estimate(estimate, terms) for estimate in part.estimates],
        "paragraphs": [printable(paragraph) for paragraph in part.paragraphs],
        "figures": [{"caption": printable(each.caption), "alt": printable(each.alt)} for each in part.figures],
        "tables": [_table(table) for table in part.tables],
        "definitions": [{"term": term, "meaning": meaning} for term, meaning in part.definitions],
    }


def _estimate(estimate: Estimate, terms: Terms) -> dict[str, Any]:
    shown, interval = estimate.shown(terms)
    figures = {name: _number(getattr(estimate, name)) for name in ("mean", "lower", "upper")}
    words = {"name": estimate.name, "kind": estimate.kind, "unit": estimate.unit, "meaning": estimate.meaning}
    return {**words, **figures, "shown": shown, "shown_interval": interval}


def _table(table: Table) -> dict[str, Any]:
    return {
        "caption": table.caption,
        "columns": [{"title": column.title, "kind": column.kind} for column in table.columns],
        "rows": [[_number(cell) for cell in row] for row in table.rows],
        "shown": table.shown(),
    }


def _number(value: Any) -> Any:
    """JSON has neither pairs nor NaN, infinity or the numbers of numpy."""
    if isinstance(value, tuple):
        return [_number(part) for part in value]
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return printable(value) if isinstance(value, str) else value
