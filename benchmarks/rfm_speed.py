"""One row per customer from a Parquet log, beside the two groupings alone in DuckDB and polars, and plain pandas."""

from __future__ import annotations

from collections.abc import Iterator

from measurement import Measurement
from processes import run

TEN_MILLION = 10_000_000
ADAPTERS = ("duckdb_adapter", "polars_adapter")


def measure() -> Iterator[Measurement]:
    for ids in ("int", "str"):
        log = {"even": TEN_MILLION, "ids": ids}
        ours, plain = (run(adapter, "even_summary", **log) for adapter in ("clvmodels_adapter", "pandas_adapter"))
        groupings = [
            run(adapter, "groupings" if "polars" in adapter else "even_groupings", **log) for adapter in ADAPTERS
        ]
        fastest = min(groupings, key=lambda each: each.cpu_seconds)
        said = ", ".join(f"{each.task.split()[0]} {each.cpu_seconds:.2f} s" for each in [*groupings, plain])
        yield Measurement(
            claim=f"rfm_summary, 1e7 rows of 1e6 customers, {ids} ids: seconds of processors",
            value=ours.cpu_seconds,
            limit=1.5 * fastest.cpu_seconds,
            unit="s",
            beside=f"the faster groupings ({said})",
            theirs=fastest.cpu_seconds,
            because="1.5 times the faster of the groupings in DuckDB and polars",
            obstacle=f"ours are DuckDB's two groupings, which alone take {groupings[0].cpu_seconds:.2f} s",
        )


if __name__ == "__main__":
    for row in measure():
        print(row.row())
