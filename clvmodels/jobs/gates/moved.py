"""Whether a new model says something else than the published one, beyond what both of them leave open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from clvmodels.intervals import Array, DrawBlocks, quantiles
from clvmodels.jobs.check import Check
from clvmodels.jobs.gates.judged import judged, not_applicable, per_cent
from clvmodels.jobs.settings import Gates
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.models.spend import SpendPosterior
from clvmodels.rfm import RFM
from clvmodels.wording import amount

CERTAINTY = 0.99
# Of two independent posteriors, at random: many, as the ends of intervals are far out.
PAIRS = 20_000
SEED = 1
MOST_CUSTOMERS = 5_000
SCORED_DRAWS = 100
SORTED_BY = ("frequency", "recency", "T", "monetary_value")
MONEY = "lifetime_value"
REMEDY = (
    "Customers behave otherwise than before, or the log changed: look at the report and at what was loaded. If it is "
    "true, promote the new version by hand."
)


@dataclass(frozen=True, kw_only=True)
class Models:
    """The two posteriors of one version.

    Attributes
    ----------
    purchases : PurchasePosterior
    spend : SpendPosterior or None
        None for a log without amounts.
    """

    purchases: PurchasePosterior
    spend: SpendPosterior | None


def drift_checks(new: Models, old: Models, rfm: RFM, gates: Gates, *, horizon: float) -> tuple[Check, ...]:
    r"""Compare a new model with the published one: its parameters, and its scores of the same customers.

    Parameters: the draws of both posteriors, paired at random, give draws of log(new / old) for each parameter, and for
    what follows from them, which is better known: the population's means, such as the purchase rate of a new customer,
    and the purchases expected of one within the horizon. The figure says how far the interval stays away
    from 0, as a factor less 1, where that is most: what the posteriors leave open is no change. The intervals hold all
    of a model's at once with a probability of 99 % or more (Bonferroni).

    Scores: both models score the customers of `rfm`, 5,000 of them at most. The figure is Kolmogorov's distance
    between the distributions over customers of the two models' mean scores. The limit is the larger of the
    configured one and of what the posteriors leave open: for each of them the distance from its mean scores that 99 %
    of its draws keep, and of both the root of the sum of squares, as they are independent. A distance says nothing of
    how much a score moved: scores that are nearly alike change places at once, so that the posteriors leave much
    open. The total over the customers is therefore compared as well, in the way of the parameters.

    Parameters
    ----------
    new, old : Models
        The candidate, and what is published.
    rfm : RFM
        The customers, as the candidate knows them.
    gates : Gates
        The limits.
    horizon : float
        Of the scores, in the models' time unit.

    Returns
    -------
    tuple of Check
        parameter_drift_purchases; score_drift_probability_alive, score_total_probability_alive, and the same of
        expected_purchases. With amounts also parameter_drift_spend, score_drift_lifetime_value and
        score_total_lifetime_value (of the expected spend: margin 1, not discounted).

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> same, _ = cdnow_posteriors()
    >>> models = Models(purchases=same, spend=None)
    >>> drift_checks(models, models, load_cdnow_summary(), Gates(), horizon=39)[0].verdict
    'passed'
    """
    parts = ("purchases", "spend") if new.spend or old.spend else ("purchases",)
    checks = [_parameters(part, getattr(new, part), getattr(old, part), gates, horizon) for part in parts]
    quantities = ("probability_alive", "expected_purchases", *((MONEY,) if len(parts) > 1 else ()))
    known = _evenly(rfm)
    for quantity in quantities:
        checks += _scores(quantity, new, old, known, gates, horizon)
    return tuple(checks)


def _incomparable(new: Any, old: Any) -> str | None:
    if new is None or old is None:
        return "One of the two models has no amounts."
    if (type(new), new.key) != (type(old), old.key):
        return "The two models are of different kinds: their parameters mean different things."
    if new.time_unit != old.time_unit:
        return f"The new model is in {new.time_unit}s and the published one in {old.time_unit}s."
    return None


def _parameters(part: str, new: Any, old: Any, gates: Gates, horizon: float) -> Check:
    name, limit = f"parameter_drift_{part}", gates.max_parameter_drift
    reason = _incomparable(new, old)
    if new is None or old is None or reason:
        return not_applicable(name, reason or "", limit=limit)
    own, other = _known(new, horizon), _known(old, horizon)
    level = 1 - (1 - CERTAINTY) / len(own)
    figures = {each: _drift(own[each], other[each], level) for each in own}
    worst = max(figures, key=lambda each: (figures[each], abs(np.log(own[each].mean() / other[each].mean()))))
    figure, before, now = figures[worst], amount(other[worst].mean()), amount(own[worst].mean())
    return judged(
        name,
        figure,
        limit,
        held=figure <= limit,
        found=f"Of the parameters of {part} and what follows from them, {worst} moved most, from {before} to {now}. "
        f"That is {_beyond(figure)}; at most {per_cent(limit)} beyond is allowed.",
        remedy=REMEDY,
    )


def _known(posterior: PurchasePosterior | SpendPosterior, horizon: float) -> dict[str, Array]:
    """The draws of the parameters, and of the means over the population."""
    known = posterior.named_draws()
    means = {f"the {name}": draws for name, draws in posterior.population().items()}
    if isinstance(posterior, PurchasePosterior):
        within = np.array([horizon])
        means["the number of purchases expected of a new customer"] = posterior.newcomer("expected_purchases", within)[
            :, 0
        ]
    return known | means


def _drift(new: Array, old: Array, level: float) -> float:
    """How far the interval of log(new / old) stays away from 0, as a factor less 1; draws of either side (draws,)."""
    rng = np.random.default_rng(SEED)
    drawn = np.log(new[rng.integers(len(new), size=PAIRS)]) - np.log(old[rng.integers(len(old), size=PAIRS)])
    lower, upper = quantiles(drawn, level, "credible")
    return float(np.expm1(max(0.0, float(lower), -float(upper))))


def _beyond(moved: float) -> str:
    return f"{per_cent(moved)} beyond what the posteriors allow" if moved else "within what the posteriors allow"


def _evenly(rfm: RFM) -> RFM:
    """Customers taken evenly from all of them in order of what they did, whatever the order they come in."""
    if len(rfm) <= MOST_CUSTOMERS:
        return rfm
    facts = [rfm.frame[name].to_numpy(float) for name in SORTED_BY if name in rfm.frame.columns]
    # The middle ones of as many equal parts, so that sums are those of all.
    places = ((np.arange(MOST_CUSTOMERS) + 0.5) * len(rfm) / MOST_CUSTOMERS).astype(int)
    return rfm.select(rfm.frame.index[np.lexsort(facts[::-1])[places]])


@dataclass(frozen=True, kw_only=True)
class _Scores:
    """One model's scores: means (customers,), some draws (customers, k), and totals (draws,)."""

    mean: Array
    some: Array
    totals: Array


