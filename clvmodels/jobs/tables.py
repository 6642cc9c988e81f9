"""Outcomes as tables to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clvmodels.jobs.check import Check
from clvmodels.jobs.outcome import Outcome
from clvmodels.reports import Column, Table
from clvmodels.wording import amount

MISSING, SMALL = "-", 1e-4
VERDICTS = ("failed", "passed", "not applicable")


def checks_table(checks: Sequence[Check]) -> Table:
    """Return the checks as a terminal has room for them, those that failed first.

    Parameters
    ----------
    checks
        In any order.
    """
    columns = [Column(title=title, kind="text") for title in ("check", "verdict", "figure", "limit")]
    rows = [
        (check.title, check.verdict, _shown(check.figure), _shown(check.limit))
        for verdict in VERDICTS
        for check in checks
        if check.verdict == verdict
    ]
    return Table(caption="Checks, with figure and limit", columns=tuple(columns), rows=tuple(rows))


def outcome_tables(outcome: Outcome) -> tuple[Table, ...]:
    """Return what a terminal shows of an outcome below its sentence.

    Examples
    --------
    >>> from clvmodels.jobs.outcome import ExitCode
    >>> outcome_tables(Outcome(exit_code=ExitCode.DONE, status="unchanged", sentence="Nothing to do."))
    ()
    """
    versions = outcome.facts.get("versions")
    tables = [] if not versions else [_versions_table(versions)]
    return (*tables, *([checks_table(outcome.checks)] if outcome.checks else []))


def _versions_table(versions: Sequence[Mapping[str, Any]]) -> Table:
    columns = [Column(title=name.replace("_", " "), kind="text") for name in versions[0]]
    rows = [
        tuple(", ".join(cell) if isinstance(cell, list) else str(cell) for cell in row.values()) for row in versions
    ]
    return Table(caption="Versions, the first one first", columns=tuple(columns), rows=tuple(rows))


def _shown(figure: float | None) -> str:
    if figure is None:
        return MISSING
    return f"{figure:.0e}" if 0 < abs(figure) < SMALL else amount(figure)
