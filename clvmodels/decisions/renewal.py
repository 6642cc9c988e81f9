r"""A discount on the renewal that is due: what it gains, by how often a customer has renewed.

Of those who have renewed n times a share :math:`q = \alpha / (\alpha + \beta + n)` would leave now. A discount of D in
money goes to all who then renew. It keeps a share k of the leavers, whose probability to leave at each later renewal is
their own, :math:`\theta \sim B(\alpha + 1, \beta + n)`, as leaving has been seen once. With m the margin of a payment,
v the discount factor of a period and L the payments expected of them from the next renewal on,

.. math:: k q (m - D + v m L) - (1 - q) D
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels.decisions.checks import check_discount
from clvmodels.decisions.drivers import driver_sentence, drivers
from clvmodels.decisions.effects import Effect, effect_draws
from clvmodels.decisions.offer import break_even
from clvmodels.decisions.retention import CHOSEN, EVERYONE
from clvmodels.errors import InvalidArgument, check_cost, check_interval, check_margin, check_whole
from clvmodels.formulas import shifted_beta_geo
from clvmodels.formulas.discount import discount_force
from clvmodels.formulas.shifted_beta_geo import ShiftedBetaGeoParams
from clvmodels.intervals import Array, summary
from clvmodels.models.renewals import checked_customers
from clvmodels.models.shifted_beta_geo_posterior import ShiftedBetaGeoPosterior
from clvmodels.notebook import answer_as_html
from clvmodels.rfm import days_per_unit
from clvmodels.wording import amount, between, chance, plural

SEED = 0x5B6


@dataclass(frozen=True, kw_only=True, eq=False)
class RenewalDiscount:
    """The answer of `renewal_discount`.

    Attributes
    ----------
    table : DataFrame
        Indexed by renewals made so far: customers, probability_leaving (now, without the discount), mean, lower and
        upper (credible) of the expected net gain per customer, probability_pays, break_even (the share kept from which
        on it pays; infinite if no share will do), and chosen (whether it is expected to pay).
        `clv.plots.interval_points` draws it.
    total : DataFrame
        Rows "chosen" and "everyone": customers, mean, lower and upper of the net gain, probability_pays, break_even.
    drivers : DataFrame
        Of the net gain from those chosen, or from everyone if nobody is.
    sentence : str
    """

    table: pd.DataFrame
    total: pd.DataFrame
    drivers: pd.DataFrame
    sentence: str

    _repr_html_ = answer_as_html


def renewal_discount(
    contracts: ShiftedBetaGeoPosterior,
    customers: pd.DataFrame,
    *,
    kept: Effect,
    price: float,
    discount: float,
    annual_discount_rate: float,
    margin: float = 1.0,
    horizon: int | None = None,
    interval: float = 0.9,
    random_seed: int | None = None,
) -> RenewalDiscount:
    """Weigh a discount on the renewal that is due now against the leavers whom it keeps, for each tenure.

    Parameters
    ----------
    contracts : ShiftedBetaGeoPosterior
    customers : DataFrame
        One row per customer, with the column renewals (made so far); those with `left` true are left out.
    kept : Prior, or array of draws
        Share of those about to leave whom the discount keeps, e.g. ``clv.Prior("Beta", alpha=2, beta=18)``.
    price : float
        Of a renewal, in money.
    discount : float
        Share of the price given away on this one renewal, in [0, 1].
    annual_discount_rate : float
        Effective, for payments to come.
    margin : float
        Share of the full price that is earned, in (0, 1].
    horizon : int, optional
        Number of renewals that count, this one included; all without it.
    interval : float
        Probability inside the credible intervals.
    random_seed : int, optional
        Of the effect; replaces the fit's seed.

    Returns
    -------
    RenewalDiscount

    Raises
    ------
    InvalidArgument
        If a choice is outside its domain, or nobody is a customer any more.

    Examples
    --------
    >>> from clvmodels.models.priors import Prior
    >>> from clvmodels.models.shifted_beta_geo import ShiftedBetaGeo
    >>> contracts = ShiftedBetaGeo.at(alpha=0.668, beta=3.806, time_unit="year", random_seed=1)
    >>> members = pd.DataFrame({"customer_id": ["ann", "bob"], "renewals": [0, 5]})
    >>> choices = {"price": 100, "discount": 0.1, "annual_discount_rate": 0.1}
    >>> answer = renewal_discount(contracts, members, kept=Prior("DiracDelta", c=0.3), **choices)
    >>> answer.table["mean"].round(2).to_dict()
    {0: 6.28, 5: 1.03}
    """
    check_interval(interval)
    if not isinstance(contracts, ShiftedBetaGeoPosterior):
        raise InvalidArgument(f"contracts is a {type(contracts).__name__}; give what ShiftedBetaGeo().fit(...) returns")
    earned, given = check_margin(margin) * check_cost(price, "price"), check_discount(discount) * price
    tenures, counts = _still_there(customers)
    rng = np.random.default_rng([int(contracts.seed_for(random_seed)), SEED])
    effect = effect_draws(kept, "kept", contracts.predictive_draw_count, rng)
    leaving, payments = _leavers(contracts, tenures, annual_discount_rate, horizon)
    base, slope = -(1 - leaving) * given, leaving * (earned * payments - given)
    table = _Gain.of(base, slope, effect).table(pd.Index(tenures, name="renewals"), counts, interval)
    table.insert(1, "probability_leaving", leaving.mean(axis=1))
    table["chosen"] = table["mean"] > 0
    sets = np.stack([counts * table["chosen"].to_numpy(), counts]).astype(float)
    whole = _Gain.of(sets @ base, sets @ slope, effect)
    total = whole.table(pd.Index([CHOSEN, EVERYONE], name="made_to"), sets.sum(axis=1).astype(int), interval)
    main = 0 if table["chosen"].any() else 1
    inputs = _inputs(sets[main], leaving, payments, effect)
    moved = drivers(whole.net[main], uncertain=inputs, interval=interval)
    said = _sentence(total, int(table["chosen"].sum()), len(tenures), interval)
    return RenewalDiscount(table=table, total=total, drivers=moved, sentence=said + driver_sentence(moved, "net gain"))


@dataclass(frozen=True, eq=False)
class _Gain:
    """Net gain if nobody is kept, what keeping all adds, and what is gained: each (rows, draws)."""

    base: Array
    slope: Array
    net: Array

    @classmethod
    def of(cls, base: Array, slope: Array, kept: Array) -> _Gain:
        return cls(base, slope, base + kept * slope)

    def table(self, index: pd.Index, customers: NDArray[np.integer], interval: float) -> Any:
        """One row each."""
        ends = summary(self.net, interval, "credible")
        table = pd.DataFrame(ends, index=index, columns=["mean", "lower", "upper"])
        table.insert(0, "customers", customers)
        table["probability_pays"] = (self.net > 0).mean(axis=1)
        table["break_even"] = break_even(self.base.mean(axis=1), self.slope.mean(axis=1))
        return table


def _still_there(customers: pd.DataFrame) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Numbers of renewals, and how many customers have made so many."""
    members: Any = checked_customers(customers, left_needed=False)
    tenures, counts = np.unique(members.loc[~members["left"], "renewals"].to_numpy(), return_counts=True)
    if not len(tenures):
        raise InvalidArgument(f"none of the {len(members)} customers is one any more; there is nobody to keep")
    return tenures, counts


