"""The anomaly augmentation m(x): more objects."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from baselines.augmentations.drawing import numbers, over_slots, per_type
from baselines.augmentations.events import Events, ordered, uniform, wrapped
from baselines.augmentations.phase_space import COUNTS, MET_SLOT, OBJECTS

if TYPE_CHECKING:
    from torch import Tensor

    from baselines.augmentations.phase_space import PhaseSpace


class Adding:
    """Adds electrons, muons and jets; MET takes up their recoil.

    How many of each type: uniform from none to all free slots (the authors' code), but one object
    at least. pT: uniform from the least pT of the type to the greatest pT in the event, MET
    included (the authors' code). eta, phi: uniform over the type's range (the authors' code). New
    jets may lie on leptons. MET changes such that the vector sum of MET and objects is kept
    (stated).
    """

    def possible(self, events: Events, space: PhaseSpace) -> Tensor:
        """Return which events have a free slot, bool (n,)."""
        del space
        return events.pt[OBJECTS].amin(dim=0) == 0

    def apply(self, events: Events, space: PhaseSpace, generator: torch.Generator) -> Events:
        """Return the events with new objects."""
        held = events.held()
        filled = per_type(held)
        free = torch.tensor(COUNTS, device=filled.device)[:, None] - filled
        added = numbers(free, like=events.pt, generator=generator)
        place = torch.cat([torch.arange(count, device=filled.device) for count in COUNTS])
        new = ~held & (place[:, None] < over_slots(filled + added))
        pt, eta, phi = (x * new for x in _drawn(events, space, generator))
        met_pt, met_phi = recoiled(events, pt, phi)
        return ordered(
            Events(
                torch.cat((met_pt, events.pt[OBJECTS] + pt)),
                torch.cat((events.eta[:1], events.eta[OBJECTS] + eta)),
                torch.cat((met_phi, events.phi[OBJECTS] + phi)),
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
    """Return pT, eta and phi of one new object for each object slot, each (18, n)."""
    pt, eta, phi = uniform(
        (3, sum(COUNTS), events.pt.shape[1]), like=events.pt, generator=generator
    )
    least = space.min_pt(pt)
    most = torch.maximum(events.pt.amax(dim=0, keepdim=True), least)
    bound = space.max_eta(pt)
    # A product that is rounded up may pass the end of a range.
    return (
        torch.minimum(least + (most - least) * pt, most),
        (2 * eta - 1) * bound,
        (2 * phi - 1) * math.pi,
    )
