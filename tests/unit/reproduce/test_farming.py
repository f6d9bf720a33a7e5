"""Where a command's work is done, and what it says of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from benchmark.farm import Finished
from reproduce.cli import diadem
from reproduce.cli.farming import placed, reporting

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "tcp://127.0.0.1:1"  # a port that nobody uses


@pytest.mark.parametrize("command", ["evaluate", "probe", "train", "tune"])
def test_the_commands_that_use_the_farm_have_the_option(command: str) -> None:
    told = CliRunner().invoke(diadem, [command, "--help"]).output
    assert "--scheduler ADDRESS" in told
    assert "docs/cluster.md" in told


def test_both_kinds_of_workers_are_refused() -> None:
    with pytest.raises(click.UsageError, match="give one"):
        placed({"workers": 2, "scheduler": ADDRESS, "device": "cpu"})


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"workers": 3, "scheduler": None, "device": "auto"}, (3, None, "auto")),
        ({"workers": None, "scheduler": None, "device": "cuda"}, (1, None, "cuda")),
        ({"workers": 1, "scheduler": None}, (1, None, None)),
    ],
)
def test_where_the_work_is_done(chosen: dict[str, Any], expected: tuple[object, ...]) -> None:
    found = placed(chosen)
    assert (found["workers"], found["scheduler"], found.get("device")) == expected


@pytest.mark.parametrize("gpu", [True, False])
def test_a_cluster_is_told_which_device(gpu: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results know it: a worker must not choose by itself."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: gpu)
    monkeypatch.setattr("benchmark.devices.without_gpu", lambda: False)
    found = placed({"workers": None, "scheduler": ADDRESS, "device": "auto"})
    assert found["device"] == ("cuda" if gpu else "cpu")
    # A build without a GPU need not be asked.
    monkeypatch.setattr("benchmark.devices.without_gpu", lambda: True)
    found = placed({"workers": None, "scheduler": ADDRESS, "device": "auto"})
    assert found["device"] == "cpu"
    cores = len(os.sched_getaffinity(0))
    assert placed({"workers": None, "scheduler": None})["workers"] == cores


def test_a_scheduler_that_is_not_there(tmp_path: Path) -> None:
    words = ["evaluate", "raw", "--profile", "smoke", "--device", "cpu"]
    words += ["--store", str(tmp_path), "--scheduler"]
    for address, said in {
        ADDRESS: f"Error: {ADDRESS}: no scheduler answers; found ",
        "tcp://x": "not the address of a scheduler; found 'tcp://x'; expected tcp://HOST:PORT",
    }.items():
        result = CliRunner().invoke(diadem, [*words, address])
        assert result.exit_code == 2, result.output
        assert said in result.stderr
        assert not list(tmp_path.rglob("*.parquet"))


def lines_of(reused: int, new: int, capsys: pytest.CaptureFixture[str]) -> list[str]:
    total = reused + new
    with reporting(total) as report:
        for k in range(total):
            report(Finished(k + 1, total, f"n{k}", k < reused))
    return capsys.readouterr().err.splitlines()


def test_a_line_for_each_piece_of_work(capsys: pytest.CaptureFixture[str]) -> None:
    lines = lines_of(2, 2, capsys)
    assert lines[:2] == ["1 of 4: n0, kept from before", "2 of 4: n1, kept from before"]
    assert lines[2].startswith("3 of 4: n2, after ")
    assert lines[2].endswith(" to go")
    assert lines[3].startswith("4 of 4: n3, after ")
    assert len(lines) == 4


@pytest.mark.parametrize("new", [0, 1])
def test_one_line_for_much_that_was_there(new: int, capsys: pytest.CaptureFixture[str]) -> None:
    lines = lines_of(5000, new, capsys)
    assert len(lines) == 11 + new
    assert lines[10] == f"5000 of {5000 + new}: 4990 more kept from before"