def _leavers(
    contracts: ShiftedBetaGeoPosterior, tenures: NDArray[np.integer], annual_discount_rate: float, horizon: int | None
) -> tuple[Array, Array]:
    """Share who would leave now, and discounted payments, this one included, of one who is kept: (tenures, draws)."""
    if horizon is not None:
        check_whole(horizon, "horizon")
    alpha, beta = contracts.parameter_draws()
    units_per_year = days_per_unit("year") / days_per_unit(contracts.time_unit)
    rate = math.expm1(discount_force(annual_discount_rate, units_per_year=units_per_year))
    made, left = tenures[:, None], ShiftedBetaGeoParams(alpha + 1, beta)
    rest = None if horizon is None else horizon - 1
    later = shifted_beta_geo.expected_residual_lifetime(left, made, d=rate, horizon=rest)
    return alpha / (alpha + beta + made), 1 + later / (1 + rate)


def _inputs(customers: Array, leaving: Array, payments: Array, kept: Array) -> dict[str, Array]:
    """What the net gain of so many customers with each tenure (tenures,) depends on."""
    leavers = customers @ leaving
    found = {"leavers now": leavers, "payments of one who is kept": customers @ (leaving * payments) / leavers}
    return {"share kept": kept, **{name: np.broadcast_to(each, len(kept)) for name, each in found.items()}}


def _sentence(total: Any, chosen: int, tenures: int, interval: float) -> str:
    some, everyone = total.loc[CHOSEN], total.loc[EVERYONE]
    number = plural(int(everyone["customers"]), "customer")
    whole = (
        f"{amount(everyone['mean'])}{between(everyone, interval, 'credible')}, and pays with a probability of "
        f"{chance(everyone['probability_pays'])}"
    )
    if not chosen:
        return f"The discount is expected to pay for none of {number}: given to all it gains {whole}. "
    return (
        f"Given to {plural(int(some['customers']), 'customer')} with {chosen} of {tenures} tenures, the discount is "
        f"expected to gain {amount(some['mean'])}{between(some, interval, 'credible')}; it pays with a probability of "
        f"{chance(some['probability_pays'])}, and from a share kept of {amount(100 * some['break_even'])} % on. Given "
        f"to all {number} it gains {whole}. "
    )
