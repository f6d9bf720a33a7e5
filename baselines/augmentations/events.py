"""A batch of events as one tensor for each kinematic quantity, and what all augmentations need."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import torch

from baselines.augmentations.phase_space import COUNTS, JETS, LEPTONS, MET_SLOT, OBJECTS
from benchmark.errors import DataError, complaint
from benchmark.schema import CMS_ADC

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Events:
    """A batch of n events; the slots are those of `benchmark.schema.CMS_ADC`.

    Every slot but that of MET holds an object where its pT is above zero.

    Attributes:
        pt: (19, n), GeV. Slots come first: what is done to one slot of all events runs through
            memory without a gap.
        eta: (19, n).
        phi: (19, n), rad.
    """

    pt: Tensor
    eta: Tensor
    phi: Tensor

    @classmethod
    def of(cls, objects: Tensor) -> Self:
        """Return the events of `objects` (n, 19, 3) as new tensors."""
        # As a matrix: torch transposes those in blocks, which is faster than a permutation.
        turned = objects.flatten(1).T.contiguous()
        return cls(*turned.reshape(*objects.shape[1:], len(objects)).unbind(1))

    def held(self) -> Tensor:
        """Return which object slots are filled, bool (18, n)."""
        return self.pt[OBJECTS] > 0

    def objects(self) -> Tensor:
        """Return (n, 19, 3) again."""
        together = torch.stack((self.pt, self.eta, self.phi), dim=1)
        slots, features, n = together.shape
        return together.flatten(0, 1).T.contiguous().reshape(n, slots, features)

    def mask(self) -> Tensor:
        """Return the filled slots, bool (n, 19); that of MET is always filled."""
        mask = self.pt > 0
        mask[MET_SLOT] = True
        return mask.T


def check(objects: Tensor, mask: Tensor) -> None:
    """Refuse tensors of another shape or kind.

    Raises:
        DataError: `objects` is not floating point (n, 19, 3), or `mask` not bool (n, 19).
    """
    n, shape = len(objects), (CMS_ADC.slots, len(CMS_ADC.features))
    good = objects.shape == (n, *shape) and mask.shape == (n, shape[0])
    if good and objects.is_floating_point() and mask.dtype == torch.bool:
        return
    message = complaint(
        "these are not events of the CMS challenge",
        found=f"objects {objects.dtype} {tuple(objects.shape)}, "
        f"mask {mask.dtype} {tuple(mask.shape)}",
        expected="objects floating point (n, 19, 3), mask bool (n, 19)",
    )
    raise DataError(message)


def uniform(shape: tuple[int, ...], *, like: Tensor, generator: torch.Generator) -> Tensor:
    """Return numbers in [0, 1) of the given shape, with dtype and device of `like`."""
    return torch.rand(shape, generator=generator, dtype=like.dtype, device=like.device)


def wrapped(phi: Tensor) -> Tensor:
    """Return the angles moved by whole turns into [-pi, pi].

    Example:
        >>> round(float(wrapped(torch.tensor(3.2))), 3)
        -3.083
    """
    turns = torch.round(phi / (2 * math.pi))
    return (phi - 2 * math.pi * turns).clamp(-math.pi, math.pi)


def ordered(events: Events, slots: slice = OBJECTS) -> Events:
    """Return the events with falling pT within each type of object, and no holes.

    Args:
        events: In any order; the types of an event keep their slots.
        slots: `OBJECTS`, `LEPTONS` or `JETS`: sorts only these, the rest being in order.
    """
    parts = []
    if slots != JETS:
        # Electrons and muons have as many slots: both at once, (4, 2, n).
        leptons = events.pt[LEPTONS].reshape(2, COUNTS[0], events.pt.shape[1]).transpose(0, 1)
        parts.append(ranks(leptons).transpose(0, 1).flatten(0, 1))
        parts[0][COUNTS[0] :] += COUNTS[0]
    if slots != LEPTONS:
        parts.append(ranks(events.pt[JETS]) + (JETS.start - slots.start))
    place = torch.cat(parts)
    return Events(*(_moved(x, place, slots) for x in (events.pt, events.eta, events.phi)))


def ranks(keys: Tensor) -> Tensor:
    """Return the place of each key on the first axis if they fell along it, int64; ties in order.

    The keys are compared pair by pair: for so few that is much faster than `torch.sort`.

    Example:
        >>> ranks(torch.tensor([3.0, 5.0, 3.0]))
        tensor([1, 0, 2])
    """
    rank = torch.zeros(keys.shape, dtype=torch.int8, device=keys.device)
    for place in range(1, len(keys)):
        behind = (keys[:place] < keys[place]).view(torch.int8)
        rank[:place] += behind
        rank[place] = place - behind.sum(dim=0, dtype=torch.int8)
    return rank.long()


def _moved(values: Tensor, place: Tensor, slots: slice) -> Tensor:
    """Return a copy of `values` whose `slots` are spread to the places, counted from the first."""
    moved = values.clone()
    moved[slots].scatter_(0, place, values[slots])
    return moved


def smeared(
    values: Tensor, width: Tensor, *, generator: torch.Generator, bound: Tensor | None = None
) -> Tensor:
    """Return values with Gaussian noise, mirrored at `bound` so that |value| stays inside.

    Args:
        values: Any shape.
        width: Standard deviation, of the same shape; 0 leaves a value as it is.
        generator: On the same device.
        bound: Of a shape that broadcasts; None for no bound.
    """
    noise = torch.randn(
        values.shape, generator=generator, dtype=values.dtype, device=values.device
    )
    moved = torch.addcmul(values, width, noise)
    if bound is None:
        return moved
    beyond = (moved.abs() - bound).clamp_min(0)
    # The mirror image may leave on the other side if the noise is wider than the range.
    inside = moved - 2 * beyond * moved.sign()
    return torch.maximum(torch.minimum(inside, bound), -bound)
