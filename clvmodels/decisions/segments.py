"""A model of its own for every segment or channel."""

from __future__ import annotations

from typing import Any

from clvmodels.decisions.checks import grouped
from clvmodels.errors import ClvError, InvalidRFM, shown
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.models.purchases import PurchaseModel
from clvmodels.models.registry import purchase_model, spend_model
from clvmodels.models.spend import SpendModel
from clvmodels.rfm import RFM, needed_statistics
from clvmodels.rfm.counts import checked_names


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
        If the RFM lacks what a model needs (the message says which call makes it), or a segment cannot be fitted.

    Examples
    --------
    >>> import pandas as pd
    >>> from clvmodels.datasets import load_cdnow
    >>> from clvmodels.rfm import rfm_summary
    >>> rfm = rfm_summary(load_cdnow(), time_unit="week", observation_end="1997-09-30", statistics=["purchase_times"])
    >>> rfm = rfm.assign(channel=pd.Series(["search", "mail"] * 1178 + ["search"], index=rfm.frame.index))
    >>> list(fit_by_segment(rfm, "channel", draws=100, random_seed=1))
    ['mail', 'search']
    """
    codes, names = grouped(rfm, by)
    models: Any = (purchases or purchase_model(), spend or spend_model())
    checked_names(needed_statistics(models), rfm.frame.columns)
    found = {}
    for code, name in enumerate(names):
        part = rfm.select(codes == code)
        try:
            bought, spent = (model.fit(part, draws=draws, random_seed=random_seed) for model in models)
        except ClvError as error:
            raise InvalidRFM(
                f"{by} {shown(name)}, with {len(part)} customers, cannot be fitted: {error}; merge it with another"
                " segment"
            ) from error
        found[str(name)] = LifetimeValue(
            bought, spent, margin=margin, annual_discount_rate=annual_discount_rate, cost_per_purchase=cost_per_purchase
        )
    return found
