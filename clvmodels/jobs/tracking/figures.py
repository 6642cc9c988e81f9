"""The figures of an evaluation that is at hand as plain values, as `evaluation.json` holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from clvmodels import plots


def evaluation_figures(evaluation: Mapping[str, Any]) -> dict[str, str]:
    """Draw the tracking, the reliability and the coverage, as far as their tables are there.

    Parameters
    ----------
    evaluation
        What `to_json_dict` made of a backtest.

    Returns
    -------
    dict of str to str
        SVG documents by name: tracking, reliability, and coverage_purchases, coverage_value and so on.

    Examples
    --------
    >>> evaluation_figures({"time_unit": "week", "tracking": [{"end": 1.0, "actual": 9, "as_before": 8.5}]}).keys()
    dict_keys(['tracking'])
    """
    unit = evaluation.get("time_unit")
    tracked = _table(evaluation.get("tracking"), by="end")
    reliable = _table(evaluation.get("reliability_by_frequency", {}).get("purchases"), by="frequency")
    covered = {name: _table(rows, by="forecaster") for name, rows in evaluation.get("coverage", {}).items()}
    drawn = {
        "tracking": (tracked, lambda ax: plots.tracking(tracked.reset_index(), ax=ax, time_unit=unit)),
        "reliability": (reliable, lambda ax: plots.reliability(reliable, ax=ax)),
        **{
            f"coverage_{name}": (table, lambda ax, table=table: plots.coverage(table.reset_index(), ax=ax))
            for name, table in covered.items()
        },
    }
    return {name: plots.to_svg(draw) for name, (table, draw) in drawn.items() if len(table)}


def _table(rows: list[dict[str, Any]] | None, *, by: str) -> pd.DataFrame:
    """Rows of numbers, what is missing as NaN, indexed by the column that says of what."""
    table: Any = pd.DataFrame(rows).set_index(by).apply(pd.to_numeric) if rows else pd.DataFrame()
    return table
