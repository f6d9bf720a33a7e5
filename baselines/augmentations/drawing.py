"""How many objects of each type to change: one draw for all types, with at least one change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from baselines.augmentations.events import uniform
from baselines.augmentations.phase_space import COUNTS

if TYPE_CHECKING:
    from torch import Tensor


def per_type(flags: Tensor) -> Tensor:
    """Return how many of the object slots are flagged for each type: int64 (3, n).

    Args:
        flags: bool (18, n).
    """
    return torch.stack([part.sum(dim=0) for part in by_type(flags)])


def by_type(values: Tensor) -> tuple[Tensor, ...]:
    """Return the rows of electrons, muons and jets of (18, n)."""
    return torch.split(values, list(COUNTS))


def numbers(most: Tensor, *, like: Tensor, generator: torch.Generator) -> Tensor:
    """Return a number from 0 to `most` for each type, uniform over all choices but "none at all".

    Without that condition the numbers of the types would be independent and uniform.

    Args:
        most: int64 (3, n), electrons, muons and jets; where all are zero, so is the result.
        like: Gives dtype of the draws, and the device.
        generator: On that device.

    Returns:
        int64 (3, n).

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
    electrons, rest = chosen % sizes[0], chosen // sizes[0]
    return torch.stack((electrons, rest % sizes[1], rest // sizes[1]))


def over_slots(values: Tensor) -> Tensor:
    """Return (18, n), one value for each object slot, from one for each type (3, n)."""
    parts = [row.expand(count, -1) for row, count in zip(values, COUNTS, strict=True)]
    return torch.cat(parts)
