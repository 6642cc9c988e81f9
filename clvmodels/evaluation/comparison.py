"""Better, worse, or no clear difference: the model against a baseline, with an interval for each difference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument, check_interval, shown
from clvmodels.evaluation.bootstrap import Resampled
from clvmodels.evaluation.measures import Measure
from clvmodels.intervals import Array, quantiles

COLUMNS = ["label", "model", "baseline", "advantage", "lower", "upper", "scale", "outcome"]
MARGIN = 0.01
BETTER, WORSE, UNCLEAR, UNDEFINED = "better", "worse", "no clear difference", "not defined"


def compare(
    resampled: Resampled,
    measures: Sequence[Measure],
    *,
    model: str,
    baseline: str,
    known: Sequence[str],
    targets: Sequence[str],
    interval: float,
) -> pd.DataFrame:
    """Return how far the model is ahead of a baseline.

    Parameters
    ----------
    resampled : Resampled
    measures : sequence of Measure
        Those that were resampled, in their order.
    model, baseline : str
        Names of forecasters.
    known : sequence of str
        All names, also of those that have no figures.
    targets : sequence of str
    interval : float
        Probability of the intervals of the differences.

    Returns
    -------
    DataFrame, indexed by target and measure
        label (in words), model and baseline (the figures; of those that are best at a value, the distance from it),
        advantage (how much better the model is: positive is better, whichever way the measure runs), lower and upper
        (its percentile bootstrap interval); over several origins all are means over those at which both have the
        figure; scale (the baseline's figure for errors, 1 for bias, shares and rankings); and outcome: "better" or
        "worse" where the interval leaves 0 out and the advantage is 1 % of the scale or more, "no clear difference"
        where not, "not defined" where either has no figure.

    Raises
    ------
    InvalidArgument
        If a forecaster is not among those compared.
    """
    check_interval(interval)
    if baseline not in known:
        raise InvalidArgument(f"there is no forecaster {shown(baseline)}; choose one of {', '.join(known)}")
    parts = {
        target: _of_target(resampled, measures, (model, target), (baseline, target), interval) for target in targets
    }
    return pd.concat(parts, names=["target", "measure"])


def _of_target(
    resampled: Resampled,
    measures: Sequence[Measure],
    model: tuple[str, str],
    baseline: tuple[str, str],
    interval: float,
) -> pd.DataFrame:
    index = [measure.name for measure in measures]
    if not {model, baseline} <= set(resampled.observed):
        nothing = {name: np.nan for name in COLUMNS[1:-1]}
        rows = [{"label": measure.label, **nothing, "outcome": UNDEFINED} for measure in measures]
        return pd.DataFrame(rows, index=index, columns=COLUMNS)
    (own, other), (drawn_own, drawn_other) = resampled.paired(model, baseline)
    with np.errstate(invalid="ignore"):  # of two infinite ones
        advantage, drawn = own - other, drawn_own - drawn_other
    lower, upper = _ends(drawn, advantage, interval)
    lower_is_better = np.array([measure.better == "lower" for measure in measures])
    sign = np.array([1.0 if measure.better == "higher" else -1.0 for measure in measures])
    scale = np.where(lower_is_better, np.abs(other), 1.0)
    ends = zip(advantage, lower, upper, MARGIN * scale, strict=True)
    return pd.DataFrame(
        {
            "label": [measure.label for measure in measures],
            # Less a negative zero.
            "model": sign * own + 0.0,
            "baseline": sign * other + 0.0,
            "advantage": advantage,
            "lower": lower,
            "upper": upper,
            "scale": scale,
            "outcome": [outcome(*figures) for figures in ends],
        },
        index=index,
    )


def _ends(advantages: Array, observed: Array, interval: float) -> tuple[Array, Array]:
    """Of each column; a resample in which a measure is not defined says nothing of it."""
    ends = np.full((2, len(observed)), np.nan)
    for column in np.flatnonzero(~np.isnan(observed)):
        known = advantages[~np.isnan(advantages[:, column]), column]
        if len(known):
            ends[:, column] = quantiles(known, interval, "predictive")
    return ends[0], ends[1]


def outcome(advantage: float, lower: float, upper: float, margin: float) -> str:
    """Say what an advantage with its interval shows, if one below the margin is of no account.

    >>> outcome(0.2, 0.1, 0.3, 0.01), outcome(0.2, -0.1, 0.5, 0.01), outcome(-0.2, -0.3, -0.1, 0.01)
    ('better', 'no clear difference', 'worse')
    >>> outcome(0.005, 0.004, 0.006, 0.01), outcome(float("nan"), 0.0, 0.0, 0.01)
    ('no clear difference', 'not defined')
    """
    if np.isnan([advantage, lower, upper]).any():
        return UNDEFINED
    if abs(advantage) < margin:
        return UNCLEAR
    return BETTER if lower > 0 else WORSE if upper < 0 else UNCLEAR
