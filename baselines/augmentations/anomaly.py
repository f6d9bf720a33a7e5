"""Anomaly augmentations: changes that make an event unlike the background."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, Self

import torch

from baselines.augmentations.adding import Adding
from baselines.augmentations.events import Events, check, uniform
from baselines.augmentations.phase_space import PhaseSpace
from baselines.augmentations.scaling import Scaling
from baselines.augmentations.splitting import Splitting
from benchmark.errors import DataError, complaint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from benchmark.card_selection import DiphotonSelection, LeptonSelection


class AnomalyKind(Protocol):
    """One way to make an anomaly."""

    def possible(self, events: Events, space: PhaseSpace) -> Tensor:
        """Return which events it can change, bool (n,)."""

    def apply(self, events: Events, space: PhaseSpace, generator: torch.Generator) -> Events:
        """Return changed copies; every event is one that it can change."""


KINDS: Mapping[str, AnomalyKind] = MappingProxyType(
    {"add": Adding(), "split": Splitting(), "scale": Scaling()}
)
"""The kinds by name: m(x), mbar(x) and s_pT(x) of the ACLR paper."""


@dataclass(frozen=True)
class AnomalyAugmentation:
    """One of the chosen kinds at random for each event.

    The kind is drawn with equal probability among those that can change the event: `add` needs a
    free slot, `split` an object with pT enough for two and a free slot, `scale` nothing. So every
    event is changed, unless none of the chosen kinds can: then it comes back as it was, which
    `possible` tells in advance. (In the authors' code an event keeps its kind and may come back as
    it was.) No object leaves its kinematic range, and an event that fires the trigger still does.

    Attributes:
        space: Kinematic ranges and trigger.
        kinds: Some names of `KINDS`; the order does not matter.

    Raises:
        DataError: No kind, an unknown one or one twice.

    References:
        arXiv:2301.04660.

    Example:
        >>> from benchmark.cards import load_card
        >>> selection = load_card("cms_adc").selection
        >>> augmentation = AnomalyAugmentation.from_card(selection, kinds=("scale",))
        >>> objects, mask = torch.zeros(1, 19, 3), torch.zeros(1, 19, dtype=torch.bool)
        >>> objects[0, 1], mask[0, :2] = torch.tensor([40.0, 1, 2]), True
        >>> scaled, _ = augmentation(objects, mask, generator=torch.Generator().manual_seed(1))
        >>> 1 < float(scaled[0, 1, 0] / objects[0, 1, 0]) <= 5
        True
    """

    space: PhaseSpace
    kinds: Sequence[str] = tuple(KINDS)

    def __post_init__(self) -> None:
        """Check the names and put them into the order of `KINDS`."""
        kinds = tuple(self.kinds)
        if not kinds or len(set(kinds)) < len(kinds) or not set(kinds) <= set(KINDS):
            message = complaint(
                "bad choice of anomaly augmentations",
                found=repr(self.kinds),
                expected=f"some of {', '.join(KINDS)}, each once",
            )
            raise DataError(message)
        object.__setattr__(self, "kinds", tuple(name for name in KINDS if name in kinds))

    @classmethod
    def from_card(
        cls, selection: LeptonSelection | DiphotonSelection, kinds: Sequence[str] = tuple(KINDS)
    ) -> Self:
        """Return the augmentation with the ranges of a card's selection."""
        return cls(PhaseSpace.from_card(selection), kinds)

    @torch.no_grad()
    def __call__(
        self,
        objects: Tensor,
        mask: Tensor,
        *,
        generator: torch.Generator,
        beside: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Return changed copies of the events.

        Args:
            objects: (n, slots, features) in GeV and rad, float32, as in an `EventTable`; zero
                where the mask is False, pT falling within each type.
            mask: bool (n, slots).
            generator: On the device of `objects`.
            beside: Greatest pT of what is in no slot, (n,) in GeV; None for nothing.

        Returns:
            New objects and mask of the same shapes.

        Raises:
            DataError: Wrong shape or dtype.
        """
        slots = self.space.slots
        check(objects, mask, slots)
        drawn = uniform((len(objects),), like=objects, generator=generator)
        number = choice(self._possible(Events.of(objects, slots)), drawn)
        changed, held = objects.clone(), mask.clone()
        for k, name in enumerate(self.kinds):
            rows = (number == k).nonzero()[:, 0]
            hardest = None if beside is None else beside.index_select(0, rows)
            chosen = Events.of(objects.index_select(0, rows), slots, beside=hardest)
            part = KINDS[name].apply(chosen, self.space, generator)
            changed.index_copy_(0, rows, part.objects())
            held.index_copy_(0, rows, part.mask())
        return changed, held

    @torch.no_grad()
    def possible(self, objects: Tensor, mask: Tensor) -> Tensor:
        """Return which kinds can change each event, bool (n, kinds); arguments as for a call."""
        check(objects, mask, self.space.slots)
        return self._possible(Events.of(objects, self.space.slots))

    def _possible(self, events: Events) -> Tensor:
        able = [KINDS[name].possible(events, self.space) for name in self.kinds]
        return torch.stack(able, dim=1)


def choice(possible: Tensor, drawn: Tensor) -> Tensor:
    """Return the number of one possible kind for each event, all equally probable; -1 for none.

    Args:
        possible: bool (n, kinds).
        drawn: (n,), uniform in [0, 1).

    Example:
        >>> choice(torch.tensor([[True, False, True], [False] * 3]), torch.tensor([0.7, 0.7]))
        tensor([ 2, -1])
    """
    running = possible.cumsum(dim=1)
    total = running[:, -1]
    # Rounding of the product may reach the number of kinds itself.
    place = torch.minimum((drawn * total).long() + 1, total)
    number = (running < place[:, None]).sum(dim=1)
    return torch.where(total > 0, number, -1)
