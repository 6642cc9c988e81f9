"""Retain or replace: the cost of keeping a customer against that of winning others who bring as much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from clvmodels.decisions.checks import grouped, successor
from clvmodels.decisions.drivers import STEP, Certain, driver_sentence, drivers
from clvmodels.decisions.offer import Offer, OfferDraws, Parts
from clvmodels.errors import check_cost, check_interval, check_share
from clvmodels.intervals import Array, summary
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.notebook import answer_as_html
from clvmodels.rfm import RFM
from clvmodels.wording import amount, between, listed

RETAIN, REPLACE, NEITHER, UNCLEAR = "retain", "replace", "neither", "unclear"
COLUMNS = [
    "mean",
    "lower",
    "upper",
    "margin_kept",
    "cost_of_keeping",
    "replaced_by",
    "cost_of_replacing",
    "worth_in_new",
    "probability_retain",
    "probability_replace",
    "probability_neither",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class Replacement:
    """The answer of `retain_or_replace`.

    Attributes
    ----------
    table : DataFrame
        Indexed by customer_id, or by segment: mean, lower and upper (credible) of what keeping gains over replacing;
        margin_kept (what the offer keeps) and cost_of_keeping; replaced_by (the number of new customers who bring as
        much) and cost_of_replacing; worth_in_new (the number of new customers who bring what a customer brings who
        stays); probability_retain, probability_replace and probability_neither (that keeping, replacing, or none of the
        two gains most and gains anything); verdict ("retain", "replace", "neither", or "unclear" where none of the
        three has the confidence asked for). `clv.plots.retain_or_replace` draws it.
    drivers : DataFrame
        Of the sum over all.
    sentence : str
    """

    table: pd.DataFrame
    drivers: pd.DataFrame
    sentence: str

    _repr_html_ = answer_as_html


def retain_or_replace(
    value: LifetimeValue,
    rfm: RFM,
    offer: Offer,
    *,
    new_cost: float,
    horizon: float,
    by: str | None = None,
    new: LifetimeValue | None = None,
    confidence: float = 0.9,
    interval: float = 0.9,
    random_seed: int | None = None,
) -> Replacement:
    """Compare keeping customers by an offer with winning new ones, at full price, who bring the margin it would keep.

    Keeping gains the margin that the offer keeps, less its cost. Replacing gains the same margin, less the cost of as
    many new customers as bring it within the horizon: margin kept / value of a new customer x cost of winning one.

    Parameters
    ----------
    value : LifetimeValue
    rfm : RFM
        A list of customers (see `RFM.select`).
    offer : Offer
        What keeping them takes.
    new_cost : float
        Of winning one new customer, in money.
    horizon : float
        For both, in the models' time unit.
    by : str, optional
        A column of `rfm.frame` with segments, each then taken as a whole; by default customer by customer.
    new : LifetimeValue, optional
        Of the customers who would be won (of a channel, say); by default `value`.
    confidence : float
        The probability from which on a verdict is given.
    interval : float
        Probability inside the credible intervals.
    random_seed : int, optional
        Of the effects; replaces the fit's seed.

    Returns
    -------
    Replacement

    Raises
    ------
    InvalidArgument
        If a choice is outside its domain, or a segment is empty.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> from clvmodels.models.priors import Prior
    >>> value = LifetimeValue(*cdnow_posteriors(), margin=0.3)
    >>> offer = Offer(kept=Prior("Beta", alpha=2, beta=8), cost=1.5, reach=26)
    >>> rfm = load_cdnow_summary().select([4, 6, 7])
    >>> retain_or_replace(value, rfm, offer, new_cost=12, horizon=52).table["verdict"].tolist()
    ['neither', 'unclear', 'neither']
    """
    check_interval(interval)
    check_share(confidence, "confidence", above=0.5)
    check_cost(new_cost, "new_cost")
    draws = OfferDraws.of(value, rfm, offer, horizon=horizon, random_seed=random_seed)
    one = successor(value, new).blocks(RFM.new_customer(value.purchases.time_unit), horizon=horizon, with_first=True)
    compared = _Compared(one.array()[:, 0], new_cost, interval)
    codes, groups = grouped(rfm, by)
    sums = draws.sums(codes, len(groups))
    total = Parts(*(part.sum(axis=1) for part in sums))
    if by is None:
        index, rows = rfm.frame.index, draws.by_customer(lambda parts: compared.rows(*_three(parts)))
    else:
        index, rows = groups, compared.rows(*(part.T for part in _three(sums)))
    table = pd.DataFrame(rows, index=index, columns=COLUMNS)
    table["verdict"] = _verdicts(table, confidence)
    gained, cost, retained = _three(total)
    whole = compared.rows(gained[None, :], cost[None, :], retained[None, :])[0]
    moved = compared.drivers(draws, gained, cost, total.at_stake)
    return Replacement(
        table=table, drivers=moved, sentence=_sentence(table, whole, interval) + driver_sentence(moved, "difference")
    )


@dataclass(frozen=True, eq=False)
class _Compared:
    """Value of a new customer (draws,), the cost of winning one, and the interval."""

    one: Array
    cost: float
    interval: float

    def replacing(self, gained: Array) -> tuple[Array, Array]:
        """How many new customers bring that margin, and what they cost; without end where a new one brings nothing."""
        with np.errstate(divide="ignore", invalid="ignore"):
            number = np.where(self.one > 0, gained / self.one, np.where(gained > 0, np.inf, 0.0))
            return number, np.where(np.isfinite(number), number * self.cost, np.inf)

    def rows(self, gained: Array, cost: Array, retained: Array) -> Array:
        """The columns for each row, from draws (rows, draws) of margin kept, cost of keeping, and value if retained."""
        number, replacing = self.replacing(gained)
        keep, replace = gained - cost, gained - replacing
        best = np.maximum(keep, replace)
        states = (best > 0) & (keep >= replace), (best > 0) & (keep < replace), best <= 0
        means = [part.mean(axis=1) for part in (gained, cost, number, replacing, self.replacing(retained)[0])]
        ends = summary(replacing - cost, self.interval, "credible")
        return np.column_stack([ends, *means, *(state.mean(axis=1) for state in states)])

    def drivers(self, draws: OfferDraws, gained: Array, cost: Array, at_stake: Array) -> pd.DataFrame:
        """Of what keeping all gains over replacing them."""
        replacing = self.replacing(gained)[1]
        mean, tenth = float((replacing - cost).mean()), STEP * float(replacing.mean())
        certain = {"cost of winning": Certain(self.cost, mean - tenth, mean + tenth)}
        if draws.offer.cost:
            paid = STEP * draws.rows * draws.offer.cost
            certain["cost of an offer"] = Certain(draws.offer.cost, mean + paid, mean - paid)
        uncertain = {"share kept": draws.kept, "margin at stake": at_stake, "value of a new customer": self.one}
        return drivers(replacing - cost, uncertain=uncertain, certain=certain, interval=self.interval)


def _three(parts: Parts) -> tuple[Array, Array, Array]:
    """Margin kept, cost of keeping, and value if retained."""
    return parts.net + parts.cost, parts.cost, parts.retained


def _verdicts(table: pd.DataFrame, confidence: float) -> np.ndarray:
    names = [RETAIN, REPLACE, NEITHER]
    return np.select([table[f"probability_{name}"] >= confidence for name in names], names, UNCLEAR)


def _sentence(table: pd.DataFrame, whole: Array, interval: float) -> str:
    counts = table["verdict"].value_counts()
    said = listed([f"{counts[name]:,} {name}" for name in (RETAIN, REPLACE, NEITHER, UNCLEAR) if name in counts])
    row = dict(zip(COLUMNS, whole.tolist(), strict=True))
    kept = (
        f"Verdicts: {said}. In all, the offer keeps a margin of {amount(row['margin_kept'])} at a cost of "
        f"{amount(row['cost_of_keeping'])}"
    )
    if not np.isfinite(row["replaced_by"]):
        return f"{kept}; no number of new customers is sure to bring as much, as one may bring nothing. "
    better = "keeping" if row["mean"] >= 0 else "replacing"
    return (
        f"{kept}; {amount(row['replaced_by'])} new customers bring as much, and cost {amount(row['cost_of_replacing'])}"
        f": {better} is cheaper by {amount(abs(row['mean']))}{_turned(row, interval)}. "
    )


def _turned(row: dict[str, float], interval: float) -> str:
    """The interval of the difference in the direction in which it is told."""
    if row["mean"] >= 0:
        return between(row, interval, "credible")
    return between({"lower": -row["upper"], "upper": -row["lower"]}, interval, "credible")
