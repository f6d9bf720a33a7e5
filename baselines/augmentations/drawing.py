"""How many objects of each type to change: one draw for all types, with at least one change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from baselines.augmentations.events import uniform

if TYPE_CHECKING:
    from torch import Tensor


def per_type(flags: Tensor, counts: tuple[int, ...]) -> Tensor:
    """Return how many of the objects are flagged for each type: int64 (types, n).

    Args:
        flags: bool (objects, n).
        counts: Slots of each type.
    """
    return torch.stack([part.sum(dim=0) for part in by_type(flags, counts)])


def by_type(values: Tensor, counts: tuple[int, ...]) -> tuple[Tensor, ...]:
    """Return the rows of each type of (objects, n)."""
    return torch.split(values, list(counts))


def numbers(most: Tensor, *, like: Tensor, generator: torch.Generator) -> Tensor:
    """Return a number from 0 to `most` for each type, uniform over all choices but "none at all".

    Without that condition the numbers of the types would be independent and uniform.

    Args:
        most: int64 (types, n); where all are zero, so is the result.
        like: Gives dtype of the draws, and the device.
        generator: On that device.

    Returns:
        int64 (types, n).

    Example:
        >>> numbers(torch.tensor([[0], [1], [0]]), like=torch.zeros(1),
        ...         generator=torch.Generator())
        tensor([[0],
                [1],
                [0]])
    """
    sizes = most + 1
    choices = sizes.prod(dim=0) - 1
    drawn = uniform((most.shape[1],), like=like, generator=generator)
    # Rounding of the product may reach the upper end, which is no choice.
    chosen = torch.minimum((drawn * choices).long() + 1, choices)
    found = []
    for size in sizes[:-1]:
        found.append(chosen % size)
        chosen = chosen // size
    return torch.stack((*found, chosen))


def over_slots(values: Tensor, counts: tuple[int, ...]) -> Tensor:
    """Return (objects, n), one value for each object, from one for each type (types, n)."""
    parts = [row.expand(count, -1) for row, count in zip(values, counts, strict=True)]
    return torch.cat(parts)
