"""The filled slots of a batch, first in each event, and no more slots than its longest event.

An event has few objects and many slots. Who embeds events in the order of their number of objects
computes almost nothing that is empty; the latent of an event depends on neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from baselines.graphs.writing import joined

if TYPE_CHECKING:
    from baselines.graphs.writing import Value


class Slots:
    """The slots of a batch that are computed.

    Args:
        mask: bool (n, slots).
        slots: Their number.

    Attributes:
        length: int64 (1,); the number of slots that are computed, at least one.
        filled: bool (n, length).
    """

    def __init__(self, mask: Value, slots: int) -> None:
        """Write what finds the filled slots."""
        graph = mask.graph
        held = mask.cast("float32")
        longest = graph.node("ReduceMax", held.sum(1, keep=True), kind="float32", keepdims=1).max(
            1.0
        )
        self.length = longest.cast("int64").reshape(1)
        # Filled slots first, each kind in its order: no two values are alike.
        rank = held * float(slots) - np.arange(slots, dtype=np.float32)
        self._slots = slots
        self._places = _top(rank, self.length)
        self.filled = self.gather(mask.expanded(2).cast("float32")).squeezed(2) > 0.5

    def gather(self, x: Value) -> Value:
        """Return the computed slots (n, length, k) of x (n, slots, k)."""
        return x.graph.node("GatherND", x, self._places.expanded(2), kind=x.kind, batch_dims=1)

    def square(self, pairs: Value, width: int) -> Value:
        """Return a symmetric matrix (n, length, length, k) of numbers of its upper triangle.

        Args:
            pairs: (n, number of pairs, k) in the order of `pairs`; the diagonal is zero.
            width: k.
        """
        zero = self.filled.part(1, 0, 1).cast(pairs.kind).expanded(2) * np.zeros((1, 1, width))
        table = np.zeros((self._slots, self._slots), dtype=np.int64)
        for number, (row, column) in enumerate(_pairs(self._slots)):
            table[row, column] = table[column, row] = number + 1
        places = pairs.graph.constant(table, "int64")
        places = places.part(0, 0, self.length).part(1, 0, self.length)
        return joined(1, [zero, pairs]).take(1, places)

    def pairs(self, x: Value) -> tuple[Value, Value]:
        """Return both slots, each (n, pairs, k), of the unordered pairs of x (n, length, k)."""
        graph = x.graph
        one = graph.constant([1], "int64")
        two = graph.constant([2], "int64")
        number = self.length * (self.length - one) / two
        places = np.array(_pairs(self._slots), dtype=np.int64).reshape(-1, 2)
        first, second = (
            x.take(1, graph.constant(column, "int64").part(0, 0, number)) for column in places.T
        )
        return first, second


def _pairs(slots: int) -> list[tuple[int, int]]:
    """Return the pairs so that those of the first k slots are the first k (k - 1) / 2."""
    return [(row, column) for column in range(slots) for row in range(column)]


def _top(rank: Value, number: Value) -> Value:
    """Return the places int64 (n, number) of the largest values, largest first."""
    return rank.graph.second("TopK", rank, number, kind="int64", axis=1, largest=1, sorted=1)