def _scored(quantity: str, models: Models, rfm: RFM, horizon: float) -> _Scores:
    blocks = _blocks(quantity, models, rfm, horizon)
    kept = np.unique(np.linspace(0, blocks.draws - 1, SCORED_DRAWS).astype(int))
    parts = list(blocks.map(lambda block: (block.mean(axis=1), block[:, kept], block.sum(axis=0))))
    mean, some, totals = zip(*parts, strict=True)
    return _Scores(mean=np.concatenate(mean), some=np.concatenate(some), totals=np.sum(totals, axis=0))


def _blocks(quantity: str, models: Models, rfm: RFM, horizon: float) -> DrawBlocks:
    if quantity == MONEY and models.spend is not None:
        return LifetimeValue(models.purchases, models.spend).blocks(rfm, horizon=horizon)
    within: dict[str, Any] = {} if quantity == "probability_alive" else {"horizon": horizon}
    return models.purchases.blocks(quantity, rfm, **within)


def _scores(quantity: str, new: Models, old: Models, rfm: RFM, gates: Gates, horizon: float) -> Iterator[Check]:
    distance, total = f"score_drift_{quantity}", f"score_total_{quantity}"
    parts = ("purchases", "spend") if quantity == MONEY else ("purchases",)
    reasons = [_incomparable(getattr(new, part), getattr(old, part)) for part in parts]
    if quantity == "probability_alive" and not (new.purchases.leaves and old.purchases.leaves):
        reasons.append(f"Under {new.purchases.label} nobody leaves: there is no probability of being alive.")
    reason = next(filter(None, reasons), None)
    if reason:
        yield not_applicable(distance, reason, limit=gates.max_score_drift)
        yield not_applicable(total, reason, limit=gates.max_parameter_drift)
        return
    own, other = (_scored(quantity, models, rfm, horizon) for models in (new, old))
    yield _distance(distance, quantity, own, other, gates)
    yield _total(total, quantity, own, other, gates)


def _distance(name: str, quantity: str, new: _Scores, old: _Scores, gates: Gates) -> Check:
    if 1 in (old.some.shape[1], new.some.shape[1]):
        reason = "One of the two models is a point: it does not say how far its scores may be off."
        return not_applicable(name, reason, limit=gates.max_score_drift)
    figure, allowed = _kolmogorov(new.mean, old.mean), float(np.hypot(_left_open(new), _left_open(old)))
    limit = max(gates.max_score_drift, allowed)
    return judged(
        name,
        figure,
        limit,
        held=figure <= limit,
        found=f"Scored by both models, the distributions of {quantity} over {len(new.mean):,} customers are "
        f"{figure:.3f} apart (Kolmogorov's distance, 0 to 1); {limit:.3f} is allowed, and {allowed:.3f} is what "
        "the posteriors leave open.",
        remedy=REMEDY,
    )


def _left_open(scores: _Scores) -> float:
    """The distance from its mean scores that nearly all draws of a model keep."""
    return float(np.quantile([_kolmogorov(draw, scores.mean) for draw in scores.some.T], CERTAINTY))


def _kolmogorov(one: Array, other: Array) -> float:
    every, sides = np.concatenate([one, other]), (np.sort(one), np.sort(other))
    # As scipy.stats.ks_2samp, without the p-value, which takes most of its time.
    below = [np.searchsorted(side, every, side="right") / len(side) for side in sides]
    return float(np.max(np.abs(below[0] - below[1])))


def _total(name: str, quantity: str, new: _Scores, old: _Scores, gates: Gates) -> Check:
    figure, limit = _drift(new.totals, old.totals, CERTAINTY), gates.max_parameter_drift
    means = f"{amount(old.totals.mean())} by the published model and {amount(new.totals.mean())} by the new one"
    return judged(
        name,
        figure,
        limit,
        held=figure <= limit,
        found=f"Summed over {len(new.mean):,} customers, {quantity} is {means}. That is {_beyond(figure)}; at "
        f"most {per_cent(limit)} beyond is allowed.",
        remedy=REMEDY,
    )
