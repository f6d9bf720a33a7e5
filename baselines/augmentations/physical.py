"""Physical augmentations: changes that leave the physics of an event what it was."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import torch

from baselines.augmentations.events import Events, check, ordered, smeared, uniform, wrapped
from baselines.augmentations.phase_space import PhaseSpace
from baselines.augmentations.slots import OBJECTS

if TYPE_CHECKING:
    from torch import Tensor

    from benchmark.card_selection import DiphotonSelection, LeptonSelection

# Width in eta and phi: a logistic step that falls at STEP_PT within about STEP_RANGE.
# Stated: a width that falls with pT. The authors' code: the three numbers.
DIRECTION_WIDTH = 0.028
STEP_PT = 25.0  # GeV
STEP_RANGE = 0.1  # GeV
# Variance of a jet's pT: QUADRATIC pT^2 + LINEAR pT. Stated.
QUADRATIC = 0.052
LINEAR = 1.502  # GeV


@dataclass(frozen=True)
class PhysicalAugmentation:
    """Rotation, smearing of directions and smearing of jet energies, all at once.

    1. The event turns around the beam by one angle, uniform in [-pi, pi): objects and MET.
    2. Leptons and jets move in eta and phi by Gaussian noise of the width `direction_width(pT)`.
       At the end of its range, that of the trigger if it fires, eta is mirrored back.
    3. The pT of each jet is drawn from N(pT, sqrt(0.052 pT^2 + 1.502 pT)) (GeV) cut off below the
       least pT of a jet, by the inverse of its distribution function. The cut raises the mean of
       soft jets; without it they would leave the event. A mass keeps its ratio to the pT.
    4. Jets are put in order of pT again.

    Large jets are smeared as jets are (assumed).

    MET turns, but 2 and 3 leave it as it is, as in the authors' code. There, smeared objects that
    leave the range in eta are dropped and jets may fall below the least pT (ours: 2 and 3). Widths
    are those at the pT before 3 (assumed).

    Attributes:
        space: Ranges that no object leaves; a lepton that fires the trigger still does.

    References:
        arXiv:2301.04660.

    Example:
        >>> from benchmark.cards import load_card
        >>> augmentation = PhysicalAugmentation.from_card(load_card("cms_adc").selection)
        >>> objects, mask = torch.zeros(1, 19, 3), torch.zeros(1, 19, dtype=torch.bool)
        >>> objects[0, 0], objects[0, 1] = torch.tensor([30., 0, 1]), torch.tensor([40., 1, 2])
        >>> mask[0, :2] = True
        >>> turned, _ = augmentation(objects, mask, generator=torch.Generator().manual_seed(1))
        >>> turned[0, :2, 0].tolist()
        [30.0, 40.0]
    """

    space: PhaseSpace

    @classmethod
    def from_card(cls, selection: LeptonSelection | DiphotonSelection) -> Self:
        """Return the augmentation with the ranges of a card's selection."""
        return cls(PhaseSpace.from_card(selection))

    @torch.no_grad()
    def __call__(
        self, objects: Tensor, mask: Tensor, *, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return augmented copies of the events.

        Args:
            objects: (n, slots, features) in GeV and rad, float32, as in an `EventTable`; zero
                where the mask is False.
            mask: bool (n, slots).
            generator: On the device of `objects`.

        Returns:
            New objects and mask of the same shapes.

        Raises:
            DataError: Wrong shape or dtype.
        """
        slots = self.space.slots
        check(objects, mask, slots)
        events = Events.of(objects, slots)
        angle = uniform((len(objects),), like=objects, generator=generator)
        turned = events.phi + (angle - 0.5) * (2 * math.pi)
        moved = self._moved(replace(events, phi=turned), generator)
        jets = slots.jets
        least = self.space.min_pt(events.pt)[jets.start - OBJECTS.start :]
        moved.pt[jets] = smeared_jets(events.pt[jets], least, generator)
        # Turning and smearing gave padded slots an angle as well.
        moved.phi.mul_(mask.T[list(slots.order)])
        changed = ordered(moved, jets)
        return changed.objects(), mask.clone()

    def _moved(self, events: Events, generator: torch.Generator) -> Events:
        """Return the events with other directions of leptons and jets; phi wrapped."""
        pt, eta, phi = events.pt, events.eta.clone(), events.phi
        width = direction_width(pt[OBJECTS])
        bound = self.space.eta_bounds(pt, eta)
        eta[OBJECTS] = smeared(eta[OBJECTS], width, generator=generator, bound=bound)
        phi[OBJECTS] = smeared(phi[OBJECTS], width, generator=generator)
        return replace(events, pt=pt.clone(), eta=eta, phi=wrapped(phi))


def direction_width(pt: Tensor) -> Tensor:
    """Return the standard deviation of eta and of phi of objects with these pT (GeV); 0 at 0.

    Example:
        >>> direction_width(torch.tensor([0.0, 10.0, 30.0])).numpy().round(3).tolist()
        [0.0, 0.02800000086426735, 0.0]
    """
    width = DIRECTION_WIDTH * torch.sigmoid((STEP_PT - pt) / STEP_RANGE)
    return width * (pt > 0)


def smeared_jets(pt: Tensor, min_pt: Tensor | float, generator: torch.Generator) -> Tensor:
    """Return the pT of jets drawn from a Gaussian cut off below `min_pt`; zero where pT is zero.

    Args:
        pt: Any shape, GeV.
        min_pt: GeV; of a shape that broadcasts.
        generator: On the same device.
    """
    filled = pt > 0
    pt = pt.clamp_min(min_pt)  # also in padded slots, where the width would be zero
    width = torch.sqrt(QUADRATIC * pt * pt + LINEAR * pt)
    least = (min_pt - pt) / width
    # The tail above the draw, in (0, 1 - Phi(least)]: precise where it is small, and never zero,
    # so that no pT is infinite.
    tail = torch.special.ndtr(-least) * (1 - uniform(pt.shape, like=pt, generator=generator))
    drawn = torch.addcmul(pt, width, math.sqrt(2) * torch.erfinv(1 - 2 * tail))
    return drawn.clamp_min(min_pt) * filled
