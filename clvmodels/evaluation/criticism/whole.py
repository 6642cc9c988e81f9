"""All of the criticism of one fit at once."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from clvmodels.errors import InvalidArgument
from clvmodels.evaluation.criticism.frequencies import frequency_check
from clvmodels.evaluation.criticism.loo import LeaveOneOut, leave_one_out
from clvmodels.evaluation.criticism.priors import prior_sensitivity
from clvmodels.evaluation.criticism.spend import SpendIndependence, spend_independence
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.models.spend import SpendPosterior
from clvmodels.rfm import RFM


@dataclass(frozen=True, kw_only=True, eq=False)
class Criticism:
    """What the data that a model was fitted to say against it. Made by `criticise`.

    Attributes
    ----------
    frequencies : DataFrame
        As `frequency_check` returns it.
    leave_one_out : DataFrame
        Of each part, "purchases" and "spend", as `LeaveOneOut.summary`.
    k_hats : DataFrame
        As `LeaveOneOut.k_hats`.
    independence : SpendIndependence or None
        None for a log without amounts.
    sensitivity : DataFrame
        As `prior_sensitivity` returns it.
    """

    frequencies: pd.DataFrame
    leave_one_out: pd.DataFrame
    k_hats: pd.DataFrame
    independence: SpendIndependence | None
    sensitivity: pd.DataFrame


def criticise(
    purchases: PurchasePosterior,
    spend: SpendPosterior | None,
    rfm: RFM,
    *,
    horizon: float,
    interval: float = 0.9,
    smoothed: int | None = None,
) -> Criticism:
    """Check a fit against the data it was made from, before anything is held out.

    The histogram of frequencies (a posterior predictive check), each customer predicted from all others (PSIS-LOO), the
    assumption that spend does not depend on frequency, and how far the headline hangs on the priors.

    Parameters
    ----------
    purchases : PurchasePosterior
    spend : SpendPosterior, optional
    rfm : RFM
        The customers that both were fitted to.
    horizon : float
        Of the headline: the totals expected within so many time units.
    interval : float
        Probability inside each interval.
    smoothed : int, optional
        As in `leave_one_out`: for a large base, how many distinct customers of influence are worked out in full.

    Returns
    -------
    Criticism

    Raises
    ------
    InvalidArgument
        If the fits were not made from this RFM, have too few draws, or have no priors.

    Examples
    --------
    >>> from clvmodels.datasets import simulate_rfm
    >>> from clvmodels.models.registry import textbook_models
    >>> rfm = simulate_rfm(customers=200, spend=None, random_seed=1)
    >>> found = criticise(textbook_models()[0].fit(rfm, random_seed=1), None, rfm, horizon=10)
    >>> found.leave_one_out["share_above"].item()
    0.0
    """
    if not isinstance(purchases, PurchasePosterior):
        raise InvalidArgument(f"purchases is a {type(purchases).__name__}; give the posterior of a model of purchases")
    parts: list[LeaveOneOut] = [
        leave_one_out(part, rfm, smoothed=smoothed) for part in (purchases, spend) if part is not None
    ]
    return Criticism(
        frequencies=frequency_check(purchases, rfm, interval=interval),
        leave_one_out=pd.concat([part.summary for part in parts]),
        k_hats=pd.concat([part.k_hats for part in parts], ignore_index=True),
        independence=spend_independence(rfm, interval=interval) if rfm.has_value else None,
        sensitivity=prior_sensitivity(purchases, spend, rfm, horizon=horizon, interval=interval),
    )
