"""A sum over many rows, worked out outside PyTensor, as a node of its graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply, Constant
from pytensor.graph.op import Op
from pytensor.graph.replace import _vectorize_node
from pytensor.link.c.type import generic

from clvmodels.compiled.threads import cores, in_order

Array = NDArray[np.float64]


class Sum(Protocol):
    """A function of d parameters; both methods may be called from several threads at once."""

    def values(self, points: Array) -> Array:
        """Points (n, d) -> (n,)."""
        ...

    def gradient(self, point: Array) -> Array:
        """The derivatives (d,) at a point (d,)."""
        ...


def row_sum(rows: Sum, *parameters: Any, loops: bool = True) -> Any:
    """Return the variable rows.values at the parameters, which knows its gradient. The parameters are scalars.

    Without `loops` it is for NUTS, whose compiler knows numbers alone: the node holds the rows.
    """
    return _Value()(_Rows(generic, rows), *parameters) if loops else _Held(rows)(*parameters)


class _Rows(Constant):
    """Equal to itself alone: what is summed need not be comparable."""

    def signature(self) -> Any:
        return self.type, id(self.data)


class _Value(Op):
    """Of parameters of any one shape, elementwise: many points are parted among the cores."""

    __props__ = ()

    def make_node(self, rows: Any, *parameters: Any) -> Apply:
        inputs = pt.broadcast_arrays(*parameters)
        return Apply(self, [rows, *inputs], [inputs[0].type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Any) -> None:
        rows, *parameters = inputs
        points = np.stack([each.ravel() for each in parameters], axis=1)
        parts = np.array_split(points, min(cores(), len(points)))
        values = rows.values(points) if len(parts) == 1 else np.concatenate(list(in_order(rows.values, parts)))
        output_storage[0][0] = values.reshape(parameters[0].shape)

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False], *([True] for _ in node.inputs[1:])]

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> Any:
        rows, *parameters = inputs
        derivatives: Any = _Gradient()(rows, *parameters)
        return [DisconnectedType()(), *(cotangents[0] * derivatives[i] for i in range(len(parameters)))]

    def L_op(self, inputs: Any, outputs: Any, output_grads: Any) -> Any:
        return self.pullback(inputs, outputs, output_grads)  # its name before PyTensor 3


class _Gradient(Op):
    """Of scalar parameters."""

    __props__ = ()

    def make_node(self, rows: Any, *parameters: Any) -> Apply:
        return Apply(self, [rows, *parameters], [pt.dvector()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Any) -> None:
        rows, *parameters = inputs
        output_storage[0][0] = rows.gradient(np.array(parameters, float))


class _Held(Op):
    """Of scalar parameters, with the rows inside."""

    def __init__(self, rows: Sum) -> None:
        self.rows = rows

    def make_node(self, *parameters: Any) -> Apply:
        return Apply(self, [pt.as_tensor_variable(each, dtype="float64") for each in parameters], [pt.dscalar()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Any) -> None:
        output_storage[0][0] = np.asarray(self.rows.values(np.array([inputs], float))[0])

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> Any:
        derivatives: Any = _HeldGradient(self.rows)(*inputs)
        return [cotangents[0] * derivatives[i] for i in range(len(inputs))]

    def L_op(self, inputs: Any, outputs: Any, output_grads: Any) -> Any:
        return self.pullback(inputs, outputs, output_grads)  # its name before PyTensor 3


class _HeldGradient(Op):
    """As `_Gradient`, with the rows inside."""

    def __init__(self, rows: Sum) -> None:
        self.rows = rows

    def make_node(self, *parameters: Any) -> Apply:
        return Apply(self, list(parameters), [pt.dvector()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Any) -> None:
        output_storage[0][0] = self.rows.gradient(np.array(inputs, float))


@_vectorize_node.register(_Value)
def _over_points(op: _Value, node: Apply, *inputs: Any) -> Apply:
    return op.make_node(*inputs)
