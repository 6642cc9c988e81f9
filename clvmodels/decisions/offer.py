"""An offer to customers: what it costs, how long it lasts, and what it is assumed to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels.decisions.checks import check_discount, check_known
from clvmodels.decisions.effects import Effect, check_effect, effect_draws
from clvmodels.decisions.prospects import Prospects
from clvmodels.errors import InvalidArgument, check_cost, check_horizon
from clvmodels.intervals import Array, DrawBlocks
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.notebook import as_html
from clvmodels.rfm import RFM

SEED = 0x0FFE5


@dataclass(frozen=True, kw_only=True, eq=False)
class Offer:
    """A retention offer.

    Attributes
    ----------
    kept : Prior, or array of draws
        Share of the leavers whom it keeps: those who have left already, or would while it lasts. A prior, e.g.
        ``clv.Prior("Beta", alpha=2, beta=18)``, or after an experiment Beta(1 + kept, 1 + lost); the draws of your own
        posterior; ``clv.Prior("DiracDelta", c=0.1)`` if you insist on a bare 0.1.
    lift : Prior, or array of draws, optional
        Share by which purchases rise while it lasts; 1 doubles them.
    cost : float
        Of making it to one customer, in money; it is paid at once.
    discount : float
        Share of the price that is given away on every purchase while it lasts, also to those who would have bought
        anyway.
    lasts : float
        In the models' time unit; 0 for an offer of the moment, whose cost is all there is to it.
    reach : float, optional
        The longest time since the last purchase after which one who has left can be brought back; by default any.

    Raises
    ------
    InvalidArgument
        If an effect is a bare number, the cost is negative, the discount is outside [0, 1], or a discount or lift lasts
        for no time.

    Examples
    --------
    >>> from clvmodels.models.priors import Prior
    >>> Offer(kept=Prior("Beta", alpha=2, beta=18), cost=1.5).lasts
    0.0
    """

    kept: Effect
    lift: Effect | None = None
    cost: float = 0.0
    discount: float = 0.0
    lasts: float = 0.0
    reach: float | None = None

    def __post_init__(self) -> None:
        """Check the choices."""
        check_effect(self.kept, "kept")
        if self.lift is not None:
            check_effect(self.lift, "lift")
        check_cost(self.cost, "cost")
        check_horizon(self.lasts, "lasts")
        if self.reach is not None:
            check_horizon(self.reach, "reach")
        check_discount(self.discount)
        if self.lasts == 0 and (self.discount or self.lift is not None):
            raise InvalidArgument("a discount or a lift needs time; give how long the offer lasts, e.g. lasts=13")

    def _repr_html_(self) -> str:
        chosen = {field.name: _chosen(getattr(self, field.name)) for field in fields(self)}
        return as_html("Offer", pd.DataFrame({"chosen": chosen}))


class Parts(NamedTuple):
    """What an offer does to some customers, in money, each (rows, draws).

    Attributes
    ----------
    net : array
        Margin gained less cost: base + share kept x slope.
    cost : array
        Of the offer: what is paid at once, and what the discount gives away.
    at_stake : array
        Margin that keeping all leavers for certain would add.
    base, slope : arrays
        Net gain if nobody is kept, and what keeping all adds to it.
    retained : array
        Margin within the horizon if all leavers are kept for certain.
    """

    net: Array
    cost: Array
    at_stake: Array
    base: Array
    slope: Array
    retained: Array


@dataclass(frozen=True, eq=False)
class OfferDraws:
    """An offer to given customers, draw by draw.

    Attributes
    ----------
    value : LifetimeValue
    offer : Offer
    kept, lift : arrays (draws,)
        The effects.
    whole, during : Prospects
        Purchases within the horizon, and while the offer lasts.
    spend : callable
        Expected spend per purchase of some rows.
    rows : int
        Number of customers.
    """

    value: LifetimeValue
    offer: Offer
    kept: Array
    lift: Array
    whole: Prospects
    during: Prospects
    spend: Callable[[slice], Array]
    rows: int

    @classmethod
    def of(cls, value: LifetimeValue, rfm: RFM, offer: Offer, *, horizon: float, random_seed: int | None) -> OfferDraws:
        """Draw the effects, and prepare the customers."""
        if not isinstance(offer, Offer):
            raise InvalidArgument(f"the offer is a {type(offer).__name__}; make one with Offer(kept=..., cost=...)")
        check_known(value, rfm)
        length, size = check_horizon(horizon), value.purchases.predictive_draw_count
        rng = np.random.default_rng([int(value.purchases.seed_for(random_seed)), SEED])
        kept = effect_draws(offer.kept, "kept", size, rng)
        lift = np.zeros(size) if offer.lift is None else effect_draws(offer.lift, "lift", size, rng, most=np.inf)
        lasts = min(offer.lasts, length)
        whole = Prospects.of(value, rfm, horizon=length, stays=lasts, reach=offer.reach)
        during = Prospects.of(value, rfm, horizon=lasts, stays=lasts, reach=offer.reach)
        spend = value.spend.expectation(value.spend.rows_of(rfm))
        return cls(value, offer, kept, lift, whole, during, spend, len(rfm))

    @property
    def draws(self) -> int:
        """Their number."""
        return len(self.kept)

    def parts(self, rows: slice) -> Parts:
        """Of some rows."""
        spend = self.spend(rows)
        margin = self.value.margin_of(spend)
        now, kept = self.whole.of_rows(rows)
        at_stake = (kept - now) * margin
        base, slope = np.full((len(spend), self.draws), -self.offer.cost), at_stake
        cost = -base
        if self.offer.lasts:
            bought, brought = self.during.of_rows(rows)
            # What a purchase while the offer lasts adds by the lift, and takes by the discount.
            each = self.lift * margin - self.given(spend)
            base, slope = base + bought * each, slope + (brought - bought) * each
            cost = cost + (bought + self.kept * (brought - bought)) * self.given(spend)
        return Parts(base + self.kept * slope, cost, at_stake, base, slope, kept * margin)

    def given(self, spend: Array) -> Array:
        """What the discount gives away for each purchase that would be made without the lift."""
        return self.offer.discount * (1 + self.lift) * spend

    def by_customer(self, columns: Callable[[Parts], Array]) -> Array:
        """Columns (customers, m) that are worked out from the parts, of a block of customers at a time."""
        blocks = DrawBlocks(self.rows, self.draws, lambda at: columns(self.parts(at)))
        return np.concatenate(list(blocks.map(lambda block: block)))

    def sums(self, codes: NDArray[np.integer], groups: int) -> Parts:
        """The parts summed over groups of customers: each (draws, groups)."""
        wide = DrawBlocks(self.rows, len(Parts._fields) * self.draws, self._side_by_side)
        return Parts(*wide.sums(codes, groups).reshape(len(Parts._fields), self.draws, groups))

    def _side_by_side(self, rows: slice) -> Array:
        shape = (rows.stop - rows.start, self.draws)
        return np.hstack([np.broadcast_to(part, shape) for part in self.parts(rows)])


def break_even(base: Array, slope: Array) -> Array:
    """The share kept from which on an offer pays: 0 if it pays anyway, infinite if no share will do.

    Examples
    --------
    >>> break_even(np.array([-1.0, -1.0, 1.0]), np.array([4.0, 0.5, 4.0])).tolist()
    [0.25, inf, 0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.where(slope > 0, -base / slope, np.inf)
    return np.where(base >= 0, 0.0, np.where(needed <= 1, needed, np.inf))


def _chosen(value: Any) -> str:
    """A field in few words; of draws, how many and their mean."""
    if value is None:
        return ""
    return f"{len(value):,} draws, mean {np.mean(value):.4g}" if np.ndim(value) else str(value)
