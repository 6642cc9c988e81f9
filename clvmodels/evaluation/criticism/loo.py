"""Leave-one-out by Pareto-smoothed importance sampling: how well each customer is predicted from the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp

from clvmodels.errors import InvalidArgument, shown
from clvmodels.evaluation.criticism.customers import check_draws, dates, distinct_customers, spenders
from clvmodels.inference.diagnostics import k_hat_limit
from clvmodels.intervals import Array, DrawBlocks, row_blocks, with_progress
from clvmodels.models.beta_geo_posterior import BetaGeoPosterior
from clvmodels.models.gamma_gamma import GammaGammaPosterior
from clvmodels.models.posterior import Posterior
from clvmodels.rfm import RFM, fingerprint

# Log-likelihoods of all draws within this are one and the same weight.
NO_DIFFERENCE = 1e-9


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
    posterior: BetaGeoPosterior | GammaGammaPosterior, rfm: RFM, *, smoothed: int | None = None
) -> LeaveOneOut:
    """Predict each customer of a fit from all others, without fitting again (PSIS-LOO).

    A customer with a large k-hat has much influence on the fit, or does not belong to its population. Customers with
    the same numbers are worked out once; those with nothing observed (T of 0) have no k-hat.

    Parameters
    ----------
    posterior : BetaGeoPosterior or GammaGammaPosterior
    rfm : RFM
        The customers that it was fitted to; those whom Gamma-Gamma leaves out are left out here.
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
    Source: Vehtari, Gelman, Gabry (2017), doi:10.1007/s11222-016-9696-4, as ArviZ does it.

    Examples
    --------
    >>> from clvmodels.models.beta_geo import BetaGeo
    >>> draws = np.random.default_rng(1).gamma(100, [[0.0024], [0.044], [0.008], [0.024]], (4, 200))
    >>> posterior = BetaGeo.at(**dict(zip(["r", "alpha", "a", "b"], draws)), time_unit="week")
    >>> two = pd.DataFrame({"frequency": [0, 2], "recency": [0, 30.43], "T": 38.86}, index=["a", "b"])
    >>> leave_one_out(posterior, RFM.from_frame(two, time_unit="week")).summary["elpd"].round(1).item()
    -10.0
    """
    check_draws(posterior)
    if smoothed is not None and smoothed < 1:
        raise InvalidArgument(f"smoothed is {shown(smoothed)}; give a number of customers, one or more")
    part, frequency, kinds, count = _distinct(posterior, rfm)
    log_likelihood = posterior.log_likelihood(kinds)
    elpd, p_loo, k_hat = _pointwise(log_likelihood, _relative_efficiency(posterior), _chosen(log_likelihood, smoothed))
    limit, total, customers = k_hat_limit(posterior.draw_count), float(count @ elpd), int(count.sum())
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


def _distinct(posterior: BetaGeoPosterior | GammaGammaPosterior, rfm: RFM) -> tuple[str, Array, RFM, Array]:
    """The name of the model's part, and of its distinct customers the frequency, the RFM and the count."""
    if isinstance(posterior, BetaGeoPosterior):
        posterior.check_customers(rfm)
        _check_data(posterior, rfm, rfm.compressed())
        kinds, count = distinct_customers(rfm, *dates(rfm))
        return "purchases", kinds.frame["frequency"].to_numpy(float), kinds, count
    used = spenders(rfm, include_first=posterior.include_first)
    _check_data(posterior, rfm, used.spend_counts(include_first=posterior.include_first))
    kinds, count = distinct_customers(used, *used.spend(include_first=posterior.include_first))
    return "spend", kinds.spend(include_first=posterior.include_first)[0], kinds, count


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


def _pointwise(log_likelihood: DrawBlocks, efficiency: float, chosen: NDArray[np.bool_]) -> Array:
    """elpd, p_loo and k-hat (3, rows)."""
    slices = list(row_blocks(log_likelihood.rows, log_likelihood.draws))
    # ArviZ smooths row by row in Python: threads would only wait for each other.
    steps = with_progress(slices, "customers", len(slices))
    return np.concatenate([_of_block(log_likelihood.block(at), efficiency, chosen[at]) for at in steps], axis=1)


def _of_block(block: Array, efficiency: float, chosen: NDArray[np.bool_]) -> Array:
    """elpd, p_loo and k-hat (3, rows) from log-likelihoods (rows, draws)."""
    from arviz_stats.base import array_stats

    smooth: Any = array_stats.psislw
    in_sample: Any = logsumexp(block, axis=1) - np.log(block.shape[1])
    total: Any = logsumexp(-block, axis=1, keepdims=True)
    weights, k_hat = -block - total, np.full(len(block), np.nan)
    if chosen.any():
        # ArviZ takes log-likelihoods, and turns their sign itself.
        weights[chosen], k_hat[chosen] = smooth(block[chosen], r_eff=efficiency)
    elpd: Any = logsumexp(block + weights, axis=1)
    return np.stack([elpd, in_sample - elpd, k_hat])
