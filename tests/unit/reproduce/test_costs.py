"""What the README says of the costs of each profile is what was measured."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from benchmark.code import ROOT
from benchmark.errors import DiademError
from reproduce.costs import BEGIN, END, block, with_block
from reproduce.times import StageTime, keep_time

if TYPE_CHECKING:
    from pathlib import Path

TOOK = StageTime(
    seconds=600.0, memory=3 * 10**9, machine="Linux, a processor, 2 cores", store=5 * 10**7
)


def as_committed() -> bool:
    """Whether the times are those of the commit: who runs the pipeline has others."""
    words = ("git", "diff", "--quiet", "HEAD", "--", "results", "dvc.lock", "params.yaml")
    try:
        return subprocess.run(words, cwd=ROOT, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def quick(root: Path) -> str:
    (line,) = (line for line in block(root).splitlines() if line.startswith("| `quick`"))
    return line


@pytest.mark.skipif(not as_committed(), reason="results or profiles are not those of the commit")
def test_the_readme_says_what_was_measured() -> None:
    """If this fails: `python -m reproduce.costs README.md`."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert with_block(text, block()) == text


def test_stages_are_added_and_the_longest_named(tmp_path: Path) -> None:
    folder = tmp_path / "results" / "quick"
    for k, name in enumerate(("hunt", "scan", "evaluate", "report")):
        keep_time(folder, name, TOOK.model_copy(update={"seconds": 600.0 - 120 * k}))
    line = quick(tmp_path)
    assert "| 28 min on 2 cores (longest: `hunt` 10 min, `scan` 8 min, `evaluate` 6 min);" in line
    assert "3.0 GB at most | `.diadem` 50 MB | no |" in line


def test_work_that_was_found_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "results" / "quick"
    keep_time(folder, "hunt", TOOK)
    keep_time(folder, "leaderboard-diphoton", TOOK.model_copy(update={"reused": 5}))
    assert "| 20 min on" in quick(tmp_path), "what earlier stages made"
    keep_time(folder, "probes", TOOK.model_copy(update={"reused": 5}))
    assert "| more than 30 min on" in quick(tmp_path)
    assert "finished work was found by `probes`)" in quick(tmp_path)


def test_disk_and_gpu_are_told_where_they_are_known(tmp_path: Path) -> None:
    keep_time(tmp_path / "results" / "quick", "hunt", TOOK.model_copy(update={"gpu": "A card"}))
    outs = [{"path": "results/quick/diphoton/latents", "size": 82 * 10**6}]
    lock = {"stages": {"latents": {"outs": outs}}}
    (tmp_path / "dvc.lock").write_text(yaml.safe_dump(lock))
    assert "| latents 82 MB, `.diadem` 50 MB | A card |" in quick(tmp_path)


def test_nothing_measured(tmp_path: Path) -> None:
    assert "| not run | not measured | not measured | no |" in quick(tmp_path)


def test_a_lock_file_that_is_none(tmp_path: Path) -> None:
    keep_time(tmp_path / "results" / "quick", "hunt", TOOK)
    (tmp_path / "dvc.lock").write_text("3")
    with pytest.raises(DiademError, match="not a lock file of DVC"):
        block(tmp_path)


@pytest.mark.parametrize("text", ["", BEGIN, f"{BEGIN}\nold", f"{END}\n{BEGIN}\n"])
def test_a_page_without_its_marks(text: str) -> None:
    with pytest.raises(DiademError, match="no place for the costs"):
        with_block(text, "new")
