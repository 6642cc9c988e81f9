"""How far the forecast of a fit rests on its priors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument, check_interval
from clvmodels.evaluation.criticism.customers import check_draws
from clvmodels.inference.diagnostics import effective_sample_size, smooth_weights
from clvmodels.intervals import Array, summed
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.models.spend import SpendPosterior
from clvmodels.rfm import RFM

TARGETS = ("purchases", "value")
POWERS = (0.5, 1.0, 2.0)


def prior_sensitivity(
    purchases: PurchasePosterior,
    spend: SpendPosterior | None,
    rfm: RFM,
    *,
    horizon: float,
    interval: float = 0.9,
) -> pd.DataFrame:
    r"""Expected purchases and value of all customers together, with all priors weaker, as they are, and stronger.

    The priors' density is raised to a power by weighting the draws of the fit; nothing is fitted again.

    .. math:: w \propto p(\theta)^{\text{power} - 1}

    Parameters
    ----------
    purchases : PurchasePosterior
    spend : SpendPosterior, optional
        None: purchases only.
    rfm : RFM
        The customers to forecast.
    horizon : float
        In the time unit of the RFM.
    interval : float
        Probability inside the credible interval.

    Returns
    -------
    DataFrame, indexed by target ("purchases", "value") and power (0.5, 1, 2)
        mean, lower, upper of the expected total (value at margin 1, not discounted); k_hat of the weights (NaN where
        all are equal) and effective_sample_size; change: of the mean relative to that at power 1.

    Raises
    ------
    InvalidArgument
        If a posterior has no priors (given parameters), or fewer than 100 draws; for an interval outside (0, 1), a
        negative or infinite horizon, or an RFM in another time unit.

    Notes
    -----
    Source: Kallioinen, Paananen, Buerkner, Vehtari (2024), doi:10.1007/s11222-023-10366-5. The powers apply to the
    densities of the parameters that the models' priors name.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> from clvmodels.models.registry import textbook_models
    >>> rfm = load_cdnow_summary()
    >>> table = prior_sensitivity(textbook_models()[0].fit(rfm, random_seed=1), None, rfm, horizon=39)
    >>> bool(table["change"].abs().max() < 0.01)
    True
    """
    check_interval(interval)
    draws, log_priors = _totals(purchases, spend, rfm, horizon), {"purchases": _log_prior(purchases)}
    sizes = [each.draw_count for each in purchases.by_model().values()]
    if spend is not None:
        log_priors["value"] = log_priors["purchases"] + _log_prior(spend)
    rows = {
        (target, power): _row(draws[target], log_prior, power, interval, sizes)
        for target, log_prior in log_priors.items()
        for power in POWERS
    }
    table = pd.DataFrame(rows.values(), index=pd.MultiIndex.from_tuples(rows, names=["target", "power"]))
    return table.assign(change=table["mean"] / table["mean"].xs(1.0, level="power") - 1)


def _totals(purchases: PurchasePosterior, spend: SpendPosterior | None, rfm: RFM, horizon: float) -> dict[str, Array]:
    """Draws (draws,) of the expected purchases of all customers together and, with spend, of their value."""
    spent: tuple[Array, ...] = ()
    prices: list[Callable[[slice], Any]] = [_one]
    if spend is not None:
        LifetimeValue(purchases, spend)  # which refuses posteriors that do not fit each other
        spent = spend.rows_of(rfm)
    rows, money, which = purchases.distinct(purchases.rows_of(rfm), *spent)
    count = np.bincount(which).astype(float)
    if spend is not None:
        prices.append(spend.expectation(tuple(money)))
    bought = purchases.expectation("expected_purchases", rows, horizon=horizon).block

    def sums(rows: slice) -> Array:
        each = bought(rows)
        return np.stack([count[rows] @ (each * price(rows)) for price in prices])

    return dict(zip(TARGETS, summed(sums, len(count), purchases.draw_count), strict=False))


def _one(_: slice) -> float:
    return 1.0


def _log_prior(posterior: PurchasePosterior | SpendPosterior) -> Array:
    """Log density of all priors at each draw (draws,), up to a constant."""
    members = posterior.by_model().values()
    if not all(each.priors for each in members):
        raise InvalidArgument(
            "the posterior is of given parameters and has no priors; use one that fit made from data and priors"
        )
    check_draws(posterior)
    return np.concatenate([_own_log_prior(each) for each in members])


def _own_log_prior(posterior: PurchasePosterior | SpendPosterior) -> Array:
    draws = posterior.prior_draws()
    return np.sum([prior.log_density(draws[name]) for name, prior in posterior.priors.items()], axis=0)


def _row(draws: Array, log_prior: Array, power: float, interval: float, sizes: Sequence[int]) -> dict[str, float]:
    # The members of a pool keep their shares.
    members = np.split((power - 1) * log_prior, np.cumsum(sizes)[:-1])
    each = [_weights(member) for member in members]
    weights = np.concatenate([len(own) / len(draws) * own for own, _ in each])
    k_hats = [k_hat for _, k_hat in each if not np.isnan(k_hat)]
    k_hat = max(k_hats, default=np.nan)
    lower, upper = _ends(draws, weights, interval)
    row = {"mean": weights @ draws, "lower": lower, "upper": upper}
    return {**row, "k_hat": k_hat, "effective_sample_size": effective_sample_size(weights)}


def _ends(draws: Array, weights: Array, interval: float) -> Array:
    """Lower and upper end (2,); with equal weights those of every other credible interval."""
    order, tail = np.argsort(draws), (1 - interval) / 2
    below = np.cumsum(weights[order]) - weights[order]
    return np.interp([tail, 1 - tail], below / below[-1], draws[order])


def _weights(log_weights: Array) -> tuple[Array, float]:
    if np.ptp(log_weights) == 0:
        return np.full(len(log_weights), 1 / len(log_weights)), np.nan
    return smooth_weights(log_weights)
