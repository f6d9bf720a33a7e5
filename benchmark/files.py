"""Files that are whole or absent, and their checksums."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import uuid
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.errors import DiademError, complaint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_PLACE = {
    errno.ENOTDIR: "A part of this path is a file: choose a path below folders.",
    errno.EEXIST: "A file stands where a folder is needed: choose another path.",
    errno.EISDIR: "This is a folder: add the name of a file.",
    errno.ENOENT: "This folder takes no files: choose another one.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.ELOOP: "Its links lead in a circle: choose another path.",
}
_MARK = re.compile(r"\.tmp-[0-9a-f]{8}-")  # of a temporary file
# Libraries in Rust (safetensors) give the number in the text, NumPy's `tofile` gives none.
_OF_RUST = re.compile(r"\(os error (\d+)\)")
_OF_NUMPY = re.compile(r"\d+ requested and \d+ written")
_KEPT = 50  # last letters of a name that its temporary file shares: no name gets too long by it


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` if, and only if, the block succeeds.

    The temporary file lies in the same folder, so that the rename is atomic, and ends like the
    target, so that writers which choose the format by the ending still work. Missing parent
    folders are made. After any exception, Ctrl-C included, the temporary file is removed and an
    older file at `path` is left as it was.

    Raises:
        DiademError: The disk is full, no file can be written there, or the block wrote nothing.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with atomic_path(folder / "a.txt") as temporary:
        ...     _ = temporary.write_text("whole")
        >>> [p.name for p in folder.iterdir()]
        ['a.txt']
    """
    target = Path(path)
    mark = f".tmp-{uuid.uuid4().hex[:8]}-"
    temporary = target.with_name(mark + target.name[-_KEPT:])
    with explained(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    # The block may also read: "no such file" is about writing only if it names our file.
    with explained(target, naming=mark):
        try:
            yield temporary
            if not temporary.exists():
                message = complaint("nothing was written", where=str(target))
                raise DiademError(message)
            temporary.replace(target)
        finally:
            # Before the free room is measured: a half-written file takes some of it.
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextmanager
def atomic_paths(paths: Iterable[str | os.PathLike[str]]) -> Iterator[list[Path]]:
    """Yield a temporary path for each of several files that belong together: all appear, or none.

    They are renamed one after the other once all are written. See `atomic_path`.

    Raises:
        DiademError: As `atomic_path`, of any of them.
    """
    with ExitStack() as stack:
        yield [stack.enter_context(atomic_path(path)) for path in paths]


@contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary folder that becomes `path` if, and only if, the block succeeds.

    A folder that stands there already is left as it is, and the new one is dropped.

    Raises:
        DiademError: The disk is full, or no folder can be made there.
    """
    target = Path(path)
    temporary = target.with_name(f".tmp-{uuid.uuid4().hex[:8]}-{target.name[-_KEPT:]}")
    with explained(target):
        try:
            temporary.mkdir(parents=True)
            yield temporary
            if not target.exists():
                temporary.rename(target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def explained(target: Path, *, naming: str = "") -> Iterator[None]:
    """Say of an operating system's error in the block what a user can do about it.

    Args:
        target: What the block writes.
        naming: Text that an error about a wrong place must hold to be explained.

    Raises:
        DiademError: In place of an error that is about writing; others pass.
    """
    try:
        yield
    except DiademError:
        raise
    except Exception as error:
        message = _explain(error, target, naming)
        if not message:
            raise
        raise DiademError(message) from error


def explanation(error: Exception) -> str:
    """Return what a user can do about an error that no writer explained; nothing about others.

    A full disk and a missing permission are the user's to mend wherever they turn up: in a
    temporary folder, on stdout, in a library.
    """
    if _number(error) in _FULL | _DENIED:
        return _explain(error, Path(getattr(error, "filename", None) or "."), "")
    return ""


def _number(error: Exception) -> int | None:
    """Return the system's number of an error, also where a library hid it in its text."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    if isinstance(error, OSError) and _OF_NUMPY.search(str(error)):
        return errno.ENOSPC
    found = _OF_RUST.search(str(error))
    return int(found[1]) if found else None


def _explain(error: Exception, target: Path, naming: str) -> str:
    """Return what a user can do about `error`, or nothing when it is not about writing."""
    number = _number(error)
    where = _MARK.sub("", str(target))  # of one of several files: its own name
    if number in _FULL:
        free = shutil.disk_usage(_nearest_folder(target)).free / 2**20
        return complaint(
            "the disk is full",
            where=where,
            found=f"{free:.1f} MiB free in {_nearest_folder(target)}",
            remedy="Free some space or choose another output folder; nothing was left there.",
        )
    if number in _DENIED:
        return complaint(
            f"cannot write here ({os.strerror(number or 0)})",
            where=where,
            remedy="Choose a folder that you may write to.",
        )
    if number in _NO_PLACE and naming in str(error):
        return complaint(
            f"cannot write here ({os.strerror(number or 0)})",
            where=where,
            remedy=_NO_PLACE[number or 0],
        )
    return ""


def _nearest_folder(path: Path) -> Path:
    """Return the nearest parent of `path` that exists."""
    return next(parent for parent in path.absolute().parents if parent.is_dir())


def sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of the file's bytes as 64 hexadecimal digits."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
