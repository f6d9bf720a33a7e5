"""Opening a submitter's files: regular ones only, and no larger than a limit."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.submissions.findings import Refused, fault, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[BufferedReader]:
    """Yield a regular file, open for reading.

    What is looked at is what was opened: a file that is swapped for a link or a pipe after a
    look at its name is noticed here.

    Raises:
        Refused: It is a link, no regular file, or cannot be opened.
    """
    name = quoted(Path(path).name)
    # Without waiting: a pipe would keep us for ever.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        number = os.open(path, flags)
    except OSError as error:
        what = "cannot be opened as a file"
        raise fault(code="unreadable", what=what, where=name, found=str(error.strerror)) from error
    with os.fdopen(number, "rb") as stream:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise fault(code="special_file", what="not a regular file", where=name)
        yield stream


def read_limited(path: str | os.PathLike[str], limit: int) -> bytes:
    """Return the content of a small file.

    Raises:
        Refused: As `opened`, or there are more bytes than the limit.
    """
    with opened(path) as stream:
        content = stream.read(limit + 1)
        if len(content) > limit:
            raise too_large(Path(path).name, os.fstat(stream.fileno()).st_size, limit)
    return content


def too_large(name: str, size: int, limit: int) -> Refused:
    """Return the error of a file that is too large."""
    return fault(
        code="too_large",
        what="the file is too large",
        where=quoted(name),
        found=f"{size:,} bytes",
        expected=f"at most {limit:,}",
    )
