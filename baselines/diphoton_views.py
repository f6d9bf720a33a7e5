"""Views of diphoton events for contrastive learning without labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from benchmark.schema import DIPHOTON

if TYPE_CHECKING:
    from torch import Tensor

    from baselines.augmentations import AnomalyAugmentation, PhysicalAugmentation
    from baselines.diphoton_inputs import DiphotonInputs, EventInputs

_PHOTON_PT = [DIPHOTON.event_features.index(name) for name in ("pt_g1", "pt_g2")]


@dataclass(frozen=True, kw_only=True)
class DiphotonViews:
    """What an event becomes: itself, a physical view and an anomalous one.

    The views differ in the objects. The photon pair stays what it is: it is well measured, so it
    is not smeared, and a search asks what comes beside it, so it is no anomaly. Since it is the
    same in all views, the network does not see it (`objects_alone`): the loss would not teach it
    what to make of it, and what it let through would tell m_gg. So no photon's angle has to turn.

    Attributes:
        inputs: Normalisation.
        physical: Makes the positive.
        anomaly: Makes the negative.
    """

    inputs: DiphotonInputs
    physical: PhysicalAugmentation
    anomaly: AnomalyAugmentation

    def __call__(
        self, objects: Tensor, mask: Tensor, features: Tensor, *, generator: torch.Generator
    ) -> tuple[tuple[EventInputs], int]:
        """Return what a network takes of all views, (3 n, ...), and 3.

        Args:
            objects: (n, 11, 9) in GeV and rad.
            mask: bool (n, 11).
            features: (n, 12); the photons' pT bounds that of added objects.
            generator: On their device.
        """
        photon = features[:, _PHOTON_PT].amax(dim=1)
        views = [
            (objects, mask),
            self.physical(objects, mask, generator=generator),
            self.anomaly(objects, mask, generator=generator, beside=photon),
        ]
        together = torch.cat([view for view, _ in views])
        masks = torch.cat([held for _, held in views])
        inputs = self.inputs.tensors(together, masks, features.repeat(len(views), 1))
        return (objects_alone(inputs),), len(views)


def objects_alone(inputs: EventInputs) -> EventInputs:
    """Return what a network takes, without the numbers of the photon pair: `event` is (n, 0)."""
    return inputs._replace(event=inputs.event[:, :0])
