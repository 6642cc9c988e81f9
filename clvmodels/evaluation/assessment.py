"""One prediction held against what happened: what of it every measure needs, and no draw of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.compiled import verification
from clvmodels.errors import InvalidArgument
from clvmodels.evaluation import probabilities
from clvmodels.evaluation.forecasters import Prediction
from clvmodels.intervals import Array, bounds
from clvmodels.models.posterior import customer_keys

LEVELS = (0.5, 0.8, 0.9, 0.95)
BINS = 100
PIT_DRAWS = 250
# From this probability, or expected number of purchases, on.
SAID_ACTIVE = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Assessment:
    """What is left of a prediction when its draws are gone.

    Attributes
    ----------
    customers : DataFrame, indexed by customer_id
        y_obs (what was observed) and mean; median (of the draws, missing without them); active (P(at least one
        purchase)) and said_active (whether that, or else the mean, is 1/2 or more), missing for money. With draws also
        lower_90 and upper_90 for each level, crps, log_score (missing for money), cdf_below and cdf_at (F(y-) and F(y)
        of what was observed) and pit (in between, at random).
    totals : array (draws,), optional
        Sums over the customers, one per draw.
    attainable : dict of float to float
        By level: the share of their own draws that the intervals hold. Counts are discrete, so that it is above the
        level.
    pit_counts : array (draws, bins), optional
        The transforms of some of the draws themselves, by bin: what to expect of those of the observations, where all
        draws of a column share their parameters.
    """

    customers: pd.DataFrame
    totals: Array | None = None
    attainable: dict[float, float]
    pit_counts: Array | None = None

    @property
    def pit_distance(self) -> float:
        """How far the observations' transforms are from uniform: see `probabilities.uniformity`. NaN without draws."""
        return float(probabilities.uniformity(self.observed_pit())) if self.pit_counts is not None else np.nan

    @property
    def pit_p_value(self) -> float:
        """Share of the draws that are as far from uniform: small where the predictions have the wrong spread.

        Between 0 and 1, and uniform if they are right, whatever the parameters' common error does to all customers.
        NaN without draws.
        """
        if self.pit_counts is None:
            return np.nan
        drawn = probabilities.uniformity(self.pit_counts)
        return float((1 + np.count_nonzero(drawn >= self.pit_distance)) / (1 + len(drawn)))

    def observed_pit(self) -> Array:
        """How many observations' transforms fall into each bin."""
        return np.histogram(self.customers["pit"], bins=BINS, range=(0, 1))[0]


def assess(y_obs: pd.Series, prediction: Prediction, *, levels: tuple[float, ...], random_seed: int) -> Assessment:
    """Reduce a prediction to what its measures need, in one pass over its draws.

    Parameters
    ----------
    y_obs : Series
        What was observed, indexed by customer_id.
    prediction : Prediction
        Of the same customers, in any order.
    levels : tuple of float
        Probabilities of the intervals.
    random_seed : int
        For the randomised transforms, together with the customer's id.

    Raises
    ------
    InvalidArgument
        If a customer has no finite mean, or the draws are not of these customers.

    Examples
    --------
    >>> from clvmodels.intervals import DrawBlocks
    >>> customers = pd.Index(["ann", "bob"])
    >>> drawn = DrawBlocks.of(np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 6.0]]))
    >>> prediction = Prediction(mean=pd.Series([1.0, 3.0], index=customers), draws=drawn)
    >>> found = assess(pd.Series([3, 9], index=customers), prediction, levels=(0.9,), random_seed=1)
    >>> found.customers["crps"].round(2).tolist(), found.totals.tolist()
    ([1.33, 4.33], [1.0, 3.0, 8.0])
    """
    mean = _checked_mean(prediction.mean, y_obs.index)
    y = y_obs.reindex(mean.index)
    active = np.nan if prediction.active is None else _checked_active(prediction.active, mean.index)
    counts = y.dtype.kind in "iu"
    columns = {"y_obs": y, "mean": mean, "median": np.nan, "active": active}
    table = pd.DataFrame(columns, dtype=float).assign(said_active=np.nan)
    if counts:
        table["said_active"] = table["active"].fillna(table["mean"]) >= SAID_ACTIVE
    if prediction.draws is None:
        return Assessment(customers=table.reindex(y_obs.index), attainable={})
    if prediction.draws.draws < 2:
        raise InvalidArgument("there is one draw alone; give two or more, or none")
    if prediction.draws.rows != len(table):
        raise InvalidArgument(f"there are draws of {prediction.draws.rows} customers, and means of {len(table)}")
    found = _with_draws(table, prediction.draws, levels, random_seed, counts=counts)
    return replace(found, customers=found.customers.reindex(y_obs.index))


