"""A model of its own for every segment or channel."""

from __future__ import annotations

from clvmodels.decisions.checks import grouped
from clvmodels.errors import ClvError, InvalidRFM, shown
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.models.purchases import PurchaseModel
from clvmodels.models.registry import purchase_model, spend_model
from clvmodels.models.spend import SpendModel
from clvmodels.rfm import RFM


def fit_by_segment(
    rfm: RFM,
    by: str,
    *,
    purchases: PurchaseModel | None = None,
    spend: SpendModel | None = None,
    margin: float = 1.0,
    annual_discount_rate: float = 0.0,
    cost_per_purchase: float = 0.0,
    draws: int = 1000,
    random_seed: int | None = None,
) -> dict[str, LifetimeValue]:
    """Fit purchases and spend to each segment by itself, so that a new customer of each has a value of their own.

    Segments with few customers get wide intervals, not those of the others.

    Parameters
    ----------
    rfm : RFM
        With values.
    by : str
        The column of `rfm.frame` with the segments or channels.
    purchases, spend : PurchaseModel, SpendModel, optional
        The models, with their priors; by default the default ones.
    margin, annual_discount_rate, cost_per_purchase : float
        As in `LifetimeValue`.
    draws : int
        Number of draws of each posterior.
    random_seed : int, optional

    Returns
    -------
    dict of str -> LifetimeValue
        By segment, in sorted order.

    Raises
    ------
    InvalidArgument
        If the column is missing, has gaps, or holds a segment without customers.
    InvalidRFM
        If a segment cannot be fitted, with its name.

    Examples
    --------
    >>> import pandas as pd
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> rfm = load_cdnow_summary()
    >>> rfm = rfm.assign(channel=pd.Series(["search", "mail"] * 1178 + ["search"], index=rfm.frame.index))
    >>> list(fit_by_segment(rfm, "channel", random_seed=1))
    ['mail', 'search']
    """
    codes, names = grouped(rfm, by)
    found = {}
    for code, name in enumerate(names):
        part = rfm.select(codes == code)
        try:
            bought = (purchases or purchase_model()).fit(part, draws=draws, random_seed=random_seed)
            spent = (spend or spend_model()).fit(part, draws=draws, random_seed=random_seed)
        except ClvError as error:
            raise InvalidRFM(
                f"{by} {shown(name)}, with {len(part)} customers, cannot be fitted: {error}; merge it with another"
                " segment"
            ) from error
        found[str(name)] = LifetimeValue(
            bought, spent, margin=margin, annual_discount_rate=annual_discount_rate, cost_per_purchase=cost_per_purchase
        )
    return found
