"""Baselines as ONNX: the latents of `transform` bit by bit, whatever else is in the batch.

Both compute in float64, where they differ by 1e-15, and round to steps of 1.5e-5. Of 10^10 latents
one is rounded the other way; of the some hundred thousand of these tests, none.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest

from baselines.exporting import export_onnx
from baselines.graphs.writing import Graph
from baselines.registry import EMBEDDINGS
from benchmark.embedding import embedding_class
from benchmark.errors import DiademError
from benchmark.sandbox.onnx_rules import wrong_with
from benchmark.submissions.onnx_run import encode
from benchmark.submissions.tensors import documented, input_tensors
from benchmark.table import EventTable
from tests.encoders import some_events

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SMALL = {
    "cms_adc": {"dimension": 16, "heads": 2, "layers": 2, "epochs": 1, "batch_size": 64},
    "diphoton": {"width": 16, "heads": 2, "layers": 2, "class_layers": 2, "pair_width": 8},
}
each = pytest.mark.parametrize("name", EMBEDDINGS)


@cache
def fitted(name: str) -> Any:
    entry = EMBEDDINGS[name]
    settings: dict[str, Any] = {}
    if entry.settings == "encoder":
        settings = SMALL[entry.task]
        if entry.task == "diphoton":
            settings = {**settings, "epochs": 1, "batch_size": 64, "patience": None}
    elif entry.settings:
        settings = {"epochs": 1}
    made = embedding_class(entry.path)(**settings)
    return made.fit(some_events(entry.task), seed=1)


def run(path: Path, events: EventTable) -> NDArray[np.float32]:
    """The encoder's latents of all events at once, as they come."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    tensors = input_tensors(events, [given.name for given in session.get_inputs()])
    found: NDArray[np.float32] = session.run(["latents"], tensors)[0]
    return found


def emptied(events: EventTable) -> EventTable:
    """The events, of which every third has no object at all."""
    arrays = {name: getattr(events, name) for name in vars(events) if name != "schema"}
    none = np.arange(len(events)) % 3 == 0
    arrays["mask"] = arrays["mask"] & ~none[:, None]
    arrays["objects"] = np.where(none[:, None, None], np.float32(0), arrays["objects"])
    return EventTable.unchecked(events.schema, arrays)


@each
def test_the_latents_of_transform(name: str, tmp_path: Path) -> None:
    made, events = fitted(name), some_events(EMBEDDINGS[name].task)
    path = tmp_path / "encoder.onnx"
    export_onnx(made, path)
    expected = made.transform(events)
    np.testing.assert_array_equal(run(path, events), expected)
    confined = encode(path.read_bytes(), events, dimensions=expected.shape[1])
    np.testing.assert_array_equal(confined, expected)


@each
def test_events_without_objects(name: str, tmp_path: Path) -> None:
    made, events = fitted(name), emptied(some_events(EMBEDDINGS[name].task))
    path = tmp_path / "encoder.onnx"
    export_onnx(made, path)
    found, expected = run(path, events), made.transform(events)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, expected)
    alone = run(path, events.select(slice(0, 1)))
    np.testing.assert_array_equal(alone, expected[:1])
    assert run(path, events.select(slice(0, 0))).shape == (0, expected.shape[1])


@each
def test_the_rules_are_kept_and_the_file_is_the_same_each_time(name: str, tmp_path: Path) -> None:
    made = fitted(name)
    for file in ("a.onnx", "b.onnx"):
        export_onnx(made, tmp_path / file)
    data = (tmp_path / "a.onnx").read_bytes()
    assert data == (tmp_path / "b.onnx").read_bytes()
    model = onnx.load_model_from_string(data)
    onnx.checker.check_model(model, full_check=True)
    specs = documented(some_events(EMBEDDINGS[name].task).schema)
    inputs = {key: (spec.kind, list(spec.shape)) for key, spec in specs.items()}
    dimensions = model.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    assert wrong_with(data, inputs, ("float32", [dimensions])) == []


def test_what_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(DiademError, match=r"no embedding that can be written.*int"):
        export_onnx(3, tmp_path / "encoder.onnx")
    unfitted = embedding_class(EMBEDDINGS["raw"].path)()
    with pytest.raises(DiademError, match="not fitted"):
        export_onnx(unfitted, tmp_path / "encoder.onnx")
    assert not list(tmp_path.iterdir())


def test_the_small_language() -> None:
    graph = Graph()
    x = graph.input("features", "float32", (3,))
    made = (1.0 - (x * [1.0, 2.0, 3.0]).part(1, 1, 3)).max(-5.0) / 2.0
    session = onnxruntime.InferenceSession(graph.model(made, 2).SerializeToString())
    given = np.array([[1, 2, 3], [0, 0, 1]], dtype=np.float32)
    expected = np.maximum(1 - given[:, 1:] * [2, 3], -5) / 2
    assert session.run(None, {"features": given})[0] == pytest.approx(expected)
