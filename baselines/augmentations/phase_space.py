"""The kinematic ranges and the trigger that no augmentation may leave."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Self

import torch

from benchmark.errors import DataError, complaint
from benchmark.schema import CMS_ADC

if TYPE_CHECKING:
    from torch import Tensor

    from benchmark.card_selection import DiphotonSelection, LeptonSelection

MET_SLOT = CMS_ADC.type_slice("met").start
OBJECTS = slice(1, CMS_ADC.slots)
"""The slots of electrons, muons and jets."""
TYPES = tuple(kind.name for kind in CMS_ADC.types[1:])
COUNTS = tuple(kind.count for kind in CMS_ADC.types[1:])
LEPTONS = slice(1, 1 + sum(COUNTS[:2]))
JETS = CMS_ADC.type_slice("jet")
# Stored events may keep as few as 12 bits of mantissa: an eta or pT on the threshold of the
# trigger is rounded past it by at most half of this, and still fired.
ROUNDING = 2.0**-12


@dataclass(frozen=True, kw_only=True)
class PhaseSpace:
    """Ranges of the kept objects and the single-lepton trigger.

    Both ends belong to the ranges. A stored eta that was rounded past its end stays where it is.

    Attributes:
        lepton_min_pt: Of electrons and muons, GeV.
        electron_max_eta: Bound on |eta|.
        muon_max_eta: Bound on |eta|.
        jet_min_pt: GeV.
        jet_max_eta: Bound on |eta|.
        trigger_min_pt: pT of the electron or muon that fires the trigger, GeV.
        electron_trigger_max_eta: Bound on its |eta| if it is an electron.
        muon_trigger_max_eta: Bound on its |eta| if it is a muon.

    Raises:
        DataError: A value is not a positive number, or the trigger asks less than the ranges.

    Example:
        >>> from benchmark.cards import load_card
        >>> PhaseSpace.from_card(load_card("cms_adc").selection).trigger_min_pt
        23.0
    """

    lepton_min_pt: float
    electron_max_eta: float
    muon_max_eta: float
    jet_min_pt: float
    jet_max_eta: float
    trigger_min_pt: float
    electron_trigger_max_eta: float
    muon_trigger_max_eta: float

    def __post_init__(self) -> None:
        """Refuse values that no selection can have."""
        sane = all(0 < value < float("inf") for value in astuple(self))
        nested = (
            self.trigger_min_pt >= self.lepton_min_pt
            and self.electron_trigger_max_eta <= self.electron_max_eta
            and self.muon_trigger_max_eta <= self.muon_max_eta
        )
        if not (sane and nested):
            message = complaint(
                "bad kinematic ranges",
                found=repr(self),
                expected="positive numbers, and a trigger inside the ranges of the leptons",
            )
            raise DataError(message)

    @classmethod
    def from_card(cls, selection: LeptonSelection | DiphotonSelection) -> Self:
        """Return the ranges of a card's selection, such as `load_card("cms_adc").selection`.

        Raises:
            DataError: The selection is not one of leptons and jets.
        """
        if selection.kind != "lepton":
            message = complaint(
                "no ranges of leptons and jets in this selection",
                found=f"kind {selection.kind}",
                expected="kind lepton",
            )
            raise DataError(message)
        return cls(**{name: getattr(selection, name).value for name in cls.__annotations__})

    def min_pt(self, like: Tensor) -> Tensor:
        """Return the least pT of each object slot, (18, 1) in GeV, on the device of `like`."""
        least = (self.lepton_min_pt, self.lepton_min_pt, self.jet_min_pt)
        return _per_slot(least, like)

    def max_eta(self, like: Tensor) -> Tensor:
        """Return the bound on |eta| of each object slot, (18, 1), on the device of `like`."""
        return _per_slot((self.electron_max_eta, self.muon_max_eta, self.jet_max_eta), like)

    def trigger_max_eta(self, like: Tensor) -> Tensor:
        """Return the trigger's bound on |eta| of each lepton slot, (8, 1), as `max_eta`."""
        bounds = (self.electron_trigger_max_eta, self.muon_trigger_max_eta)
        return _per_slot(bounds, like)

    def eta_bounds(self, pt: Tensor, eta: Tensor) -> Tensor:
        """Return how far each object may go in |eta|: the trigger's range if it fires it.

        Args:
            pt: (19, n), GeV.
            eta: (19, n).

        Returns:
            (18, n), for the object slots.
        """
        fires = self.fires(pt[LEPTONS], eta[LEPTONS])
        most = self.max_eta(pt)
        narrower = most[: len(fires)] - self.trigger_max_eta(pt)
        bounds = torch.maximum(most, eta[OBJECTS].abs())
        bounds[: len(fires)] -= fires * narrower
        return torch.maximum(bounds, eta[OBJECTS].abs())

    def fires(self, pt: Tensor, eta: Tensor) -> Tensor:
        """Return which leptons fire the trigger.

        Args:
            pt: (8, n), electrons then muons, GeV.
            eta: (8, n).

        Returns:
            bool (8, n).
        """
        near = eta.abs() <= self.trigger_max_eta(eta) * (1 + ROUNDING)
        return near & (pt >= self.trigger_min_pt * (1 - ROUNDING))


def _per_slot(values: tuple[float, ...], like: Tensor) -> Tensor:
    """Return one value for each slot of the first types, from one value for each type."""
    spread = [value for value, count in zip(values, COUNTS, strict=False) for _ in range(count)]
    return torch.tensor(spread, dtype=like.dtype, device=like.device)[:, None]
