"""A small language of tensors that writes an ONNX graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto
    from torch import Tensor

OPSET = 20
"""Of the graphs that are written."""
IR_VERSION = 9
"""The version of the format that belongs to it."""
BATCH = "events"
"""Name of the one axis whose length is open."""

_KINDS = {
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "bool": TensorProto.BOOL,
    "int64": TensorProto.INT64,
}


class Graph:
    """An ONNX graph that grows by the operations on its values.

    Example:
        >>> graph = Graph()
        >>> x = graph.input("features", "float32", (12,))
        >>> model = graph.model((x * 2.0).part(1, 0, 3), 3)
        >>> [node.op_type for node in model.graph.node]
        ['Mul', 'Slice', 'Identity']
    """

    def __init__(self) -> None:
        """Make an empty graph."""
        self._nodes: list[NodeProto] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._initialisers: list[TensorProto] = []
        self._inputs: list[Any] = []

    def input(self, name: str, kind: str, shape: Sequence[int]) -> Value:
        """Return an input (events, *shape) of a NumPy type."""
        self._inputs.append(helper.make_tensor_value_info(name, _KINDS[kind], [BATCH, *shape]))
        return Value(self, name, kind)

    def constant(self, values: Any, kind: str = "float32") -> Value:
        """Return a tensor that is stored in the graph, once for equal ones."""
        array = np.ascontiguousarray(np.asarray(values, dtype=kind))
        array = array.reshape(np.shape(values))
        key = (kind, array.shape, array.tobytes())
        if key not in self._constants:
            name = f"c{len(self._constants)}"
            self._initialisers.append(numpy_helper.from_array(array, name))
            self._constants[key] = name
        return Value(self, self._constants[key], kind)

    def node(self, operator: str, *inputs: Value, kind: str, **attributes: Any) -> Value:
        """Return the first output, of a NumPy type, of a new node."""
        name = f"v{len(self._nodes)}"
        names = [value.name for value in inputs]
        self._nodes.append(helper.make_node(operator, names, [name], **attributes))
        return Value(self, name, kind)

    def second(self, operator: str, *inputs: Value, kind: str, **attributes: Any) -> Value:
        """Return the second output, of a NumPy type, of a new node; the first is not used."""
        name = f"v{len(self._nodes)}"
        names = [value.name for value in inputs]
        outputs = [f"{name}_unused", name]
        self._nodes.append(helper.make_node(operator, names, outputs, **attributes))
        return Value(self, name, kind)

    def model(self, latents: Value, dimensions: int) -> ModelProto:
        """Return the whole model, whose output is named "latents"."""
        self._nodes.append(helper.make_node("Identity", [latents.name], ["latents"]))
        output = helper.make_tensor_value_info("latents", TensorProto.FLOAT, [BATCH, dimensions])
        graph = helper.make_graph(
            self._nodes, "encoder", self._inputs, [output], self._initialisers
        )
        opset = helper.make_opsetid("", OPSET)
        return helper.make_model(
            graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="diadem"
        )


class Value:
    """A tensor of a graph; what is done with it becomes nodes.

    Numbers and arrays beside it become constants of its type; shapes broadcast as in NumPy.

    Attributes:
        graph: That it belongs to.
        name: In the graph.
        kind: NumPy type.
    """

    def __init__(self, graph: Graph, name: str, kind: str) -> None:
        """Keep the name."""
        self.graph, self.name, self.kind = graph, name, kind

    def __add__(self, other: Any) -> Value:
        """Return the sum."""
        return self._with("Add", other)

    def __sub__(self, other: Any) -> Value:
        """Return the difference."""
        return self._with("Sub", other)

    def __rsub__(self, other: Any) -> Value:
        """Return the difference, the other way round."""
        return self._as_value(other)._with("Sub", self)

    def __mul__(self, other: Any) -> Value:
        """Return the product."""
        return self._with("Mul", other)

    def __truediv__(self, other: Any) -> Value:
        """Return the ratio."""
        return self._with("Div", other)

    def __matmul__(self, other: Any) -> Value:
        """Return the matrix product."""
        return self._with("MatMul", other)

    def __and__(self, other: Any) -> Value:
        """Return where both are true."""
        return self._with("And", other)

    def __gt__(self, other: Any) -> Value:
        """Return where it is larger."""
        return self._with("Greater", other, kind="bool")

    def __lt__(self, other: Any) -> Value:
        """Return where it is smaller."""
        return self._with("Less", other, kind="bool")

    def min(self, other: Any) -> Value:
        """Return the smaller of the two."""
        return self._with("Min", other)

    def max(self, other: Any) -> Value:
        """Return the larger of the two."""
        return self._with("Max", other)

    def map(self, operator: str, **attributes: Any) -> Value:
        """Return an operator without further inputs, such as "Log", of this."""
        return self.graph.node(operator, self, kind=self.kind, **attributes)

    def square(self) -> Value:
        """Return the square."""
        return self * self

    # The runtime has no hyperbolic functions but the tangent in double precision.
    def cosh(self) -> Value:
        """Return the hyperbolic cosine."""
        return (self.map("Exp") + (self * -1.0).map("Exp")) * 0.5

    def sinh(self) -> Value:
        """Return the hyperbolic sine."""
        return (self.map("Exp") - (self * -1.0).map("Exp")) * 0.5

    def where(self, then: Any, otherwise: Any) -> Value:
        """Return, by these truth values, one or the other; two numbers are float64."""
        kinds = [value.kind for value in (then, otherwise) if isinstance(value, Value)]
        kind = kinds[0] if kinds else "float64"
        found = [
            value if isinstance(value, Value) else self.graph.constant(value, kind)
            for value in (then, otherwise)
        ]
        return self.graph.node("Where", self, *found, kind=kind)

    def cast(self, kind: str) -> Value:
        """Return it as another NumPy type."""
        return self.graph.node("Cast", self, kind=kind, to=_KINDS[kind])

    def part(self, axis: int, start: int, stop: int | Value) -> Value:
        """Return a slice of an axis; `stop` may be an int64 value (1,)."""
        ends = stop if isinstance(stop, Value) else self._whole(stop)
        return self.graph.node(
            "Slice", self, self._whole(start), ends, self._whole(axis), kind=self.kind
        )

    def at(self, axis: int, place: int) -> Value:
        """Return one place of an axis, which is left out."""
        index = self.graph.constant(place, "int64")
        return self.graph.node("Gather", self, index, kind=self.kind, axis=axis)

    def take(self, axis: int, places: Any) -> Value:
        """Return places of an axis: a list, or int64 values."""
        index = places if isinstance(places, Value) else self.graph.constant(places, "int64")
        return self.graph.node("Gather", self, index, kind=self.kind, axis=axis)

    def reshape(self, *shape: int) -> Value:
        """Return it in another shape: 0 keeps a length, -1 is what is left.

        An axis of no length is none that may be left: give all others.
        """
        return self.graph.node(
            "Reshape", self, self.graph.constant(shape, "int64"), kind=self.kind
        )

    def transpose(self, *order: int) -> Value:
        """Return it with its axes in another order."""
        return self.graph.node("Transpose", self, kind=self.kind, perm=list(order))

    def expanded(self, axis: int) -> Value:
        """Return it with one more axis, of length 1."""
        return self.graph.node("Unsqueeze", self, self._whole(axis), kind=self.kind)

    def squeezed(self, axis: int) -> Value:
        """Return it without an axis of length 1."""
        return self.graph.node("Squeeze", self, self._whole(axis), kind=self.kind)

    def sum(self, axis: int, *, keep: bool = False) -> Value:
        """Return the sum over an axis."""
        return self.graph.node(
            "ReduceSum", self, self._whole(axis), kind=self.kind, keepdims=int(keep)
        )

    def linear(self, layer: Any) -> Value:
        """Return a fully connected layer of it, one of PyTorch's `Linear`."""
        mixed = self @ numbers(layer.weight).T
        return mixed if layer.bias is None else mixed + numbers(layer.bias)

    def normalised(self, norm: Any) -> Value:
        """Return it through one of PyTorch's `LayerNorm`, over the last axis."""
        scale, shift = (self._as_value(numbers(v)) for v in (norm.weight, norm.bias))
        return self.graph.node(
            "LayerNormalization", self, scale, shift, kind=self.kind, axis=-1, epsilon=norm.eps
        )

    def _with(self, operator: str, other: Any, kind: str = "") -> Value:
        return self.graph.node(operator, self, self._as_value(other), kind=kind or self.kind)

    def _as_value(self, other: Any) -> Value:
        return other if isinstance(other, Value) else self.graph.constant(other, self.kind)

    def _whole(self, number: int) -> Value:
        return self.graph.constant([number], "int64")


def joined(axis: int, values: Sequence[Value]) -> Value:
    """Return values of one type, one after the other along an axis."""
    first = values[0]
    return first.graph.node("Concat", *values, kind=first.kind, axis=axis)


def stacked(axis: int, values: Sequence[Value]) -> Value:
    """Return values of one type and shape along a new axis."""
    return joined(axis, [value.expanded(axis) for value in values])


def numbers(tensor: Tensor) -> NDArray[np.float32]:
    """Return the numbers of a weight."""
    found: NDArray[np.float32] = tensor.detach().float().cpu().numpy()
    return found
