"""Objects of many events in flat arrays: the fast half-way house between awkward and slots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Ragged:
    """Some objects in each of `events` events, ordered by event and by falling pT in it.

    Attributes:
        values: One float64 array (m,) a field.
        event: Event number of each object, int64 (m,), not falling.
        events: Number of events.

    Example:
        >>> jets = Ragged.of(ak.Array([[{"pt": 50.0}, {"pt": 20.0}], [], [{"pt": 30.0}]]), ("pt",))
        >>> hard = jets.where(jets["pt"] > 25)
        >>> hard.counts().tolist(), hard.padded("pt", 2).tolist()
        ([1, 0, 1], [[50.0, 0.0], [0.0, 0.0], [30.0, 0.0]])
    """

    values: dict[str, NDArray[np.float64]]
    event: NDArray[np.int64]
    events: int

    @classmethod
    def of(cls, array: Any, fields: tuple[str, ...]) -> Ragged:
        """Return the `fields` of an awkward array of records, `n * var * {fields}`."""
        counts = ak.to_numpy(ak.num(array, axis=1))
        flat = ak.flatten(array, axis=1)
        values = {f: np.asarray(ak.to_numpy(flat[f]), dtype=np.float64) for f in fields}
        return cls(values, np.repeat(np.arange(len(counts)), counts), len(counts))

    def __getitem__(self, field: str) -> NDArray[np.float64]:
        """Return one field of all objects, shape (m,)."""
        return self.values[field]

    def where(self, chosen: NDArray[np.bool_]) -> Ragged:
        """Return the chosen objects; `chosen` has shape (m,). No event is lost."""
        values = {field: array[chosen] for field, array in self.values.items()}
        return Ragged(values, self.event[chosen], self.events)

    def in_events(self, keep: NDArray[np.bool_]) -> Ragged:
        """Return the objects of the kept events, which are numbered anew; `keep` is (events,)."""
        number = np.cumsum(keep) - 1
        chosen = self.where(keep[self.event])
        return Ragged(chosen.values, number[chosen.event], int(np.count_nonzero(keep)))

    def counts(self) -> NDArray[np.int64]:
        """Return the number of objects of each event, shape (events,)."""
        return np.bincount(self.event, minlength=self.events)

    def sums(self, weights: NDArray[Any]) -> NDArray[np.float64]:
        """Return the sum of `weights` (m,) in each event, shape (events,)."""
        summed = np.bincount(self.event, weights=weights, minlength=self.events)
        return summed.astype(np.float64)  # of no objects at all it would be whole numbers

    def rank(self) -> NDArray[np.int64]:
        """Return the place of each object in its event, 0 for the hardest; shape (m,)."""
        first = np.cumsum(self.counts()) - self.counts()
        return np.arange(len(self.event)) - first[self.event]

    def padded(self, field: str, count: int) -> NDArray[np.float64]:
        """Return one field of the `count` hardest objects, zero where there are fewer.

        Returns:
            Shape (events, count).
        """
        table = np.zeros((self.events, count))
        rank = self.rank()
        held = rank < count
        table[self.event[held], rank[held]] = self.values[field][held]
        return table
