"""A full BG/NBD posterior of 1,000 draws of simulated customers in days over two years, beside lifetimes' point."""

from __future__ import annotations

from collections.abc import Iterator

from measurement import Measurement, faster, within
from processes import Run, run

MILLION, TEN_MILLION = 1_000_000, 10_000_000
DRAWS = 1000


def fitted(customers: int, source: str = "parquet") -> Run:
    return run("clvmodels_adapter", "fit", customers=customers, draws=DRAWS, source=source)


def million() -> Iterator[Measurement]:
    theirs = run("lifetimes_adapter", "fit", customers=MILLION)
    claim, name = "posterior of 1,000 draws, 1e6 customers", "lifetimes' point estimate"
    for source, where in {"memory": "in memory", "parquet": "from Parquet"}.items():
        ours = fitted(MILLION, source)
        yield faster(f"{claim}, {where}: time", ours, theirs, times=1, name=name)
        yield within(f"{claim}, {where}: k-hat", ours.found["k_hat"], 0.7, "")


def ten_million() -> list[Measurement]:
    ours = fitted(TEN_MILLION)
    claim = "posterior of 1,000 draws, 1e7 customers"
    limit = 10 * fitted(MILLION).seconds
    return [
        within(f"{claim}, from Parquet: time", ours.seconds, limit, "s", because="10 times the 1e6 figure"),
        within(f"{claim}: peak memory", ours.gigabytes, 6, "GB"),
        within(f"{claim}: k-hat", ours.found["k_hat"], 0.7, ""),
    ]
