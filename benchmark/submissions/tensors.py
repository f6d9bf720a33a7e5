"""The documented tensors that an encoder gets of events.

All are of one event each, along the first axis; an encoder declares as its inputs any of them:

- "objects", float32 (n, slots, features): the objects of the event table, GeV and rad, zero where
  there is none; slots and features in the order of the task's schema (`benchmark/schema.py`).
- "mask", bool (n, slots): which slots hold an object.
- "features", float32 (n, k), where the schema has features of the event.
- "noise", float32 (n, 64): normal numbers that are a function of the event's id. A latent that is
  drawn from a distribution is with them a function of the event, as it must be.

There is no m_gg, weight or label. What it gives is "latents", float32 (n, d).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from benchmark.noise import standard_normal
from benchmark.schema import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from benchmark.events import EventTable
    from benchmark.schema import EventSchema

NOISE = "noise"
NOISE_COLUMNS = 64
NOISE_SALT = "latent noise"
"""That of the suite's own encoders whose latents are drawn."""
LATENTS = "latents"


@dataclass(frozen=True)
class TensorSpec:
    """One tensor of an encoder's interface.

    Attributes:
        kind: Type of its elements.
        shape: Of one event.
    """

    kind: Literal["float32", "bool"]
    shape: tuple[int, ...]


def documented(schema: EventSchema) -> dict[str, TensorSpec]:
    """Return the tensors of a schema that an encoder may declare as inputs, by name.

    Example:
        >>> documented(SCHEMAS["cms_adc"])["objects"]
        TensorSpec(kind='float32', shape=(19, 3))
    """
    found = {
        "objects": TensorSpec("float32", (schema.slots, len(schema.features))),
        "mask": TensorSpec("bool", (schema.slots,)),
    }
    if schema.event_features:
        found["features"] = TensorSpec("float32", (len(schema.event_features),))
    return {**found, NOISE: TensorSpec("float32", (NOISE_COLUMNS,))}


def task_schema(task: str) -> EventSchema:
    """Return the schema of a task's events: each has the name of its task."""
    return SCHEMAS[task]


def input_tensors(
    events: EventTable, names: Iterable[str] | None = None
) -> dict[str, NDArray[np.float32] | NDArray[np.bool_]]:
    """Return the documented tensors of events.

    Args:
        events: Of any schema.
        names: Of the tensors; None for all.
    """
    wanted = documented(events.schema) if names is None else names
    return {name: _tensor(events, name) for name in wanted}


def _tensor(events: EventTable, name: str) -> NDArray[np.float32] | NDArray[np.bool_]:
    if name == NOISE:
        noise = standard_normal(events.event_id, NOISE_SALT, NOISE_COLUMNS)
        return noise.astype(np.float32)
    array = {"objects": events.objects, "mask": events.mask, "features": events.features}[name]
    return np.ascontiguousarray(array)
