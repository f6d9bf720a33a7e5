"""The anomaly augmentation s_pT(x): more pT."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from baselines.augmentations.events import uniform
from baselines.augmentations.slots import MET_SLOT, OBJECTS

if TYPE_CHECKING:
    from torch import Tensor

    from baselines.augmentations.events import Events
    from baselines.augmentations.phase_space import PhaseSpace

# The factor is uniform between the two. Stated: up to 5; the rest is the authors' code.
ALONE = (0.5, 5.0)
"""Of MET alone, which has no least pT."""
OBJECT_FACTOR = (1.0, 5.0)
"""Of objects, with MET or without: never below 1, so that no threshold is lost."""


class Scaling:
    """Scales MET, all objects or both by one random factor.

    Each of the three has the probability 1/3 (the authors' code); what an event does not have (MET
    of zero, no object) is not scaled alone. Directions stay. Since objects only gain pT, they stay
    above their least pT and the event fires the trigger if it did. Masses grow with the pT.
    """

    def possible(self, events: Events, space: PhaseSpace) -> Tensor:
        """Return which events hold any pT, bool (n,)."""
        del space
        return events.pt.amax(dim=0) > 0

    def apply(self, events: Events, space: PhaseSpace, generator: torch.Generator) -> Events:
        """Return the events with other pT."""
        del space
        drawn = uniform((2, events.pt.shape[1]), like=events.pt, generator=generator)
        no_object = ~events.held().any(dim=0)
        met_alone = (drawn[0] < 1 / 3) & (events.pt[MET_SLOT] > 0) | no_object
        with_met = drawn[0] >= 2 / 3
        low = torch.where(met_alone, ALONE[0], OBJECT_FACTOR[0])
        high = torch.where(met_alone, ALONE[1], OBJECT_FACTOR[1])
        # The draw is below 1: a factor of exactly 1 would leave the objects as they were.
        factor = high - (high - low) * drawn[1]
        pt = torch.empty_like(events.pt)
        pt[OBJECTS] = events.pt[OBJECTS] * torch.where(met_alone, 1, factor)
        pt[MET_SLOT] = events.pt[MET_SLOT] * torch.where(met_alone | with_met, factor, 1)
        return replace(events, pt=pt)
