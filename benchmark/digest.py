"""A digest of events that depends neither on their order nor on the layout of files.

Each event is hashed to two 64-bit lanes: starting from the lane's own number, each column in
alphabetical order is folded in by `lane = splitmix64(lane ^ (bits(value) + key(column, lane)))`.
The lanes are summed and xored over the events, modulo 2^64, and the four numbers are hashed
together with the schema and the number of events. It finds accidents, not forgeries.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.mixing import canonical_json, hash64, splitmix64

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from benchmark.schema import EventSchema
    from benchmark.table import EventTable

LANES = 2
# Events hashed at a time: a column of so many stays in the processor's cache.
CHUNK = 8192


class ContentDigest:
    """Digest of a stream of tables of one schema."""

    def __init__(self, schema: EventSchema) -> None:
        """Start with no event."""
        self.schema = schema
        self.n_events = 0
        # Python's integers: NumPy warns when a scalar wraps around, as these sums are meant to.
        self._sums = [0] * LANES
        self._xors = [0] * LANES
        self._keys = {
            name: [np.uint64(hash64("column", name, lane)) for lane in range(LANES)]
            for name in schema.columns()
        }
        self._texts: dict[str, np.uint64] = {}

    def update(self, table: EventTable) -> None:
        """Add the events of a table.

        Raises:
            DataError: The table has another schema.
        """
        if table.schema != self.schema:
            message = complaint("wrong schema", found=table.schema.name, expected=self.schema.name)
            raise DataError(message)
        columns = {name: self._bits(values) for name, values in flat_columns(table)}
        ordered = sorted(columns)
        for start in range(0, len(table), CHUNK):
            rows = slice(start, start + CHUNK)
            for lane in range(LANES):
                mixed = self._mix([(name, columns[name][rows]) for name in ordered], lane)
                self._sums[lane] = (self._sums[lane] + int(np.sum(mixed))) % 2**64
                self._xors[lane] ^= int(np.bitwise_xor.reduce(mixed))
        self.n_events += len(table)

    def hexdigest(self) -> str:
        """Return the digest of the events so far as 64 hexadecimal digits."""
        content = {
            "schema": [self.schema.name, self.schema.version],
            "n": self.n_events,
            "lanes": [list(pair) for pair in zip(self._sums, self._xors, strict=True)],
        }
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()

    def _mix(self, columns: list[tuple[str, NDArray[Any]]], lane: int) -> NDArray[np.uint64]:
        mixed = np.full(len(columns[0][1]), lane, dtype=np.uint64)
        for name, bits in columns:
            mixed ^= bits + self._keys[name][lane]
            mixed = splitmix64(mixed)
        return mixed

    def _bits(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the values as unsigned integers of 32 or 64 bits."""
        if values.dtype.kind == "U":
            return self._text_bits(values)
        if values.dtype == np.float32:
            # Adding zero makes -0 and 0, which compare equal, the same bits.
            return (values + np.float32(0)).view(np.uint32)
        if values.dtype == np.uint32:
            return values
        # A negative number keeps its two's complement, whatever its width.
        return values.astype(np.int64).view(np.uint64) if values.dtype.kind == "i" else values

    def _text_bits(self, values: NDArray[np.str_]) -> NDArray[np.uint64]:
        bits = np.empty(len(values), dtype=np.uint64)
        left = np.ones(len(values), dtype=np.bool_)
        # A pass a distinct name: there are few, and sorting the text would take far longer.
        while left.any():
            name = str(values[np.argmax(left)])
            same = values == name
            if name not in self._texts:
                self._texts[name] = np.uint64(hash64(name))
            bits[same] = self._texts[name]
            left &= ~same
        return bits


def joint_digest(digests: Iterable[str]) -> str:
    """Return one digest of several files' digests, in whatever order.

    Example:
        >>> joint_digest(["a", "b"]) == joint_digest(["b", "a"]) != joint_digest(["a"])
        True
    """
    return hashlib.sha256(json.dumps(sorted(digests)).encode()).hexdigest()


def flat_columns(table: EventTable) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield each column of `schema.columns()` as (name, values of shape (n,)), in that order."""
    schema = table.schema
    for name in ("event_id", "process", "point", "weight", "shard", "seed"):
        yield name, getattr(table, name)
    if table.m_gg is not None:
        yield "m_gg", table.m_gg
    for index, name in enumerate(schema.event_features):
        yield name, table.features[:, index]
    yield "mask", mask_bits(table.mask)
    for name, slot, feature in schema.cells:
        yield name, table.objects[:, slot, feature]


def mask_bits(mask: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Return the mask (n, slots) as one integer an event, slot 0 in the lowest bit."""
    powers = np.uint32(1) << np.arange(mask.shape[1], dtype=np.uint32)
    bits: NDArray[np.uint32] = mask.astype(np.uint32) @ powers
    return bits
