"""What stages took: measured, kept beside the results, never lost to a short run."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from benchmark.errors import DataError
from reproduce.cli import diadem
from reproduce.cli.recording import ROOT, STAGE
from reproduce.report.spent import said, spent
from reproduce.times import (
    FILE,
    StageTime,
    keep_time,
    machine,
    measured,
    metered,
    note,
    read_times,
)

if TYPE_CHECKING:
    from pathlib import Path

TOOK = StageTime(seconds=60.0, cpu_seconds=110.0, memory=2**30, machine="a machine", commit="abc")
SECONDS, BYTES = 0.3, 64 * 2**20
SLACK = 2.0  # of a busy machine, in seconds


def test_the_clocks_and_the_memory_are_looked_at() -> None:
    with metered() as meter:
        before = meter.memory
        held = np.ones(BYTES // 8)
        meter.look()
        time.sleep(SECONDS)
    took = meter.took(reused=3)
    assert held.sum() == BYTES // 8
    assert SECONDS <= took.seconds < SECONDS + SLACK
    assert took.cpu_seconds is not None
    assert took.memory is not None
    assert took.memory >= before + BYTES // 2  # some was free to be used again
    assert took.reused == 3
    assert took.machine == machine()
    assert "cores" in took.machine


def test_stages_are_kept_side_by_side(tmp_path: Path) -> None:
    assert read_times(tmp_path) == {}
    keep_time(tmp_path, "hunt", TOOK)
    keep_time(tmp_path, "evaluate", TOOK)
    assert read_times(tmp_path) == {"evaluate": TOOK, "hunt": TOOK}
    assert list(json.loads((tmp_path / FILE).read_text())) == ["evaluate", "hunt"]


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [(0, 5, "first"), (5, 0, "second"), (5, 4, "second"), (0, 0, "second")],
)
def test_a_run_that_found_finished_work_does_not_replace_a_whole_one(
    tmp_path: Path, first: int, second: int, kept: str
) -> None:
    made = {
        "first": TOOK.model_copy(update={"seconds": 1.0, "reused": first}),
        "second": TOOK.model_copy(update={"seconds": 2.0, "reused": second}),
    }
    for one in made.values():
        keep_time(tmp_path, "hunt", one)
    assert read_times(tmp_path)["hunt"] == made[kept]


def test_a_note_does_not_replace_what_the_pipeline_measured(tmp_path: Path) -> None:
    note("hunt", 5.0, "quick", tmp_path)
    assert measured("quick", tmp_path)["hunt"].seconds == 5.0
    assert measured("quick", tmp_path)["hunt"].memory is None
    keep_time(tmp_path / "quick", "hunt", TOOK)
    note("hunt", 6.0, "quick", tmp_path)
    assert measured("quick", tmp_path)["hunt"] == TOOK


@pytest.mark.parametrize("content", ["{", "[]", '{"hunt": {"seconds": -1}}', '{"hunt": 3}'])
def test_a_file_that_is_none_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(DataError, match=r"times\.json: no times of stages.*Delete the file"):
        read_times(tmp_path)


def test_a_command_that_is_a_stage_keeps_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["list"]
    assert CliRunner().invoke(diadem, words).exit_code == 0
    assert not list(tmp_path.rglob(FILE))
    monkeypatch.setenv(STAGE, "dvc.yaml:hunt")
    monkeypatch.setenv(ROOT, str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["diadem", "list", "--profile", "made-up"])
    (tmp_path / ".diadem" / "hunts").mkdir(parents=True)
    (tmp_path / ".diadem" / "hunts" / "a").write_text("kept")
    assert CliRunner().invoke(diadem, words).exit_code == 0
    assert set(measured("made-up", tmp_path / "results")) == {"hunt"}
    assert measured("made-up", tmp_path / "results")["hunt"].store == len("kept")


def test_a_command_that_fails_keeps_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STAGE, "hunt")
    monkeypatch.setenv(ROOT, str(tmp_path))
    assert CliRunner().invoke(diadem, ["check", "--root", str(tmp_path)]).exit_code == 2
    assert not list(tmp_path.rglob(FILE))


def test_a_broken_file_does_not_lose_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STAGE, "hunt")
    monkeypatch.setenv(ROOT, str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["diadem", "list", "--profile", "made-up"])
    folder = tmp_path / "results" / "made-up"
    folder.mkdir(parents=True)
    (folder / FILE).write_text("{")
    done = CliRunner().invoke(diadem, ["list"])
    assert done.exit_code == 0
    assert "was not kept" in done.stderr


def test_the_report_shows_long_stages_and_the_rest_together(tmp_path: Path) -> None:
    assert spent(tmp_path) == []
    assert said(tmp_path) == ""
    keep_time(tmp_path, "hunt", TOOK)
    for name in ("table-a", "table-b"):
        keep_time(tmp_path, name, TOOK.model_copy(update={"seconds": 6.0, "memory": 2**20}))
    part = TOOK.model_copy(update={"seconds": 48.0, "cpu_seconds": None, "reused": 3})
    keep_time(tmp_path, "latents", part)
    lines = {line.stage: line for line in spent(tmp_path)}
    assert set(lines) == {"hunt", "latents (part)", "2 shorter stages", "all (part)"}
    assert (lines["hunt"].time, lines["hunt"].cpu, lines["hunt"].memory) == (
        "1.0 min",
        "1.8 min",
        "1.1 GB",
    )
    assert lines["2 shorter stages"].time == "0.2 min"
    assert lines["latents (part)"].cpu == "-"
    assert lines["all (part)"].time == "2.0 min"
    assert "Measured on a machine" in said(tmp_path)
    assert "would else have taken longer: latents" in said(tmp_path)
