"""The figures of the papers. A new one is a small file with a `FIGURE`, and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reproduce.figures import (
    adc_augmentations,
    adc_dimension,
    adc_roc_si,
    adc_training_events,
    confusion,
    latent_1d,
    latent_tsne,
    sculpting,
    sensitivity,
    sic_ep,
    sic_id,
    sic_ip,
)

if TYPE_CHECKING:
    from reproduce.entry import Entry

_MODULES = (
    *(adc_roc_si, adc_augmentations, adc_dimension, adc_training_events),
    *(latent_1d, latent_tsne, sculpting, sic_id, sic_ip, sic_ep, sensitivity),
    confusion,
)
FIGURES: dict[str, Entry[Any]] = {module.FIGURE.name: module.FIGURE for module in _MODULES}
