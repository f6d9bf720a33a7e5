"""A batch of events as one tensor for each kinematic quantity, and what all augmentations need."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import torch

from baselines.augmentations.slots import (
    ADC_SLOTS,
    LEPTON_TYPES,
    MET_SLOT,
    OBJECTS,
)
from benchmark.errors import DataError, complaint

if TYPE_CHECKING:
    from torch import Tensor

    from baselines.augmentations.slots import Slots

POLAR = ("pt", "eta", "phi")
MASS = "mass"


@dataclass(frozen=True, eq=False)
class Events:
    """A batch of n events, with the places of their objects as in `slots`.

    Every place but that of MET holds an object where its pT is above zero.

    Attributes:
        pt: (places, n), GeV. Places come first: what is done to one place of all events runs
            through memory without a gap.
        eta: (places, n).
        phi: (places, n), rad.
        more: Further numbers of the objects, each (places, n), in the order of the schema. A mass
            is held over the pT, so that it follows the pT of its object.
        beside: Greatest pT of what is in no slot (the photons), (n,) in GeV; None for nothing.
        slots: Places of the objects.
    """

    pt: Tensor
    eta: Tensor
    phi: Tensor
    more: tuple[Tensor, ...] = ()
    beside: Tensor | None = None
    slots: Slots = ADC_SLOTS

    @classmethod
    def of(
        cls, objects: Tensor, slots: Slots = ADC_SLOTS, *, beside: Tensor | None = None
    ) -> Self:
        """Return the events of `objects` (n, slots, features) as new tensors."""
        # As a matrix: torch transposes those in blocks, which is faster than a permutation.
        turned = objects.flatten(1).T.contiguous().reshape(*objects.shape[1:], len(objects))
        if slots.order != tuple(range(len(slots.order))):
            turned = turned[list(slots.order)]
        pt, eta, phi, *more = turned.unbind(1)
        for k in _masses(slots):
            more[k] = torch.where(pt > 0, more[k] / pt, 0)
        return cls(pt, eta, phi, tuple(more), beside, slots)

    def held(self) -> Tensor:
        """Return which objects there are, bool (objects, n)."""
        return self.pt[OBJECTS] > 0

    def hardest(self) -> Tensor:
        """Return the greatest pT in the event, MET and what is in no slot included, (1, n)."""
        most = self.pt.amax(dim=0, keepdim=True)
        return most if self.beside is None else torch.maximum(most, self.beside[None])

    def objects(self) -> Tensor:
        """Return (n, slots, features) again."""
        more = list(self.more)
        for k in _masses(self.slots):
            more[k] = more[k] * self.pt
        together = torch.stack((self.pt, self.eta, self.phi, *more), dim=1)
        slots, features, n = together.shape
        if self.slots.order != tuple(range(slots)):
            together = together[_places(self.slots)]
        return together.flatten(0, 1).T.contiguous().reshape(n, slots, features)

    def mask(self) -> Tensor:
        """Return the filled slots, bool (n, slots); that of MET is always filled."""
        mask = self.pt > 0
        mask[MET_SLOT] = True
        return mask[_places(self.slots)].T


def _masses(slots: Slots) -> list[int]:
    """Return which of the further numbers is the mass, if one is."""
    further = slots.schema.features[len(POLAR) :]
    return [k for k, name in enumerate(further) if name == MASS]


def _places(slots: Slots) -> list[int]:
    """Return the place of each slot of the schema."""
    return [slots.order.index(slot) for slot in range(len(slots.order))]


def check(objects: Tensor, mask: Tensor, slots: Slots = ADC_SLOTS) -> None:
    """Refuse tensors of another shape or kind.

    Raises:
        DataError: `objects` is not floating point (n, slots, features), or `mask` not bool
            (n, slots).
    """
    n, shape = len(objects), (slots.schema.slots, len(slots.schema.features))
    good = objects.shape == (n, *shape) and mask.shape == (n, shape[0])
    if good and objects.is_floating_point() and mask.dtype == torch.bool:
        return
    message = complaint(
        f"these are not events of the schema {slots.schema.name}",
        found=f"objects {objects.dtype} {tuple(objects.shape)}, "
        f"mask {mask.dtype} {tuple(mask.shape)}",
        expected=f"objects floating point (n, {shape[0]}, {shape[1]}), mask bool (n, {shape[0]})",
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


def ordered(events: Events, within: slice | None = None) -> Events:
    """Return the events with falling pT within each type of object, and no holes.

    Args:
        events: In any order; the types of an event keep their places.
        within: Places of the leptons or of the jets: sorts only these, the rest being in order.
            None for all.
    """
    slots = events.slots
    within = within or slice(slots.leptons.start, slots.jets.stop)
    parts = []
    if within.start == slots.leptons.start:
        # Electrons and muons have as many places: both at once, (4, 2, n) in the challenge.
        count = slots.counts[0]
        leptons = events.pt[slots.leptons].reshape(2, count, events.pt.shape[1]).transpose(0, 1)
        parts.append(ranks(leptons).transpose(0, 1).flatten(0, 1))
        parts[0][count:] += count
    if within.stop == slots.jets.stop:
        jets = slots.parts[len(LEPTON_TYPES) :]
        parts += [ranks(events.pt[jet]) + (jet.start - within.start) for jet in jets]
    place = torch.cat(parts)
    pt, eta, phi, *more = (
        _moved(x, place, within) for x in (events.pt, events.eta, events.phi, *events.more)
    )
    return replace(events, pt=pt, eta=eta, phi=phi, more=tuple(more))


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
