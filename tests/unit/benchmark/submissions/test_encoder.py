"""An encoder is read once, and one that is far too slow does not get all events."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmark.submissions import encoder
from benchmark.submissions.check import check
from benchmark.submissions.encoder import encoder_values
from benchmark.submissions.findings import Refused
from benchmark.submissions.folder import open_folder
from tests.encoders import FIXTURES, published
from tests.submissions import toy_published

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GOOD = FIXTURES / "good_encoder_diphoton"
OTHER = FIXTURES / "bad_encoder_loop" / "encoder.onnx"
STEPS = (
    "the encoder's graph",
    "the encoder on some events",
    "the encoder on all events",
    "the encoder on some events again, in other batches",
)


def other(path: Path) -> None:
    shutil.copyfile(OTHER, path)


def link(path: Path) -> None:
    path.unlink()
    path.symlink_to(OTHER)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def nothing(path: Path) -> None:
    path.unlink()


SWAPS: list[Callable[[Path], None]] = [other, link, pipe, nothing]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(GOOD, tmp_path / "sent")


@pytest.mark.parametrize("step", STEPS)
def test_a_swapped_file_is_not_looked_at(folder: Path, step: str) -> None:
    events = published("diphoton")
    expected = encoder_values(open_folder(GOOD), events, tell=lambda _text: None)
    told: list[str] = []

    def tell(text: str) -> None:
        told.append(text)
        if text == step:
            other(folder / "encoder.onnx")

    found = encoder_values(open_folder(folder), events, tell=tell)
    assert told == list(STEPS)
    assert np.array_equal(found.latents, expected.latents)
    assert found.content == (GOOD / "encoder.onnx").read_bytes()


@pytest.mark.parametrize("swap", SWAPS)
def test_a_check_after_a_swap(folder: Path, swap: Callable[[Path], None]) -> None:
    def tell(text: str) -> None:
        if text == STEPS[1]:
            swap(folder / "encoder.onnx")

    report = check(folder, published=toy_published(), tell=tell)
    assert report.encoder == (GOOD / "encoder.onnx").read_bytes()
    assert report.latents is not None


@pytest.mark.parametrize(
    ("swap", "code"), [(link, "unreadable"), (pipe, "special_file"), (nothing, "unreadable")]
)
def test_a_swap_before_it_is_read(folder: Path, swap: Callable[[Path], None], code: str) -> None:
    seen = open_folder(folder)
    swap(seen.payload)
    with pytest.raises(Refused) as caught:
        encoder_values(seen, published("diphoton"), tell=lambda _text: None)
    assert [finding.code for finding in caught.value.findings] == [code]


def test_a_slow_one_does_not_get_all_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "TRIAL_SECONDS", 1.5)
    told: list[str] = []
    begin = time.monotonic()
    with pytest.raises(Refused, match=r"too long; expected at most 1\.5 s for 500 events"):
        encoder_values(
            open_folder(FIXTURES / "bad_encoder_slow"), published("diphoton"), tell=told.append
        )
    assert told == list(STEPS[:2])
    assert time.monotonic() - begin < 15


def test_all_runs_share_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "SECONDS", 0.0)
    with pytest.raises(Refused, match="too long"):
        encoder_values(open_folder(GOOD), published("diphoton"), tell=lambda _text: None)
