"""Orders of events in which every batch holds all processes, and all their points, equally."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from torch import Tensor

from benchmark.errors import DataError, complaint
from benchmark.seeds import seed_for

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Strata:
    """The row numbers of the events of each process and mass point.

    Attributes:
        groups: Distinct processes, sorted.
        points: Distinct points of each group, sorted.
        rows: Row numbers of the events of each point of each group, int64, rising.

    Raises:
        DataError: From `of`: no event, or columns of different lengths.

    Example:
        >>> strata = Strata.of(np.array(["b", "a", "b"]), np.array(["1", "", "2"]))
        >>> strata.groups, strata.points, len(strata)
        (('a', 'b'), (('',), ('1', '2')), 3)
        >>> strata.labels()
        tensor([1, 0, 1])
    """

    groups: tuple[str, ...]
    points: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[Tensor, ...], ...]

    @classmethod
    def of(cls, process: NDArray[np.str_], point: NDArray[np.str_]) -> Self:
        """Sort events by the columns `process` and `point` of their table, each (n,)."""
        if process.shape != point.shape or process.ndim != 1 or len(process) == 0:
            message = complaint(
                "no events to order",
                found=f"{process.shape} processes and {point.shape} points",
                expected="one of each for every event",
            )
            raise DataError(message)
        groups, points, rows = _names(process), [], []
        for group in groups:
            inside = np.flatnonzero(process == group)
            names = point[inside]
            points.append(_names(names))
            kept = [inside[names == name] for name in points[-1]]
            rows.append(tuple(torch.from_numpy(part.astype(np.int64)) for part in kept))
        return cls(groups, tuple(points), tuple(rows))

    def __len__(self) -> int:
        """Return the number of events."""
        return sum(len(part) for group in self.rows for part in group)

    def labels(self) -> Tensor:
        """Return the number of each event's group, (n,) int64, from 0 on."""
        found = torch.empty(len(self), dtype=torch.int64)
        for number, group in enumerate(self.rows):
            for part in group:
                found[part] = number
        return found


def balanced_order(
    strata: Strata, *, steps: int, batch_size: int, seed: int, epoch: int
) -> Tensor:
    """Return the row numbers of one epoch's batches, one batch after the other.

    In every batch the numbers of events of two groups differ by at most one, and so do, within a
    group, those of two points; the same holds over the whole epoch, since the groups that get the
    odd events rotate from batch to batch. Within a point the events come in random permutations,
    one after the other: each comes once before any comes twice. The result depends on the
    arguments only.

    The slots of a group are every G-th one, those of a point every P-th of these, from which all
    of this follows; events of one batch are therefore in no random order of groups.

    Args:
        strata: Where the events of each group and point are.
        steps: Number of batches.
        batch_size: Events in each.
        seed: Seed of the training.
        epoch: Number of the epoch, from 0.

    Returns:
        (steps * batch_size,) int64, on the CPU.

    Raises:
        DataError: No batch, or batches smaller than the number of groups.

    Example:
        >>> strata = Strata.of(np.array(["a", "b", "b", "b"]), np.array(["", "1", "1", "2"]))
        >>> order = balanced_order(strata, steps=2, batch_size=4, seed=1, epoch=0)
        >>> sorted(order[:4].tolist()).count(0)  # the only event of its group
        2
    """
    count = len(strata.groups)
    if steps < 1 or batch_size < count:
        message = complaint(
            "no balanced batches can be made",
            found=f"{steps} steps, {batch_size} events a batch, {count} processes",
            expected="one step or more, and an event of every process in each batch",
        )
        raise DataError(message)
    order = torch.empty(steps * batch_size, dtype=torch.int64)
    names: tuple[str | int, ...] = ("balanced order", seed, epoch)
    for first, group in enumerate(_shuffled(count, *names)):
        mine = order[first::count]
        rows = strata.rows[group]
        title = strata.groups[group]
        for start, point in enumerate(_shuffled(len(rows), *names, title)):
            slots = mine[start :: len(rows)]
            generator = _generator(*names, title, strata.points[group][point])
            slots.copy_(_passes(rows[point], len(slots), generator))
    return order


def _passes(rows: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return the first `count` of random permutations of `rows`, one after the other."""
    passes = -(-count // len(rows))
    if passes <= 1:
        return rows[torch.randperm(len(rows), generator=generator)[:count]]
    # In double precision, where equal keys, which would keep their order, do not matter.
    keys = torch.rand(passes, len(rows), generator=generator, dtype=torch.float64)
    return rows[keys.argsort(dim=1).flatten()[:count]]


def _shuffled(count: int, *names: str | int) -> list[int]:
    """Return 0 to count - 1 in a random order."""
    order: list[int] = torch.randperm(count, generator=_generator(*names)).tolist()
    return order


def _generator(*names: str | int) -> torch.Generator:
    return torch.Generator().manual_seed(seed_for(*names))


def _names(column: NDArray[Any]) -> tuple[str, ...]:
    return tuple(np.sort(np.unique(column)).tolist())
