"""Evaluate PyTensor's graphs by NumPy, one node after the other, and make what does so once for all data."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial, reduce, wraps
from importlib import import_module
from threading import Lock
from typing import Any

import numpy as np
from pytensor.graph.basic import Apply, Constant
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.basic import MergeOptimizer
from pytensor.graph.traversal import toposort
from pytensor.link.c.type import generic
from pytensor.scalar.basic import Second, discrete_dtypes
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.type import TensorType

KEPT = 64

Step = tuple[Callable[..., Sequence[Any]], list[int], list[int]]


@dataclass(frozen=True)
class Structure:
    """A graph of one input, whose key says all but its data.

    Attributes
    ----------
    key : hashable
        The nodes, each with where its inputs come from: the same for all fits of a model with priors of one kind.
    point : variable
        The input.
    constants : tuple of constants
        Where the data were.
    outputs : tuple of variables
    """

    key: Hashable
    point: Any
    constants: tuple[Any, ...]
    outputs: tuple[Any, ...]

    def opened(self) -> tuple[list[Any], list[Any]]:
        """Make inputs in the place of the data, and outputs that depend on them."""
        data = [_type_of(constant)() for constant in self.constants]
        left, made = iter(data), {}

        def changed(variable: Any) -> Any:
            if _is_data(variable) and not _is_shared(variable):
                return next(left)
            if _is_data(variable) and variable not in made:
                made[variable] = next(left)
            return made.get(variable, variable)

        for node in toposort(self.outputs):
            inputs = [changed(each) for each in node.inputs]
            if inputs != node.inputs:
                # Made anew, as the types of what follows must not know how many rows there were.
                again: Any = node.op.make_node(*inputs)
                made.update(zip(node.outputs, again.outputs, strict=True))
        return data, [changed(output) for output in self.outputs]


def apart(point: Any, outputs: Sequence[Any]) -> tuple[Structure, list[Any]]:
    """Take a graph of one input apart into its structure and its data.

    Data are the floating-point constants and what `row_sum` adds up. Integers and their like shape a graph and stay.
    """
    names: dict[Any, Hashable] = {point: "point"}
    constants = []

    def name(variable: Any) -> Hashable:
        if variable in names:
            return names[variable]
        if not _is_data(variable):
            fixed = variable.data
            return variable.type, fixed.tobytes() if isinstance(fixed, np.ndarray) else str(fixed)
        found = len(constants), _type_of(variable)
        constants.append(variable)
        if _is_shared(variable):
            names[variable] = found
        return found

    nodes = []
    for number, node in enumerate(toposort(outputs)):
        nodes.append((node.op, *map(name, node.inputs)))
        names.update({output: (number, place, None) for place, output in enumerate(node.outputs)})
    key = (point.type, *nodes, *map(name, outputs))
    return Structure(key, point, tuple(constants), tuple(outputs)), [constant.data for constant in constants]


def _is_data(variable: Any) -> bool:
    if not isinstance(variable, Constant):
        return False
    if variable.type == generic:
        return True
    return isinstance(variable.type, TensorType) and variable.type.dtype not in discrete_dtypes


def _is_shared(constant: Any) -> bool:
    """Whether it is the same thing wherever it occurs; of equal numbers PyTensor makes one constant."""
    return constant.type == generic or constant.type.ndim > 0


def _type_of(constant: Any) -> Any:
    """Without the number of rows, but for whether there is one alone."""
    if constant.type == generic:
        return generic
    return TensorType(constant.type.dtype, shape=tuple(1 if size == 1 else None for size in constant.type.shape))


@dataclass(frozen=True)
class Program:
    """A graph of a point and data as steps on numbered places.

    PyTensor's own functions take longer to make, and check every node in every call, which is most of the time where
    arrays are small; with all their rewrites, logaddexp becomes a softplus that runs in a Python loop. Here equal parts
    are worked out once, and what depends on the data alone once for all points.
    """

    places: int
    constants: dict[int, Any]
    point: int
    data: list[int]
    beforehand: list[Step]
    at_point: list[Step]
    outputs: list[int]

    @classmethod
    def of(cls, point: Any, data: Sequence[Any], outputs: Sequence[Any]) -> Program:
        """Order the steps."""
        graph: Any = FunctionGraph([point, *data], list(outputs), clone=True)
        MergeOptimizer().rewrite(graph)
        numbers: dict[Any, int] = {}

        def place(variable: Any) -> int:
            return numbers.setdefault(variable, len(numbers))

        start, *given = (place(variable) for variable in graph.inputs)
        varying, beforehand, at_point = {start}, [], []
        for node in graph.toposort():
            step = _function(node), list(map(place, node.inputs)), list(map(place, node.outputs))
            varies = not varying.isdisjoint(step[1])
            (at_point if varies else beforehand).append(step)
            varying.update(step[2] if varies else [])
        ends = list(map(place, graph.outputs))
        constants = {number: variable.data for variable, number in numbers.items() if isinstance(variable, Constant)}
        return cls(len(numbers), constants, start, given, beforehand, at_point, ends)

    def bind(self, data: Sequence[Any]) -> Callable[[Any], list[Any]]:
        """Make a function of the point, which returns an array for each output."""
        known: list[Any] = [self.constants.get(place) for place in range(self.places)]
        for place, value in zip(self.data, data, strict=True):
            known[place] = value
        with np.errstate(all="ignore"):
            _run(self.beforehand, known)

        def function(point: Any) -> list[Any]:
            values = known.copy()
            values[self.point] = point
            _run(self.at_point, values)
            return [np.asarray(values[place]) for place in self.outputs]

        return function


def once_for_all_data(make: Callable[[Structure], Program]) -> Callable[[Structure], Program]:
    """Keep the last programs that were made, by the key alone: a graph holds data, which may be large."""
    kept: OrderedDict[Hashable, Program] = OrderedDict()
    lock = Lock()

    @wraps(make)
    def found(graph: Structure) -> Program:
        with lock:
            if graph.key not in kept:
                kept[graph.key] = make(graph)
            kept.move_to_end(graph.key)
            if len(kept) > KEPT:
                kept.popitem(last=False)
            return kept[graph.key]

    return found


def _run(steps: list[Step], values: list[Any]) -> None:
    for function, sources, targets in steps:
        for target, value in zip(targets, function(*[values[source] for source in sources]), strict=True):
            values[target] = value


def _function(node: Apply) -> Callable[..., Sequence[Any]]:
    """What a node does, as a function of its inputs' values that returns its outputs' values."""
    function = _elementwise(node)
    if function is None:
        return partial(_performed, node, [each.type == generic for each in node.inputs])
    return lambda *values: (function(*values),)


def _elementwise(node: Apply) -> Callable[..., Any] | None:
    """NumPy's or SciPy's function for an elementwise node, where there is one."""
    op: Any = node.op
    if not isinstance(op, Elemwise):
        return None
    if isinstance(op.scalar_op, Second):
        return _filled
    if not op.nfunc_spec:
        return None
    name, operands, _ = op.nfunc_spec
    module, _, attribute = name.rpartition(".")
    function: Any = getattr(import_module(module or "numpy"), attribute)
    dtypes, made = [each.type.dtype for each in node.inputs], node.outputs[0].type.dtype
    if (
        isinstance(function, np.ufunc)
        and made not in discrete_dtypes
        and any(each in discrete_dtypes for each in dtypes)
    ):
        # By itself, NumPy works in half precision on small integers.
        function = partial(function, dtype=made)
    return function if len(dtypes) == operands else partial(_folded, function)


def _filled(like: Any, value: Any) -> Any:
    shape = np.shape(like)
    return value if np.shape(value) == shape else np.broadcast_to(value, np.broadcast_shapes(np.shape(value), shape))


def _folded(function: Callable[..., Any], *values: Any) -> Any:
    return reduce(function, values)


def _performed(node: Apply, as_they_are: list[bool], *values: Any) -> list[Any]:
    storage: list[list[Any]] = [[None] for _ in node.outputs]
    op: Any = node.op
    given = [value if kept else np.asarray(value) for kept, value in zip(as_they_are, values, strict=True)]
    op.perform(node, given, storage)
    return [each[0] for each in storage]
