"""Every measure of every forecaster over the same resampled customers and origins, so that differences are paired."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels.compiled.threads import in_order
from clvmodels.evaluation import metrics
from clvmodels.evaluation.measures import Mean, Measure
from clvmodels.evaluation.ranking import Ranking
from clvmodels.intervals import Array, with_progress

if TYPE_CHECKING:
    from clvmodels.evaluation.result import BacktestResult

DRAWS = 1000
# Weights of 16 MB at a time.
WEIGHTS_AT_ONCE = 2**22
Key = tuple[str, str]
Counts = NDArray[np.int32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Resampled:
    """Goodness (see `Measure.goodness`) of each forecaster; NaN where it is not defined.

    Attributes
    ----------
    observed : dict of (forecaster, target) to array (1, origins, measures)
    drawn : dict of (forecaster, target) to array (draws, origins, measures)
    origins : array (draws, origins)
        How often each origin was drawn.
    """

    observed: Mapping[Key, Array]
    drawn: Mapping[Key, Array]
    origins: Counts

    def paired(self, first: Key, second: Key) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """Means of two forecasters over the origins at which both are defined; of each alone where they never are.

        Returns
        -------
        tuple of two pairs
            What was observed, each (measures,), and what was drawn, each (draws, measures).
        """
        once = np.ones((1, self.origins.shape[1]))
        observed = _over_origins(self.observed[first], self.observed[second], once)
        drawn = _over_origins(self.drawn[first], self.drawn[second], self.origins)
        return (observed[0][0], observed[1][0]), drawn


def _over_origins(own: Array, other: Array, origins: Any) -> tuple[Array, Array]:
    both = ~(np.isnan(own) | np.isnan(other))
    alone = ~both.any(axis=1, keepdims=True)
    own_weights, other_weights = ((both | (alone & ~np.isnan(side))) * origins[:, :, None] for side in (own, other))
    return _mean(own, own_weights), _mean(other, other_weights)


def _mean(goodness: Array, weights: Any) -> Array:
    total = np.sum(np.where(weights > 0, goodness, 0.0) * weights, axis=1)
    return metrics.ratio(total, weights.sum(axis=1))


def resample(
    results: Sequence[BacktestResult], measures: Sequence[Measure], *, draws: int = DRAWS, random_seed: int = 1
) -> Resampled:
    """Take the measures over resampled customers and origins.

    Customers are drawn with replacement, one draw for all forecasters, targets and origins: a customer who is known at
    several origins is drawn, or not, at all of them. Where there are several origins they are drawn as well.

    Parameters
    ----------
    results : sequence of BacktestResult
        One for each origin.
    measures : sequence of Measure
        Those taken over customers.
    draws, random_seed : int

    Returns
    -------
    Resampled
    """
    customers = results[0].split.holdout.index
    for result in results[1:]:
        customers = customers.union(result.split.holdout.index, sort=False)
    rows = [customers.get_indexer(result.split.holdout.index) for result in results]
    keys = list(dict.fromkeys(key for result in results for key in result.assessments))
    size = max(1, WEIGHTS_AT_ONCE // max(1, len(customers)))
    chunks = [range(start, min(start + size, draws)) for start in range(0, draws, size)]

    def chunk(numbers: range) -> dict[Key, Array]:
        weights = [_counts(np.random.default_rng([random_seed, number]), len(customers)) for number in numbers]
        return _at_origins(results, keys, measures, rows, np.stack(weights))

    parts = list(with_progress(in_order(chunk, chunks), "resampled customers", len(chunks)))
    rng = np.random.default_rng([random_seed, draws])
    return Resampled(
        observed=_at_origins(results, keys, measures, rows, np.ones((1, len(customers)), dtype=np.int32)),
        drawn={key: np.concatenate([part[key] for part in parts]) for key in keys},
        origins=np.stack([_counts(rng, len(results)) for _ in range(draws)]),
    )


def _counts(rng: np.random.Generator, size: int) -> Counts:
    """How often each of `size` things is drawn with replacement."""
    return np.bincount(rng.integers(size, size=size), minlength=size).astype(np.int32)


def _at_origins(
    results: Sequence[BacktestResult],
    keys: Sequence[Key],
    measures: Sequence[Measure],
    rows: Sequence[Any],
    weights: Counts,
) -> dict[Key, Array]:
    found = {key: np.full((len(weights), len(results), len(measures)), np.nan) for key in keys}
    for place, (result, own) in enumerate(zip(results, rows, strict=True)):
        known = weights[:, own] if len(results) > 1 else weights
        for key, assessment in result.assessments.items():
            found[key][:, place] = np.stack(list(_goodness(assessment.customers, measures, known)), axis=1)
    return found


def _goodness(customers: pd.DataFrame, measures: Sequence[Measure], weights: Counts) -> Iterator[Array]:
    """All means come from one product, and all rankings from one loop, so that the weights are read once."""
    averaged = [measure.of.columns(customers) for measure in measures if isinstance(measure.of, Mean)]
    means = metrics.means(np.concatenate(averaged, axis=1), weights)
    parts = iter(np.split(means, np.cumsum([columns.shape[1] for columns in averaged])[:-1], axis=1))
    ranked = Ranking(customers["y_obs"], customers["mean"], weights)
    for measure in measures:
        taken: Any = measure.of
        figures = taken.figure(next(parts)) if isinstance(taken, Mean) else taken.measure(ranked)
        yield measure.goodness(figures)
