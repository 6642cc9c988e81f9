"""Leave-one-out by Pareto-smoothed importance sampling: how well each customer is predicted from the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp

from clvmodels.errors import InvalidArgument, shown
from clvmodels.evaluation.criticism.customers import check_draws, distinct_customers
from clvmodels.inference.diagnostics import k_hat_limit
from clvmodels.intervals import Array, DrawBlocks, row_blocks, with_progress
from clvmodels.models.posterior import Posterior
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.models.spend import SpendPosterior
from clvmodels.rfm import RFM, fingerprint

# Log-likelihoods of all draws within this are one and the same weight.
NO_DIFFERENCE = 1e-9
Members = Sequence[tuple[int, float]]
"""The number of draws of each member of a pool, and how many independent ones a draw is worth."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LeaveOneOut:
    """What `leave_one_out` found of one model.

    Attributes
    ----------
    summary : DataFrame, one row, indexed by part ("purchases" or "spend")
        customers, elpd (the sum over customers of the log predictive density of each, given the others), se (of elpd),
        p_loo (effective number of parameters), k_hat (the largest), k_hat_limit (above it the approximation is not to
        be trusted), share_above (of the customers).
    k_hats : DataFrame
        One row for all customers with the same numbers, by frequency: part, frequency (purchases that count), k_hat
        (NaN where nothing was observed), customers.
    """

    summary: pd.DataFrame
    k_hats: pd.DataFrame


def leave_one_out(
    posterior: PurchasePosterior | SpendPosterior, rfm: RFM, *, smoothed: int | None = None
) -> LeaveOneOut:
    """Predict each customer of a fit from all others, without fitting again (PSIS-LOO).

    A customer with a large k-hat has much influence on the fit, or does not belong to its population. Customers with
    the same numbers are worked out once; those with nothing observed (T of 0) have no k-hat.

    Parameters
    ----------
    posterior : PurchasePosterior or SpendPosterior
    rfm : RFM
        The customers that it was fitted to; those who say nothing of spend are left out for a model of spend.
    smoothed : int, optional
        The weights of so many distinct customers are smoothed, those whose log-likelihood varies most over the draws;
        the others, of little influence, are predicted with their plain weights, and have no k-hat. By default all are.

    Returns
    -------
    LeaveOneOut

    Raises
    ------
    InvalidArgument
        If the posterior has fewer than 100 draws, or was fitted to other customers, or nobody is to be smoothed.

    Notes
    -----
    Source: Vehtari, Gelman, Gabry (2017), doi:10.1007/s11222-016-9696-4, as ArviZ does it. A pool keeps its weights,
    whatever a customer says of its members: each member predicts the customer, and the predictions are averaged.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> from clvmodels.models.registry import textbook_models
    >>> rfm = load_cdnow_summary()
    >>> leave_one_out(textbook_models()[0].fit(rfm, random_seed=1), rfm, smoothed=10).summary["elpd"].round(-1).item()
    -9590.0
    """
    check_draws(posterior)
    if smoothed is not None and smoothed < 1:
        raise InvalidArgument(f"smoothed is {shown(smoothed)}; give a number of customers, one or more")
    part, frequency, kinds, count = _distinct(posterior, rfm)
    log_likelihood = posterior.log_likelihood(kinds)
    members = [(each.draw_count, _relative_efficiency(each)) for each in posterior.by_model().values()]
    elpd, p_loo, k_hat = _pointwise(log_likelihood, members, _chosen(log_likelihood, smoothed))
    limit, total, customers = k_hat_limit(min(members)[0]), float(count @ elpd), int(count.sum())
    # ArviZ 0.x divides by n, ArviZ 1.x and R's loo by n - 1.
    variance = count @ (elpd - total / customers) ** 2 / max(customers - 1, 1)
    row = {
        "customers": customers,
        "elpd": total,
        "se": float(np.sqrt(customers * variance)),
        "p_loo": float(count @ p_loo),
        "k_hat": float(np.max(k_hat, initial=-np.inf, where=~np.isnan(k_hat))),
        "k_hat_limit": limit,
        "share_above": float(count @ (k_hat > limit) / customers),
    }
    summary = pd.DataFrame([row], index=pd.Index([part], name="part"))
    columns = {"part": part, "frequency": frequency.astype(int), "k_hat": k_hat, "customers": count.astype(int)}
    return LeaveOneOut(summary=summary, k_hats=pd.DataFrame(columns))


