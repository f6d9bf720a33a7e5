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
        pt: (n, 19), GeV.
        eta: (n, 19).
        phi: (n, 19), rad.
    """

    pt: Tensor
    eta: Tensor
    phi: Tensor

    @classmethod
    def of(cls, objects: Tensor) -> Self:
        """Return the events of `objects` (n, 19, 3) as new tensors."""
        pt, eta, phi = objects.permute(2, 0, 1).contiguous()
        return cls(pt, eta, phi)

    def select(self, rows: Tensor) -> Events:
        """Return the events of the row numbers `rows`."""
        return Events(*(x.index_select(0, rows) for x in (self.pt, self.eta, self.phi)))

    def held(self) -> Tensor:
        """Return which object slots are filled, bool (n, 18)."""
        return self.pt[:, OBJECTS] > 0

    def objects(self) -> Tensor:
        """Return (n, 19, 3) again."""
        return torch.stack((self.pt, self.eta, self.phi), dim=2)

    def mask(self) -> Tensor:
        """Return the filled slots, bool (n, 19); that of MET is always filled."""
        mask = self.pt > 0
        mask[:, MET_SLOT] = True
        return mask


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
        # Electrons and muons have as many slots, so that one sort does both.
        pt = events.pt[:, LEPTONS].reshape(-1, 2, COUNTS[0])
        rank = pt.argsort(dim=2, descending=True, stable=True)
        starts = torch.arange(1, 1 + sum(COUNTS[:2]), COUNTS[0], device=pt.device)
        parts.append((rank + starts[:, None]).flatten(1))
    if slots != LEPTONS:
        pt = events.pt[:, JETS]
        parts.append(pt.argsort(dim=1, descending=True, stable=True) + JETS.start)
    index = torch.cat(parts, dim=1)
    return Events(*(_moved(x, index, slots) for x in (events.pt, events.eta, events.phi)))


def _moved(values: Tensor, index: Tensor, slots: slice) -> Tensor:
    """Return a copy of `values` whose `slots` come from the slots of `index`."""
    moved = values.clone()
    moved[:, slots] = values.gather(1, index)
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
