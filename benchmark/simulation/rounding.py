"""Rounding of stored values to what a detector resolves, so that files compress well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.table import EventTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MANTISSA = 23  # stored bits of a float32's mantissa
_PI = np.float32(np.pi)


def round_mantissa(values: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    """Round to `bits` bits of mantissa, to nearest; a relative error below 2^-(bits + 1).

    Monotone, and exact for numbers that need no more bits: a value on one side of a threshold such
    as 23 GeV never ends on the other side of it.

    Example:
        >>> round_mantissa(np.array([125.04321], dtype=np.float32), 10).item()
        125.0625
    """
    dropped = _MANTISSA - bits
    if not dropped:
        return values.copy()
    raw = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    half = np.uint32((1 << (dropped - 1)) - 1)
    odd = (raw >> np.uint32(dropped)) & np.uint32(1)
    kept = (raw + half + odd) & ~np.uint32((1 << dropped) - 1)
    return kept.view(np.float32)


def round_table(table: EventTable, bits: int) -> EventTable:
    """The table with objects, event features and m_gg rounded; angles stay within +-pi."""
    objects = round_mantissa(table.objects, bits)
    phi = table.schema.feature_index("phi")
    objects[..., phi] = np.clip(objects[..., phi], -_PI, _PI)
    features = round_mantissa(table.features, bits)
    for column, name in enumerate(table.schema.event_features):
        if name.startswith("phi"):
            features[:, column] = np.clip(features[:, column], -_PI, _PI)
    return EventTable(
        schema=table.schema,
        objects=objects,
        mask=table.mask,
        features=features,
        event_id=table.event_id,
        process=table.process,
        point=table.point,
        weight=table.weight,
        m_gg=None if table.m_gg is None else round_mantissa(table.m_gg, bits),
        shard=table.shard,
        seed=table.seed,
    )
