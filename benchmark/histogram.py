"""Weighted histograms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TAIL = 0.005
"""Share of a group that may lie outside a common range on either side."""


@dataclass(frozen=True, eq=False)
class Histogram:
    """A weighted histogram of unit area over all its events, inside the edges or not.

    Attributes:
        density: (b,) share of the weight a bin over its width.
        error: (b,) one standard deviation, of the weights squared.
        events: (b,) number of events.
    """

    density: NDArray[np.float64]
    error: NDArray[np.float64]
    events: NDArray[np.int64]

    @classmethod
    def of(
        cls, x: NDArray[np.floating], weight: NDArray[np.float64], edges: NDArray[np.float64]
    ) -> Histogram:
        """Count x (n,); of no event all is zero."""
        total = float(weight.sum()) or 1.0
        scale = total * np.diff(edges)
        # float64 as the edges: the largest event must not fall out by rounding
        x = np.asarray(x, dtype=np.float64)
        return cls(
            np.histogram(x, edges, weights=weight)[0] / scale,
            np.sqrt(np.histogram(x, edges, weights=weight**2)[0]) / scale,
            np.histogram(x, edges)[0].astype(np.int64),
        )


def common_edges(parts: Sequence[NDArray[np.floating]], bins: int) -> NDArray[np.float64]:
    """Return edges of equal bins that hold, but for their tails, all parts."""
    ends = [np.quantile(x.astype(np.float64), (TAIL, 1 - TAIL)) for x in parts if len(x)]
    lo, hi = (min(e[0] for e in ends), max(e[1] for e in ends)) if ends else (0.0, 0.0)
    if lo == hi:
        lo, hi = lo - 0.5, hi + 0.5
    return np.linspace(lo, hi, bins + 1)
