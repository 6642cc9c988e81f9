"""One measured figure beside its limit, and the table of them."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version

LIBRARIES = ("clvmodels", "pymc", "arviz", "numpy", "pandas", "duckdb")
HEAD = ("# What `make bench` measured", "", "| claim | measured | limit | holds |", "|---|---|---|---|")


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A value and its limit, both in `unit`; the smaller, the better."""

    claim: str
    value: float
    limit: float
    unit: str

    @property
    def holds(self) -> bool:
        return self.value < self.limit

    def row(self) -> str:
        verdict = "yes" if self.holds else "NO"
        return f"| {self.claim} | {self.value:.2f} {self.unit} | {self.limit:g} {self.unit} | {verdict} |"


def conditions() -> str:
    """The interpreter, the machine and the versions that the figures belong to."""
    machine = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return ", ".join([machine, *(f"{library} {version(library)}" for library in LIBRARIES)])


def as_markdown(measurements: Sequence[Measurement]) -> str:
    """The table for people."""
    return "\n".join([*HEAD, *(measurement.row() for measurement in measurements), "", f"{conditions()}.", ""])


def as_values(measurements: Sequence[Measurement]) -> dict[str, object]:
    """The same for programs, ready for JSON."""
    results = [asdict(measurement) | {"holds": measurement.holds} for measurement in measurements]
    return {"conditions": conditions(), "measurements": results}
