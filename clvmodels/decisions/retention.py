"""A retention offer: whom to make it, what it gains, and from which effect on it pays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels.decisions.drivers import STEP, Certain, driver_sentence, drivers
from clvmodels.decisions.offer import Offer, OfferDraws, Parts, break_even
from clvmodels.errors import check_cost, check_interval
from clvmodels.intervals import Array, DrawBlocks, interval_table, summary
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.notebook import answer_as_html
from clvmodels.rfm import RFM
from clvmodels.wording import amount, between, chance, plural, share

CURVE_POINTS, CONCENTRATED = 100, 0.25
CHOSEN, EVERYONE = "chosen", "everyone"


@dataclass(frozen=True, kw_only=True, eq=False)
class Retention:
    """The answer of `retention_offer`.

    Attributes
    ----------
    table : DataFrame
        Rows "chosen" and "everyone": customers, cost (expected, of the offer), mean, lower and upper (expected net
        gain, credible), probability_pays (that it is above zero) and break_even (the share kept from which on it is;
        infinite if no share will do).
    customers : DataFrame
        The same of every customer, by customer_id, in the order in which the offer is best made; and `chosen`.
    curve : DataFrame
        By share of the customers to whom it is made, in that order: customers, cost, mean, lower and upper of the
        expected net gain, and chosen (at those chosen). `clv.plots.net_gain` draws it.
    drivers : DataFrame
        Of the net gain from those chosen, or from everyone if nobody is.
    sentence : str
    """

    table: pd.DataFrame
    customers: pd.DataFrame
    curve: pd.DataFrame
    drivers: pd.DataFrame
    sentence: str

    _repr_html_ = answer_as_html


def retention_offer(
    value: LifetimeValue,
    rfm: RFM,
    offer: Offer,
    *,
    horizon: float,
    budget: float | None = None,
    interval: float = 0.9,
    random_seed: int | None = None,
) -> Retention:
    """Weigh what an offer keeps against what it costs, customer by customer, and choose to whom to make it.

    The net gain is the margin that it adds within the horizon less its cost. It is an expectation: its interval and
    probability say how sure the model and the assumed effect are, not what one customer's luck will be.

    Parameters
    ----------
    value : LifetimeValue
    rfm : RFM
        Those to whom the offer could be made.
    offer : Offer
    horizon : float
        From the observation end on, in the models' time unit.
    budget : float, optional
        The most that the offer may cost in all (expected), in money. The best set within it is made of those who gain
        most for the money, one after the other, passing over who no longer fits; without a budget, of all for whom it
        is expected to pay.
    interval : float
        Probability inside the credible intervals.
    random_seed : int, optional
        Of the effects; replaces the fit's seed.

    Returns
    -------
    Retention

    Raises
    ------
    InvalidArgument
        If a choice is outside its domain, or there are no customers.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> from clvmodels.models.priors import Prior
    >>> value = LifetimeValue(*cdnow_posteriors(), margin=0.3)
    >>> offer = Offer(kept=Prior("Beta", alpha=2, beta=18), cost=1.5, reach=26)
    >>> answer = retention_offer(value, load_cdnow_summary(), offer, horizon=52)
    >>> int(answer.table.loc["chosen", "customers"])
    159
    """
    check_interval(interval)
    if budget is not None:
        check_cost(budget, "budget")
    draws = OfferDraws.of(value, rfm, offer, horizon=horizon, random_seed=random_seed)
    customers: Any = _chosen(_customers(draws, rfm.frame.index, interval), budget)
    curve, sums = _curve(
        draws, customers.loc[rfm.frame.index, "place"].to_numpy(), int(customers["chosen"].sum()), interval
    )
    table: Any = pd.DataFrame({name: _summed(each, count, interval) for name, (each, count) in sums.items()}).T
    table = table.rename_axis("made_to")
    main = CHOSEN if customers["chosen"].any() else EVERYONE
    moved = _drivers(draws, sums[main][0], int(table.loc[main, "customers"]), interval)
    return Retention(
        table=table.astype({"customers": int}),
        customers=customers.drop(columns="place"),
        curve=curve,
        drivers=moved,
        sentence=_sentence(table, customers, horizon, value.purchases.time_unit, interval)
        + driver_sentence(moved, "net gain"),
    )


def _customers(draws: OfferDraws, index: pd.Index, interval: float) -> pd.DataFrame:
    def rows(parts: Parts) -> Array:
        pays = (parts.net > 0).mean(axis=1)
        means = [np.broadcast_to(each, parts.net.shape).mean(axis=1) for each in (parts.cost, parts.base, parts.slope)]
        cost, base, slope = means
        return np.column_stack([cost, summary(parts.net, interval, "credible"), pays, break_even(base, slope)])

    columns = ["cost", "mean", "lower", "upper", "probability_pays", "break_even"]
    return pd.DataFrame(draws.by_customer(rows), index=index, columns=columns)


def _chosen(customers: pd.DataFrame, budget: float | None) -> pd.DataFrame:
    """In the order in which the offer is best made, with their place in it, and whether they are chosen."""
    gain, cost = customers["mean"].to_numpy(), customers["cost"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        merit = gain if budget is None else np.nan_to_num(gain / cost, nan=0.0, posinf=np.inf, neginf=-np.inf)
    order = np.lexsort([-gain, -merit])
    chosen = np.zeros(len(order), bool)
    chosen[order] = _within(gain[order], cost[order], budget)
    order = np.lexsort([-gain, -merit, ~chosen])
    return customers.iloc[order].assign(chosen=chosen[order], place=np.arange(len(order)))


def _within(gain: Array, cost: Array, budget: float | None) -> NDArray[np.bool_]:
    """Those for whom it pays, one after the other, as long as the budget allows; who does not fit is passed over."""
    if budget is None:
        return gain > 0
    left, chosen = budget * (1 + 1e-12), gain > 0
    for place in np.flatnonzero(chosen):
        chosen[place] = cost[place] <= left
        left -= cost[place] * chosen[place]
    return chosen


def _curve(
    draws: OfferDraws, place: Array, chosen: int, interval: float
) -> tuple[pd.DataFrame, dict[str, tuple[Parts, int]]]:
    """Cumulative sums in the order of the places; and those of the chosen and of everyone."""
    number = len(place)
    ends = np.unique([*np.ceil(np.linspace(0, number, CURVE_POINTS + 1)).astype(int), chosen])
    group = np.searchsorted(ends[1:], place, side="right")
    summed = draws.sums(group, len(ends) - 1)
    cumulative = Parts(*(np.pad(each.cumsum(axis=1), ((0, 0), (1, 0))) for each in summed))
    net = interval_table(
        pd.Index(ends / number, name="share"), DrawBlocks.of(cumulative.net), interval=interval, kind="credible"
    )
    curve = net.assign(customers=ends, cost=cumulative.cost.mean(axis=0), chosen=ends == chosen)
    at = {CHOSEN: int(np.searchsorted(ends, chosen)), EVERYONE: len(ends) - 1}
    sums = {name: (Parts(*(each[:, where] for each in cumulative)), int(ends[where])) for name, where in at.items()}
    return curve.reindex(columns=["customers", "cost", "mean", "lower", "upper", "chosen"]), sums


def _summed(parts: Parts, customers: int, interval: float) -> dict[str, float]:
    mean, lower, upper = summary(parts.net[None, :], interval, "credible")[0]
    return {
        "customers": customers,
        "cost": float(parts.cost.mean()),
        "mean": mean,
        "lower": lower,
        "upper": upper,
        "probability_pays": float((parts.net > 0).mean()),
        "break_even": float(break_even(parts.base.mean(), parts.slope.mean())),
    }


def _drivers(draws: OfferDraws, parts: Parts, customers: int, interval: float) -> pd.DataFrame:
    uncertain = {"share kept": draws.kept, "lift": draws.lift, "margin at stake": parts.at_stake}
    paid, mean = customers * draws.offer.cost, float(parts.net.mean())
    given = float(parts.cost.mean()) - paid
    certain = {}
    if draws.offer.cost:
        certain["cost of an offer"] = Certain(draws.offer.cost, mean + STEP * paid, mean - STEP * paid)
    if draws.offer.discount:
        certain["discount"] = Certain(draws.offer.discount, mean + STEP * given, mean - STEP * given)
    return drivers(parts.net, uncertain=uncertain, certain=certain, interval=interval)


def _sentence(table: Any, customers: Any, horizon: float, unit: str, interval: float) -> str:
    chosen, everyone = table.loc[CHOSEN], table.loc[EVERYONE]
    all_of_them = plural(int(everyone["customers"]), "customer")
    whole = (
        f"{amount(everyone['mean'])}{between(everyone, interval, 'credible')}, and pays with a probability of "
        f"{chance(everyone['probability_pays'])}"
    )
    if not chosen["customers"]:
        pays = int((customers["mean"] > 0).sum())
        why = f"the budget allows none of the {pays:,} for whom it is expected to pay" if pays else "it pays for none"
        return f"The offer is made to none of {all_of_them}, as {why}: made to all it gains {whole}. "
    break_even_words = f"it pays from a share kept of {amount(100 * chosen['break_even'])} % on"
    return (
        f"Made to the {plural(int(chosen['customers']), 'customer')} chosen, the offer costs {amount(chosen['cost'])} "
        f"and is expected to gain {amount(chosen['mean'])} after that{between(chosen, interval, 'credible')} within "
        f"{plural(horizon, unit)}; it pays with a probability of {chance(chosen['probability_pays'])}, and "
        f"{break_even_words}.{_concentration(customers, chosen['mean'])} Made to all {all_of_them} it gains {whole}. "
    )


def _concentration(customers: Any, gain: float) -> str:
    """Warn where a large part of the gain comes from one customer."""
    chosen = customers.loc[customers["chosen"], "mean"]
    largest = float(chosen.max())
    if largest <= CONCENTRATED * gain:
        return ""
    return f" Of that gain {share(largest / gain)} would come from customer {chosen.idxmax()} alone."
