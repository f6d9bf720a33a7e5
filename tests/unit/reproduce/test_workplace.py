"""Another profile in the pipeline, without a change of the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from benchmark.errors import DiademError
from reproduce.cli import diadem
from reproduce.params import VARIABLE
from reproduce.workplace import working_at, workplace

STAGES = {
    "always": {
        "cmd": "echo 1 > results/releases.txt",
        "deps": ["code"],
        "outs": [{"results/releases.txt": {"cache": False}}],
    },
    "rows": {
        "cmd": "mkdir -p ${folder} && echo ${profile} > ${folder}/z".replace(
            "${folder}", "results/${profile}/latents"
        ),
        "deps": ["code"],
        "params": ["profiles.${profile}.events"],
        "outs": ["results/${profile}/latents"],
    },
    "figure": {
        "foreach": {"a": "b"},
        "do": {
            "cmd": "cp results/${profile}/latents/z results/${profile}/${key}.png",
            "deps": ["results/${profile}/latents"],
            "plots": [{"results/${profile}/${key}.png": {"cache": False}}],
        },
    },
}
PARAMS = """# A comment that stays.
profile: quick
profiles:
  quick: {events: 1}
  reference: {events: 2}
"""


def dvc(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def git(folder: Path, *words: str) -> str:
    named = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    done = subprocess.run(
        ["git", *named, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in which the pipeline ran at its own profile."""
    root = tmp_path_factory.mktemp("repository")
    (root / "code").mkdir()
    (root / "code" / "a.py").write_text("x = 1")
    (root / "results").mkdir()
    (root / "dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}))
    (root / "params.yaml").write_text(PARAMS)
    git(root, "init", "--quiet")
    dvc(root, "init", "--quiet")
    (root / ".gitignore").write_text("/.diadem/\n/results/*/latents\n")
    dvc(root, "config", "core.analytics", "false")
    dvc(root, "repro", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "all")
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy", symlinks=True))


def test_its_own_profile_is_run_in_place(root: Path) -> None:
    assert workplace("quick", root) == root
    assert git(root, "status", "--porcelain") == ""
    with working_at(None, root, begin=True) as place:
        assert place == root
        assert VARIABLE not in os.environ


def test_another_profile_leaves_the_repository_as_it_was(root: Path) -> None:
    place = workplace("reference", root)
    assert "Running stage 'always'" not in dvc(place, "repro")
    assert (root / "results" / "reference" / "a.png").read_text() == "reference\n"
    assert (root / "results" / "quick" / "a.png").read_text() == "quick\n"
    assert "up to date" in dvc(place, "repro")
    assert "up to date" in dvc(root, "repro")
    assert git(root, "status", "--porcelain") == "?? results/reference/\n"
    lock = yaml.safe_load((root / "results" / "reference" / "dvc.lock").read_text())
    assert set(lock["stages"]) == {"always", "rows", "figure@a"}
    assert not list((place / ".dvc" / "cache").rglob("*")), "the cache is the repository's"
    assert list((root / ".dvc" / "cache").rglob("*"))


def test_what_changes_is_noticed_at_the_other_profile_too(root: Path) -> None:
    dvc(workplace("reference", root), "repro", "--quiet")
    (root / "params.yaml").write_text(PARAMS.replace("events: 2", "events: 3"))
    said = dvc(workplace("reference", root), "repro")
    assert "Running stage 'rows'" in said
    assert "Running stage 'always'" not in said
    assert "up to date" in dvc(root, "repro")


def test_the_lock_of_a_clone_is_taken_up(root: Path) -> None:
    """What was committed with the results says that they are made; latents stay away."""
    dvc(workplace("reference", root), "repro", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "reference")
    clone = root.parent / "clone"
    git(root.parent, "clone", "--quiet", str(root), str(clone))
    place = workplace("reference", clone)
    assert "up to date" in dvc(place, "repro", "--allow-missing")
    assert not (clone / "results" / "reference" / "latents").exists()
    assert git(clone, "status", "--porcelain") == ""


def test_commands_take_the_profile_by_default(root: Path) -> None:
    with working_at("reference", root, begin=True) as place:
        assert Path(os.environ[VARIABLE]) == place / "params.yaml"
        assert "# A comment that stays." in (place / "params.yaml").read_text()
        held = yaml.safe_load((place / "params.yaml").read_text())
        assert held["profile"] == "reference"
    assert VARIABLE not in os.environ


def test_a_remote_by_its_path_is_the_same_one(root: Path) -> None:
    (root / "remote").mkdir()
    dvc(root, "remote", "add", "--default", "near", "remote")
    place = workplace("reference", root)
    assert str(root / "remote") in dvc(place, "remote", "list")


def test_no_pipeline(tmp_path: Path) -> None:
    with pytest.raises(DiademError, match="no pipeline here"):
        workplace("reference", tmp_path)
    (tmp_path / "params.yaml").write_text(PARAMS)
    with pytest.raises(DiademError, match=r"Did you mean reference\?"):
        workplace("refrence", tmp_path)
    (tmp_path / "params.yaml").write_text("profiles: {}\n")
    with pytest.raises(DiademError, match="no profile"):
        workplace("reference", tmp_path)


def test_the_command_runs_and_checks_another_profile(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The toy's parameters are no profile of ours, which is where times are looked for.
    monkeypatch.setattr("reproduce.cli.reproduce._times", lambda _: {})
    words = ["reproduce", "--profile", "reference", "--root", str(root)]
    for idle in ([*words, "--dry-run"], ["check", *words[1:]]):
        found = CliRunner().invoke(diadem, idle)
        assert "Traceback" not in found.output
        assert "is not a .dvc file" not in found.output
        assert found.exit_code == (0 if "--dry-run" in idle else 2), found.output
        assert git(root, "status", "--porcelain") == "", "looking leaves nothing behind"
    done = CliRunner().invoke(diadem, words)
    assert done.exit_code == 0, done.output
    assert "stage 1 of 2: rows" in done.output
    assert (root / "results" / "reference" / "a.png").read_text() == "reference\n"
    assert git(root, "status", "--porcelain") == "?? results/reference/\n"
    for look in (["check", "--root", str(root)], ["check", *words[1:]]):
        checked = CliRunner().invoke(diadem, look)
        assert checked.exit_code == 0, checked.output
    (root / "results" / "reference" / "a.png").write_text("edited\n")
    edited = CliRunner().invoke(diadem, ["check", *words[1:]])
    assert edited.exit_code == 2
    assert "they are not what the pipeline made" in edited.output
