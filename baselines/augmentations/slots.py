"""The order in which the augmentations hold the objects of an event."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from benchmark.schema import CMS_ADC, DIPHOTON, MET

if TYPE_CHECKING:
    from benchmark.schema import EventSchema

MET_SLOT = 0
OBJECTS = slice(1, None)
"""The places of all objects."""
LEPTON_TYPES = ("electron", "muon")
SPLIT_TYPES = (*LEPTON_TYPES, "jet")
"""Types of which objects are added and split."""
JET_TYPES = ("jet", "large_jet")
"""Types whose energy is smeared."""


@dataclass(frozen=True)
class Slots:
    """Places of the objects of a schema: MET, electrons, muons, jets, then large jets if any.

    A large jet is another view of energy that small jets hold as well. It turns, is smeared and is
    scaled as they are, but none is added or split (assumed: the challenge has none).

    Attributes:
        schema: Has as many electrons as muons.

    Example:
        >>> Slots(DIPHOTON).counts, Slots(DIPHOTON).leptons, Slots(DIPHOTON).jets
        ((2, 2, 4, 2), slice(1, 5, None), slice(5, 11, None))
        >>> Slots(DIPHOTON).order
        (10, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5)
    """

    schema: EventSchema

    @cached_property
    def types(self) -> tuple[str, ...]:
        """Types of the objects, in order; MET is none."""
        held = {kind.name for kind in self.schema.types}
        return tuple(name for name in (*LEPTON_TYPES, *JET_TYPES) if name in held)

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Slots of each of the types."""
        held = {kind.name: kind.count for kind in self.schema.types}
        return tuple(held[name] for name in self.types)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The schema's slot of each place."""
        parts = [self.schema.type_slice(name) for name in (MET, *self.types)]
        return tuple(slot for part in parts for slot in range(part.start, part.stop))

    @cached_property
    def parts(self) -> tuple[slice, ...]:
        """Places of each of the types."""
        ends = accumulate(self.counts, initial=1)
        return tuple(slice(end, end + n) for end, n in zip(ends, self.counts, strict=False))

    @cached_property
    def leptons(self) -> slice:
        """Places of electrons and muons."""
        return slice(1, 1 + sum(self.counts[: len(LEPTON_TYPES)]))

    @cached_property
    def jets(self) -> slice:
        """Places of jets and large jets."""
        return slice(self.leptons.stop, 1 + sum(self.counts))

    @cached_property
    def split(self) -> slice:
        """Places of the types that are added and split."""
        return slice(1, 1 + sum(self.counts[: len(SPLIT_TYPES)]))


ADC_SLOTS = Slots(CMS_ADC)
DIPHOTON_SLOTS = Slots(DIPHOTON)
