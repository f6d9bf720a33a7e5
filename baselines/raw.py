"""The kinematics themselves as an embedding: what the paper's raw autoencoder sees."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Self

import numpy as np

from baselines.inputs import AdcInputs
from baselines.rounding import rounded
from benchmark.batches import as_tensor
from benchmark.errors import DiademError, complaint
from benchmark.files import atomic_path
from benchmark.schema import CMS_ADC
from benchmark.table import require_schema

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmark.events import EventTable

CHUNK = 65_536
_FILE = "raw.json"


class Raw:
    """pT, eta and phi of the 19 slots, normalised as in arXiv:2301.04660: 57 numbers.

    Example:
        >>> from benchmark.events import read_events
        >>> events = read_events("datasets/cms_adc/v1/z.parquet")
        >>> Raw().fit(events, seed=1).transform(events).shape[1]
        57
    """

    name = "raw"
    learns = False

    def __init__(self) -> None:
        """Make an embedding that is not fitted."""
        self.inputs: AdcInputs | None = None

    def fit(self, events: EventTable, *, seed: int) -> Self:
        """Take the mean pT of the background; nothing depends on the seed."""
        del seed
        require_schema(events, CMS_ADC)
        self.inputs = AdcInputs.fit(events.objects, events.mask, events.weight)
        return self

    def transform(self, events: EventTable) -> NDArray[np.float32]:
        """Return float32 (n, 57), rounded to the grid of all latents.

        Raises:
            DiademError: Not fitted.
        """
        require_schema(events, CMS_ADC)
        if self.inputs is None:
            raise DiademError(complaint("not fitted", where="raw", remedy="Call fit first."))
        parts = [np.zeros((0, CMS_ADC.slots * 3), dtype=np.float32)]
        for start in range(0, len(events), CHUNK):
            rows = slice(start, start + CHUNK)
            objects = as_tensor(events.objects[rows])
            mask = as_tensor(events.mask[rows])
            parts.append(rounded(self.inputs.flat(objects.double(), mask)).numpy())
        return np.concatenate(parts)

    def save(self, folder: Path) -> None:
        """Write the one number that `fit` learned.

        Raises:
            DiademError: Not fitted.
        """
        if self.inputs is None:
            raise DiademError(complaint("not fitted", where="raw", remedy="Call fit first."))
        with atomic_path(folder / _FILE) as temporary:
            temporary.write_text(json.dumps({"mean_pt": self.inputs.mean_pt}))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the embedding that `save` wrote."""
        made = cls()
        made.inputs = AdcInputs(**json.loads((folder / _FILE).read_text()))
        return made
