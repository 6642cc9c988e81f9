"""Whether a candidate forecasts held-out data no worse than what is in use, and whether it keeps what it promises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from clvmodels.errors import InvalidArgument
from clvmodels.evaluation.assessment import percent
from clvmodels.evaluation.backtest import NO_FORECAST
from clvmodels.evaluation.comparison import MARGIN, UNDEFINED, WORSE
from clvmodels.evaluation.result import BacktestResult
from clvmodels.intervals import Array, quantiles
from clvmodels.jobs.check import Check
from clvmodels.jobs.gates.judged import judged, not_applicable, per_cent
from clvmodels.jobs.settings import Gates
from clvmodels.names import NOUNS
from clvmodels.wording import amount, listed

PUBLISHED, SIMPLE = "published", "multiplicative_customer"
RIVALS = {PUBLISHED: "the published model", SIMPLE: "the simple formula"}
REMEDIES = {
    PUBLISHED: "The published model stays in use: look at what changed in the data or in the configuration since.",
    SIMPLE: "The model does not earn its keep on these data: look at the report, or let the simple formula do the job.",
}
# Chance alone may fail a well calibrated candidate so often.
CHANCE = 0.01


def backtest_checks(result: BacktestResult, gates: Gates, metrics: Sequence[str]) -> tuple[Check, ...]:
    r"""Compare a candidate's forecasts of the holdout with those of its rivals, and with what happened.

    Against the published model and the simple formula a candidate may not be clearly worse: the whole interval of the
    difference (a paired bootstrap over customers) below 0, and the difference 1 % or more, see
    `clvmodels.evaluation.comparison`. The figure is its advantage, positive where it is better; the limit is the
    advantage below which one with so wide an interval would be clearly worse.

    Its intervals should hold as many observations as they promise. Ends are taken in at random, as counts are whole:
    Czado, Gneiting, Held (2009), doi:10.1111/j.1541-0420.2009.01191.x. For few customers the limit is wider, by the
    binomial chance of n observations at the level: 2.58 sqrt(level (1 - level) / n).

    Its totals should not be biased, over all customers and in each segment. A bias counts where it is above the limit
    and the actual total lies outside the predictive interval, the one that is widened by past errors where it is
    known, so that luck fails nobody. Of many small segments some always lie outside 90 %: the interval is therefore
    at least as wide as the model's own one with probability 1 - 0.01 / (number of segments), or 0.99 for all
    customers together.

    Parameters
    ----------
    result : BacktestResult
        The candidate first, then "published" (except on the first night) and "multiplicative_customer".
    gates : Gates
        The limits.
    metrics : sequence of str
        Names of measures, see `clvmodels.evaluation.measures.catalogue`, in which the rivals are compared.

    Returns
    -------
    tuple of Check
        For each target: backtest_rmse_purchases_published and the like for each metric and rival, coverage_purchases,
        bias_purchases, and bias_purchases_web for a segment "web".

    Raises
    ------
    InvalidArgument
        If a metric is not one of those compared.

    Examples
    --------
    >>> from clvmodels.datasets import simulate_transactions
    >>> from clvmodels.evaluation.backtest import backtest
    >>> from clvmodels.evaluation.registry import named_forecasters
    >>> log = simulate_transactions(customers=200, length=40, spend=None, random_seed=1)
    >>> rivals = named_forecasters(["as_before", "multiplicative_customer"])
    >>> dates = {"calibration_end": "2020-07-31", "holdout_end": "2020-09-30"}
    >>> checks = backtest_checks(backtest(log, forecasters=rivals, value=None, **dates), Gates(), ["rmse"])
    >>> [(check.name, check.verdict) for check in checks]
    [('backtest_rmse_purchases_published', 'not applicable'),
     ('backtest_rmse_purchases_multiplicative_customer', 'passed'), ('coverage_purchases', 'not applicable'),
     ('bias_purchases', 'failed')]
    """
    return _checks(result, gates, metrics, (PUBLISHED, SIMPLE))


def held_out_checks(result: BacktestResult, gates: Gates, metrics: Sequence[str]) -> tuple[Check, ...]:
    """Make the checks of `backtest_checks` of a model that is in use itself: without a published one to compare with.

    Parameters
    ----------
    result : BacktestResult
        The model in use first, then "multiplicative_customer".
    gates, metrics
        As in `backtest_checks`.

    Returns
    -------
    tuple of Check
        The same without those against the published model.

    Examples
    --------
    >>> from clvmodels.datasets import simulate_transactions
    >>> from clvmodels.evaluation.backtest import backtest
    >>> from clvmodels.evaluation.registry import named_forecasters
    >>> log = simulate_transactions(customers=200, length=40, spend=None, random_seed=1)
    >>> rivals = named_forecasters(["as_before", "multiplicative_customer"])
    >>> dates = {"calibration_end": "2020-07-31", "holdout_end": "2020-09-30"}
    >>> checks = held_out_checks(backtest(log, forecasters=rivals, value=None, **dates), Gates(), ["rmse"])
    >>> [check.name for check in checks]
    ['backtest_rmse_purchases_multiplicative_customer', 'coverage_purchases', 'bias_purchases']
    """
    return _checks(result, gates, metrics, (SIMPLE,))


def _checks(result: BacktestResult, gates: Gates, metrics: Sequence[str], rivals: Sequence[str]) -> tuple[Check, ...]:
    unknown = sorted(set(metrics) - {measure.name for measure in result.compared})
    if unknown:
        raise InvalidArgument(f"metrics has {listed(unknown)}; choose from the measures that are compared")
    segmented = "segment" in result.split.calibration.frame.columns
    checks: list[Check] = []
    for target in result.targets:
        checks += [_against(result, metric, target, rival) for rival in rivals for metric in metrics]
        checks.append(_coverage(result, target, gates))
        checks.append(_bias(result, target, gates))
        checks += _segments(result, target, gates) if segmented else ()
    return tuple(checks)


def _against(result: BacktestResult, metric: str, target: str, rival: str) -> Check:
    name = f"backtest_{metric}_{NOUNS[target]}_{rival}"
    if rival not in result.names:
        return not_applicable(name, f"There is no forecast by {RIVALS[rival]} to compare with.")
    if not _has_forecast(result, target):
        return _no_forecast(name, result, target)
    row: Any = result.comparisons[rival].loc[(target, metric)]
    if row["outcome"] == UNDEFINED:
        return not_applicable(name, _why_undefined(result, metric, target, rival))
    advantage, upper = float(row["advantage"]), float(row["upper"])
    edge = -max(upper - advantage, MARGIN * float(row["scale"]))
    kind = next(measure.better for measure in result.compared if measure.name == metric)
    what = {"zero": "size of the ", "level": "distance from its level of the "}.get(kind, "") + row["label"]
    own, other = row["model"], row["baseline"]
    than = f"{amount(abs(advantage))} {'better' if advantage >= 0 else 'worse'} than {RIVALS[rival]}"
    interval = (
        f"{percent(result.interval)} % interval of the advantage {amount(row['lower'])} to {amount(row['upper'])}"
    )
    return judged(
        name,
        advantage,
        edge,
        held=row["outcome"] != WORSE,
        found=f"In the {what} of {NOUNS[target]} it is {than}: {amount(own)} against {amount(other)} ({interval}); "
        f"an advantage below {amount(edge)} would be clearly worse.",
        remedy=REMEDIES[rival],
    )


def _has_forecast(result: BacktestResult, target: str) -> bool:
    return (result.model, target) in result.assessments


def _no_forecast(name: str, result: BacktestResult, target: str) -> Check:
    told = " ".join(result.forecasts[result.model].notes)
    return judged(
        name,
        np.nan,
        np.nan,
        held=False,
        found=f"The candidate has no forecast of {NOUNS[target]}. {told}".rstrip(),
        remedy="A model that cannot be tried out is not published: look at the data of its calibration.",
    )


def _why_undefined(result: BacktestResult, metric: str, target: str, rival: str) -> str:
    """Of the candidate, or else of its rival; their notes where there is no forecast at all."""
    figures = result.metrics
    of = figures[(figures["metric"] == metric) & (figures["target"] == target)].set_index("forecaster")["why_missing"]
    for name, words in ((result.model, "the candidate"), (rival, RIVALS[rival])):
        reason = of.get(name, NO_FORECAST)
        if reason == NO_FORECAST:
            told = " ".join(result.forecasts[name].notes)
            return f"{words.capitalize()} has no forecast of {NOUNS[target]}. {told}".rstrip()
        if reason:
            return f"There is no {metric} of {NOUNS[target]} for {words}: {reason}."
    return f"There is no difference in {metric} of {NOUNS[target]} that could be taken."


def _coverage(result: BacktestResult, target: str, gates: Gates) -> Check:
    name, level = f"coverage_{NOUNS[target]}", result.interval
    if not _has_forecast(result, target):
        return _no_forecast(name, result, target)
    figures: Any = result.metrics.set_index(["forecaster", "target", "metric"])["value"]
    covered = float(figures[(result.model, target, f"randomised_coverage_{percent(level)}")])
    if np.isnan(covered):
        return not_applicable(name, f"The candidate's forecast of {NOUNS[target]} has no intervals.")
    customers = len(result.split.holdout)
    chance = float(stats.norm.isf(CHANCE / 2)) * np.sqrt(level * (1 - level) / customers)
    error, limit = abs(covered - level), max(gates.max_coverage_error, chance)
    few = "The intervals are too narrow: customers differ more than the model says, or behave otherwise than before."
    many = "The intervals are too wide, so that the model knows more than it says."
    return judged(
        name,
        error,
        limit,
        held=error <= limit,
        found=f"The {percent(level)} % intervals of {NOUNS[target]} held {100 * covered:.1f} % of {customers:,} "
        f"customers, with edges taken in at random; {100 * limit:.3g} points more or fewer are allowed.",
        remedy=f"{few if covered < level else many} Look at the report before relying on them.",
    )


def _bias(result: BacktestResult, target: str, gates: Gates) -> Check:
    name = f"bias_{NOUNS[target]}"
    if not _has_forecast(result, target):
        return _no_forecast(name, result, target)
    row: Any = result.totals().loc[(target, result.model)]
    sums = result.assessments[(result.model, target)].totals
    chance = _chance(None if sums is None else sums[:, None], 1)
    return _biased(name, f"All customers together: {NOUNS[target]}", row, chance[0], gates)


def _segments(result: BacktestResult, target: str, gates: Gates) -> Iterator[Check]:
    if not _has_forecast(result, target):
        return
    table = result.totals(by="segment").xs((target, result.model), level=("target", "forecaster"))
    prediction: Any = result.forecasts[result.model].prediction(target)
    groups = result.split.calibration.frame["segment"].astype("category").reindex(prediction.mean.index)
    sums = None if prediction.draws is None else prediction.draws.sums(groups.cat.codes.to_numpy(), len(table))
    for place, (name, chance) in enumerate(zip(_names(table.index), _chance(sums, len(table)), strict=True)):
        segment, row = table.index[place], table.iloc[place]
        yield _biased(f"bias_{NOUNS[target]}_{name}", f"Segment {segment!r}: {NOUNS[target]}", row, chance, gates)


def _chance(sums: Array | None, groups: int) -> list[tuple[float, float]]:
    """By group, the interval that holds the model's own draws (draws, groups) of all at once; missing without draws."""
    if sums is None:
        return [(np.nan, np.nan)] * groups
    return list(zip(*quantiles(sums, 1 - CHANCE / groups, "predictive"), strict=True))


