"""The board's files: all of one build, or all of the one before."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.checksums import NAME as CHECKSUMS
from benchmark.checksums import as_written
from benchmark.errors import DiademError, complaint
from benchmark.files import explained
from benchmark.leaderboard.machine import to_csv, to_json
from reproduce.leaderboard.markdown import render_markdown
from reproduce.leaderboard.page import render_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmark.leaderboard import Board

ENTRIES = "entries"
"""Folder of the result files, beside the board: entries/TASK/NAME.json."""
FILES = ("board.md", "board.csv", "board.json", "index.html")
_LOCK, _MAKING = ".board.lock", ".tmp-board-"


def result_files(folder: Path) -> list[Path]:
    """Return the result files in a folder of entries, sorted; those in the making left out.

    Raises:
        DataError: One was edited after it was scored (`benchmark.checksums`).
    """
    found = sorted(p for p in folder.glob("*/*.json") if not p.name.startswith("."))
    return [as_written(path) for path in found if path.name != CHECKSUMS]


def write_board(board: Board, folder: Path) -> list[Path]:
    """Write the files of the board; equal boards give equal bytes.

    All are made first, in a folder of their own, and then put in place one after the other,
    which takes no more than renaming; if that fails half-way the old ones are put back. Only a
    kill that cannot be caught, within these four renames, could leave files of two builds, each
    of them whole; the next build mends it. Builds at the same time wait for each other.

    Args:
        board: From `build`.
        folder: Made when missing.

    Raises:
        DiademError: The folder cannot be written; the old files are left.
    """
    texts = {
        "board.md": render_markdown(board),
        "board.csv": to_csv(board),
        "board.json": to_json(board),
        "index.html": render_page(board),
    }
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            for left in folder.glob(f"{_MAKING}*"):  # by a build that was killed
                shutil.rmtree(left, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=_MAKING, dir=folder) as made:
                for name, text in texts.items():
                    _write(Path(made) / name, text)
                _put_in_place(Path(made), folder, texts)
    return [folder / name for name in FILES]


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def _put_in_place(made: Path, folder: Path, texts: Mapping[str, str]) -> None:
    """Rename new files over the old ones; put the old ones back if one cannot be."""
    for name in texts:
        if (folder / name).is_dir():
            message = complaint("a folder stands where a file is needed", where=str(folder / name))
            raise DiademError(message)
        with suppress(FileNotFoundError):
            (made / f"old-{name}").write_bytes((folder / name).read_bytes())
    try:
        for name in texts:
            (made / name).replace(folder / name)
    except BaseException:  # Ctrl-C as well
        for name in texts:
            old = made / f"old-{name}"
            if old.exists():
                old.replace(folder / name)
            else:
                (folder / name).unlink(missing_ok=True)
        raise


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process holds the folder."""
    try:
        import fcntl
    except ImportError:  # not on Windows, where nobody else waits
        yield
        return
    with (folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