def _checked_mean(mean: pd.Series, customers: pd.Index) -> pd.Series:
    if not mean.index.is_unique or len(mean) != len(customers) or not mean.index.isin(customers).all():
        raise InvalidArgument(f"{len(mean)} rows are predicted for {len(customers)} customers; predict each once")
    lacking = int((~np.isfinite(mean.to_numpy(float))).sum())
    if lacking:
        raise InvalidArgument(f"there is no finite mean for {lacking} of {len(customers)} customers")
    return mean


def _checked_active(active: pd.Series, customers: pd.Index) -> pd.Series:
    if not active.index.is_unique or not customers.isin(active.index).all():
        raise InvalidArgument("P(active) is not given once for each customer")
    if not active.between(0, 1).all():
        raise InvalidArgument("P(active) is missing, or not between 0 and 1, for some customers")
    return active.reindex(customers)


def _with_draws(table: pd.DataFrame, draws: Any, levels: tuple[float, ...], seed: int, *, counts: bool) -> Assessment:
    keys, y = customer_keys(table.index), table["y_obs"].to_numpy()
    columns, totals, inside, pit = [], 0.0, 0.0, 0
    reduce = partial(_block, levels=levels, seed=np.uint64(seed % 2**64), counts=counts)
    for part in draws.map(reduce, y, keys):
        columns.append(part[0])
        totals, inside, pit = totals + part[1], inside + part[2], pit + part[3]
    names = ["median", *(f"{end}_{percent(level)}" for level in levels for end in ("lower", "upper"))]
    names += ["crps", "log_score", "cdf_below", "cdf_at", "pit"]
    drawn = pd.DataFrame(np.concatenate(columns), index=table.index, columns=names)
    return Assessment(
        customers=table.drop(columns="median").join(drawn),
        totals=np.asarray(totals),
        attainable=dict(zip(levels, (np.asarray(inside) / len(table)).tolist(), strict=True)),
        pit_counts=np.asarray(pit),
    )


def _block(
    block: Array, y: Array, keys: Any, *, levels: tuple[float, ...], seed: np.uint64, counts: bool
) -> tuple[Array, Array, Array, Any]:
    """Columns of the customers' table; and over the block's customers: sums, shares inside, and transforms by bin."""
    ordered = np.sort(block, axis=1)
    if not np.isfinite(ordered[:, [0, -1]]).all():
        raise InvalidArgument("some draws are not finite")
    ends = [end for level in levels for end in bounds(ordered, level, "predictive")]
    # Observation, ends, and some drawn outcomes: what share of the draws lies below each, and up to it.
    values = np.column_stack([y, *ends, block[:, :PIT_DRAWS]])
    below, at = np.empty(values.shape), np.empty(values.shape)
    verification.cdf(ordered, values, below, at)
    lower, upper = slice(1, 1 + len(ends), 2), slice(2, 2 + len(ends), 2)
    drawn = [0, *range(1 + len(ends), values.shape[1])]
    pit, bins = np.empty(len(y)), np.zeros((len(drawn) - 1, BINS), dtype=np.int64)
    ranked = values[:, drawn], below[:, drawn], at[:, drawn]
    verification.randomised_transforms(seed, keys, *ranked, block.shape[1], BINS, pit, bins)
    columns = [
        ordered[:, (block.shape[1] - 1) // 2],
        *ends,
        probabilities.crps(y, ordered),
        probabilities.log_scores(at[:, 0] - below[:, 0], block.shape[1]) if counts else np.full(len(y), np.nan),
        below[:, 0],
        at[:, 0],
        pit,
    ]
    return np.stack(columns, axis=1), block.sum(axis=0), (at[:, upper] - below[:, lower]).sum(axis=0), bins


def percent(level: float) -> str:
    """A level as it stands in names: 90."""
    return f"{100 * level:g}"