def _names(segments: pd.Index) -> list[str]:
    """Segments as text, no two alike: 1 and "1" are told apart by their types."""
    names: list[str] = []
    for segment in segments:
        # What is no Unicode cannot be written.
        name = str(segment).encode(errors="backslashreplace").decode()
        while name in names:
            name += f" ({type(segment).__name__})"
        names.append(name)
    return names


def _biased(name: str, what: str, row: Any, chance: tuple[float, float], gates: Gates) -> Check:
    predicted, actual, limit = float(row["predicted"]), float(row["actual"]), gates.max_bias
    bias = 0.0 if predicted == actual else abs(predicted - actual) / abs(actual) if actual else np.inf
    wide = row["wide_lower"], row["wide_upper"]
    known = wide if np.isfinite(wide).all() else (row["lower"], row["upper"])
    # Missing without draws: then nothing tells luck from error.
    interval = min(known[0], chance[0]), max(known[1], chance[1])
    inside = interval[0] <= actual <= interval[1]
    size = f"a bias of {per_cent(bias)}" if actual else "of which no share can be taken"
    held = "" if np.isnan(interval).any() else f" ({amount(interval[0])} to {amount(interval[1])} would be no surprise)"
    return judged(
        name,
        bias,
        limit,
        held=bool(bias <= limit or inside),
        found=f"{what} expected {amount(predicted)}{held}, {amount(actual)} in fact, {size}; more than "
        f"{per_cent(limit)} is allowed only where it is no surprise.",
        remedy="Their customers behave otherwise than before, or the log lacks some of their purchases: find out "
        "which, and do not plan with this total until then.",
    )
