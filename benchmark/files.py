"""Files that are whole or absent, and their checksums."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.errors import DiademError, complaint

if TYPE_CHECKING:
    from collections.abc import Iterator

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` if, and only if, the block succeeds.

    The temporary file lies in the same folder, so that the rename is atomic, and ends like the
    target, so that writers which choose the format by the ending still work. Missing parent
    folders are made. After any exception, Ctrl-C included, the temporary file is removed and an
    older file at `path` is left as it was.

    Raises:
        DiademError: The disk is full, the folder cannot be written, or the block wrote nothing.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with atomic_path(folder / "a.txt") as temporary:
        ...     _ = temporary.write_text("whole")
        >>> [p.name for p in folder.iterdir()]
        ['a.txt']
    """
    target = Path(path)
    temporary = target.with_name(f".tmp-{uuid.uuid4().hex[:8]}-{target.name}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        if not temporary.exists():
            message = complaint("nothing was written", where=str(target))
            raise DiademError(message)
        temporary.replace(target)
    except OSError as error:
        message = _explain(error, target)
        if not message:
            raise
        # The half-written file still takes its room: free it before the place is measured.
        temporary.unlink(missing_ok=True)
        raise DiademError(message) from error
    finally:
        temporary.unlink(missing_ok=True)


def _explain(error: OSError, target: Path) -> str:
    """Return what a user can do about `error`, or nothing when it is not about writing."""
    if error.errno in _FULL:
        free = shutil.disk_usage(_nearest_folder(target)).free / 2**20
        return complaint(
            "the disk is full",
            where=str(target),
            found=f"{free:.1f} MiB free in {_nearest_folder(target)}",
            remedy="Free some space or choose another output folder; nothing was left there.",
        )
    if error.errno in _DENIED:
        return complaint(
            f"cannot write here ({os.strerror(error.errno or 0)})",
            where=str(target),
            remedy="Choose a folder that you may write to.",
        )
    return ""


def _nearest_folder(path: Path) -> Path:
    """Return the nearest parent of `path` that exists."""
    return next(parent for parent in path.absolute().parents if parent.is_dir())


def sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of the file's bytes as 64 hexadecimal digits."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
