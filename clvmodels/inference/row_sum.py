"""A sum over many rows, worked out outside PyTensor, as a node of its graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.graph.replace import _vectorize_node

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


def row_sum(rows: Sum, *parameters: Any) -> Any:
    """Return the variable rows.values at the parameters, which knows its gradient. The parameters are scalars."""
    return _Value(rows)(*parameters)


class _Value(Op):
    """Of parameters of any one shape, elementwise: many points are parted among the cores."""

    def __init__(self, rows: Sum) -> None:
        self.rows = rows

    def make_node(self, *parameters: Any) -> Apply:
        inputs = pt.broadcast_arrays(*parameters)
        return Apply(self, inputs, [inputs[0].type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Any) -> None:
        points = np.stack([each.ravel() for each in inputs], axis=1)
        parts = np.array_split(points, min(cores(), len(points)))
        values = (
            self.rows.values(points) if len(parts) == 1 else np.concatenate(list(in_order(self.rows.values, parts)))
        )
        output_storage[0][0] = values.reshape(inputs[0].shape)

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> Any:
        derivatives: Any = _Gradient(self.rows)(*inputs)
        return [cotangents[0] * derivatives[i] for i in range(len(inputs))]

    def L_op(self, inputs: Any, outputs: Any, output_grads: Any) -> Any:
        return self.pullback(inputs, outputs, output_grads)  # its name before PyTensor 3


class _Gradient(Op):
    """Of scalar parameters."""

    def __init__(self, rows: Sum) -> None:
        self.rows = rows

    def make_node(self, *parameters: Any) -> Apply:
        return Apply(self, list(parameters), [pt.dvector()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Any) -> None:
        output_storage[0][0] = self.rows.gradient(np.array(inputs, float))


@_vectorize_node.register(_Value)
def _over_points(op: _Value, node: Apply, *inputs: Any) -> Apply:
    return op.make_node(*inputs)
