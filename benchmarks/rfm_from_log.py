"""One row per customer from a Parquet log, beside lifetimes and plain pandas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from measurement import Measurement, faster
from processes import Run, run

MILLION, TEN_MILLION = 1_000_000, 10_000_000
WAYS = {"rfm_summary": False, "rfm_table to Parquet": True}


def million_rows() -> Iterator[Measurement]:
    theirs, plain = (run(adapter, "summary", rows=MILLION) for adapter in ("lifetimes_adapter", "pandas_adapter"))
    name = f"lifetimes (plain pandas {plain.seconds:.2f} s)"
    groupings = run("duckdb_adapter", "groupings", rows=MILLION)
    found = faster("rfm_summary, 1e6 rows: time", _summarised(MILLION, lazy=False), theirs, times=4, name=name)
    obstacle = f"DuckDB's groupings by customer and day, then by customer, alone take {groupings.seconds:.2f} s"
    yield replace(found, obstacle=obstacle)


def ten_million_rows() -> Iterator[Measurement]:
    plain = run("pandas_adapter", "summary", rows=TEN_MILLION)
    for way, lazy in WAYS.items():
        yield from _bars(way, _summarised(TEN_MILLION, lazy=lazy), plain)


def _summarised(rows: int, *, lazy: bool) -> Run:
    return run("clvmodels_adapter", "summary", rows=rows, lazy=lazy)


def _bars(way: str, ours: Run, plain: Run) -> list[Measurement]:
    time = {"value": ours.seconds, "limit": 15, "theirs": plain.seconds, "unit": "s"}
    memory = {"value": ours.gigabytes, "limit": 4, "theirs": plain.gigabytes, "unit": "GB"}
    return [
        Measurement(claim=f"{way}, 1e7 rows: time", beside="plain pandas", **time),
        Measurement(claim=f"{way}, 1e7 rows: peak memory", beside="plain pandas", **memory),
    ]
