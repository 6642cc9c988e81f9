"""Customers who spent nothing, in a posterior of Gamma-Gamma that had to be fitted without them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from clvmodels.intervals import Array


def left_out_sentence(left_out: int, left_out_share: float) -> str:
    """Say how many customers are left out of the fit.

    >>> left_out_sentence(7, 0.023)
    '7 customers with 2.3 % of the purchases have a mean spend of zero and are left out of the fit of spend'
    """
    whose = "customer" if left_out == 1 else "customers"
    have = "has a mean spend of zero and is" if left_out == 1 else "have a mean spend of zero and are"
    return (
        f"{left_out:,} {whose} with {100 * left_out_share:.3g} % of the purchases {have} left out of the fit of spend"
    )


def left_out_of(bought: pd.DataFrame) -> dict[str, Any]:
    """The customers with a mean of zero, and the share of all purchases that theirs are."""
    purchases: Any = bought["number"] * bought["count"]
    free = bought["mean"].to_numpy() == 0
    return {
        "left_out": int(np.sum(bought["count"].to_numpy()[free])),
        "left_out_share": float(np.sum(purchases.to_numpy()[free]) / np.sum(purchases.to_numpy())),
    }


def with_free_purchases(samples: xr.Dataset, bought: pd.DataFrame, rng: np.random.Generator) -> xr.Dataset:
    r"""Change draws of p, q, v, fitted to customers with a mean above zero, so that they hold for all customers.

    The expected mean value of a customer's purchases, :math:`z_n m + (1 - z_n) \mu` with
    :math:`z_n = p n / (p n + q - 1)` and :math:`\mu = p v / (q - 1)`, is Buehlmann's linear credibility, which needs no
    distribution. Two things make it right where purchases are free, whether all of some customers' are or some of
    everybody's:

    - The mean. Over all customers, those with m = 0 included, the best linear estimate of the mean value of a purchase
      is :math:`\hat\mu = \sum z_n m / \sum z_n` (Buehlmann, Straub, 1970), with variance
      :math:`\sum z_n^2 (m - \hat\mu)^2 / (\sum z_n)^2` whatever the distribution. Each draw takes its :math:`\mu`
      from a log-normal distribution with these moments. Customers with n purchases, taken together, are then
      expected to spend what they did, and so is the whole base.
    - The spread. Let s be the share of the customers, weighted by z, with m > 0. A purchase that is
      Gamma(p, nu) with probability s and else free has the mean :math:`s p / \nu` and the squared coefficient of
      variation :math:`(1 + 1/p) / s - 1`. The new p gives a Gamma variate the same:
      :math:`1/p' = (1 + 1/p) / s - 1`; and :math:`v' = \mu (q - 1) / p'`.

    The prior of the mean spend has its say in s and the shapes only. Which single purchases are free is not modelled.

    Parameters
    ----------
    samples : Dataset of p, q, v, dims (chain, draw)
    bought : DataFrame
        Distinct `number` and `mean` of purchases, number above zero, with the `count` of customers.
    rng : Generator
    """
    number, mean, count = (bought[name].to_numpy(float) for name in ("number", "mean", "count"))
    unit = np.average(mean, weights=number * count)
    mean = mean / unit
    n, which = np.unique(number, return_inverse=True)
    weights = (count, count * (mean > 0), count * mean, count * mean**2)
    everybody, paid, first, second = (np.bincount(which, each) for each in weights)
    p, q = (samples[name].to_numpy().ravel() for name in ("p", "q"))
    z = _credibility(p, q, n)
    p = 1 / ((1 + 1 / p) / ((z @ paid) / (z @ everybody)) - 1)
    z = _credibility(p, q, n)
    mu = (z @ first) / (z @ everybody)
    squares = second[None, :] - 2 * mu[:, None] * first + mu[:, None] ** 2 * everybody
    customers = everybody.sum()
    variance = np.sum(z**2 * squares, axis=1) / (z @ everybody) ** 2 * customers / (customers - 1)
    if len(mu) > 1:
        log_variance = np.log1p(variance / mu**2)
        mu = mu * np.exp(np.sqrt(log_variance) * rng.standard_normal(len(mu)) - log_variance / 2)
    shape, dims = samples["p"].shape, samples["p"].dims
    changed = {name: (dims, each.reshape(shape)) for name, each in {"p": p, "v": unit * mu * (q - 1) / p}.items()}
    return samples.assign(changed)


def _credibility(p: Array, q: Array, n: Array) -> Array:
    """(draws, numbers of purchases)."""
    return p[:, None] * n / (p[:, None] * n + q[:, None] - 1)
