"""The kinematic ranges and the trigger that no augmentation may leave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import torch

from baselines.augmentations.slots import (
    ADC_SLOTS,
    DIPHOTON_SLOTS,
    OBJECTS,
    SPLIT_TYPES,
    Slots,
)
from benchmark.errors import DataError, complaint

if TYPE_CHECKING:
    from torch import Tensor

    from benchmark.card_selection import DiphotonSelection, LeptonSelection

# Stored events may keep as few as 12 bits of mantissa: an eta or pT on the threshold of the
# trigger is rounded past it by at most half of this, and still fired.
ROUNDING = 2.0**-12


@dataclass(frozen=True, kw_only=True)
class PhaseSpace:
    """Ranges of the kept objects and the single-lepton trigger, if events fire one.

    Both ends belong to the ranges. A stored eta that was rounded past its end stays where it is.

    Attributes:
        lepton_min_pt: Of electrons and muons, GeV.
        electron_max_eta: Bound on |eta|.
        muon_max_eta: Bound on |eta|.
        jet_min_pt: GeV.
        jet_max_eta: Bound on |eta|.
        trigger_min_pt: pT of the electron or muon that fires the trigger, GeV; None: there is no
            trigger.
        electron_trigger_max_eta: Bound on its |eta| if it is an electron.
        muon_trigger_max_eta: Bound on its |eta| if it is a muon.
        large_jet_min_pt: GeV; None where there are no large jets.
        large_jet_max_eta: Bound on |eta|.
        slots: Places of the objects.

    Raises:
        DataError: A value is not a positive number, or the trigger asks less than the ranges.

    Example:
        >>> from benchmark.cards import load_card
        >>> PhaseSpace.from_card(load_card("cms_adc").selection).trigger_min_pt
        23.0
        >>> PhaseSpace.from_card(load_card("diphoton").selection).large_jet_min_pt
        200.0
    """

    lepton_min_pt: float
    electron_max_eta: float
    muon_max_eta: float
    jet_min_pt: float
    jet_max_eta: float
    trigger_min_pt: float | None = None
    electron_trigger_max_eta: float | None = None
    muon_trigger_max_eta: float | None = None
    large_jet_min_pt: float | None = None
    large_jet_max_eta: float | None = None
    slots: Slots = field(default=ADC_SLOTS, repr=False)

    def __post_init__(self) -> None:
        """Refuse values that no selection can have."""
        trigger = (
            self.trigger_min_pt,
            self.electron_trigger_max_eta,
            self.muon_trigger_max_eta,
        )
        large = (self.large_jet_min_pt, self.large_jet_max_eta)
        plain = (
            *(self.lepton_min_pt, self.electron_max_eta, self.muon_max_eta),
            *(self.jet_min_pt, self.jet_max_eta),
        )
        values = [value for value in (*plain, *trigger, *large) if value is not None]
        sane = all(0 < value < float("inf") for value in values)
        whole = all(len({value is None for value in some}) == 1 for some in (trigger, large))
        fits = (large[0] is None) == (len(self.slots.types) == len(SPLIT_TYPES))
        if not (sane and whole and fits and self._nested()):
            message = complaint(
                "bad kinematic ranges",
                found=repr(self),
                expected="positive numbers, and a trigger inside the ranges of the leptons",
            )
            raise DataError(message)

    def _nested(self) -> bool:
        """Return whether what fires the trigger is kept."""
        bounds = (
            (self.electron_trigger_max_eta, self.electron_max_eta),
            (self.muon_trigger_max_eta, self.muon_max_eta),
        )
        inside = all(trigger is None or trigger <= most for trigger, most in bounds)
        return inside and (self.trigger_min_pt or self.lepton_min_pt) >= self.lepton_min_pt

    @classmethod
    def from_card(cls, selection: LeptonSelection | DiphotonSelection) -> Self:
        """Return the ranges of a card's selection, such as `load_card("cms_adc").selection`.

        The photons of a diphoton event fire its trigger, and no augmentation touches them.
        """
        names = [name for name in cls.__annotations__ if hasattr(selection, name)]
        slots = ADC_SLOTS if selection.kind == "lepton" else DIPHOTON_SLOTS
        values = {name: getattr(selection, name).value for name in names}
        return cls(**values, slots=slots)

    def min_pt(self, like: Tensor) -> Tensor:
        """Return the least pT of each object, (objects, 1) in GeV, on the device of `like`."""
        least = (self.lepton_min_pt, self.lepton_min_pt, self.jet_min_pt, self.large_jet_min_pt)
        return self._per_object(least, like)

    def max_eta(self, like: Tensor) -> Tensor:
        """Return the bound on |eta| of each object, (objects, 1), on the device of `like`."""
        jets = (self.jet_max_eta, self.large_jet_max_eta)
        return self._per_object((self.electron_max_eta, self.muon_max_eta, *jets), like)

    def trigger_max_eta(self, like: Tensor) -> Tensor:
        """Return the trigger's bound on |eta| of each lepton, (leptons, 1), as `max_eta`."""
        bounds = (self.electron_trigger_max_eta, self.muon_trigger_max_eta)
        return self._per_object(bounds, like)

    def eta_bounds(self, pt: Tensor, eta: Tensor) -> Tensor:
        """Return how far each object may go in |eta|: the trigger's range if it fires it.

        Args:
            pt: (places, n), GeV; MET first.
            eta: (places, n).

        Returns:
            (objects, n).
        """
        most = self.max_eta(pt)
        if self.trigger_min_pt is None:
            return torch.maximum(most, eta[OBJECTS].abs())
        fires = self.fires(pt[self.slots.leptons], eta[self.slots.leptons])
        narrower = most[: len(fires)] - self.trigger_max_eta(pt)
        bounds = torch.maximum(most, eta[OBJECTS].abs())
        bounds[: len(fires)] -= fires * narrower
        return torch.maximum(bounds, eta[OBJECTS].abs())

    def fires(self, pt: Tensor, eta: Tensor) -> Tensor:
        """Return which leptons fire the trigger.

        Args:
            pt: (leptons, n), electrons then muons, GeV.
            eta: (leptons, n).

        Returns:
            bool (leptons, n); none where there is no trigger.
        """
        if self.trigger_min_pt is None:
            return torch.zeros_like(pt, dtype=torch.bool)
        near = eta.abs() <= self.trigger_max_eta(eta) * (1 + ROUNDING)
        return near & (pt >= self.trigger_min_pt * (1 - ROUNDING))

    def _per_object(self, values: tuple[float | None, ...], like: Tensor) -> Tensor:
        """Return one value for each object of the first types, from one for each type."""
        both = zip(values, self.slots.counts, strict=False)
        spread = [value for value, count in both for _ in range(count)]
        return torch.tensor(spread, dtype=like.dtype, device=like.device)[:, None]
