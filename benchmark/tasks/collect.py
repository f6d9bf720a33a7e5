"""Gathering the events of a split's part from a stream, holding nothing but what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.splits import uniform
from benchmark.table import ARRAYS, EventTable
from benchmark.validation import check_unique

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from benchmark.schema import EventSchema
    from benchmark.splits import Split, Within
    from benchmark.tasks.source import Source

SIZE_SALT = "training size"
HIDDEN = "hidden"
# Room for the fluctuation of a part around its expected size: six standard deviations and a few.
_SIGMAS, _FEW = 6, 100


def gather(
    source: Source,
    processes: Sequence[str],
    split: Split | Within,
    part: str,
    *,
    limit: int | None = None,
    allowed: Callable[[EventTable], NDArray[np.bool_]] | None = None,
) -> EventTable:
    """Return the events of some processes that are in a part of the split.

    Args:
        source: Where events come from; streamed.
        processes: Read one after the other.
        split: The split.
        part: Its part.
        limit: At most so many events: those with the smallest hash of their id, so that a
            smaller set lies inside a larger one.
        allowed: Which events of a table may be taken at all; None for all.

    Raises:
        DataError: The source has none of these processes, or the part is empty.
    """
    missing = [name for name in processes if name not in source.files]
    if missing or not processes:
        message = complaint(
            "no events of " + ", ".join(missing or ["any process"]),
            where=str(source.folder),
            found=", ".join(sorted(source.files)),
        )
        raise DataError(message)
    total = sum(source.count(name) for name in processes)
    expected = total * split.parts[part]
    # Where not all may be taken, how many there are is known at the end only.
    bound = None if allowed is not None else limit
    share = 1.0 if bound is None else min(1.0, (bound + _slack(bound)) / max(expected, 1.0))
    store = _Store(int(expected * share + _slack(expected * share)))
    for name in processes:
        for table in source.events(name):
            keep = split.select(table.event_id, part)
            if allowed is not None:
                keep &= allowed(table)
            if share < 1:
                keep &= uniform(table.event_id, SIZE_SALT) < share
            store.add(table, keep)
    if store.rows == 0:
        message = complaint(
            f"no event in the part {part!r}",
            where=f"{source.folder}, {', '.join(processes)}",
            found=f"{total} events before the split",
            remedy="Bring more events.",
        )
        raise DataError(message)
    return _smallest(store.table(), limit)


def hidden(table: EventTable, *, weights: bool = False, labels: bool = False) -> EventTable:
    """Return events without what could tell a label: process, point, shard, seed and weight.

    The arrays are views that cannot be written to: what an embedding does with its events changes
    nothing elsewhere.

    Args:
        table: Events.
        weights: Keep the weights, which training needs for the right mixture. In the bundled
            release of cms_adc they are 1 but for QCD, so that they tell QCD from the rest.
        labels: Keep process and mass point, for embeddings that learn from them.
    """
    n = len(table)
    arrays: dict[str, Any] = {name: getattr(table, name) for name in ARRAYS}
    if not labels:
        arrays["process"] = _same(np.array(HIDDEN), n)
        arrays["point"] = _same(np.array(""), n)
    arrays["shard"] = _same(np.array(-1, dtype=np.int32), n)
    arrays["seed"] = _same(np.array(-1, dtype=np.int64), n)
    if not weights:
        arrays["weight"] = _same(np.array(1, dtype=np.float32), n)
    return EventTable.unchecked(table.schema, {k: read_only(a) for k, a in arrays.items()})


def read_only(array: NDArray[Any] | None) -> NDArray[Any] | None:
    """Return a view of an array that cannot be written to."""
    if array is None:
        return None
    view = array.view()
    view.flags.writeable = False
    return view


def _same(value: NDArray[Any], n: int) -> NDArray[Any]:
    """Return n times the same value, in the memory of one."""
    return np.broadcast_to(value, (n,))


def _slack(expected: float) -> int:
    return int(_SIGMAS * np.sqrt(expected)) + _FEW


def _smallest(table: EventTable, limit: int | None) -> EventTable:
    """Keep the `limit` events of the smallest hash, in their order."""
    if limit is None or len(table) <= limit:
        return table
    order = uniform(table.event_id, SIZE_SALT)
    return table.select(order <= np.partition(order, limit - 1)[limit - 1])


@dataclass
class _Store:
    """Arrays of a table that is filled from the front.

    Memory is reserved once and becomes real only where it is written: growing by concatenation
    would hold the events twice. Labels become one byte a row, since text would take 40.
    """

    room: int
    rows: int = 0
    schema: EventSchema | None = None

    def __post_init__(self) -> None:
        self._arrays: dict[str, NDArray[Any]] = {}
        self._names: dict[str, list[str]] = {"process": [], "point": []}

    def add(self, table: EventTable, keep: NDArray[np.bool_]) -> None:
        """Take the kept events of a table."""
        if self.schema is None:
            self.schema = table.schema
        rows = np.flatnonzero(keep)
        for name in ARRAYS:
            values = getattr(table, name)
            if values is None:
                continue
            chosen = self._coded(name, values[rows]) if name in self._names else values[rows]
            self._room_for(name, chosen)[self.rows : self.rows + len(rows)] = chosen
        self.rows += len(rows)

    def _coded(self, name: str, values: NDArray[np.str_]) -> NDArray[np.uint8]:
        known = self._names[name]
        known.extend(sorted(set(np.unique(values).tolist()) - set(known)))
        codes = np.array(known)
        order = np.argsort(codes)
        return order[np.searchsorted(codes, values, sorter=order)].astype(np.uint8)

    def _room_for(self, name: str, values: NDArray[Any]) -> NDArray[Any]:
        if name not in self._arrays:
            self._arrays[name] = np.empty((self.room, *values.shape[1:]), dtype=values.dtype)
        array = self._arrays[name]
        needed = self.rows + len(values)
        if needed > len(array):
            grown = np.empty((needed + self.room, *values.shape[1:]), dtype=values.dtype)
            grown[: self.rows] = array[: self.rows]
            self._arrays[name] = array = grown
        return array

    def table(self) -> EventTable:
        """Return the events that were taken."""
        if self.schema is None:
            message = complaint("no table was read", expected="at least one")
            raise DataError(message)
        arrays: dict[str, Any] = {
            name: self._arrays[name][: self.rows] if name in self._arrays else None
            for name in ARRAYS
        }
        for name, known in self._names.items():
            names = np.array(known)
            arrays[name] = _same(names[0], self.rows) if len(known) == 1 else names[arrays[name]]
        table = EventTable.unchecked(self.schema, arrays)
        check_unique(table.event_id)
        return table
