"""What the command says of itself: help, lists, completion, exit codes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from baselines.registry import EMBEDDINGS
from reproduce.cli import diadem
from reproduce.cli.list import KINDS
from reproduce.cli.naming import TASKS, dataset_names, profile_names
from reproduce.figures import FIGURES
from reproduce.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
COMPLETION_SECONDS = 1.0  # of processor time: who presses TAB waits for it


def run(*words: str) -> Result:
    return CliRunner().invoke(diadem, list(words))


def verbs(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """All commands below a group."""
    for name, command in group.commands.items():
        yield (*before, name)
        if isinstance(command, click.Group):
            yield from verbs(command, (*before, name))


ALL = list(verbs(diadem))


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_verb_has_examples_that_are_right(words: tuple[str, ...]) -> None:
    done = run(*words, "--help")
    assert done.exit_code == 0
    assert "\n  Example" in done.output
    shown = [line.strip() for line in done.output.splitlines() if "diadem " in line]
    assert any(f"diadem {' '.join(words)}" in line for line in shown)


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_option_is_explained(words: tuple[str, ...]) -> None:
    found: click.Command = diadem
    for word in words:
        assert isinstance(found, click.Group)
        found = found.commands[word]
    options = [one for one in found.params if isinstance(one, click.Option)]
    assert [one.name for one in options if not one.help] == []


def test_exit_codes_are_documented() -> None:
    text = run("--help").output
    for code in ("0    done", "1    a fault", "2    bad input", "130  interrupted"):
        assert f"\n    {code}" in text
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for word in ("exit code", "130"):
        assert word in readme.lower()


@pytest.mark.parametrize("verb", ["figure", "table", "embed", "evaluate", "train", "tune"])
def test_what_can_train_takes_a_device_and_a_profile(verb: str) -> None:
    text = run(verb, "--help").output
    assert "--device [auto|cpu|cuda]" in text
    assert "--profile PROFILE" in text


@pytest.mark.parametrize("verb", ["embed", "evaluate", "train"])
def test_what_trains_one_embedding_takes_a_seed(verb: str) -> None:
    assert "--seed NUMBER" in run(verb, "--help").output


def completed(*words: str, so_far: str = "") -> list[str]:
    shell = ShellComplete(diadem, {}, "diadem", "_DIADEM_COMPLETE")
    return [item.value for item in shell.get_completions(list(words), so_far)]


def test_names_are_completed() -> None:
    assert completed(so_far="fig") == ["figure"]
    assert completed("figure", so_far="sic-") == ["sic-ep", "sic-id", "sic-ip"]
    assert set(completed("table")) >= set(TABLES)
    assert completed("train", so_far="superv") == ["supervised"]
    assert completed("train", "raw9", so_far="hax") == ["haxad_vae"]
    assert set(completed("evaluate")) >= set(EMBEDDINGS)
    assert completed("report", "--profile") == list(profile_names())
    assert completed("embed", "raw", "--task") == list(TASKS)
    assert completed("list", so_far="emb") == ["embedding"]
    assert completed("data", "describe", so_far="di") == ["diphoton"]
    assert completed("data", "simulate", "--dataset") == dataset_names()
    assert "--device" in completed("figure", so_far="--de")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_of_the_shell(shell: str) -> None:
    done = run("completion", shell)
    assert done.exit_code == 0, done.output
    assert "_DIADEM_COMPLETE" in done.output
    if shutil.which(shell):
        checked = subprocess.run([shell, "-n"], input=done.output, text=True, check=False)
        assert checked.returncode == 0
    assert run("completion", "csh").exit_code == 2


def test_completing_is_fast() -> None:
    asked = {
        "_DIADEM_COMPLETE": "bash_complete",
        "COMP_WORDS": "diadem figure s",
        "COMP_CWORD": "2",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "reproduce.cli"],
        cwd=ROOT,
        env=os.environ | asked,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    assert "plain,sculpting" in said.split()
    assert usage.ru_utime + usage.ru_stime < COMPLETION_SECONDS


def test_the_list_has_every_name() -> None:
    text = run("list").output
    for name in (*EMBEDDINGS, *FIGURES, *TABLES, *TASKS, *profile_names(), "cathode"):
        assert name in text
    for kind in KINDS:
        assert f"{kind.capitalize()}s" in text


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind_alone_and_for_programs(kind: str) -> None:
    done = run("list", kind, "--json")
    assert done.exit_code == 0
    found = json.loads(done.output)
    assert found
    assert {one["kind"] for one in found} == {kind}
    assert all(one["what"] for one in found)
    if kind in ("figure", "table"):
        assert all("arXiv:" in one["what"] for one in found)
    if kind not in ("task", "profile"):
        assert {one["task"] for one in found} <= set(TASKS)
    assert "Did you mean figure?" in run("list", "figur").stderr
