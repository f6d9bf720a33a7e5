"""Event tables to and from Arrow: the layout of the columns of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from benchmark.digest import flat_columns
from benchmark.errors import DataError, complaint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from benchmark.schema import EventSchema
    from benchmark.table import EventTable

SCHEMA_KEY = "diadem.schema"
VERSION_KEY = "diadem.schema_version"
LABEL = pa.dictionary(pa.int32(), pa.string())
_TYPES = {
    "event_id": pa.uint64(),
    "process": LABEL,
    "point": LABEL,
    "shard": pa.int32(),
    "seed": pa.int64(),
    "mask": pa.uint32(),
}


def arrow_schema(schema: EventSchema, metadata: Mapping[str, str]) -> pa.Schema:
    """Return the Arrow schema of a file: `schema.columns()`, never null, and the metadata."""
    layout = [
        pa.field(name, _TYPES.get(name, pa.float32()), nullable=False) for name in schema.columns()
    ]
    notes = {SCHEMA_KEY: schema.name, VERSION_KEY: str(schema.version), **metadata}
    return pa.schema(layout, metadata=notes)


def to_arrow(table: EventTable, layout: pa.Schema) -> pa.Table:
    """Return the table in the layout of `arrow_schema`."""
    arrays = []
    for name, values in flat_columns(table):
        # Arrow takes strided arrays only one value at a time: contiguous ones are far faster.
        array = pa.array(np.ascontiguousarray(values))
        kind = layout.field(name).type
        arrays.append(array.dictionary_encode().cast(kind) if kind == LABEL else array)
    return pa.Table.from_arrays(arrays, schema=layout)


def to_arrays(rows: pa.Table) -> dict[str, NDArray[Any]]:
    """Return each column as a NumPy array (n,); labels as str.

    Raises:
        DataError: A value is missing.
    """
    return {name: _to_array(name, rows[name]) for name in rows.column_names}


def event_arrays(schema: EventSchema, rows: pa.Table, first_row: int) -> dict[str, Any]:
    """Return the arrays of an event table of all columns; their values are not yet checked.

    Args:
        schema: Schema of the rows.
        rows: All columns of the schema.
        first_row: Number of the first row, for messages.

    Raises:
        DataError: A value is missing, or the mask has bits beyond the last slot.
    """
    n = len(rows)
    flat = to_arrays(rows)
    bits = flat["mask"]
    beyond = np.flatnonzero(bits >> schema.slots)
    if len(beyond):
        message = complaint(
            "bits beyond the last slot",
            where=f"column mask, row {first_row + int(beyond[0])}",
            found=str(int(bits[beyond[0]])),
            expected=f"a number below 2^{schema.slots}",
        )
        raise DataError(message)
    objects = np.zeros((n, schema.slots, len(schema.features)), dtype=np.float32)
    for name, slot, feature in schema.cells:
        objects[:, slot, feature] = flat[name]
    features = np.empty((n, len(schema.event_features)), dtype=np.float32)
    for index, name in enumerate(schema.event_features):
        features[:, index] = flat[name]
    labels = ("event_id", "process", "point", "weight", "shard", "seed")
    return {name: flat[name] for name in labels} | {
        "objects": objects,
        "features": features,
        "mask": ((bits[:, None] >> np.arange(schema.slots, dtype=np.uint32)) & 1).astype(np.bool_),
        "m_gg": flat.get("m_gg"),
    }


def _to_array(name: str, column: pa.ChunkedArray) -> NDArray[Any]:
    if column.null_count:
        message = complaint(
            "missing value", where=f"column {name}", found=f"{column.null_count} nulls"
        )
        raise DataError(message)
    if column.type != LABEL:
        values: NDArray[Any] = column.to_numpy()
        return values
    whole = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if isinstance(whole, pa.ChunkedArray):
        whole = whole.unify_dictionaries().combine_chunks()
    names = np.array(whole.dictionary.to_pylist(), dtype=np.str_)
    if not len(names):
        return np.zeros(len(whole), dtype=np.str_)
    texts: NDArray[np.str_] = names[whole.indices.to_numpy()]
    return texts
