"""The tables of a backtest that hold predictions against observations, customer by customer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument
from clvmodels.evaluation import ranking
from clvmodels.evaluation.assessment import BINS, Assessment, percent
from clvmodels.evaluation.groups import frequency_groups, frequency_labels
from clvmodels.evaluation.mean_interval import mean_interval
from clvmodels.intervals import Array, quantiles
from clvmodels.rfm import HoldoutSplit

Customers = Mapping[str, pd.DataFrame]
Assessments = Mapping[tuple[str, str], Assessment]


def wide(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return long metrics with a row per target and forecaster, and a column per metric, in their order."""
    rows: dict[tuple[str, str], dict[str, float]] = {}
    for name, target, metric, figure in metrics[["forecaster", "target", "metric", "value"]].itertuples(index=False):
        rows.setdefault((target, name), {})[metric] = figure
    return pd.DataFrame(list(rows.values()), index=pd.MultiIndex.from_tuples(rows, names=["target", "forecaster"]))


def by_frequency(customers: Customers, split: HoldoutSplit, target: str, *, interval: float) -> pd.DataFrame:
    """Return mean outcomes, their intervals, and mean predictions by calibration frequency."""
    means = {"actual": split.holdout[target]} | {name: table["mean"] for name, table in customers.items()}
    labels, codes = frequency_labels(first=0), frequency_groups(split.calibration.frame["frequency"], first=0)
    groups = pd.DataFrame(means).groupby(pd.Categorical.from_codes(codes, labels), observed=True)
    table: Any = groups.agg("mean").set_axis(labels[np.unique(codes)])
    table.insert(0, "customers", np.unique(codes, return_counts=True)[1])
    ends = [mean_interval(seen.to_numpy(float), interval=interval) for _, seen in groups["actual"]]
    for place, (name, end) in enumerate(zip(("actual_lower", "actual_upper"), zip(*ends, strict=True), strict=True)):
        table.insert(2 + place, name, end)
    return table


def by_decile(customers: Customers) -> pd.DataFrame:
    """Return mean predictions and outcomes by tenths of each forecaster's own predictions, lowest first.

    Examples
    --------
    >>> table = pd.DataFrame({"y_obs": [0.0] * 5 + [2.0] * 5, "mean": 1.0})
    >>> by_decile({"constant": table})["actual"].round(3).unique().tolist()
    [1.0]
    """
    parts: Any = [_tenths(table).assign(forecaster=name) for name, table in customers.items()]
    table: Any = pd.concat(parts, ignore_index=True)
    return table[["forecaster", "decile", "customers", "predicted", "actual"]]


def _tenths(table: pd.DataFrame) -> pd.DataFrame:
    """Customers with equal predictions are shared evenly between the tenths on which they lie."""
    groups = table.groupby("mean").agg(customers=("y_obs", "size"), actual=("y_obs", "sum")).reset_index()
    reached = np.concatenate([[0.0], np.cumsum(groups["customers"])])
    edges = np.linspace(0, len(table), 11)

    def means(sums: Any) -> Array:
        return np.diff(np.interp(edges, reached, np.concatenate([[0.0], np.cumsum(sums)]))) / np.diff(edges)

    return pd.DataFrame(
        {
            "decile": np.arange(1, 11),
            "customers": np.diff(edges),
            "predicted": means(groups["mean"] * groups["customers"]),
            "actual": means(groups["actual"]),
        }
    )


def lift(customers: Customers) -> pd.DataFrame:
    """Return what each tenth of the customers brought of the total, best predicted first; "actual" is hindsight."""
    return pd.concat(list(_gains(customers)), ignore_index=True)


def _gains(customers: Customers) -> Iterator[pd.DataFrame]:
    observed = next(iter(customers.values()))["y_obs"]
    for name, score in {"actual": observed, **{name: table["mean"] for name, table in customers.items()}}.items():
        cumulative = ranking.gains(observed, score)[0]
        share = np.diff(cumulative, prepend=0.0)
        columns = {"decile": np.arange(1, 11), "share": share, "cumulative": cumulative, "lift": 10 * share}
        yield pd.DataFrame({"forecaster": name, **columns})


def coverage(metrics: pd.DataFrame, assessments: Assessments, target: str) -> pd.DataFrame:
    """Return the share of the observations that each forecaster's intervals held, by level."""
    table = wide(metrics).loc[target]
    rows = [
        {
            "forecaster": name,
            "level": level,
            "covered": table.loc[name, f"coverage_{percent(level)}"],
            "attainable": attainable,
            "randomised": table.loc[name, f"randomised_coverage_{percent(level)}"],
            "width": table.loc[name, f"width_{percent(level)}"],
        }
        for (name, of), assessment in assessments.items()
        if of == target
        for level, attainable in assessment.attainable.items()
    ]
    return pd.DataFrame(rows, columns=["forecaster", "level", "covered", "attainable", "randomised", "width"])


def pit(assessments: Assessments, forecaster: str, target: str, *, bins: int, interval: float) -> pd.DataFrame:
    """Return the histogram of the randomised transforms, with what the forecaster's own draws give."""
    assessment = assessments.get((forecaster, target))
    if assessment is None or assessment.pit_counts is None:
        raise InvalidArgument(f"{forecaster} has no draws of {target}; choose a forecaster that has")
    if bins < 2 or BINS % bins:
        raise InvalidArgument(f"bins is {bins}; give 2 or more that divide {BINS}, e.g. 20")
    counts, own = assessment.observed_pit().reshape(bins, -1), assessment.pit_counts
    drawn = own.reshape(len(own), bins, -1).sum(axis=2) / own.sum(axis=1, keepdims=True)
    lower, upper = quantiles(drawn, interval, "predictive")
    edges = np.arange(bins + 1) / bins
    return pd.DataFrame(
        {
            "lower": edges[:-1],
            "upper": edges[1:],
            "share": counts.sum(axis=1) / counts.sum(),
            "expected": 1 / bins,
            "band_lower": lower,
            "band_upper": upper,
        }
    )
