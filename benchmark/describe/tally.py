"""Weighted histograms and means of each process, collected from a stream of tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from benchmark.describe.quantities import quantities

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from benchmark.describe.quantities import Quantity
    from benchmark.events import EventTable
    from benchmark.schema import EventSchema

Key = tuple[str, str]
"""Process and point."""

_MOMENTS = 5


@dataclass
class Histogram:
    """One quantity of one process; only events that have it count.

    Attributes:
        entries: Number of events.
        sum_w: Sum of weights in each bin (bins,).
        sum_w2: Sum of squared weights in each bin (bins,).
        moments: Sums of w, w x, w^2, w^2 x, w^2 x^2 over the events, outside the bins too.
    """

    entries: int
    sum_w: NDArray[np.float64]
    sum_w2: NDArray[np.float64]
    moments: NDArray[np.float64] = field(default_factory=lambda: np.zeros(_MOMENTS))

    def mean(self) -> tuple[float, float]:
        """Return the weighted mean and its statistical error; NaN without events.

        The error is sqrt(sum w^2 (x - mean)^2) / sum w.
        """
        w, wx, w2, w2x, w2xx = self.moments.tolist()
        if w <= 0:
            return float("nan"), float("nan")
        mean = wx / w
        spread = max(w2xx - 2 * mean * w2x + mean**2 * w2, 0.0)
        return mean, float(np.sqrt(spread) / w)

    def density(self, edges: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        """Return the histogram of unit area and its error sqrt(sum w^2), each (bins,)."""
        total = self.sum_w.sum()
        scale = 1 / (np.diff(edges) * total) if total > 0 else np.zeros(len(self.sum_w))
        return self.sum_w * scale, np.sqrt(self.sum_w2) * scale


@dataclass
class Tally:
    """One process and point.

    Attributes:
        events: Number of events.
        sum_w: Sum of weights.
        sum_w2: Sum of squared weights.
        histograms: By name of the quantity.
    """

    events: int = 0
    sum_w: float = 0.0
    sum_w2: float = 0.0
    histograms: dict[str, Histogram] = field(default_factory=dict)


def tally(schema: EventSchema, tables: Iterable[EventTable]) -> dict[Key, Tally]:
    """Return what a stream of tables holds of each process and point, in order of their names.

    Memory does not grow with the number of events.

    Args:
        schema: Of the tables.
        tables: Such as `benchmark.events.iter_events` yields.
    """
    found: dict[Key, Tally] = {}
    known = quantities(schema)
    for table in tables:
        keys, codes = _keys(table)
        weight = table.weight.astype(np.float64)
        _count(found, keys, codes, weight)
        for quantity in known:
            _fill(found, keys, codes, weight=weight, values=quantity.read(table), of=quantity)
    return dict(sorted(found.items()))


def _keys(table: EventTable) -> tuple[list[Key], NDArray[np.intp]]:
    """Return the processes and points of a table, and for each event which one it is."""
    processes, process = np.unique(table.process, return_inverse=True)
    points, point = np.unique(table.point, return_inverse=True)
    used, codes = np.unique(process * len(points) + point, return_inverse=True)
    keys = [(str(processes[c // len(points)]), str(points[c % len(points)])) for c in used]
    return keys, codes


def _count(
    found: dict[Key, Tally], keys: list[Key], codes: NDArray[np.intp], weight: NDArray[np.float64]
) -> None:
    n = len(keys)
    events = np.bincount(codes, minlength=n)
    sums, squares = (np.bincount(codes, weights=w, minlength=n) for w in (weight, weight**2))
    for k, key in enumerate(keys):
        mine = found.setdefault(key, Tally())
        mine.events += int(events[k])
        mine.sum_w += float(sums[k])
        mine.sum_w2 += float(squares[k])


def _fill(
    found: dict[Key, Tally],
    keys: list[Key],
    codes: NDArray[np.intp],
    *,
    weight: NDArray[np.float64],
    values: NDArray[np.float64],
    of: Quantity,
) -> None:
    """Add one quantity of one table to the histograms of all keys at once."""
    has = np.isfinite(values)
    x, w, code = values[has], weight[has], codes[has]
    bins, n = len(of.edges) - 1, len(keys)
    place = np.clip(np.searchsorted(of.edges, x, side="right") - 1, 0, bins - 1)
    cell = code * bins + place
    sum_w, sum_w2 = (
        np.bincount(cell, weights=v, minlength=n * bins).reshape(n, bins) for v in (w, w**2)
    )
    columns = (w, w * x, w**2, w**2 * x, (w * x) ** 2)
    moments = np.stack([np.bincount(code, weights=c, minlength=n) for c in columns], axis=1)
    entries = np.bincount(code, minlength=n)
    for k, key in enumerate(keys):
        held = found[key].histograms.setdefault(
            of.name, Histogram(0, np.zeros(bins), np.zeros(bins))
        )
        held.entries += int(entries[k])
        held.sum_w += sum_w[k]
        held.sum_w2 += sum_w2[k]
        held.moments += moments[k]