def _distinct(posterior: PurchasePosterior | SpendPosterior, rfm: RFM) -> tuple[str, Array, RFM, Array]:
    """The name of the model's part, and of its distinct customers the frequency, the RFM and the count."""
    columns, used = posterior.rows_of(rfm), posterior.fitted(rfm)
    for each in posterior.by_model().values():
        _check_data(each, rfm, each.counts(rfm))
    kinds, count = distinct_customers(rfm.select(used), *(column[used] for column in columns))
    return posterior.part, posterior.rows_of(kinds)[0], kinds, count


def _check_data(posterior: Posterior, rfm: RFM, fitted: pd.DataFrame) -> None:
    # Draws that were made elsewhere do not say what they were fitted to.
    if posterior.fingerprint and posterior.fingerprint != fingerprint(fitted, rfm.time_unit):
        raise InvalidArgument("the posterior was fitted to other customers; give the RFM that it was fitted to")


def _relative_efficiency(posterior: Posterior) -> float:
    """Effective draws per draw: 1 for independent ones, fewer from chains."""
    if posterior.samples.sizes["chain"] == 1:
        return 1.0
    import arviz_stats

    sizes = arviz_stats.ess(posterior.samples, method="mean")
    return float(np.mean([sizes[name] for name in posterior.parameters])) / posterior.draw_count


def _chosen(log_likelihood: DrawBlocks, smoothed: int | None) -> NDArray[np.bool_]:
    """Which rows' weights are smoothed: those that vary most, all of them equal to the last one included."""
    varied = np.concatenate([np.empty(0), *log_likelihood.map(lambda block: np.ptp(block, axis=1))])
    if smoothed is None or smoothed >= len(varied):
        return varied > NO_DIFFERENCE
    return (varied > NO_DIFFERENCE) & (varied >= np.sort(varied)[-smoothed])


def _pointwise(log_likelihood: DrawBlocks, members: Members, chosen: NDArray[np.bool_]) -> Array:
    """elpd, p_loo and k-hat (3, rows)."""
    slices = list(row_blocks(log_likelihood.rows, log_likelihood.draws))
    # ArviZ smooths row by row in Python: threads would only wait for each other.
    steps = with_progress(slices, "customers", len(slices))
    return np.concatenate([_of_members(log_likelihood.block(at), members, chosen[at]) for at in steps], axis=1)


def _of_members(block: Array, members: Members, chosen: NDArray[np.bool_]) -> Array:
    """elpd, p_loo and k-hat (3, rows) from log-likelihoods (rows, draws), those of one member after the other."""
    sizes, efficiencies = zip(*members, strict=True)
    parts = np.split(block, np.cumsum(sizes)[:-1], axis=1)
    each = [_of_block(part, own, chosen) for part, own in zip(parts, efficiencies, strict=True)]
    if len(each) == 1:
        return each[0]
    elpd, p_loo, k_hat = np.stack(each, axis=1)
    shares = np.log(np.array(sizes) / sum(sizes))[:, None]
    mixed: Any = logsumexp
    pooled, in_sample = (mixed(shares + values, axis=0) for values in (elpd, elpd + p_loo))
    return np.stack([pooled, in_sample - pooled, np.fmax.reduce(k_hat)])


def _of_block(block: Array, efficiency: float, chosen: NDArray[np.bool_]) -> Array:
    """elpd, p_loo and k-hat (3, rows) from log-likelihoods (rows, draws)."""
    from arviz_stats.base import array_stats

    smooth: Any = array_stats.psislw
    in_sample: Any = logsumexp(block, axis=1) - np.log(block.shape[1])
    total: Any = logsumexp(-block, axis=1, keepdims=True)
    weights, k_hat = -block - total, np.full(len(block), np.nan)
    chosen = chosen & (np.ptp(block, axis=1) > NO_DIFFERENCE)
    if chosen.any():
        # ArviZ takes log-likelihoods, and turns their sign itself.
        weights[chosen], k_hat[chosen] = smooth(block[chosen], r_eff=efficiency)
    elpd: Any = logsumexp(block + weights, axis=1)
    return np.stack([elpd, in_sample - elpd, k_hat])
