"""The rules that the graph of an encoder keeps; `wrong_with` says which it breaks.

The operators allowed are those that arithmetic, linear algebra, neural networks and rearranging
need. Every one is a function of its inputs alone. None draws at random, none holds a graph of its
own (Loop, Scan, If), none reads a file, none makes text, sequences or maps.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import onnx
from google.protobuf.message import DecodeError, Message
from onnx import AttributeProto, TensorProto

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto

OPSETS = range(13, 29)
"""Versions of the operators; the pinned runtime has them all."""
FORMATS = range(4, 15)
"""Versions of the file format (IR)."""
DOMAINS = ("", "ai.onnx")
NODES = 20_000
"""At most: a hundred times what the largest baseline has."""
_NAMES = (
    "Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization "
    "BitShift Cast CastLike Ceil Celu Clip Compress Concat Constant ConstantOfShape Conv Cos Cosh "
    "CumSum DepthToSpace Div Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor Gather "
    "GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual "
    "GroupNormalization HardSigmoid HardSwish Hardmax Identity InstanceNormalization IsInf IsNaN "
    "LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization MatMul Max "
    "MaxPool Mean Min Mish Mod Mul Neg NonZero Not OneHot Or PRelu Pad Pow RMSNormalization Range "
    "Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin "
    "ReduceProd ReduceSum ReduceSumSquare Relu Reshape Round ScatterElements ScatterND Selu Shape "
    "Shrink Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt "
    "Squeeze Sub Sum Swish Tan Tanh ThresholdedRelu Tile TopK Transpose Trilu Unsqueeze Where Xor"
)
OPERATORS = frozenset(_NAMES.split())
_RANDOM = {
    *("Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike"),
    *("RandomUniform", "RandomUniformLike"),
}
_CONTROL = {"If", "Loop", "Scan", "SequenceMap"}

_SHOWN = 10  # faults of one kind

Wrong = dict[str, str]
"""One fault: "code", "what", and perhaps "where", "found", "expected", "remedy"."""


def wrong_with(
    data: bytes, inputs: Mapping[str, tuple[str, list[int]]], output: tuple[str, list[int]]
) -> list[Wrong]:
    """Return the rules that an encoder breaks; those of the first kind that any is broken of.

    Args:
        data: The file.
        inputs: The documented tensors: NumPy type, and shape without the events.
        output: The same of "latents".

    Raises:
        MemoryError: The file unfolds to more than there is room for.
    """
    try:
        model = onnx.load_model_from_string(data)
    except (DecodeError, ValueError, TypeError, RecursionError) as error:
        if "alloc failed" in str(error):
            raise MemoryError from error
        return [_wrong("unreadable", "no ONNX model can be read", found=str(error))]
    if not model.HasField("graph") or not model.graph.node:
        return [_wrong("unreadable", "no ONNX model can be read", found="no graph in it")]
    kinds = (
        _versions(model),
        _whole(model),
        _operators(model.graph),
        itertools.chain(_inputs(model.graph, inputs), _output(model.graph, output)),
        _consistent(model),
    )
    for kind in kinds:
        found = list(itertools.islice(kind, _SHOWN))
        if found:
            return [one for k, one in enumerate(found) if one not in found[:k]]
    return []


def _wrong(code: str, what: str, **texts: str) -> Wrong:
    return {"code": code, "what": what, **{key: ascii(v)[1:-1][:200] for key, v in texts.items()}}


def _versions(model: ModelProto) -> Iterator[Wrong]:
    """Yield what is wrong with versions and domains."""
    if model.ir_version not in FORMATS:
        expected = f"{FORMATS.start} to {FORMATS.stop - 1}"
        found = str(model.ir_version)
        yield _wrong("format", "a version of the format", found=found, expected=expected)
    for opset in model.opset_import:
        if opset.domain not in DOMAINS:
            yield _wrong(
                "domain",
                "operators that are not those of ONNX",
                found=opset.domain,
                expected="the domain of ONNX alone",
                remedy="Write the encoder in standard operators.",
            )
        elif opset.version not in OPSETS:
            age = "old" if opset.version < OPSETS.start else "new"
            yield _wrong(
                f"opset_{age}",
                f"an opset that is too {age}",
                found=str(opset.version),
                expected=f"{OPSETS.start} to {OPSETS.stop - 1}",
                remedy="Export again with another opset_version.",
            )
    if not any(opset.domain in DOMAINS for opset in model.opset_import):
        yield _wrong("no_opset", "no opset", expected=f"{OPSETS.start} to {OPSETS.stop - 1}")


def _whole(model: ModelProto) -> Iterator[Wrong]:
    """Yield what the file holds beside one graph, and what it does not hold itself."""
    if model.functions:
        name = model.functions[0].name
        yield _wrong("function", "functions of its own", found=name, expected="none")
    if model.training_info:
        yield _wrong("training", "what belongs to a training", expected="the graph alone")
    if model.graph.sparse_initializer:
        yield _wrong("sparse", "sparse tensors", expected="dense ones")
    for tensor in _of_type(model, TensorProto):
        if tensor.data_location != TensorProto.DEFAULT or tensor.external_data:
            yield _wrong(
                "external_data",
                "numbers that are in another file",
                where=f"tensor {tensor.name}",
                found=", ".join(f"{item.key}={item.value}" for item in tensor.external_data),
                expected="all in encoder.onnx",
                remedy="Export with external_data=False.",
            )


def _of_type(message: Message, kind: type[Any]) -> Iterator[Any]:
    """Yield all messages of a type anywhere inside a message."""
    waiting = [message]
    while waiting:
        one = waiting.pop()
        if isinstance(one, kind):
            yield one
            continue
        for field, value in one.ListFields():
            if field.message_type is not None:
                waiting += value if hasattr(value, "__len__") else [value]


def _operators(graph: GraphProto) -> Iterator[Wrong]:
    """Yield what is wrong with the nodes."""
    if len(graph.node) > NODES:
        yield _wrong("nodes", "too many nodes", found=str(len(graph.node)), expected=f"{NODES}")
    for node in graph.node:
        where = f"node {node.name or node.op_type}"
        if node.domain not in DOMAINS:
            found = f"{node.domain}.{node.op_type}"
            expected = "the domain of ONNX alone"
            what = "an operator that is not one of ONNX"
            yield _wrong("domain", what, where=where, found=found, expected=expected)
            continue
        for code, what, remedy in _operator(node):
            yield _wrong(code, what, where=where, found=node.op_type, remedy=remedy)


def _operator(node: NodeProto) -> Iterator[tuple[str, str, str]]:
    """Yield code, what and remedy of what is wrong with one node of ONNX's domain."""
    again = "Export for inference: in evaluation mode, without dropout."
    if node.op_type in _RANDOM:
        remedy = f'{again} Random numbers come from the input "noise".'
        yield "random", "an operator that draws at random", remedy
    elif node.op_type in _CONTROL or _nested(node):
        yield "loop", "a graph within the graph", "Write loops and branches out."
    elif node.op_type not in OPERATORS:
        remedy = "Those that are allowed stand in benchmark/sandbox/onnx_rules.py."
        yield "operator", "an operator that is not allowed", remedy
    elif node.op_type == "BatchNormalization" and _training(node):
        yield "training_mode", "an operator in the mode of training", again


