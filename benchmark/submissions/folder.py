"""The folder of a submission: three regular files and nothing else."""

from __future__ import annotations

import itertools
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.submissions.findings import Finding, Refused, fault, quoted
from benchmark.submissions.reading import too_large
from benchmark.submissions.schema import FILE, MAX_BYTES, read_submission

if TYPE_CHECKING:
    from benchmark.submissions.schema import Submission

MIB = 2**20
README = "README.md"
PAYLOADS = {
    "latents.parquet": "latents",
    "latents.safetensors": "latents",
    "encoder.onnx": "encoder",
}
"""Name of each payload and the kind of submission that has it."""
LIMITS = {
    FILE: MAX_BYTES,
    README: 256 * 1024,
    # 13 million events (the official files of cms_adc) in 64 dimensions would be 3.5 GB; the
    # sharper limit, from the number of events and dimensions, is that of `latents_file`.
    "latents.parquet": 4096 * MIB,
    "latents.safetensors": 4096 * MIB,
    "encoder.onnx": 64 * MIB,
}
"""Largest size in bytes of each file that may be there."""
_ENTRIES = 16  # looked at in a folder; one with more is refused without counting them


@dataclass(frozen=True)
class SubmissionFolder:
    """A folder that was looked through.

    Attributes:
        path: The folder.
        submission: What its `submission.yaml` says.
        payload: The file of latents, or the encoder.
    """

    path: Path
    submission: Submission
    payload: Path


def open_folder(path: str | os.PathLike[str]) -> SubmissionFolder:
    """Return what is in a submission's folder, without reading its payload.

    Raises:
        Refused: There is no such folder, or in it a link, a folder, a special file, a file of
            another name or a too large one; or a file is missing, or `submission.yaml` is wrong.
    """
    root = Path(path)
    sizes = _listed(root)
    if faults := [*itertools.chain(*(_look(root / name) for name in sorted(sizes)))]:
        raise Refused(faults)
    found = [name for name in PAYLOADS if name in sizes]
    if FILE not in sizes:
        raise fault(code="no_submission", what=f"there is no {FILE}", where=_shown(root))
    if len(found) != 1:
        raise fault(
            code="two_payloads" if found else "no_payload",
            what="more than one payload" if found else "there is no payload",
            where=_shown(root),
            found=", ".join(found),
            expected="one of " + ", ".join(PAYLOADS),
        )
    submission = read_submission(root / FILE)
    if PAYLOADS[found[0]] != submission.kind:
        raise fault(
            code="kind_mismatch",
            what="the payload is of another kind than submission.yaml says",
            where=f"{FILE}: kind",
            found=f"{submission.kind}, with {found[0]}",
        )
    return SubmissionFolder(root, submission, root / found[0])


def _shown(root: Path) -> str:
    return f"folder {quoted(root.name or root)}"


def _listed(root: Path) -> list[str]:
    """Return the names in the folder.

    Raises:
        Refused: It is none, or has too many.
    """
    try:
        mode = root.lstat().st_mode
    except (OSError, ValueError) as error:
        raise fault(
            code="no_folder", what="there is no such folder", where=_shown(root)
        ) from error
    if not stat.S_ISDIR(mode):
        what = "a link in place of a folder" if stat.S_ISLNK(mode) else "not a folder"
        raise fault(code="no_folder", what=what, where=_shown(root), expected="the folder itself")
    with os.scandir(root) as entries:
        names = [entry.name for entry in itertools.islice(entries, _ENTRIES + 1)]
    if len(names) > _ENTRIES:
        what = f"more than {_ENTRIES} files in the folder"
        raise fault(
            code="unexpected_file", what=what, where=_shown(root), expected=", ".join(LIMITS)
        )
    return names


def _look(path: Path) -> list[Finding]:
    """Return the faults of one entry of the folder, without opening it."""
    name, info = path.name, path.lstat()
    where = quoted(name)
    if stat.S_ISLNK(info.st_mode):
        error = fault(code="link", what="a link", where=where, expected="the file itself")
    elif stat.S_ISDIR(info.st_mode):
        error = fault(code="subfolder", what="a folder inside", where=where, expected="files only")
    elif not stat.S_ISREG(info.st_mode):
        error = fault(code="special_file", what="neither a file nor a folder", where=where)
    elif name not in LIMITS:
        error = fault(
            code="unexpected_file",
            what="a file of another name",
            where=where,
            expected=", ".join(LIMITS),
        )
    elif info.st_nlink > 1:
        what = "a file that has other names elsewhere (a hard link)"
        error = fault(code="link", what=what, where=where, remedy="Copy it.")
    elif info.st_size == 0:
        error = fault(code="empty_file", what="an empty file", where=where)
    elif info.st_size > LIMITS[name]:
        error = too_large(name, info.st_size, LIMITS[name])
    else:
        return []
    return list(error.findings)
