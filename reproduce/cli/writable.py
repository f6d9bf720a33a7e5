"""Whether results can be written, asked before the work starts: hours may lie between."""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

from benchmark.errors import DiademError, complaint
from benchmark.files import explained

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def require_file(path: Path) -> None:
    """Make sure that a file can be written; leaves nothing behind.

    Raises:
        DiademError: `path` is a folder or a device, or nothing can be written beside it.
    """
    with explained(path):
        if path.exists() and not path.is_file():
            message = complaint(
                "cannot write here",
                where=str(path),
                found="a folder" if path.is_dir() else "neither a file nor a folder",
                expected="a file, or nothing yet",
                remedy="Give the path of a file.",
            )
            raise DiademError(message)
        _try(path.absolute().parent)


def require_folder(path: Path) -> None:
    """Make sure that files can be written into a folder, there already or not.

    Raises:
        DiademError: They cannot.
    """
    with explained(path):
        _try(path.absolute())


def require_release_folder(folder: Path, *, apart_from: Sequence[Path]) -> None:
    """Make sure that a new release can take the place of `folder` and of all that is in it.

    Args:
        folder: Resolved path. If there is anything in it, it must be a release and no more.
        apart_from: Folders that must not be lost with it.

    Raises:
        DiademError: It cannot, or files would be lost that are not of a release.
    """
    require_folder(folder)
    require_folder(folder.parent)  # a release is made beside its place, then moved there
    inside = [path for path in apart_from if path.resolve().is_relative_to(folder)]
    found = ""
    if inside or folder.is_mount():
        found = f"the folder of {inside[0].resolve()}" if inside else "a mounted disk"
    elif foreign := _not_of_a_release(folder):
        found = f"{', '.join(foreign[:3])}{' and more' if len(foreign) > 3 else ''}"
    if found:
        message = complaint(
            "cannot write here: a release replaces the whole folder",
            where=str(folder),
            found=found,
            expected="a new folder, an empty one, or an older release",
            remedy="Choose another --output.",
        )
        raise DiademError(message)


def refuse_of_record(path: Path | None, *, seed: int | None) -> None:
    """Keep another random run apart from the results of record.

    Args:
        path: Where results are to be written; None for nowhere.
        seed: Of another run than that of record; None for that one.

    Raises:
        DiademError: It would be written into the repository's folder of results.
    """
    from benchmark.code import ROOT
    from reproduce.stages import RESULTS

    if seed is None or path is None:
        return
    record = ROOT / RESULTS
    if path.resolve().is_relative_to(record):
        message = complaint(
            "results of record are not those of another seed",
            where=str(path),
            found=f"--seed {seed}",
            expected=f"a place outside {record}",
            remedy="Choose another --output, or leave --seed out.",
        )
        raise DiademError(message)


def _not_of_a_release(folder: Path) -> list[str]:
    """Return the names in a folder that the manifest of a release does not explain."""
    from benchmark.simulation.release import MANIFEST

    names = {path.name for path in folder.iterdir()} if folder.exists() else set()
    if MANIFEST in names:
        # One that cannot be read, or of an old version, explains what it can: perhaps nothing.
        with suppress(ValueError, LookupError, TypeError):
            content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            names -= {MANIFEST, *(str(file["file"]) for file in content["files"])}
    return sorted(names)


def _try(folder: Path) -> None:
    """Write a nameless file into the folder, or where the first missing folder would be made."""
    above = (folder, *folder.parents)
    # A link to nowhere exists as well: no folder can be made in its place.
    nearest = next(place for place in above if place.is_symlink() or place.exists())
    with tempfile.TemporaryFile(dir=nearest):
        pass
