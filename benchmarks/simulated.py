"""Simulated customers like CDNOW's over two years, in days: made once in chunks, kept in build/bench-data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

import clvmodels as clv
from clvmodels.formulas.beta_geo import BetaGeoParams

FOLDER = Path(__file__).parent.parent / "build" / "bench-data"
DAYS, START, END = 730, "2020-01-01", "2021-12-30"
PURCHASES = BetaGeoParams(r=0.243, alpha=31.0, a=0.793, b=2.426)
CHUNK = 100_000
# Enough for a warm-up that takes the same paths: a short table of distinct customers is not worth compiling for.
FEW = 100_000
DETAILS = ("T", "opportunities", "purchase_times")


def log_path(customers: int) -> Path:
    """The transaction log of so many customers: customer_id, date (with the time of day), value in cents' precision."""
    return _once(f"log-{customers}.parquet", lambda path: _joined(_log_chunks(customers), path))


def log_of_rows_path(rows: int) -> Path:
    """A log of exactly so many rows; a customer makes between two and three."""
    chunks = _log_chunks(rows // 2)
    return _once(f"rows-{rows}.parquet", lambda path: _joined(chunks, path, limit=f"LIMIT {rows}"))


def even_log_path(rows: int, ids: str) -> Path:
    """A log of so many rows, ten for a customer on any days of the two years; ids are "int" or "str"."""

    def write(path: Path) -> None:
        rng = np.random.default_rng(1)
        customer = pd.Series(rng.integers(0, rows // 10, rows))
        day = np.datetime64(START) + rng.integers(0, DAYS, rows).astype("timedelta64[D]")
        log = {"customer_id": customer, "date": day.astype("datetime64[s]"), "value": rng.gamma(2, 15, rows).round(2)}
        frame = pd.DataFrame(log)
        named = frame.assign(customer_id="c" + customer.astype(str)) if ids == "str" else frame
        named.to_parquet(path)

    return _once(f"even-{ids}-{rows}.parquet", write)


def rfm_path(customers: int, statistics: Sequence[str] = ()) -> Path:
    """The summary of that log at its end, with the statistics that a model needs; every day is an opportunity."""
    if "purchase_times" in statistics:
        return _once(f"times-{customers}.parquet", lambda path: _joined(_rfm_chunks(customers, times=True), path))
    plain = _once(f"rfm-{customers}.parquet", lambda path: _joined(_rfm_chunks(customers), path))
    if "opportunities" not in statistics:
        return plain
    rows = duckdb.read_parquet(str(plain))
    counted = rows.query("rows", "SELECT *, T::BIGINT AS opportunities FROM rows")
    return _once(f"steps-{customers}.parquet", lambda path: counted.write_parquet(str(path)))


def prepare(*, customers: int = 0, rows: int = 0) -> dict[str, str]:
    """Make what is not there, in a process of its own: it must not count as anybody's memory."""
    made = [log_path(FEW), *(rfm_path(some, [name]) for some in {FEW, customers} - {0} for name in DETAILS)]
    made += [log_of_rows_path(rows)] if rows else []
    return {path.name: str(path) for path in made}


def _log_chunks(customers: int) -> list[Path]:
    size = min(customers, CHUNK)
    return [_log_chunk(number, size) for number in range(-(-customers // size))]


def _rfm_chunks(customers: int, *, times: bool = False) -> list[Path]:
    return [_rfm_chunk(path, times=times) for path in _log_chunks(customers)]


def _log_chunk(number: int, size: int) -> Path:
    return _once(f"chunks/log-{size}-{number}.parquet", lambda path: _simulated(number, size).to_parquet(path))


def _rfm_chunk(log: Path, *, times: bool) -> Path:
    name = log.name.replace("log", "times" if times else "rfm")
    return _once(f"chunks/{name}", lambda path: _summary(log, ["purchase_times"] * times).to_parquet(path))


def _simulated(number: int, size: int) -> pd.DataFrame:
    log = clv.datasets.simulate_transactions(
        customers=size,
        length=DAYS,
        arrivals=DAYS,
        purchases=PURCHASES,
        time_unit="day",
        start=START,
        random_seed=number,
    )
    return log.assign(customer_id=log["customer_id"] + number * size, value=log["value"].round(2))


def _summary(log: Path, statistics: Sequence[str]) -> pd.DataFrame:
    # The window is given, since its default depends on the first purchase, which differs between the chunks.
    rfm = clv.rfm_summary(log, time_unit="day", observation_end=END, churn_window=DAYS / 2, statistics=statistics)
    return rfm.frame.reset_index()


def _joined(chunks: list[Path], path: Path, *, limit: str = "") -> None:
    rows = duckdb.read_parquet([str(chunk) for chunk in chunks])
    rows.query("rows", f"SELECT * FROM rows {limit}").write_parquet(str(path))


def _once(name: str, write: Callable[[Path], None]) -> Path:
    """The file of that name, written first if it is not there; half of a file never has the name."""
    path = FOLDER / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"unfinished-{path.name}")
        write(unfinished)
        unfinished.rename(path)
    return path