def _nested(node: NodeProto) -> bool:
    graphs = (AttributeProto.GRAPH, AttributeProto.GRAPHS)
    return any(a.type in graphs or a.HasField("g") or a.graphs for a in node.attribute)


def _training(node: NodeProto) -> bool:
    return any(a.name == "training_mode" and a.i for a in node.attribute) or len(node.output) > 1


def _inputs(graph: GraphProto, documented: Mapping[str, tuple[str, list[int]]]) -> Iterator[Wrong]:
    """Yield what is wrong with the inputs."""
    if not graph.input:
        yield _wrong("input_name", "no input", expected=", ".join(documented))
    for given in graph.input:
        where = f"input {given.name}"
        if given.name not in documented:
            yield _wrong(
                "input_name",
                "an input that is not documented",
                where="encoder.onnx",
                found=given.name,
                expected="some of " + ", ".join(documented),
                remedy="Rename it; initialisers are no inputs.",
            )
            continue
        yield from _tensor(given, where, "input", *documented[given.name])
    names = [given.name for given in graph.input]
    if len(set(names)) < len(names):
        yield _wrong("input_name", "an input twice", found=", ".join(names))


def _output(graph: GraphProto, documented: tuple[str, list[int]]) -> Iterator[Wrong]:
    """Yield what is wrong with the output."""
    names = [given.name for given in graph.output]
    if names != ["latents"]:
        found = ", ".join(names) or "none"
        yield _wrong("output_name", "other outputs", found=found, expected="latents alone")
        return
    yield from _tensor(graph.output[0], "output latents", "output", *documented)


def _tensor(
    given: ValueInfoProto, where: str, side: str, kind: str, shape: list[int]
) -> Iterator[Wrong]:
    """Yield what is wrong with one tensor of the interface."""
    expected = f"{kind} (events, {', '.join(map(str, shape))})"
    tensor = given.type.tensor_type
    wanted = {"float32": TensorProto.FLOAT, "bool": TensorProto.BOOL}[kind]
    if not given.type.HasField("tensor_type") or tensor.elem_type != wanted:
        name = TensorProto.DataType.Name(tensor.elem_type) if tensor.elem_type in range(24) else ""
        yield _wrong(f"{side}_type", "another type", where=where, found=name, expected=expected)
        return
    if not tensor.HasField("shape"):
        if side == "input":
            yield _wrong("input_rank", "no shape", where=where, expected=expected)
        return
    sizes = [axis.dim_value if axis.HasField("dim_value") else None for axis in tensor.shape.dim]
    found = f"({', '.join('open' if size is None else str(size) for size in sizes)})"
    texts = {"where": where, "found": found, "expected": expected}
    if len(sizes) != 1 + len(shape):
        yield _wrong(f"{side}_rank", "another number of axes", **texts)
    elif sizes[0] is not None:
        remedy = "Export with a dynamic first axis."
        yield _wrong("static_batch", "a fixed number of events", **texts, remedy=remedy)
    elif any(size not in (None, own) for size, own in zip(sizes[1:], shape, strict=True)):
        code = "dimensions" if side == "output" else "input_shape"
        yield _wrong(code, "another shape", **texts)


def _consistent(model: ModelProto) -> Iterator[Wrong]:
    """Yield what ONNX's own checker says."""
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError, RuntimeError) as error:
        yield _wrong("inconsistent", "a graph that contradicts itself", found=str(error))
