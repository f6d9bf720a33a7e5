"""Reading the graph of an encoder; the faults are those of the contract test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark.submissions import onnx_graph
from benchmark.submissions.folder import open_folder
from benchmark.submissions.onnx_graph import check_graph
from benchmark.submissions.onnx_run import Limits
from benchmark.submissions.tensors import documented, input_tensors
from tests.encoders import FIXTURES, some_events

GOOD = open_folder(FIXTURES / "good_encoder_diphoton")
CONTENT = GOOD.payload.read_bytes()


def test_a_good_one() -> None:
    assert check_graph(CONTENT, GOOD.submission) == []


def test_less_confinement_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*_given: Any, **_more: Any) -> tuple[dict[str, Any], list[Any]]:
        return {"wrong": []}, ["time", "memory"]

    monkeypatch.setattr(onnx_graph, "ask", ask)
    (found,) = check_graph(CONTENT, GOOD.submission)
    assert found.level == "flag"
    assert "no limit of calls (sockets, processes, files)" in found.message


@pytest.mark.parametrize("answer", [{}, {"wrong": None}, {"wrong": 3}])
def test_an_answer_that_is_none(monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]) -> None:
    monkeypatch.setattr(onnx_graph, "ask", lambda *_given: (answer, []))
    (found,) = check_graph(CONTENT, GOOD.submission)
    assert found.code == "encoder_unreadable"


def test_time_to_read_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_graph, "LIMITS", Limits(seconds=0.0))
    (found,) = check_graph(CONTENT, GOOD.submission)
    assert found.code == "encoder_time"


@pytest.mark.parametrize("task", ["diphoton", "cms_adc"])
def test_tensors_are_what_is_documented(task: str) -> None:
    events = some_events(task)
    tensors, specs = input_tensors(events), documented(events.schema)
    assert list(tensors) == list(specs)
    for name, spec in specs.items():
        assert tensors[name].shape == (len(events), *spec.shape)
        assert tensors[name].dtype == spec.kind
    again = input_tensors(events.select(slice(5, 9)), ["noise"])
    assert list(again) == ["noise"]
    assert np.array_equal(again["noise"], tensors["noise"][5:9])
