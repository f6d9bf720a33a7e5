"""The event table: the one form in which events travel through the suite."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.digest import ContentDigest
from benchmark.errors import DataError, complaint
from benchmark.validation import check_table, check_unique

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from benchmark.schema import EventSchema


@dataclass(frozen=True, eq=False, kw_only=True)
class EventTable:
    """Validated events of one schema; rows are events, the first axis of every array.

    Attributes:
        schema: Meaning of slots and features.
        objects: float32 (n, slots, features); GeV and rad. Zero where the mask is False, and where
            an object type does not have the feature. Within a type pT falls from slot to slot.
        mask: bool (n, slots); which slots hold an object. The MET slot always does.
        features: float32 (n, k); features of the event, in the order of the schema.
        event_id: uint64 (n,); unique.
        process: str (n,); never empty.
        point: str (n,); mass point, "" when there is none.
        weight: float32 (n,); finite, not negative.
        m_gg: float32 (n,) in GeV, or None when the schema has none.
        shard: int32 (n,); shard of the simulation, -1 for imported events.
        seed: int64 (n,); seed of the generator, -1 for imported events.

    Raises:
        DataError: An array breaks one of these rules; the message names column and row.
    """

    schema: EventSchema
    objects: NDArray[np.float32]
    mask: NDArray[np.bool_]
    features: NDArray[np.float32]
    event_id: NDArray[np.uint64]
    process: NDArray[np.str_]
    point: NDArray[np.str_]
    weight: NDArray[np.float32]
    m_gg: NDArray[np.float32] | None
    shard: NDArray[np.int32]
    seed: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Validate every value."""
        check_table(self)

    @classmethod
    def unchecked(cls, schema: EventSchema, arrays: dict[str, Any]) -> EventTable:
        """Return a table of arrays that are known to be valid, or that the caller checks next."""
        table = object.__new__(cls)
        object.__setattr__(table, "schema", schema)
        for name in ARRAYS:
            object.__setattr__(table, name, arrays[name])
        return table

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.event_id)

    def select(self, rows: NDArray[np.bool_] | NDArray[np.integer[Any]] | slice) -> EventTable:
        """Return the chosen rows as a new table.

        Args:
            rows: Boolean mask (n,), row numbers in the wanted order, or a slice.

        Raises:
            DataError: A row number occurs twice (event ids are unique).
        """
        arrays = {name: None if (a := getattr(self, name)) is None else a[rows] for name in ARRAYS}
        table = EventTable.unchecked(self.schema, arrays)
        if not isinstance(rows, slice) and rows.dtype != np.bool_:
            check_unique(table.event_id)
        return table

    @staticmethod
    def concat(tables: Sequence[EventTable]) -> EventTable:
        """Return the events of all tables, one after the other.

        Raises:
            DataError: There is no table, schemas differ, or two tables share an event.
        """
        if not tables:
            message = complaint("no table to concatenate", expected="at least one event table")
            raise DataError(message)
        schema = tables[0].schema
        for table in tables:
            require_schema(table, schema)
        arrays = {
            name: None
            if getattr(tables[0], name) is None
            else np.concatenate([getattr(table, name) for table in tables])
            for name in ARRAYS
        }
        joined = EventTable.unchecked(schema, arrays)
        check_unique(joined.event_id)
        return joined

    def digest(self) -> str:
        """Return 64 hexadecimal digits that depend on the events, not on their order."""
        content = ContentDigest(self.schema)
        content.update(self)
        return content.hexdigest()


ARRAYS = tuple(field.name for field in fields(EventTable) if field.name != "schema")
"""Names of the arrays of a table."""


def require_schema(table: EventTable, schema: EventSchema) -> None:
    """Refuse a table of another schema than `schema`.

    Raises:
        DataError: The schemas differ.
    """
    if table.schema != schema:
        message = complaint(
            "events of another schema",
            found=table.schema.name,
            expected=schema.name,
        )
        raise DataError(message)
