"""Random event tables that keep every rule of the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.events import EventTable
from benchmark.mixing import splitmix64

if TYPE_CHECKING:
    from benchmark.schema import EventSchema

_RANGES = {"pt": (1, 500), "eta": (-5, 5), "phi": (-3.14159, 3.14159), "mass": (0, 50)}


def random_arrays(
    schema: EventSchema, n: int, *, seed: int = 0, first_id: int = 0
) -> dict[str, Any]:
    """Return the arrays of a random table of `n` events, event by event and slot by slot valid."""
    rng = np.random.default_rng(seed)
    objects = np.zeros((n, schema.slots, len(schema.features)), dtype=np.float32)
    mask = np.zeros((n, schema.slots), dtype=np.bool_)
    for kind in schema.types:
        slots = schema.type_slice(kind.name)
        # MET is always there; of the others, a random number from the first slot on.
        number = np.full(n, 1) if kind.name == "met" else rng.integers(0, kind.count + 1, n)
        present = np.arange(kind.count) < number[:, None]
        mask[:, slots] = present
        for feature in kind.features:
            low, high = _RANGES.get(feature, (0, 1))
            values = rng.uniform(low, high, (n, kind.count))
            if feature == "pt":
                values = -np.sort(-values, axis=1)
            if feature == "btag":
                values = np.floor(values * 2)
            objects[:, slots, schema.feature_index(feature)] = np.where(present, values, 0)
    features = np.floor(rng.uniform(0, 3, (n, len(schema.event_features)))).astype(np.float32)
    names = np.array(["qcd", "ggf", "ttbar"])
    return {
        "objects": objects,
        "mask": mask,
        "features": features,
        "event_id": splitmix64(np.arange(first_id, first_id + n, dtype=np.uint64)),
        "process": names[rng.integers(0, 3, n)],
        "point": np.where(rng.random(n) < 0.5, "", "500_100"),
        "weight": rng.uniform(0, 2, n).astype(np.float32),
        "m_gg": rng.uniform(105, 160, n).astype(np.float32) if schema.has_m_gg else None,
        "shard": rng.integers(-1, 5, n).astype(np.int32),
        "seed": rng.integers(-1, 2**62, n),
    }


def random_table(schema: EventSchema, n: int, *, seed: int = 0, first_id: int = 0) -> EventTable:
    """Return a random table of `n` valid events."""
    return EventTable(schema=schema, **random_arrays(schema, n, seed=seed, first_id=first_id))
