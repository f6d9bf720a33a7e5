"""The order of the checks, and that they fail closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.errors import DataError, DiademError
from benchmark.submissions import check as module
from benchmark.submissions import encoder
from benchmark.submissions.check import check
from benchmark.submissions.findings import Finding, Refused
from tests.submissions import toy_published

FIXTURES = Path(__file__).parents[3] / "fixtures" / "submissions"
GOOD = FIXTURES / "good_latents_diphoton"


def raising(error: BaseException) -> Any:
    def call(*_arguments: object, **_named: object) -> None:
        raise error

    return call


def test_good() -> None:
    told: list[str] = []
    report = check(GOOD, published=toy_published(), tell=told.append)
    assert told == ["folder and submission.yaml", "latents", "honesty"]
    assert report.submission is not None
    assert report.submission.name == "toy-pca"
    assert report.faults == report.flags == ()
    assert report.seconds > 0
    report.require()


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (MemoryError(), "unexpected", "MemoryError"),
        (RuntimeError("so\x1b[2J"), "unexpected", r"RuntimeError: 'so\x1b[2J'"),
        (RecursionError("deep"), "unexpected", "RecursionError"),
        (DiademError("mend it"), "failed", "mend it"),
    ],
)
@pytest.mark.parametrize("step", ["open_folder", "read_values", "examine"])
def test_whatever_goes_wrong_refuses(
    monkeypatch: pytest.MonkeyPatch, step: str, error: Exception, code: str, words: str
) -> None:
    monkeypatch.setattr(module, step, raising(error))
    report = check(GOOD, published=toy_published())
    assert [(finding.code, finding.level) for finding in report.findings] == [(code, "fault")]
    assert words in report.findings[0].message
    assert report.latents is None
    with pytest.raises(Refused):
        report.require()


def test_the_user_can_still_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "read_values", raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        check(GOOD, published=toy_published())


def test_missing_events_are_no_fault_of_the_submission(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no source of events"):
        check(GOOD, data=tmp_path)


def test_a_refused_folder_needs_no_events(tmp_path: Path) -> None:
    report = check(tmp_path, data=tmp_path / "nowhere")
    assert [finding.code for finding in report.findings] == ["no_submission"]
    assert report.submission is None


def test_flags_do_not_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    flag = Finding("knows_mass", "flag", "a bit")
    monkeypatch.setattr(module, "examine", lambda *_: [flag])
    report = check(GOOD, published=toy_published())
    assert report.flags == (flag,)
    assert report.latents is not None
    report.require()


def test_events_of_another_task_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "open_published", lambda *_: toy_published())
    assert check(GOOD, published=toy_published("cms_adc")).faults == ()


@pytest.mark.parametrize("task", ["diphoton", "cms_adc"])
def test_good_encoder(task: str) -> None:
    path = FIXTURES / f"good_encoder_{task}"
    report = check(path, published=toy_published(task))
    assert report.faults == ()
    assert report.latents is not None
    assert report.latents.shape == (40, 2)
    assert report.latents.dtype == np.float32


def test_bad_graph_is_not_run() -> None:
    report = check(FIXTURES / "bad_encoder_random", published=toy_published())
    assert report.latents is None
    assert all(finding.code.startswith("encoder_") for finding in report.faults)


@pytest.mark.parametrize("name", ["batch_mean", "order"])
def test_an_encoder_that_looks_at_other_events(name: str) -> None:
    report = check(FIXTURES / f"bad_encoder_{name}", published=toy_published())
    assert [finding.code for finding in report.faults] == ["depends_on_others"]


def test_latents_of_the_same_events_may_differ_by_rounding_alone() -> None:
    values = np.random.default_rng(1).normal(100, 1, (50, 2)).astype(np.float32)
    widths = np.ones(2)
    near = values * np.float32(1 + 1e-6)
    encoder.require_same(values, near, widths, "encoder.onnx")
    far = values.copy()
    far[7, 1] += 0.1
    with pytest.raises(Refused, match="1 of 50 events"):
        encoder.require_same(values, far, widths, "encoder.onnx")
