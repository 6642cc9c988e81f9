"""Gamma-Gamma as PyMC models: the exact one, and its limit where amounts hardly differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clvmodels.compiled.jit import worth_compiling
from clvmodels.formulas import gamma_gamma
from clvmodels.formulas.gamma_gamma import GammaGammaParams
from clvmodels.intervals import Array
from clvmodels.models.priors import Prior

if TYPE_CHECKING:
    import pymc as pm

# Customers' means with a relative standard deviation below HARDLY are a limiting case, from FEWEST customers on: fewer
# do not drive the shapes far from their priors.
HARDLY = 0.03
FEWEST = 15
# A purchase then varies by a hundredth of a per cent, less than the rounding of most amounts.
LARGEST_SHAPE = 1e8


def graph_for(counts: pd.DataFrame) -> Callable[..., pm.Model]:
    """The exact model, or its limit where the customers' mean amounts hardly differ."""
    mean, count = (counts[name].to_numpy(float) for name in ("mean", "count"))
    deviation = mean / np.average(mean, weights=count) - 1
    hardly = np.average(deviation**2, weights=count) < HARDLY**2 and count.sum() >= FEWEST
    return limit_graph if hardly else gamma_gamma_graph


def limit_graph(counts: pd.DataFrame, priors: dict[str, Prior], *, loops: bool = False) -> pm.Model:
    r"""The PyMC model of Gamma-Gamma where the mean values m hardly differ, as when all goods have one price.

    As p and q grow the mean m of n purchases becomes normal around the mean spend, its squared coefficient of variation
    1 / (p n) + 1 / q; where that is below 0.03 squared, quantiles of Gamma-Gamma differ by a hundredth of the spread.
    The exact likelihood is lost in rounding there, and rises for ever where all m are equal: p and q - 1 therefore
    approach LARGEST_SHAPE smoothly. Sums over distinct n are enough, with `loops` or without.
    """
    import pymc as pm
    import pytensor.tensor as pt

    del loops
    number, mean, count = (counts[name].to_numpy(float) for name in ("number", "mean", "count"))
    centre = float(np.average(mean, weights=number * count))
    deviation = mean / centre - 1
    n, which = np.unique(number, return_inverse=True)
    weights = (count, count * deviation, count * deviation**2)
    customers, first, second = (np.bincount(which, each) for each in weights)
    unit = np.sqrt(max(np.average(deviation**2, weights=count), 1 / LARGEST_SHAPE) / count.sum())
    # PyTensor's types are those of any variable.
    tensor: Any = pt
    named: Any = pm.Deterministic
    with pm.Model() as graph:
        raw = [priors[name].variable(f"unlimited_{name}") for name in ("p", "q_minus_one")]
        p, q_minus_one = (-LARGEST_SHAPE * tensor.expm1(-each / LARGEST_SHAPE) for each in raw)
        p, q = named("p", p), named("q", q_minus_one + 1)
        units: Any = pm.Flat("units_off_centre")
        off = unit * units
        mean_spend = centre * (1 + off)
        named("v", mean_spend * q_minus_one / p)
        variance = 1 / (p * n) + 1 / q
        squares = second - 2 * off * first + off**2 * customers
        pm.Potential("log_prior", priors["mean_spend"].log_density_of(mean_spend))
        pm.Potential("log_likelihood", -tensor.sum(customers * tensor.log(variance) + squares / variance) / 2)
    return graph


def gamma_gamma_graph(counts: pd.DataFrame, priors: dict[str, Prior], *, loops: bool = False) -> pm.Model:
    """The PyMC model of Gamma-Gamma for distinct (number, mean) of purchases with their `count`.

    `loops` compiles the sum over many rows.
    """
    import pymc as pm
    import pytensor.tensor as pt

    number, mean, count = (counts[name].to_numpy(float) for name in ("number", "mean", "count"))
    numbers, which = np.unique(number, return_inverse=True)
    customers = np.bincount(which, weights=count)
    with pm.Model() as graph:
        p, q_minus_one, mean_spend = (priors[name].variable(name) for name in ("p", "q_minus_one", "mean_spend"))
        v = pm.Deterministic("v", mean_spend * q_minus_one / p)
        params = GammaGammaParams(p, pm.Deterministic("q", q_minus_one + 1), v)
        # Gamma functions at distinct counts only.
        gammas: Any = pt.sum(customers * gamma_gamma.frequency_terms(params, numbers, xp=pt))
        if loops and worth_compiling(len(count)):
            values: Any = _compiled_values(params, number, mean, count)
        else:
            values = pt.sum(count * gamma_gamma.value_terms(params, number, mean, xp=pt))
        pm.Potential("log_likelihood", gammas + values)
    return graph


def _compiled_values(params: GammaGammaParams, number: Array, mean: Array, count: Array) -> Any:
    """The sum of `value_terms` over many rows: the logs of the means are constants, the rest is a compiled loop."""
    from clvmodels.compiled.likelihood import SpendSum
    from clvmodels.inference.row_sum import row_sum

    logs = count * np.log(mean)
    constant = params.p * np.sum(number * logs) - np.sum(logs)
    return constant - row_sum(SpendSum(number, number * mean, count), *params)
