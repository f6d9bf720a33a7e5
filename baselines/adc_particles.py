"""What the particle transformer takes of an event of the CMS-ADC task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch

from baselines.diphoton_inputs import EventInputs
from baselines.inputs import FEATURES, AdcInputs
from benchmark.errors import DataError, complaint
from benchmark.schema import CMS_ADC, MET

if TYPE_CHECKING:
    from torch import Tensor

    from benchmark.table import EventTable


@dataclass(frozen=True)
class AdcParticles:
    """The numbers of objects that the other encoders of the task see, and the kinematics of pairs.

    An object is normalised as in arXiv:2301.04660 (`AdcInputs`), so that this encoder differs from
    the task's others in network and loss, not in what it sees. For pairs, objects have no mass:
    the dataset gives none. An event has no numbers of its own.

    Attributes:
        scale: The normalisation of objects.

    Example:
        >>> inputs = AdcParticles(AdcInputs(mean_pt=25.0))
        >>> objects, mask = torch.ones(2, 19, 3), torch.ones(2, 19, dtype=torch.bool)
        >>> [tuple(tensor.shape) for tensor in inputs.tensors(objects, mask, torch.ones(2, 0))]
        [(2, 19, 7), (2, 19, 5), (2, 19), (2, 0)]
    """

    object_numbers: ClassVar[int] = FEATURES
    event_numbers: ClassVar[int] = 0
    scale: AdcInputs

    @classmethod
    def fit(cls, events: EventTable) -> Self:
        """Return the normalisation of these background events, each with its weight.

        Raises:
            DataError: No event with weight holds an object, or a pT or weight is not finite.
        """
        return cls(AdcInputs.fit(events.objects, events.mask, events.weight))

    def check(self, objects: Tensor, mask: Tensor, features: Tensor) -> None:
        """Refuse a number of a real object that is not finite.

        Raises:
            DataError: There is one.
        """
        del features  # there are none
        values = objects[mask]
        wrong = values[~values.isfinite()]
        if len(wrong):
            found = f"{wrong[0].item()} ({len(wrong)} such)"
            message = complaint("bad input", found=found, expected="finite pT, eta and phi")
            raise DataError(message)

    def tensors(self, objects: Tensor, mask: Tensor, features: Tensor) -> EventInputs:
        """Return what the network takes, on the device and with the type of `objects`.

        Args:
            objects: (n, 19, 3) as in an `EventTable`: GeV and rad. Padded slots are not read.
            mask: bool (n, 19).
            features: (n, 0); events of the task have none.
        """
        return EventInputs(
            objects=self.scale.features(objects, mask),
            kinematics=_kinematics(objects, mask),
            mask=mask,
            event=features,
        )

    def state(self) -> dict[str, Any]:
        """Return what `from_state` needs, fit for JSON."""
        return {"mean_pt": self.scale.mean_pt}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the inputs of a state.

        Raises:
            DataError: Its mean cannot divide.
        """
        return cls(AdcInputs(mean_pt=state["mean_pt"]))


def _kinematics(objects: Tensor, mask: Tensor) -> Tensor:
    """Return pT, eta, phi, mass and whether there is an eta: (n, slots, 5)."""
    polar = [objects[..., CMS_ADC.feature_index(name)] for name in ("pt", "eta", "phi")]
    # Not made on the device itself: that would wait for a GPU to finish what it has to do.
    having = torch.tensor([name != MET for name in CMS_ADC.slot_types])
    has_eta = having.to(objects, non_blocking=True).expand(len(objects), -1)
    columns = (*polar, torch.zeros_like(polar[0]), has_eta)
    return torch.where(mask[..., None], torch.stack(columns, dim=2), 0)
