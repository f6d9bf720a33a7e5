"""Stages of the pipeline, read from its file."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from benchmark.code import ROOT
from benchmark.errors import DiademError
from reproduce.cli import diadem
from reproduce.cli.naming import profile_names
from reproduce.stages import Stage, is_there, producers, stages

TOY = {
    "stages": {
        "one": {
            "cmd": "diadem train a --profile ${profile} --output results/${profile}/latents",
            "deps": ["code.py", "datasets/v1"],
            "outs": ["results/${profile}/latents"],
        },
        "two": {
            "matrix": {"name": ["x", "y"]},
            "cmd": "diadem probe results/${profile}/latents --only ${item.name}",
            "deps": ["results/${profile}/latents"],
            "outs": [{"results/${profile}/${item.name}.csv": {"cache": False}}],
        },
        "three": {
            "foreach": {"p": {"file": "a_p"}, "q": {"file": "a_q"}},
            "do": {
                "cmd": "diadem figure ${key}",
                "deps": ["code/${item.file}.py", "results/${profile}/x.csv"],
                "plots": [{"results/${profile}/figures/${key}.png": {"cache": False}}],
            },
        },
        "four": {
            "foreach": {"r": "b"},
            "do": {"cmd": "diadem ${key} ${item}", "metrics": ["results/${profile}/m.json"]},
        },
    }
}


@pytest.fixture
def toy(tmp_path: Path) -> tuple[Stage, ...]:
    path = tmp_path / "dvc.yaml"
    path.write_text(yaml.safe_dump(TOY, sort_keys=False))
    return stages("tiny", path)


def names(found: list[Stage]) -> list[str]:
    return [stage.name for stage in found]


def test_what_stands_for_several_is_expanded(toy: tuple[Stage, ...]) -> None:
    assert names(list(toy)) == ["one", "two@x", "two@y", "three@p", "three@q", "four@r"]
    held = {stage.name: stage for stage in toy}
    assert held["two@y"].writes == ("results/tiny/y.csv",)
    assert held["three@p"].command == "diadem figure p"
    assert held["three@p"].reads == ("results/tiny/x.csv",)
    assert held["three@p"].writes == ("results/tiny/figures/p.png",)
    assert held["four@r"].command == "diadem r b"
    assert held["one"].reads == ()


def test_the_words_are_those_of_another_folder(toy: tuple[Stage, ...]) -> None:
    words = toy[0].words(Path("/my results"))
    assert words[-1] == "/my results/tiny/latents"
    assert words[:3] == ["diadem", "train", "a"]


def test_what_is_missing_is_made_in_order(toy: tuple[Stage, ...], tmp_path: Path) -> None:
    assert names(producers(["results/tiny/figures/q.png"], toy, tmp_path)) == [
        *("one", "two@x", "three@q"),
    ]
    (tmp_path / "tiny" / "latents").mkdir(parents=True)
    wanted = ["results/tiny/y.csv"]
    assert names(producers(wanted, toy, tmp_path)) == ["one", "two@y"], "an empty folder"
    (tmp_path / "tiny" / "latents" / "id.parquet").write_text("")
    assert names(producers(wanted, toy, tmp_path)) == ["two@y"]
    (tmp_path / "tiny" / "y.csv").write_text("")
    assert producers(wanted, toy, tmp_path) == []
    assert is_there("results/tiny/latents", tmp_path)
    with pytest.raises(DiademError, match="no stage of the pipeline makes this"):
        producers(["results/tiny/z.csv"], toy, tmp_path)


def test_a_folder_of_results_is_what_is_written_into_it(tmp_path: Path) -> None:
    """As the report reads all rows of a task."""
    every = stages("smoke")
    found = names(producers(["results/smoke/report"], every, tmp_path))
    assert found.index("latents") < found.index("hunt") < found.index("report")
    assert "evaluate" in found


@pytest.mark.parametrize(
    "text", ["stages: 3", "a: 1", "stages: {a: {cmd: '${other}'}}", "a: [", "stages: {a: {}}"]
)
def test_a_file_that_is_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "dvc.yaml"
    path.write_text(text)
    with pytest.raises(DiademError, match="the pipeline cannot be read"):
        stages("quick", path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DiademError, match="Work in a clone of the repository"):
        stages("quick", tmp_path / "dvc.yaml")


@pytest.mark.parametrize("profile", profile_names())
def test_every_command_is_one_of_ours_and_says_its_profile(profile: str) -> None:
    """Parsed by the verb itself, so that no option is misspelt; nothing is run."""
    for stage in stages(profile):
        first, verb, *words = shlex.split(stage.command)
        assert first == "diadem"
        command = diadem.commands[verb]
        if isinstance(command, click.Group):
            command, words = command.commands[words[0]], words[1:]
        with command.make_context(verb, words) as context:
            assert context.params.get("profile") in (profile, None)
            if any(f"/{profile}/" in path for path in stage.writes):
                assert context.params["profile"] == profile


def test_dvc_reads_it_in_the_same_way() -> None:
    words = [sys.executable, "-m", "dvc", "stage", "list", "--name-only"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    ours = {stage.name for stage in stages("quick")}
    assert {re.sub(r"\s.*", "", line) for line in done.stdout.splitlines()} == ours
