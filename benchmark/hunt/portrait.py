"""Histograms of each latent in the signal region: recorded, generated, and of signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmark.histogram import Histogram, common_edges
from benchmark.hunt.search import background_side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from benchmark.hunt.sample import Sample
    from benchmark.hunt.search import Sides

BINS = 30
DATA = "data"
GENERATED = "generated"

Weighted = tuple["NDArray[np.float32]", "NDArray[np.float64]"]


def portrait(sample: Sample, sides: Sides, signals: Sequence[str]) -> pd.DataFrame:
    """Return histograms of unit area of the first encoder's latents.

    Args:
        sample: Events.
        sides: Recorded events and the model of their background.
        signals: "process/point", of which all simulated events in the region are shown.

    Returns:
        what ("data", "generated" or a signal), dimension (from 1), low, high, density, error,
        events.
    """
    values = sample.values[0]
    groups: dict[str, Weighted] = {
        DATA: _equal(values[sides.data]),
        GENERATED: background_side(sides, values, 0),
    }
    for name in signals:
        groups[name] = _equal(values[sample.in_region & sample.signal(name)])
    tables = []
    for k in range(values.shape[1]):
        columns = {name: found[:, k] for name, (found, _) in groups.items()}
        edges = common_edges(list(columns.values()), BINS)
        for name, column in columns.items():
            found = Histogram.of(column, groups[name][1], edges)
            shown = {"density": found.density, "error": found.error, "events": found.events}
            place = {"what": name, "dimension": k + 1, "low": edges[:-1], "high": edges[1:]}
            tables.append(pd.DataFrame({**place, **shown}))
    return pd.concat(tables, ignore_index=True)


def _equal(values: NDArray[np.float32]) -> Weighted:
    return values, np.ones(len(values))
