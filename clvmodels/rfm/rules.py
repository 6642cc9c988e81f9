"""The columns of a per-customer table, and the rules that bind them, in memory and in a database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import ibis
import numpy as np
import pandas as pd

REQUIRED = ("frequency", "recency", "T")
AMOUNTS = ("monetary_value", "first_value", "total_value")
FLAGS = ("active_before", "active_lately")
OPPORTUNITIES = ("opportunities",)
# Made on demand: rfm_summary(..., statistics=[...]).
OF_VALUES = ("free_purchases", "log_value_mean", "log_value_squares")
LISTS = ("purchase_times",)
STATISTICS = ("log_gaps", *LISTS, *OF_VALUES)
SIGNED = ("log_gaps", "log_value_mean")
WHOLE = ("frequency", "opportunities", "free_purchases")
NUMBERS = (*REQUIRED, *OPPORTUNITIES, *AMOUNTS, *(name for name in STATISTICS if name not in LISTS))
# Numbers that were worked out in two ways agree to this share.
CLOSE = 1e-9
# The logarithm of the smallest number above 0 that a computer has is -744.4.
MOST_LOG = 745.0
# A logarithm of this is taken where there is nothing.
TINY = 1e-300


class Rule(NamedTuple):
    """What a bad customer has, which ones those are, what to do, and the columns that are looked at."""

    what: str
    bad: Callable[[Any], Any]
    remedy: str
    columns: tuple[str, ...]


def _most_log_gaps(table: Any) -> Any:
    """Return the largest sum of so many logarithms of gaps that add up to the recency: that of equal gaps."""
    if isinstance(table, pd.DataFrame):
        gap = table["recency"] / table["frequency"].clip(lower=1)
        return table["frequency"] * np.log(gap.clip(lower=TINY))
    gap = table["recency"] / ibis.greatest(table["frequency"], 1)
    gap: Any = ibis.greatest(gap, TINY)
    return table["frequency"] * gap.ln()


RULES = [
    Rule(
        "a frequency that is not a whole number",
        lambda t: (t["frequency"] % 1 != 0) | (t["frequency"] > 2**53),
        "frequency counts repeat purchase days",
        ("frequency",),
    ),
    Rule(
        "recency > T",
        lambda t: t["recency"] > t["T"],
        "recency runs from first to last purchase, T from first purchase to observation end, in one time unit",
        ("recency", "T"),
    ),
    Rule(
        "recency > 0 at frequency 0",
        lambda t: (t["frequency"] == 0) & (t["recency"] > 0),
        "without a repeat purchase, first and last are the same: recency is 0 (and not the time since)",
        ("frequency", "recency"),
    ),
    Rule(
        "recency 0 at frequency > 0",
        lambda t: (t["frequency"] > 0) & (t["recency"] == 0),
        "a repeat purchase is on a later day than the first; was recency rounded, or the first purchase counted?",
        ("frequency", "recency"),
    ),
    Rule(
        "a number of opportunities that is not whole",
        lambda t: (t["opportunities"] % 1 != 0) | (t["opportunities"] > 2**53),
        "opportunities counts periods since the first purchase's",
        ("opportunities",),
    ),
    Rule(
        "a T other than opportunities",
        lambda t: t["T"] != t["opportunities"],
        "with opportunities, time is counted in them: leave T out, or correct it",
        ("T", "opportunities"),
    ),
    Rule(
        "a recency that is not a whole number of opportunities",
        lambda t: t["recency"] % 1 != 0,
        "with opportunities, recency is the number of the last one at which there was a purchase",
        ("recency", "opportunities"),
    ),
    Rule(
        "frequency > recency",
        lambda t: t["frequency"] > t["recency"],
        "at an opportunity there is one purchase at most; count periods with a purchase",
        ("frequency", "recency", "opportunities"),
    ),
    Rule(
        "log_gaps other than 0 at frequency 0",
        lambda t: (t["frequency"] == 0) & (t["log_gaps"] != 0),
        "without a repeat purchase there is no gap",
        ("frequency", "log_gaps"),
    ),
    Rule(
        "log_gaps that so many gaps within the recency cannot have",
        lambda t: t["log_gaps"] - _most_log_gaps(t) > CLOSE * (1.0 + t["frequency"]),
        "log_gaps adds up the natural logarithms of the gaps between purchases, in the time unit",
        ("frequency", "recency", "log_gaps"),
    ),
    Rule(
        "a number of free_purchases that is not whole, or more than all",
        lambda t: (t["free_purchases"] % 1 != 0) | (t["free_purchases"] > t["frequency"] + 1),
        "free_purchases counts the purchases of value 0, the first included",
        ("frequency", "free_purchases"),
    ),
    Rule(
        "a log_value_mean other than 0 without a purchase that was paid for",
        lambda t: (t["free_purchases"] > t["frequency"]) & (t["log_value_mean"] != 0),
        "it is that of the purchases with a value above 0",
        ("frequency", "free_purchases", "log_value_mean"),
    ),
    Rule(
        "a log_value_mean that no amount has",
        lambda t: t["log_value_mean"].abs() > MOST_LOG,
        "it is the mean of the natural logarithms of the values above 0",
        ("log_value_mean",),
    ),
    Rule(
        "log_value_squares above 0 without two purchases that were paid for",
        lambda t: (t["free_purchases"] >= t["frequency"]) & (t["log_value_squares"] > 0),
        "a single purchase does not differ from the mean",
        ("frequency", "free_purchases", "log_value_squares"),
    ),
]


def rules_for(columns: Any) -> list[Rule]:
    """Return the rules for a table with some of the columns."""
    return [rule for rule in RULES if set(rule.columns) <= set(columns)]
