"""The tables of the papers. A new one is a small file with a `TABLE`, and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reproduce.tables import (
    adc_2,
    adc_training_events,
    confusion,
    flow_sharing,
    latents,
    processes,
    sculpting,
    sic,
    tuning,
)

if TYPE_CHECKING:
    from reproduce.entry import Entry

_MODULES = (
    *(adc_2, adc_training_events, processes, confusion, latents, tuning, sic, sculpting),
    flow_sharing,
)
TABLES: dict[str, Entry[Any]] = {module.TABLE.name: module.TABLE for module in _MODULES}
