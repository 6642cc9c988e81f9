"""A PyMC model as functions of one unconstrained vector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from pytensor.compile.mode import Mode
from pytensor.graph.replace import graph_replace, vectorize_graph
from pytensor.graph.rewriting.basic import MergeOptimizer

from clvmodels.inference.diagnostics import Array

# No compilation, and no rewrite but that equal parts are worked out once: ready in a quarter of a second, and as fast
# as NumPy on many draws at once. With all rewrites, logaddexp becomes a softplus that runs in a Python loop.
MERGED: Any = MergeOptimizer()
MODE = Mode("py", optimizer=MERGED)
# What PyMC compiles itself takes a list of rewrites, or none.
NO_REWRITES: Any = None
PLAIN = Mode("py", optimizer=NO_REWRITES)
# Points times the few hundred rows of an uncompiled likelihood fit the cache.
BLOCK_POINTS = 512


@dataclass(frozen=True, kw_only=True)
class FlatModel:
    """A model's functions of its unconstrained parameters in one vector of length d.

    Attributes
    ----------
    start : array of shape (d,)
        The model's initial point.
    log_density : callable
        (n, d) -> (n,): log density of the unconstrained parameters (log Jacobian included); -inf where undefined.
    value_and_gradient : callable
        (d,) -> (float, (d,)): the same at one point, with its gradient.
    constrain : callable
        (n, d) -> dict of name -> (n,): the model's variables and deterministics.
    """

    start: Array
    log_density: Callable[[Array], Array]
    value_and_gradient: Callable[[Array], tuple[float, Array]]
    constrain: Callable[[Array], dict[str, Array]]


def flatten(model: pm.Model) -> FlatModel:
    """Compile the functions of a model whose variables are all scalars."""
    flat, parts = _one_vector(model)
    log_posterior: Any = model.logp()
    with_jacobian = graph_replace(log_posterior, parts)
    initial = model.initial_point()
    return FlatModel(
        start=np.array([float(initial[variable.name]) for variable in model.value_vars]),
        log_density=_over_points(flat, with_jacobian),
        value_and_gradient=_with_gradient(flat, with_jacobian),
        constrain=_constrain(model, flat, parts),
    )


def posterior_and_gradient(model: pm.Model) -> Callable[[Array], tuple[float, Array]]:
    """(d,) -> (float, (d,)): log posterior density of the parameters themselves (no Jacobian), and its gradient.

    Its maximum is the mode that users mean, and the maximum-likelihood estimate under flat priors.
    """
    flat, parts = _one_vector(model)
    without_jacobian: Any = model.logp(jacobian=False)
    return _with_gradient(flat, graph_replace(without_jacobian, parts))


def _one_vector(model: pm.Model) -> tuple[pt.TensorVariable, dict]:
    flat = pt.vector("flat", shape=(len(model.value_vars),))
    return flat, {variable: flat[i] for i, variable in enumerate(model.value_vars)}


def _over_points(flat: pt.TensorVariable, value: pt.TensorVariable) -> Callable[[Array], Array]:
    points = pt.matrix("points", shape=(None, flat.type.shape[0]))
    at_points: Any = vectorize_graph(value, {flat: points})
    function = pytensor.function([points], at_points, mode=MODE)

    def log_density(at: Array) -> Array:
        with np.errstate(all="ignore"):
            blocks = [function(at[i : i + BLOCK_POINTS]) for i in range(0, len(at), BLOCK_POINTS)]
        return np.nan_to_num(np.concatenate(blocks), nan=-np.inf, posinf=-np.inf, neginf=-np.inf)

    return log_density


def _with_gradient(flat: pt.TensorVariable, value: pt.TensorVariable) -> Callable[[Array], tuple[float, Array]]:
    outputs: Any = [value, pt.grad(value, flat)]
    function = pytensor.function([flat], outputs, mode=MODE)

    def value_and_gradient(at: Array) -> tuple[float, Array]:
        with np.errstate(all="ignore"):
            log_density, gradient = function(at)
        return float(log_density), np.asarray(gradient)

    return value_and_gradient


def _constrain(model: pm.Model, flat: pt.TensorVariable, parts: dict) -> Callable[[Array], dict[str, Array]]:
    variables: Any = model.unobserved_value_vars
    points = pt.matrix("points", shape=(None, flat.type.shape[0]))
    of_flat: Any = graph_replace(variables, parts, strict=False)
    outputs: Any = vectorize_graph(of_flat, {flat: points})
    function = pytensor.function([points], outputs, mode=MODE)
    names = [variable.name for variable in variables]

    def constrain(at: Array) -> dict[str, Array]:
        return dict(zip(names, function(at), strict=True))

    return constrain
