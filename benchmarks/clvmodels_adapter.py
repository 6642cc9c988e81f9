"""Our own work as a user calls it; every process first does the same on a few customers, which loads what is compiled.

Files of simulated customers are read within the timed part.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import simulated
from cdnow import cdnow_rfm
from memory import measured
from simulated import FEW

import clvmodels as clv
from clvmodels.models.registry import purchase_model, textbook_models

LIBRARIES = ("clvmodels", "pymc", "numba", "numpy", "pandas", "pyarrow", "duckdb")
TEXTBOOK = textbook_models()[0].key
HORIZON, MARGIN, DISCOUNT = 365, 0.3, 0.1


def fit_cdnow(*, size: str, draws: int, model: str = TEXTBOOK) -> dict[str, Any]:
    """The second fit of a process; the first stands beside it."""
    chosen = purchase_model(model)
    rfm = cdnow_rfm(size, chosen.statistics)
    first, _ = measured(lambda: chosen.fit(rfm, draws=draws, random_seed=1))
    report, posterior = measured(lambda: chosen.fit(rfm, draws=draws, random_seed=2))
    return {**report, "first_seconds": first["seconds"], **_quality(posterior), "versions": _versions()}


def fit(*, customers: int, draws: int, source: str, model: str = TEXTBOOK) -> dict[str, Any]:
    """From the Parquet file of an RFM, or from one in memory."""
    opened = _in_memory if source == "memory" else _opened
    chosen = purchase_model(model)
    chosen.fit(opened(FEW, chosen.statistics), draws=draws, random_seed=1)
    if source == "memory":
        rfm = _in_memory(customers, chosen.statistics)
        report, posterior = measured(lambda: chosen.fit(rfm, draws=draws, random_seed=2))
    else:

        def from_file() -> Any:
            return chosen.fit(_opened(customers, chosen.statistics), draws=draws, random_seed=2)

        report, posterior = measured(from_file)
    return {**report, **_quality(posterior), "versions": _versions()}


def score(*, customers: int, draws: int, quantities: list[str], model: str = TEXTBOOK) -> dict[str, Any]:
    """From the Parquet file of an RFM to that of the scores; the posteriors are those of a few customers."""
    chosen = purchase_model(model)
    few = _in_memory(FEW, chosen.statistics)
    purchases = chosen.fit(few, draws=draws, random_seed=1)
    spend = clv.GammaGamma().fit(few, draws=draws, random_seed=1)
    choices: dict[str, Any] = {"purchases": purchases, "spend": spend, "horizon": HORIZON, "quantities": quantities}
    choices |= {"margin": MARGIN, "annual_discount_rate": DISCOUNT}
    with tempfile.TemporaryDirectory(dir=simulated.FOLDER) as folder:
        path = Path(folder) / "scores.parquet"
        clv.score(_opened(FEW, chosen.statistics), path, **choices)
        report, _ = measured(lambda: clv.score(_opened(customers, chosen.statistics), path, **choices))
        rows = duckdb.read_parquet(str(path)).count("*").fetchall()[0][0]
        return {**report, "rows": rows, "bytes_written": path.stat().st_size, "versions": _versions()}


def summary(*, rows: int, lazy: bool) -> dict[str, Any]:
    """From a Parquet log to an RFM in memory, or to the Parquet file of one."""
    with tempfile.TemporaryDirectory(dir=simulated.FOLDER) as folder:
        summarise = _lazily(Path(folder) / "rfm.parquet") if lazy else _summarised
        summarise(simulated.log_path(FEW))
        path = simulated.log_of_rows_path(rows)
        report, customers = measured(lambda: summarise(path))
        return {**report, "customers": customers, "versions": _versions()}


def even_summary(*, even: int, ids: str) -> dict[str, Any]:
    """From a Parquet log with ten rows for a customer to an RFM in memory, the second time."""
    path = simulated.even_log_path(even, ids)
    _summarised(path)
    report, customers = measured(lambda: _summarised(path))
    return {**report, "customers": customers, "versions": _versions()}


def expected_purchases(*, size: str, draws: int, horizon: float) -> dict[str, Any]:
    """Expected purchases with a 90 % credible interval; the draws are those of the CDNOW sample."""
    sample, rfm = cdnow_rfm("sample"), cdnow_rfm(size)
    posterior = clv.BetaGeo().fit(sample, draws=draws, random_seed=1)
    posterior.expected_purchases(sample, horizon=horizon)
    report, table = measured(lambda: posterior.expected_purchases(rfm, horizon=horizon))
    return {**report, "mean": float(table["mean"].mean()), "versions": _versions()}


def _summarised(path: Path) -> int:
    return len(clv.rfm_summary(path, time_unit="day", observation_end=simulated.END))


def _lazily(written: Path) -> Callable[[Path], int]:
    def summarise(path: Path) -> int:
        table = clv.rfm_table(path, time_unit="day", observation_end=simulated.END)
        table.to_parquet(written)
        return duckdb.read_parquet(str(written)).count("*").fetchall()[0][0]

    return summarise


def _opened(customers: int, statistics: Sequence[str]) -> Any:
    return clv.RFMTable.open(simulated.rfm_path(customers, statistics), time_unit="day")


def _in_memory(customers: int, statistics: Sequence[str]) -> clv.RFM:
    frame = duckdb.read_parquet(str(simulated.rfm_path(customers, statistics))).df()
    return clv.RFM.from_frame(frame, time_unit="day", observation_end=simulated.END)


def _quality(posterior: Any) -> dict[str, Any]:
    found = posterior.diagnostics
    size, distinct = float(found.effective_sample_size), len(np.unique(posterior.samples[posterior.parameters[0]]))
    return {"effective_sample_size": size, "distinct_draws": distinct, "k_hat": float(found.k_hat)}


def _versions() -> dict[str, str]:
    return {library: version(library) for library in LIBRARIES}
