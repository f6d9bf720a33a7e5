"""Splits that are pure functions of (event_id, salt)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.mixing import hash64, splitmix64

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def uniform(event_id: NDArray[np.uint64], salt: str) -> NDArray[np.float64]:
    """Return a number in [0, 1) for each event: the same event and salt, the same number.

    Args:
        event_id: Any shape.
        salt: Names the purpose; different salts give independent numbers.

    Example:
        >>> ids = np.array([7, 8], dtype=np.uint64)
        >>> bool((uniform(ids[::-1], "halves") == uniform(ids, "halves")[::-1]).all())
        True
    """
    mixed = splitmix64(event_id ^ np.uint64(hash64("split", salt)))
    # The upper 53 bits are all that a float64 below 1 can hold exactly.
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


@dataclass(frozen=True)
class Split:
    """Named parts of the events, each event in exactly one.

    Attributes:
        salt: Names the purpose of the split.
        parts: Fraction of each part; positive, summing to 1. The order counts: the parts fill
            [0, 1) from the left in the order given.

    Raises:
        DataError: No part, an empty name, a fraction that is not positive, or a sum other than 1.

    Example:
        >>> split = Split("adc", {"train": 0.6, "validation": 0.2, "test": 0.2})
        >>> ids = np.arange(4, dtype=np.uint64)
        >>> bool((split.select(ids, "test") == (split.assign(ids) == "test")).all())
        True
    """

    salt: str
    parts: Mapping[str, float]

    def __post_init__(self) -> None:
        """Check the fractions and keep a copy of them that cannot change."""
        fractions = list(self.parts.values())
        sane = all(math.isfinite(value) and value > 0 for value in fractions)
        # 1e-9 lets decimal fractions such as 0.1 ten times over sum to 1.
        if not (fractions and all(self.parts) and sane and abs(sum(fractions) - 1) < 1e-9):
            message = complaint(
                "bad parts",
                where=f"split {self.salt!r}",
                found=repr(dict(self.parts)),
                expected="named parts with positive fractions that sum to 1",
            )
            raise DataError(message)
        object.__setattr__(self, "parts", MappingProxyType(dict(self.parts)))

    def assign(self, event_id: NDArray[np.uint64]) -> NDArray[np.str_]:
        """Return the name of each event's part, in the shape of `event_id`."""
        names = np.array(list(self.parts), dtype=np.str_)
        return names[self._numbers(event_id)]

    def select(self, event_id: NDArray[np.uint64], part: str) -> NDArray[np.bool_]:
        """Return which events are in `part`.

        Raises:
            DataError: The split has no such part.
        """
        if part not in self.parts:
            message = complaint(
                "no such part",
                where=f"split {self.salt!r}",
                found=repr(part),
                expected=", ".join(self.parts),
            )
            raise DataError(message)
        inside: NDArray[np.bool_] = self._numbers(event_id) == list(self.parts).index(part)
        return inside

    def _numbers(self, event_id: NDArray[np.uint64]) -> NDArray[np.intp]:
        # The last upper edge is left out: rounding of the sum must not open a gap below 1.
        edges = np.cumsum(list(self.parts.values()))[:-1]
        return np.searchsorted(edges, uniform(event_id, self.salt), side="right")


@dataclass(frozen=True)
class Within:
    """A split of one part of another split.

    Attributes:
        outer: The other split.
        outer_part: Its part that is split on.
        inner: How that part is split.

    Example:
        >>> halves = Split("halves", {"a": 0.5, "b": 0.5})
        >>> nested = Within(halves, "a", Split("in a", {"train": 0.8, "test": 0.2}))
        >>> nested.parts["train"]
        0.4
    """

    outer: Split
    outer_part: str
    inner: Split

    @property
    def parts(self) -> Mapping[str, float]:
        """Fraction of all events in each part of the inner split."""
        share = self.outer.parts[self.outer_part]
        return {name: share * fraction for name, fraction in self.inner.parts.items()}

    def select(self, event_id: NDArray[np.uint64], part: str) -> NDArray[np.bool_]:
        """Return which events are in the outer part and in `part` of the inner split.

        Raises:
            DataError: The inner split has no such part.
        """
        inside = self.outer.select(event_id, self.outer_part)
        return inside & self.inner.select(event_id, part)
