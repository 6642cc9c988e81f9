"""RESULTS.md for people, results.json for programs, and the rows that the project's README shows.

Run by itself it takes README's rows from results.json, and measures nothing.
"""

from __future__ import annotations

import json
import os
import platform
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import growth
from measurement import Failure, Measurement, Rows
from processes import LONG, REPEATS, Run

FOLDER = Path(__file__).parent
README = FOLDER.parent / "README.md"
BEGIN, END = "<!-- make bench: begin -->", "<!-- make bench: end -->"
# Beside a competitor, or what everybody runs first; a missed bar is shown in any case.
IN_README = (
    "posterior of 4,000 draws, CDNOW sample (2,357): time",
    "posterior of 4,000 draws, CDNOW sample (2,357): effective sample",
    "posterior of 4,000 draws, full CDNOW (23,570): time",
    "expected purchases, full CDNOW x 4,000 draws: time",
    "expected purchases, full CDNOW x 4,000 draws: memory above the level before the call",
    "rfm_summary, 1e7 rows: time",
    "posterior of 1,000 draws, 1e6 customers, in memory: time",
)
LIBRARIES = ("clvmodels", "pymc", "arviz", "numpy", "pandas", "duckdb")
CLAIMS = ["| claim | ours | bar | competitor | times ours | holds |", "|---|---|---|---|---|---|"]
RUNS = [
    "| run | seconds of the timed part | of processors | peak of the process | above the level before | said |",
    "|---|---|---|---|---|---|",
]


def as_markdown(rows: Rows, runs: list[Run], table: growth.Table) -> str:
    """What the claims came to, the growth, and every process behind them."""
    parts = ["# What `make bench` measured", "", *CLAIMS, *(row.row() for row in rows), ""]
    parts += ["## Growth", "", growth.as_markdown(table), ""] if table else []
    parts += ["## Runs", "", _how(), "", *RUNS, *(_run_row(run) for run in runs), ""] if runs else []
    return "\n".join([*parts, f"{conditions()}.", "", *_versions(runs)])


def write(rows: Rows, runs: list[Run], table: growth.Table) -> None:
    (FOLDER / "RESULTS.md").write_text(as_markdown(rows, runs, table))
    _into_readme(rows, conditions())
    values = {
        "conditions": conditions(),
        "measurements": [row.values() for row in rows],
        "growth": table,
        "runs": [run.values() for run in runs],
    }
    (FOLDER / "results.json").write_text(json.dumps(values, indent=2) + "\n")
    if table:
        growth.draw(table)


def stored() -> tuple[Rows, str]:
    """What results.json holds: the claims, and the conditions that they were measured under."""
    values = json.loads((FOLDER / "results.json").read_text())
    return [_row_of(row) for row in values["measurements"]], values["conditions"]


def _row_of(values: dict[str, Any]) -> Measurement | Failure:
    kind = Failure if "reason" in values else Measurement
    return kind(**{field.name: values[field.name] for field in fields(kind) if field.init})


def _into_readme(rows: Rows, measured: str) -> None:
    """Put some of the claims between the two marks of the project's README."""
    shown = [row.row() for row in rows if row.claim in IN_README or not row.holds]
    lines = [*CLAIMS, *shown, "", f"{measured}."]
    before, found, rest = README.read_text().partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (found and ended):
        raise SystemExit(f"{README} has no place for the table, between {BEGIN} and {END}")
    README.write_text("\n".join([before + BEGIN, *lines, END + after]))


def conditions() -> str:
    """The interpreter, the machine and the versions that the figures belong to."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB"
    versions = [f"{library} {version(library)}" for library in LIBRARIES]
    return ", ".join([f"Python {platform.python_version()}", machine, *versions])


def _how() -> str:
    return (
        f"Each repetition is a process of its own: {REPEATS}, or one where it takes over {LONG} s in all. "
        "Claims take the median time and the largest peak."
    )


def _run_row(run: Run) -> str:
    seconds, cpu = (" ".join(f"{each:.2f}" for each in every) for every in (run.every_second, run.every_cpu_second))
    said = ", ".join(f"{name} {_short(value)}" for name, value in run.found.items())
    return (
        f"| {run.task} | {seconds} | {cpu} | {run.peak_bytes / 1e9:.2f} GB | {run.added_bytes / 1e9:.2f} GB | {said} |"
    )


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _versions(runs: list[Run]) -> list[str]:
    """The libraries of each adapter, once."""
    found = {run.task.split()[0]: run.versions for run in runs}
    return [f"{name}: {', '.join(f'{k} {v}' for k, v in versions.items())}.\n" for name, versions in found.items()]


if __name__ == "__main__":
    _into_readme(*stored())
