"""Where a task's events come from: a release, imported Parquet files, or the official files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmark.digest import joint_digest
from benchmark.errors import DataError, complaint
from benchmark.events import digest_of, iter_events, read_columns
from benchmark.files import sha256
from benchmark.importers.cms_adc import event_count, iter_cms_adc, official_process

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from benchmark.events import EventTable

CHUNK = 100_000


@dataclass(frozen=True)
class Source:
    """The event files of a folder, by process.

    Attributes:
        folder: Where they are.
        files: The files that hold events of each process. The processes of one file are kept
            apart when it is read.
        label: Name of the release, "official", or "own".
        digest: 64 hexadecimal digits of the files' contents; a release's is that of its manifest.
    """

    folder: Path
    files: dict[str, tuple[Path, ...]]
    label: str
    digest: str

    @property
    def name(self) -> str:
        """Label and short digest, for result rows."""
        return f"{self.label}@{self.digest[:12]}"

    def count(self, process: str) -> int:
        """Return the number of events of a process."""
        return sum(_count(path, process) for path in self.files[process])

    def events(self, process: str, chunk: int = CHUNK) -> Iterator[EventTable]:
        """Yield the events of a process in validated tables of at most `chunk`.

        Raises:
            DataError: A file is not what it should be.
        """
        first = 0
        for path in self.files[process]:
            if _is_official(path):
                yield from iter_cms_adc(path, process=process, chunk=chunk, first_row=first)
                first += event_count(path)
            else:
                yield from iter_events(path, chunk, processes=[process])


def open_source(folder: str | os.PathLike[str]) -> Source:
    """Return the source in a folder of Parquet files or of official HDF5 files.

    Raises:
        DataError: There is no such folder, no event file in it, or files of both kinds.
    """
    root = Path(folder)
    parquet, official = sorted(root.glob("*.parquet")), sorted(root.glob("*.h5"))
    if bool(parquet) == bool(official):
        message = complaint(
            "no source of events",
            where=str(root),
            found=f"{len(parquet)} Parquet and {len(official)} HDF5 files"
            if root.is_dir()
            else "no folder",
            expected="a folder with Parquet event files, or with the files of the challenge",
        )
        raise DataError(message)
    files: dict[str, list[Path]] = {}
    for path in parquet or official:
        for process in _processes(path):
            files.setdefault(process, []).append(path)
    return Source(
        root,
        {name: tuple(paths) for name, paths in files.items()},
        _label(root, official=bool(official)),
        _digest(parquet, official),
    )


def _is_official(path: Path) -> bool:
    return path.suffix == ".h5"


def _count(path: Path, process: str) -> int:
    if _is_official(path):
        return event_count(path)
    return len(read_columns(path, ["process"], processes=[process])["process"])


def _processes(path: Path) -> list[str]:
    if _is_official(path):
        return [official_process(path)]
    return [str(name) for name in np.unique(read_columns(path, ["process"])["process"])]


def _label(root: Path, *, official: bool) -> str:
    """Return the name that a release's manifest gives, or what kind of files there are."""
    if official:
        return "official"
    manifest = root / "manifest.json"
    if not manifest.is_file():
        return "own"
    try:
        return str(json.loads(manifest.read_text(encoding="utf-8"))["release"])
    except (ValueError, KeyError, TypeError) as error:
        message = complaint(
            "a damaged manifest",
            where=str(manifest),
            found=f"{type(error).__name__}: {error}",
            expected='JSON with the name of the release under "release"',
            remedy="Restore it, or remove it: the events are then your own.",
        )
        raise DataError(message) from error


def _digest(parquet: list[Path], official: list[Path]) -> str:
    # The content of Parquet files is digested, whatever their layout; official files never change.
    return joint_digest([digest_of(path) for path in parquet] or map(sha256, official))
