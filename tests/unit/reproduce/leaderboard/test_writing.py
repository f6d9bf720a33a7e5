"""The board's files: all of one build, or all of the one before."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from benchmark.errors import DiademError
from benchmark.leaderboard import Board, build
from reproduce.cli import diadem
from reproduce.leaderboard import writing
from reproduce.leaderboard.writing import FILES, result_files, write_board
from tests.leaderboard_entries import toy, write_entries

if TYPE_CHECKING:
    from collections.abc import Callable

SPAWN = multiprocessing.get_context("spawn")


def board(folder: Path, level: float, *names: str) -> Board:
    made = [toy(np.full((2, 9), level), name) for name in names or ("first",)]
    return build(write_entries(folder, made))


@pytest.fixture
def old(tmp_path: Path) -> Board:
    return board(tmp_path / "old", 2.0)


@pytest.fixture
def new(tmp_path: Path) -> Board:
    return board(tmp_path / "new", 3.0, "first", "second")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but the lock."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".board.lock"
    }


def test_all_files_are_written_and_the_same_again(old: Board, tmp_path: Path) -> None:
    paths = write_board(old, tmp_path / "a" / "b")
    write_board(old, tmp_path / "c")
    assert [path.name for path in paths] == list(FILES)
    assert set(contents(tmp_path / "a" / "b")) == set(FILES)
    assert contents(tmp_path / "a" / "b") == contents(tmp_path / "c")


def test_a_new_board_takes_the_place_of_the_old(old: Board, new: Board, tmp_path: Path) -> None:
    write_board(old, tmp_path / "a")
    before = contents(tmp_path / "a")
    write_board(new, tmp_path / "a")
    write_board(new, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert all(contents(tmp_path / "a")[name] != before[name] for name in FILES)


@pytest.mark.parametrize("failing", range(len(FILES)))
@pytest.mark.parametrize("error", [OSError(28, "No space left"), KeyboardInterrupt()])
@pytest.mark.parametrize("first", [True, False])
def test_a_failed_rename_leaves_the_old_board(
    old: Board,
    new: Board,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failing: int,
    error: BaseException,
    first: bool,
) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    if not first:
        write_board(old, folder)
    before = contents(folder)
    rename, calls = Path.replace, []

    def fail(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) == failing + 1:
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises((DiademError, KeyboardInterrupt)):
        write_board(new, folder)
    assert contents(folder) == before


@pytest.mark.parametrize("name", ["render_page", "to_csv"])
def test_a_text_that_cannot_be_made_leaves_the_old_board(
    old: Board, new: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write_board(old, tmp_path / "a")
    before = contents(tmp_path / "a")

    def fail(_board: Board) -> str:
        raise ValueError(name)

    monkeypatch.setattr(writing, name, fail)
    with pytest.raises(ValueError, match=name):
        write_board(new, tmp_path / "a")
    assert contents(tmp_path / "a") == before


def _kill_before_renaming(made: Board, folder: Path) -> None:
    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    writing.__dict__["_put_in_place"] = die
    write_board(made, folder)


def test_a_kill_between_writing_and_renaming_leaves_the_old_board(
    old: Board, new: Board, tmp_path: Path
) -> None:
    folder = tmp_path / "a"
    write_board(old, folder)
    before = contents(folder)
    child = SPAWN.Process(target=_kill_before_renaming, args=(new, folder))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    left = contents(folder)
    assert {name: left[name] for name in FILES} == before
    write_board(new, folder)  # what it left does not matter
    write_board(new, tmp_path / "b")
    assert {name: contents(folder)[name] for name in FILES} == contents(tmp_path / "b")
    assert len(contents(folder)) == len(FILES)


def _build_often(made: Board, folder: Path) -> None:
    for _ in range(5):
        write_board(made, folder)


def test_two_builds_at_once_give_one_of_both(old: Board, new: Board, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    children = [SPAWN.Process(target=_build_often, args=(made, folder)) for made in (old, new)]
    for child in children:
        child.start()
    for child in children:
        child.join(120)
    assert [child.exitcode for child in children] == [0, 0]
    wanted = []
    for name, made in (("one", old), ("two", new)):
        write_board(made, tmp_path / name)
        wanted.append(contents(tmp_path / name))
    assert contents(folder) in wanted


def _hold(folder: Path, seconds: float) -> None:
    with writing._alone(folder):
        (folder / "held").touch()
        time.sleep(seconds)
        (folder / "let go").touch()


def test_a_build_waits_for_another(old: Board, tmp_path: Path) -> None:
    child = SPAWN.Process(target=_hold, args=(tmp_path, 1.0))
    child.start()
    while not (tmp_path / "held").exists():
        time.sleep(0.01)
    write_board(old, tmp_path)
    assert (tmp_path / "let go").exists()
    child.join(60)


def test_a_folder_in_the_place_of_a_file(old: Board, tmp_path: Path) -> None:
    (tmp_path / "a" / "index.html").mkdir(parents=True)
    with pytest.raises(DiademError, match="a folder stands where a file is needed"):
        write_board(old, tmp_path / "a")
    assert contents(tmp_path / "a") == {}


def test_result_files_in_the_making_are_left_out(tmp_path: Path) -> None:
    for name in ("b.json", "a.json", ".tmp-1234-a.json", "a.txt"):
        (tmp_path / "diphoton").mkdir(exist_ok=True)
        (tmp_path / "diphoton" / name).touch()
    assert [path.name for path in result_files(tmp_path)] == ["a.json", "b.json"]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    def told(*words: str) -> tuple[int, str]:
        command = ["leaderboard", "build", "--results", str(tmp_path), *words]
        done = CliRunner().invoke(diadem, command)
        return done.exit_code, done.output

    return told


def test_the_command_builds(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    home = tmp_path / "quick" / "leaderboard"
    board(home, 2.0, "first", "second", "random")
    code, output = run("--profile", "quick")
    assert code == 0, output
    assert "yardstick" in output
    assert set(FILES) <= {path.name for path in home.iterdir()}


def test_the_command_says_what_is_missing(run: Callable[..., tuple[int, str]]) -> None:
    code, output = run("--profile", "quick")
    assert code == 2
    assert "no result file of a submission" in output
    assert "diadem submit score" in output


def test_the_command_refuses_another_profile(
    run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    board(tmp_path / "paper" / "leaderboard", 2.0)
    code, output = run("--profile", "paper")
    assert code == 2
    assert "result files of another profile; found quick; expected paper" in output
    assert not (tmp_path / "paper" / "leaderboard" / "index.html").exists()


def test_other_folders_can_be_given(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    board(tmp_path / "mine", 2.0)
    words = ["--entries", str(tmp_path / "mine" / "entries"), "--output", str(tmp_path / "out")]
    code, output = run(*words, "--profile", "quick")
    assert code == 0, output
    assert set(contents(tmp_path / "out")) == set(FILES)
