"""Scores of simulated customers from Parquet to Parquet: 1,000 draws, 90 % intervals."""

from __future__ import annotations

from measurement import Measurement, within
from processes import Run, run

MILLION, TEN_MILLION = 1_000_000, 10_000_000
DRAWS = 1000
EXPECTED = ["probability_alive", "expected_purchases", "expected_lifetime", "lifetime_value"]
PREDICTIVE = ["predictive_purchases", "predictive_lifetime_value"]


def scored(customers: int, quantities: list[str] = EXPECTED) -> Run:
    return run("clvmodels_adapter", "score", customers=customers, draws=DRAWS, quantities=quantities)


def million() -> list[Measurement]:
    return _bars("four expected quantities, 1e6 customers", scored(MILLION), seconds=40)


def ten_million() -> list[Measurement]:
    ours, limit = scored(TEN_MILLION), 12 * scored(MILLION).seconds
    return _bars("four expected quantities, 1e7 customers", ours, seconds=limit, because="12 times the 1e6 figure")


def predictive_million() -> list[Measurement]:
    return _bars("two predictive quantities, 1e6 customers", scored(MILLION, PREDICTIVE), seconds=120)


def _bars(claim: str, ours: Run, *, seconds: float, because: str = "") -> list[Measurement]:
    return [
        within(f"{claim}: time", ours.seconds, seconds, "s", because=because),
        within(f"{claim}: peak memory", ours.gigabytes, 2, "GB"),
    ]
