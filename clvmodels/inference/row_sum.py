"""A sum over many rows, worked out outside PyTensor, as a node of its graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.graph.replace import _vectorize_node

from clvmodels.compiled.threads import in_order

Array = NDArray[np.float64]


class Sum(Protocol):
    """A function of d numbers, and its derivatives (d,); both may be called from several threads at once."""

    @property
    def value(self) -> Callable[..., float]: ...  # noqa: D102

    @property
    def gradient(self) -> Callable[..., Array]: ...  # noqa: D102


def row_sum(rows: Sum, *parameters: Any) -> Any:
    """Return the variable rows.value(*parameters), which knows its gradient. The parameters are scalars."""
    return _Value(rows)(*parameters)


class _Value(Op):
    """Of parameters of any one shape, elementwise: many points are parted among the cores."""

    def __init__(self, rows: Sum) -> None:
        self.rows = rows

    def make_node(self, *parameters: Any) -> Apply:
        inputs = pt.broadcast_arrays(*parameters)
        return Apply(self, inputs, [inputs[0].type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Any) -> None:
        points = np.stack([each.ravel() for each in inputs], axis=1).tolist()
        values = [self.rows.value(*points[0])] if len(points) == 1 else list(in_order(self._at, points))
        output_storage[0][0] = np.reshape(np.asarray(values), inputs[0].shape)

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> Any:
        derivatives: Any = _Gradient(self.rows)(*inputs)
        return [cotangents[0] * derivatives[i] for i in range(len(inputs))]

    def L_op(self, inputs: Any, outputs: Any, output_grads: Any) -> Any:
        return self.pullback(inputs, outputs, output_grads)  # its name before PyTensor 3

    def _at(self, point: list[float]) -> float:
        return self.rows.value(*point)


class _Gradient(Op):
    """Of scalar parameters."""

    def __init__(self, rows: Sum) -> None:
        self.rows = rows

    def make_node(self, *parameters: Any) -> Apply:
        return Apply(self, list(parameters), [pt.dvector()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Any) -> None:
        output_storage[0][0] = self.rows.gradient(*map(float, inputs))


@_vectorize_node.register(_Value)
def _over_points(op: _Value, node: Apply, *inputs: Any) -> Apply:
    return op.make_node(*inputs)
