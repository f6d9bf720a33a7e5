"""`diadem reproduce` on small pipelines of its own, run by DVC itself."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from reproduce.cli import diadem
from reproduce.pipeline import look
from reproduce.profiles import load_profile
from reproduce.times import StageTime, keep_time

if TYPE_CHECKING:
    from click.testing import Result

PARAMS = {"size": 3, "other": {"size": 5}}
STAGES: dict[str, Any] = {
    "latents": {"cmd": "cat source > latents", "deps": ["source"], "outs": ["latents"]},
    "rows": {
        "cmd": "echo rows && (echo a; cat latents) > rows.csv",
        "deps": ["latents", "code"],
        "params": ["size"],
        "outs": [{"rows.csv": {"cache": False}}],
    },
    "other": {
        "cmd": "(echo b; cat source) > other.csv",
        "deps": ["source"],
        "params": ["other.size"],
        "outs": [{"other.csv": {"cache": False}}],
    },
    "figure-a": {
        "foreach": {"one": 1, "two": 2},
        "do": {
            "cmd": "cp rows.csv ${key}.csv",
            "deps": ["rows.csv"],
            "outs": [{"${key}.csv": {"cache": False}}],
        },
    },
}
TOOK = StageTime(seconds=125.0, machine="a machine")
WAIT = 60.0  # seconds: far more than the small pipeline takes
dvc = (sys.executable, "-m", "dvc")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pipeline")
    (folder / "source").write_text("1\n")
    (folder / "code").write_text("1\n")
    (folder / "params.yaml").write_text(yaml.safe_dump(PARAMS))
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}))
    for words in (("init", "--no-scm", "--quiet"), ("repro", "--quiet")):
        subprocess.run([*dvc, *words], cwd=folder, check=True)
    return folder


@pytest.fixture
def pipeline(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(diadem, ["reproduce", "--root", str(folder), *words])


def without_latents(folder: Path) -> None:
    """What a fresh clone is like."""
    (folder / "latents").unlink()
    shutil.rmtree(folder / ".dvc" / "cache")


def remote(folder: Path, place: Path) -> None:
    subprocess.run([*dvc, "remote", "add", "-d", "ours", str(place)], cwd=folder, check=True)


def stale(folder: Path) -> set[str]:
    return set(look(folder).stale)


def test_nothing_is_done_twice(pipeline: Path) -> None:
    done = run(pipeline)
    assert done.exit_code == 0, done.output
    assert "every stage is up to date" in done.output
    assert "\nstage " not in done.output
    assert "all 5 outputs here" in done.output


def test_a_fresh_clone_makes_nothing_again(pipeline: Path) -> None:
    without_latents(pipeline)
    done = run(pipeline)
    assert done.exit_code == 0, done.output
    assert "every stage is up to date" in done.output
    assert "not in this clone: latents; no remote is configured" in done.output
    assert not (pipeline / "latents").exists()


def test_it_says_which_stage_of_how_many(pipeline: Path) -> None:
    keep_time(pipeline / "results" / load_profile()[0], "figure-a@one", TOOK)
    (pipeline / "code").write_text("2\n")
    done = run(pipeline)
    assert done.exit_code == 0, done.output
    assert "3 of 5 stages are out of date, or read" in done.output
    assert "figure-a@one (took 2:05)" in done.output
    assert "as measured on a machine" in done.output
    assert "stage 1 of 3: rows; to go at most 2:05 and 2 whose time was never meas" in done.output
    assert "stage 3 of 3 took 0:0" in done.output
    assert "done after" in done.output


def test_a_dry_run_runs_nothing(pipeline: Path) -> None:
    (pipeline / "code").write_text("2\n")
    before = (pipeline / "dvc.lock").read_bytes()
    done = run(pipeline, "--dry-run")
    assert done.exit_code == 0
    for name in ("rows", "figure-a@one", "figure-a@two"):
        assert f"  {name} (" in done.output
    assert "  other (" not in done.output
    assert (pipeline / "dvc.lock").read_bytes() == before
    assert run(pipeline, "--dry-run", "other").output.startswith("nothing changed")


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("figures", {"figure-a@one", "figure-a@two"}),
        ("figure-a", {"figure-a@one", "figure-a@two"}),
        ("figure-a@o*", {"figure-a@one"}),
        ("figure-a@two", {"figure-a@two"}),
    ],
)
def test_a_part(pipeline: Path, target: str, names: set[str]) -> None:
    for name in ("one.csv", "two.csv"):
        (pipeline / name).unlink()
    done = run(pipeline, target)
    assert done.exit_code == 0, done.output
    for name in ("one", "two"):
        assert (pipeline / f"{name}.csv").exists() == (f"figure-a@{name}" in names)


def test_a_name_misspelt(pipeline: Path) -> None:
    done = run(pipeline, "figurs")
    assert done.exit_code == 2
    assert "Did you mean figures?" in done.output


def test_what_is_read_and_away_is_made_again_where_no_remote_has_it(pipeline: Path) -> None:
    without_latents(pipeline)
    (pipeline / "code").write_text("2\n")
    done = run(pipeline)
    assert done.exit_code == 0, done.output
    assert "no remote is configured that could have it" in done.output
    assert ": latents;" in done.output
    assert (pipeline / "latents").exists()


def test_what_is_read_and_away_comes_from_the_remote(pipeline: Path, tmp_path: Path) -> None:
    remote(pipeline, tmp_path / "remote")
    subprocess.run([*dvc, "push", "--quiet"], cwd=pipeline, check=True)
    without_latents(pipeline)
    assert "the remote 'ours' has it" in look(pipeline).away[0].words()
    (pipeline / "code").write_text("2\n")
    done = run(pipeline)
    assert done.exit_code == 0, done.output
    assert "bringing latents" in done.output
    assert "3 of 3" in done.output, "latents are not made again"
    assert (pipeline / "latents").read_text() == "1\n"


def test_missing_data_and_a_missing_remote_are_told_apart(pipeline: Path, tmp_path: Path) -> None:
    without_latents(pipeline)
    words = [look(pipeline).away[0].words()]
    (tmp_path / "empty" / "remote").mkdir(parents=True)
    remote(pipeline, tmp_path / "empty" / "remote")
    words.append(look(pipeline).away[0].words())
    shutil.rmtree(tmp_path / "empty")
    words.append(look(pipeline).away[0].words())
    assert "no remote is configured" in words[0]
    assert "does not have it either" in words[1]
    assert "cannot be reached" in words[2]
    assert "may well be there" in words[2]
    assert all("`dvc repro latents` makes it again" in one for one in words)


@pytest.mark.parametrize(
    ("content", "what"), [("", "modified"), ("a\n9\n", "modified"), (None, "deleted")]
)
def test_an_edited_result_is_made_again(pipeline: Path, content: str | None, what: str) -> None:
    path = pipeline / "other.csv"
    path.unlink() if content is None else path.write_text(content)
    found = CliRunner().invoke(diadem, ["check", "--root", str(pipeline)])
    assert found.exit_code == 2
    assert "other.csv" in found.output
    assert what in found.output
    assert "git checkout" in found.output
    assert run(pipeline).exit_code == 0
    assert path.read_text() == "b\n1\n"


@pytest.mark.parametrize("content", ["", "a,b"])
def test_an_empty_result_is_no_result(pipeline: Path, content: str) -> None:
    """A command that ends well and writes nothing is noticed."""
    stages = {
        **STAGES,
        "other": {**STAGES["other"], "cmd": f"printf '%s' '{content}' > other.csv"},
    }
    (pipeline / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    done = run(pipeline)
    assert done.exit_code == 2
    assert "other.csv" in done.output
    assert "empty" in done.output


def test_a_stage_that_fails(pipeline: Path) -> None:
    stages = {**STAGES, "other": {**STAGES["other"], "cmd": "false"}}
    (pipeline / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    done = run(pipeline)
    assert done.exit_code == 2
    assert "stage other: the pipeline stopped" in done.output
    assert "run the command again" in done.output


def test_a_parameter_of_one_task_leaves_the_other_alone(pipeline: Path) -> None:
    held = {"size": 4, "other": {"size": 5}}
    (pipeline / "params.yaml").write_text(yaml.safe_dump(held))
    assert stale(pipeline) == {"rows"}
    (pipeline / "params.yaml").write_text(yaml.safe_dump({"size": 3, "other": {"size": 6}}))
    assert stale(pipeline) == {"other"}


def test_a_run_that_was_killed_goes_on(pipeline: Path) -> None:
    """What was finished before is not made again."""
    slow = "test -e go || sleep 600; (echo a; cat latents) > rows.csv"
    changed = {
        **STAGES,
        "latents": {**STAGES["latents"], "cmd": "echo 1 >> ran; cat source > latents"},
        "rows": {**STAGES["rows"], "cmd": slow},
    }
    (pipeline / "dvc.yaml").write_text(yaml.safe_dump({"stages": changed}))
    words = [sys.executable, "-m", "reproduce.cli", "reproduce", "rows"]
    root = Path(__file__).resolve().parents[2]
    child = subprocess.Popen(
        words,
        cwd=pipeline,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    end = time.monotonic() + WAIT
    for line in child.stdout or ():
        if ": rows;" in line or time.monotonic() > end:
            break
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate(timeout=WAIT)
    (pipeline / "go").touch()
    done = run(pipeline, "rows")
    assert done.exit_code == 0, done.output
    assert (pipeline / "ran").read_text() == "1\n"
    assert (pipeline / "rows.csv").read_text() == "a\n1\n"


def task_of(section: str, key: str) -> str:
    """The task that a parameter is about; strengths and yardsticks of the board are diphoton's."""
    if section != "leaderboard":
        return section
    return "cms_adc" if key == "cms_adc" else "diphoton"


def test_the_pipelines_own_parameters_are_narrow() -> None:
    """A change for one task leaves every stage of the other as it is."""
    root = Path(__file__).resolve().parents[2]
    stages = yaml.safe_load((root / "dvc.yaml").read_text())["stages"]
    adc = {"evaluate", "scan", "scan-raw"}
    for name, content in stages.items():
        held = content.get("do", content)
        named = [key for key in held.get("params", []) if isinstance(key, str)]
        tasks = {task_of(*key.split(".")[2:4]) for key in named}
        assert all(len(key.split(".")) >= 4 for key in named), f"{name} asks for all of a task"
        if name in adc or "adc" in name:
            assert tasks <= {"cms_adc"}, name
        elif name != "report":
            assert tasks <= {"diphoton"}, name
