"""`diadem check` on a small pipeline of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from click.testing import CliRunner

from reproduce.cli import diadem

if TYPE_CHECKING:
    from click.testing import Result

STAGES = {
    "stages": {
        "kept": {
            "cmd": "echo 1 > kept.txt && echo 2 > away.txt",
            "deps": ["code.py"],
            "outs": [{"kept.txt": {"cache": False}}, "away.txt"],
        }
    }
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pipeline")
    (folder / "dvc.yaml").write_text(yaml.safe_dump(STAGES))
    (folder / "code.py").write_text("x = 1")
    for words in (("init", "--no-scm", "--quiet"), ("repro", "--quiet")):
        subprocess.run([sys.executable, "-m", "dvc", *words], cwd=folder, check=True)
    return folder


@pytest.fixture
def pipeline(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def check(folder: Path) -> Result:
    return CliRunner().invoke(diadem, ["check", "--root", str(folder)])


def test_all_is_there(pipeline: Path) -> None:
    done = check(pipeline)
    assert done.exit_code == 0, done.output
    assert "all 2 outputs here" in done.output


def test_what_the_cache_keeps_may_be_away(pipeline: Path) -> None:
    (pipeline / "away.txt").unlink()
    done = check(pipeline)
    assert done.exit_code == 0, done.output
    assert "not in this clone: away.txt" in done.output
    assert "all 1 outputs here" in done.output


@pytest.mark.parametrize(("what", "word"), [("gone", "deleted"), ("changed", "modified")])
def test_a_result_that_is_not_the_one(pipeline: Path, what: str, word: str) -> None:
    path = pipeline / "kept.txt"
    path.unlink() if what == "gone" else path.write_text("3\n")
    done = check(pipeline)
    assert done.exit_code == 2
    assert "kept.txt" in done.output
    assert word in done.output
    assert "1 of 2 outputs are missing or changed" in done.output


def test_a_stage_whose_code_changed(pipeline: Path) -> None:
    (pipeline / "code.py").write_text("x = 2")
    done = check(pipeline)
    assert done.exit_code == 2
    assert "out of date: stage kept" in done.output


def test_no_pipeline(tmp_path: Path) -> None:
    done = check(tmp_path)
    assert done.exit_code == 2
    assert "no pipeline here" in done.output
