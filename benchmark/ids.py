"""Event identifiers: unique without a central counter, and telling nothing about the label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.mixing import hash64, splitmix64

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABEL_BITS, SHARD_BITS, INDEX_BITS = 24, 20, 20
ROW_BITS = SHARD_BITS + INDEX_BITS


def label_code(dataset: str, process: str, point: str) -> int:
    """Return the 24-bit code of a process; two of a dataset's processes must not share one."""
    return hash64("event_id", dataset, process, point) >> (64 - LABEL_BITS)


def event_ids(
    dataset: str, process: str, point: str, shard: int, count: int, *, start: int = 0
) -> NDArray[np.uint64]:
    """Return the ids of simulated events `start` to `start + count - 1` of a shard.

    The id is splitmix64 of (code of the process, shard, index): 24, 20 and 20 bits. Splitmix64 is
    a bijection, so ids are unique as long as the codes are; and its output looks random, so that
    no network can read the process off the id by accident.

    Args:
        dataset: Name of the dataset.
        process: Name of the process.
        point: Mass point, "" when there is none.
        shard: Number of the shard, below 2^20.
        count: Number of ids.
        start: Index of the first event within the shard; indices stay below 2^20.

    Returns:
        Shape (count,).

    Raises:
        DataError: A number does not fit its bits.

    Example:
        >>> first = event_ids("diphoton", "ggf", "", 0, 3)
        >>> bool((event_ids("diphoton", "ggf", "", 0, 1, start=2) == first[2:]).all())
        True
    """
    _require("shard", shard, 1, SHARD_BITS)
    _require("event index in the shard", start, count, INDEX_BITS)
    code = label_code(dataset, process, point)
    return _mixed((code << ROW_BITS) | (shard << INDEX_BITS), start, count)


def imported_event_ids(
    dataset: str, process: str, point: str, count: int, *, start: int = 0
) -> NDArray[np.uint64]:
    """Return the ids of rows `start` to `start + count - 1` of an imported sample.

    As `event_ids`, with one row number of 40 bits in the place of shard and index. A sample that
    is imported into a dataset must not share process and point with a simulated one.

    Raises:
        DataError: The row number does not fit 40 bits.
    """
    _require("row of the imported sample", start, count, ROW_BITS)
    return _mixed(label_code(dataset, process, point) << ROW_BITS, start, count)


def _mixed(base: int, start: int, count: int) -> NDArray[np.uint64]:
    plain = np.arange(start, start + count, dtype=np.uint64) | np.uint64(base)
    return splitmix64(plain)


def _require(what: str, start: int, count: int, bits: int) -> None:
    """Refuse numbers `start` to `start + count - 1` that do not all fit `bits` bits."""
    if start < 0 or count < 0 or start + count > 2**bits:
        message = complaint(
            f"{what} out of range",
            found=f"{count} from {start}",
            expected=f"0 to {2**bits - 1}",
            remedy="Spread the events over more shards.",
        )
        raise DataError(message)
