"""How large a file of latents may be."""

from __future__ import annotations

import os
from typing import BinaryIO

from benchmark.submissions.reading import too_large

_ROOM = 2**18  # bytes for what is no number: names, notes, page headers


def most_bytes(rows: int, dimensions: int) -> int:
    """Return the largest size in bytes of so many events in so many dimensions, of 8 bytes each.

    Example:
        >>> most_bytes(1000, 3)
        302144
    """
    return _ROOM + rows * (8 + 8 * dimensions) * 5 // 4


def require_size(stream: BinaryIO, name: str, rows: int, dimensions: int) -> int:
    """Return the size of an open file.

    Raises:
        Refused: It is larger than its events and dimensions can be.
    """
    size = os.fstat(stream.fileno()).st_size
    limit = most_bytes(rows, dimensions)
    if size > limit:
        raise too_large(name, size, limit)
    return size
