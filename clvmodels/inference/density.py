"""A PyMC model as functions of one unconstrained vector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.compile.mode import Mode
from pytensor.graph.replace import graph_replace, vectorize_graph

from clvmodels.inference.diagnostics import Array
from clvmodels.inference.evaluate import Program, Structure, apart, once_for_all_data

# What PyMC compiles itself takes a list of rewrites, or none.
NO_REWRITES: Any = None
PLAIN = Mode("py", optimizer=NO_REWRITES)
# So many points at once, and so many points times rows: they fit the cache.
BLOCK_POINTS, BLOCK_CELLS = 512, 2**18


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
    """Make the functions of a model whose variables are all scalars."""
    flat, parts = _one_vector(model)
    log_posterior: Any = model.logp()
    density, data = apart(flat, graph_replace([log_posterior], parts))
    variables: Any = model.unobserved_value_vars
    values, value_data = apart(flat, graph_replace(variables, parts, strict=False))
    initial = model.initial_point()
    return FlatModel(
        start=np.array([float(initial[variable.name]) for variable in model.value_vars]),
        log_density=_density_at_points(_over_points(density).bind(data), _rows(data)),
        value_and_gradient=_quietly(_with_gradient(density).bind(data)),
        constrain=_by_name([variable.name for variable in variables], _over_points(values).bind(value_data)),
    )


def posterior_and_gradient(model: pm.Model) -> Callable[[Array], tuple[float, Array]]:
    """(d,) -> (float, (d,)): log posterior density of the parameters themselves (no Jacobian), and its gradient.

    Its maximum is the mode that users mean, and the maximum-likelihood estimate under flat priors.
    """
    flat, parts = _one_vector(model)
    without_jacobian: Any = model.logp(jacobian=False)
    density, data = apart(flat, graph_replace([without_jacobian], parts))
    return _quietly(_with_gradient(density).bind(data))


def _one_vector(model: pm.Model) -> tuple[pt.TensorVariable, dict]:
    flat = pt.vector("flat", shape=(len(model.value_vars),))
    return flat, {variable: flat[i] for i, variable in enumerate(model.value_vars)}


# Most of a fit's time would go into these, and a backtest, a job or a report fits one model again and again.
@once_for_all_data
def _over_points(graph: Structure) -> Program:
    points = pt.matrix("points", shape=(None, graph.point.type.shape[0]))
    data, outputs = graph.opened()
    at_points: Any = vectorize_graph(outputs, {graph.point: points})
    return Program.of(points, data, at_points)


@once_for_all_data
def _with_gradient(graph: Structure) -> Program:
    data, [value] = graph.opened()
    return Program.of(graph.point, data, [value, pt.grad(value, graph.point)])


def _rows(data: list[Any]) -> int:
    # What `row_sum` adds up takes no room in the graph.
    return max((each.size for each in data if isinstance(each, np.ndarray)), default=1)


def _density_at_points(function: Callable[[Array], list[Array]], rows: int) -> Callable[[Array], Array]:
    points = max(1, min(BLOCK_POINTS, BLOCK_CELLS // max(rows, 1)))

    def log_density(at: Array) -> Array:
        with np.errstate(all="ignore"):
            blocks = [function(at[i : i + points])[0] for i in range(0, len(at), points)]
        return np.nan_to_num(np.concatenate(blocks), nan=-np.inf, posinf=-np.inf, neginf=-np.inf)

    return log_density


def _quietly(function: Callable[[Array], list[Array]]) -> Callable[[Array], tuple[float, Array]]:
    def value_and_gradient(at: Array) -> tuple[float, Array]:
        with np.errstate(all="ignore"):
            log_density, gradient = function(at)
        return float(log_density), gradient

    return value_and_gradient


def _by_name(names: list[str], function: Callable[[Array], list[Array]]) -> Callable[[Array], dict[str, Array]]:
    def constrain(at: Array) -> dict[str, Array]:
        return dict(zip(names, function(at), strict=True))

    return constrain
