"""The anomaly augmentation m(x): more objects."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from baselines.augmentations.drawing import numbers, over_slots, per_type
from baselines.augmentations.events import ordered, uniform, wrapped
from baselines.augmentations.slots import MET_SLOT, OBJECTS, SPLIT_TYPES

if TYPE_CHECKING:
    from torch import Tensor

    from baselines.augmentations.events import Events
    from baselines.augmentations.phase_space import PhaseSpace


class Adding:
    """Adds electrons, muons and jets; MET takes up their recoil.

    How many of each type: uniform from none to all free slots (the authors' code), but one object
    at least. pT: uniform from the least pT of the type to the greatest pT in the event, MET
    included (the authors' code). eta, phi: uniform over the type's range (the authors' code). New
    jets may lie on leptons. MET changes such that the vector sum of MET and objects is kept
    (stated).

    Where objects have more numbers than these (mass over pT, b-tag), a new one takes those of some
    object of its type in the batch (assumed): none of them gives it away.
    """

    def possible(self, events: Events, space: PhaseSpace) -> Tensor:
        """Return which events have a free slot, bool (n,)."""
        return events.pt[space.slots.split].amin(dim=0) == 0

    def apply(self, events: Events, space: PhaseSpace, generator: torch.Generator) -> Events:
        """Return the events with new objects."""
        counts = space.slots.counts
        held = events.held()
        filled = per_type(held, counts)
        free = torch.tensor(counts, device=filled.device)[:, None] - filled
        free[len(SPLIT_TYPES) :] = 0
        added = numbers(free, like=events.pt, generator=generator)
        place = torch.cat([torch.arange(count, device=filled.device) for count in counts])
        new = ~held & (place[:, None] < over_slots(filled + added, counts))
        pt, eta, phi = (x * new for x in _drawn(events, space, generator))
        met_pt, met_phi = recoiled(events, pt, phi)
        return ordered(
            replace(
                events,
                pt=torch.cat((met_pt, events.pt[OBJECTS] + pt)),
                eta=torch.cat((events.eta[:1], events.eta[OBJECTS] + eta)),
                phi=torch.cat((met_phi, events.phi[OBJECTS] + phi)),
                more=_lent(events, new, generator) if events.more else (),
            )
        )


def recoiled(events: Events, pt: Tensor, phi: Tensor) -> tuple[Tensor, Tensor]:
    """Return MET after new objects, given by pT and phi (k, n): (1, n) in GeV, (1, n) in rad."""
    met_pt, met_phi = events.pt[None, MET_SLOT], events.phi[None, MET_SLOT]
    x = met_pt * met_phi.cos() - (pt * phi.cos()).sum(dim=0, keepdim=True)
    y = met_pt * met_phi.sin() - (pt * phi.sin()).sum(dim=0, keepdim=True)
    return torch.hypot(x, y), wrapped(torch.atan2(y, x))


def _drawn(
    events: Events, space: PhaseSpace, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Return pT, eta and phi of a new object at each place, each (objects, n)."""
    pt, eta, phi = uniform(
        (3, len(events.pt) - 1, events.pt.shape[1]), like=events.pt, generator=generator
    )
    least = space.min_pt(pt)
    most = torch.maximum(events.hardest(), least)
    bound = space.max_eta(pt)
    # A product that is rounded up may pass the end of a range.
    return (
        torch.minimum(least + (most - least) * pt, most),
        (2 * eta - 1) * bound,
        (2 * phi - 1) * math.pi,
    )


def _lent(events: Events, new: Tensor, generator: torch.Generator) -> tuple[Tensor, ...]:
    """Return the further numbers, those of new objects taken from objects of the same type.

    Args:
        events: Before the objects are added.
        new: bool (objects, n); the places of new objects.
        generator: On the device of the events.
    """
    more = torch.stack(events.more, dim=2)  # (places, n, k)
    for part in events.slots.parts:
        slot, event = new[part.start - 1 : part.stop - 1].nonzero(as_tuple=True)
        lenders = more[part][events.pt[part] > 0]
        drawn = uniform((len(slot),), like=more, generator=generator)
        if len(lenders):
            # Rounding of the product may reach the number of lenders itself.
            chosen = (drawn * len(lenders)).long().clamp_max(len(lenders) - 1)
            more[slot + part.start, event] = lenders[chosen]
    return more.unbind(2)
