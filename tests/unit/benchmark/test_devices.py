"""Which device a name means."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest
import torch

from benchmark.devices import on_cuda, without_gpu
from benchmark.errors import DiademError

ASKED = """
import sys
from benchmark.devices import on_cuda
print(on_cuda("auto"), "torch" in sys.modules)
"""


@pytest.mark.parametrize("there", [True, False])
def test_a_build_that_may_know_a_gpu_is_asked(
    there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmark.devices.without_gpu", lambda: False)
    monkeypatch.setattr("torch.cuda.is_available", lambda: there)
    assert on_cuda("auto") is there
    assert not on_cuda("cpu")
    if there:
        assert on_cuda("cuda")
    else:
        with pytest.raises(DiademError, match="no CUDA GPU is usable here"):
            on_cuda("cuda")


def test_another_device() -> None:
    with pytest.raises(DiademError, match="unknown device; found 'tpu'"):
        on_cuda("tpu")


@pytest.mark.skipif(not version("torch").endswith("+cpu"), reason="this build may know a GPU")
def test_a_build_for_processors_is_not_imported() -> None:
    """It takes a second, and a rerun of a finished search is to take few."""
    assert without_gpu()
    assert not torch.cuda.is_available()
    found = subprocess.run(
        [sys.executable, "-c", ASKED], check=True, capture_output=True, text=True
    )
    assert found.stdout.split() == ["False", "False"]
