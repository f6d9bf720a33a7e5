"""The numbers that networks see of an event: the normalisation of the ACLR paper."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import torch

from benchmark.errors import DataError, complaint
from benchmark.schema import CMS_ADC, MET

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

# Stated: pT and MET by the background's mean object pT (not centred), eta by 4, phi by pi.
ETA_SCALE = 4.0
PHI_SCALE = math.pi
FEATURES = 3 + len(CMS_ADC.types)
"""Features of a slot: pT, eta, phi and a one-hot of MET, electron, muon and jet."""
_ROWS = 1 << 18  # events summed at once, so that a large file is never held as float64


@dataclass(frozen=True)
class AdcInputs:
    """Turns events into numbers of order one; the only number to fit is the mean pT.

    The mean is that over all filled slots of electrons, muons and jets (inferred: "mean object
    pT"; MET is no object, and is divided by the same number).

    Attributes:
        mean_pt: Mean object pT of the background, GeV.

    References:
        arXiv:2301.04660.

    Raises:
        DataError: `mean_pt` is not a positive number.

    Example:
        >>> objects, mask = torch.zeros(1, 19, 3), torch.zeros(1, 19, dtype=torch.bool)
        >>> objects[0, 1], mask[0, :2] = torch.tensor([50.0, 2.0, math.pi]), True
        >>> AdcInputs(mean_pt=25.0).features(objects, mask)[0, 1].tolist()
        [2.0, 0.5, 1.0, 0.0, 1.0, 0.0, 0.0]
    """

    mean_pt: float

    def __post_init__(self) -> None:
        """Refuse a mean that cannot divide."""
        if not (math.isfinite(self.mean_pt) and self.mean_pt > 0):
            message = complaint(
                "the mean object pT must be a positive number", found=repr(self.mean_pt)
            )
            raise DataError(message)

    @classmethod
    def fit(
        cls,
        objects: NDArray[np.float32],
        mask: NDArray[np.bool_],
        weight: NDArray[np.float32] | None = None,
    ) -> Self:
        """Return the normalisation of these background events.

        Args:
            objects: (n, 19, 3), GeV and rad.
            mask: (n, 19).
            weight: (n,); None for 1 each.

        Raises:
            DataError: No event with weight holds an object, or a pT or weight is not finite.
        """
        total = number = 0.0
        for start in range(0, len(objects), _ROWS):
            rows = slice(start, start + _ROWS)
            held = mask[rows] & (np.asarray(CMS_ADC.slot_types) != MET)
            pt = np.where(held, objects[rows, :, 0], 0).sum(axis=1, dtype=np.float64)
            ones = np.ones(len(pt)) if weight is None else weight[rows].astype(np.float64)
            total += float(ones @ pt)
            number += float(ones @ held.sum(axis=1))
        if not (number > 0 and math.isfinite(total)):
            message = complaint(
                "no mean object pT",
                found=f"{len(objects)} events with {number:g} objects of {total:g} GeV in all",
                expected="background events with objects, finite pT and positive weights",
            )
            raise DataError(message)
        return cls(mean_pt=total / number)

    def features(self, objects: Tensor, mask: Tensor) -> Tensor:
        """Return what a network with variable length sees.

        Args:
            objects: (n, 19, 3), GeV and rad.
            mask: bool (n, 19).

        Returns:
            (n, 19, 7) of the dtype of `objects`: pT, eta, phi, one-hot; zero in padded slots.
        """
        kinds = [kind.name for kind in CMS_ADC.types]
        types = torch.tensor([kinds.index(name) for name in CMS_ADC.slot_types])
        one_hot = torch.nn.functional.one_hot(types, len(kinds)).to(objects)
        kind = one_hot.expand(len(objects), -1, -1) * mask[:, :, None]
        return torch.cat((self._scaled(objects, mask), kind), dim=2)

    def flat(self, objects: Tensor, mask: Tensor) -> Tensor:
        """Return what the raw autoencoder sees: (n, 57), pT, eta and phi of slot after slot."""
        return self._scaled(objects, mask).flatten(1)

    def _scaled(self, objects: Tensor, mask: Tensor) -> Tensor:
        scale = objects.new_tensor((self.mean_pt, ETA_SCALE, PHI_SCALE))
        return torch.where(mask[:, :, None], objects / scale, 0)
