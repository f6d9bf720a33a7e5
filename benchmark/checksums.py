"""Checksums of result files: an edited result is refused by whoever reads it.

Who writes results (`written_paths`) notes their SHA-256 in `checksums.json` of the same folder;
who reads them (`as_written`) compares. Why so, and not otherwise:

- The DVC lock file knows its own runs only: rows that a command made anew outside of DVC, or in
  another folder, are as good, and `diadem check` says where they differ from the lock.
- A line in the file itself would be one that no reader of CSV expects.
- One file a folder, in git beside the results and copied with them. It is no output of a stage, so
  that stages may share it, and DVC passes over it (`.dvcignore`).

The last `KEPT` checksums of a file all count, and a new one is noted before its file appears: so
whoever is killed between the two, or takes back a file alone with `git checkout`, is not accused.
A file without an entry, from before there were any or from another program, is taken as it is.
This is a guard against mistakes: who wants to deceive can write checksums as well.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.errors import DataError, complaint
from benchmark.files import atomic_path, atomic_paths, sha256

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

NAME = "checksums.json"
KEPT = 10
_SHOWN = 12  # digits in messages
_Noted = dict[str, list[str]]


@contextmanager
def written_paths(paths: Iterable[str | os.PathLike[str]]) -> Iterator[list[Path]]:
    """Yield temporary paths for results: all appear, with their checksums noted, or none.

    Raises:
        DiademError: As `benchmark.files.atomic_paths`.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "rows.csv"
        >>> with written_paths([file]) as (temporary,):
        ...     _ = temporary.write_text("1")
        >>> as_written(file).name
        'rows.csv'
        >>> _ = file.write_text("2")
        >>> as_written(file)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        benchmark.errors.DataError: ...a result that was edited after it was written; ...
    """
    files = [Path(path) for path in paths]
    with atomic_paths(files) as temporary:
        yield temporary
        made = zip(files, temporary, strict=True)
        note({file: sha256(new) for file, new in made if new.exists()})


def note(checksums: Mapping[Path, str]) -> None:
    """Note what the content of files is, or will be in a moment.

    Args:
        checksums: SHA-256 of each file's content, as hexadecimal digits.

    Raises:
        DiademError: A folder cannot be written.
    """
    for folder in sorted({file.parent for file in checksums}):
        with _alone(folder):
            try:
                held = _read(folder)
            except DataError:  # begun anew: what is written now is sure
                held = {}
            before = json.dumps(held)
            for file, digest in checksums.items():
                if file.parent == folder:
                    known = held.get(file.name) or _present(file)
                    held[file.name] = list(dict.fromkeys((digest, *known)))[:KEPT]
            if json.dumps(held) != before:
                text = json.dumps(held, indent=1, sort_keys=True) + "\n"
                with atomic_path(folder / NAME) as temporary:
                    temporary.write_text(text, encoding="utf-8")


def as_written(path: Path) -> Path:
    """Return the path of a file that holds what was written.

    Raises:
        DataError: It was edited since, or the checksums beside it cannot be read.
    """
    known = _read(path.parent).get(path.name, [])
    if not known or not path.is_file() or (found := sha256(path)) in known:
        return path
    message = complaint(
        "a result that was edited after it was written",
        where=str(path),
        found=f"SHA-256 {found[:_SHOWN]}...",
        expected=f"{known[0][:_SHOWN]}... of {NAME} beside it",
        remedy=f"Results are made, never edited: take it back with `git checkout -- {path}`, or "
        "delete it and run the command that makes it, or `dvc repro`.",
    )
    raise DataError(message)


def _present(file: Path) -> list[str]:
    """Return the checksum of a file that is there."""
    return [sha256(file)] if file.is_file() else []


def _read(folder: Path) -> _Noted:
    path = folder / NAME
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): [str(one) for one in known] for name, known in held.items()}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        message = complaint(
            "no checksums of results",
            where=str(path),
            found=str(error),
            remedy=f"Take it back with `git checkout -- {path}`; without it, results are taken "
            "as they are.",
        )
        raise DataError(message) from error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process notes anything in the folder."""
    try:
        import fcntl
    except ImportError:  # not on Windows, where nobody waits
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    held = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems have no locks
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)
