"""AnomCLR+ of arXiv:2301.04660 on events with two photons, reduced to a latent of few numbers.

encoder = AnomClrPlusDiphoton(width=64, layers=2, epochs=10)
latents = encoder.fit(background, seed=1).transform(events)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from baselines.augmentations import AnomalyAugmentation, PhysicalAugmentation
from baselines.contrastive_training import ContrastiveTraining, Plan
from baselines.development import development
from baselines.diphoton_inputs import DiphotonInputs, check_finite
from baselines.diphoton_views import DiphotonViews, objects_alone
from baselines.keeping import (
    checked,
    identity_of,
    not_fitted,
    read_network,
    readable,
    take_weights,
    write_network,
)
from baselines.losses import anomclr_plus
from baselines.networks.particle_transformer import ParticleTransformer
from baselines.networks.projected import ProjectedParticles
from baselines.rounding import in_double, rounded
from benchmark.batches import Batches, as_tensor
from benchmark.devices import on_cuda
from benchmark.embedding import Runtime
from benchmark.errors import DataError, complaint
from benchmark.schema import DIPHOTON
from benchmark.seeds import seed_for
from benchmark.table import require_schema
from benchmark.tasks.diphoton_events import diphoton_card
from benchmark.training import FitSettings, fit_module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from baselines.diphoton_inputs import EventInputs
    from benchmark.events import EventTable

CHUNK = 8192  # events embedded at once


class ClrSettings(BaseModel):
    """Settings of the encoder. No paper has it: values of two are put together.

    Attributes:
        width: Of the transformer and of the representation (arXiv:2603.25794).
        heads: Attention heads (arXiv:2603.25794).
        layers: Particle-attention blocks (arXiv:2603.25794).
        class_layers: Class-attention blocks (arXiv:2603.25794).
        pair_width: Width of the network on pairs of objects (assumed, as in `signal_aware`).
        dropout: Probability (arXiv:2301.04660, inferred).
        head_layers: Layers of the head (arXiv:2301.04660, inferred).
        latent: Principal components that are kept (assumed: as many as the other embeddings of the
            task have dimensions).
        learning_rate: Of Adam (arXiv:2301.04660).
        batch_size: Events a step (arXiv:2301.04660).
        epochs: Passes over the training events (arXiv:2301.04660).
        temperature: Of the loss (assumed, as in `anomclr_plus`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    width: PositiveInt = 128
    heads: PositiveInt = 8
    layers: PositiveInt = 4
    class_layers: PositiveInt = 2
    pair_width: PositiveInt = 64
    dropout: float = Field(default=0.1, ge=0, lt=1)
    head_layers: PositiveInt = 2
    latent: PositiveInt = 6
    learning_rate: PositiveFloat = 5e-5
    batch_size: PositiveInt = 128
    epochs: PositiveInt = 300
    temperature: PositiveFloat = 0.1

    @model_validator(mode="after")
    def _reduces(self) -> Self:
        if self.latent > self.width:
            message = f"a latent of {self.latent} numbers of a representation of {self.width}"
            raise ValueError(message)
        return self


class AnomClrPlusDiphoton:
    """The particle transformer, trained without labels to tell views of an event from anomalies.

    A physical view (turned and smeared) is to be like its event, an anomaly-augmented one (objects
    added, split or scaled) unlike it. The representation before the head is reduced to its first
    principal components over the training events, each with mean 0 and width 1.

    The photon pair is the same in all views and is not looked at, nor is m_gg; nor is any label,
    whatever events it is given.

    Args:
        settings: Fields of `ClrSettings`.

    Raises:
        DiademError: A setting is unknown or impossible.

    References:
        arXiv:2301.04660 (views and loss), arXiv:2603.25794 (network).
    """

    name = "anomclr_plus_diphoton"

    def __init__(self, **settings: Any) -> None:
        """Check the settings."""
        self.settings = checked(ClrSettings, self.name, settings)
        self.runtime = Runtime()
        self._fitted: tuple[ProjectedParticles, DiphotonInputs] | None = None
        self._network(seed=0)  # sizes that do not fit together are an error now

    def fit(self, events: EventTable, *, seed: int) -> Self:
        """Train on the task's part "train"; the checkpoint of `runtime` is resumed from.

        Args:
            events: Of the schema diphoton; each counts once, and labels are not looked at.
            seed: Of the weights, the order of events, dropout and the augmentations.

        Raises:
            DataError: Events of another schema, or fewer than two to train on.
            DiademError: The training fails, or the checkpoint is of another one: another task,
                other settings, events or seed.
        """
        require_schema(events, DIPHOTON)
        fitted, _ = development(events, self.name, watched=False)
        if len(fitted) < 2:
            found = f"{len(fitted)} in the part 'train'"
            message = complaint("too few events to contrast", found=found, expected="two or more")
            raise DataError(message)
        network, inputs = self._network(seed), DiphotonInputs.fit(fitted)
        module = self._training(network, inputs, fitted, seed)
        fit_module(module, self._fit_settings(events, seed))
        double = in_double(network)
        network.reduction.fit(_evaluated(double, inputs, fitted, double))
        self._fitted = network.eval(), inputs
        return self

    def transform(self, events: EventTable) -> NDArray[np.float32]:
        """Return the latents, float32 (n, latent): computed in float64, and rounded to a grid.

        Raises:
            DataError: Events of another schema, or a number that is not finite.
            DiademError: Not fitted.
        """
        require_schema(events, DIPHOTON)
        network, inputs = self._require_fitted()
        device = torch.device("cuda" if on_cuda(self.runtime.device) else "cpu")
        double = in_double(network, device)
        found = [np.zeros((0, self.settings.latent), dtype=np.float32)]
        parts = _evaluated(double, inputs, events, double.latents)
        found += [rounded(part).cpu().numpy() for part in parts]
        return np.concatenate(found)

    def save(self, folder: Path) -> None:
        """Write weights, reduction and settings.

        Raises:
            DiademError: Not fitted, or the folder cannot be written.
        """
        network, inputs = self._require_fitted()
        note = {
            "name": self.name,
            "settings": self.settings.model_dump(mode="json"),
            "inputs": inputs.state(),
        }
        write_network(folder, network, note, DIPHOTON)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the encoder that `save` wrote.

        Raises:
            DiademError: The folder holds another encoder, or is damaged.
        """
        weights, note = read_network(folder, cls.name, DIPHOTON)
        with readable(folder):
            made = cls(**note["settings"])
            network = made._network(seed=0)
            take_weights(network, weights, folder)
            made._fitted = network.eval(), DiphotonInputs.from_state(note["inputs"])
        return made

    def _require_fitted(self) -> tuple[ProjectedParticles, DiphotonInputs]:
        if self._fitted is None:
            raise not_fitted(self.name)
        return self._fitted

    def _network(self, seed: int) -> ProjectedParticles:
        chosen = self.settings
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed_for("encoder weights", seed))
            particles = ParticleTransformer(
                outputs=chosen.width,
                event_features=0,
                width=chosen.width,
                heads=chosen.heads,
                layers=chosen.layers,
                class_layers=chosen.class_layers,
                pair_width=chosen.pair_width,
                dropout=chosen.dropout,
            )
            return ProjectedParticles(
                particles,
                width=chosen.width,
                head_layers=chosen.head_layers,
                latent=chosen.latent,
            )

    def _training(
        self, network: ProjectedParticles, inputs: DiphotonInputs, events: EventTable, seed: int
    ) -> ContrastiveTraining:
        selection, chosen = diphoton_card().selection, self.settings
        views = DiphotonViews(
            inputs=inputs,
            physical=PhysicalAugmentation.from_card(selection),
            anomaly=AnomalyAugmentation.from_card(selection),
        )
        plan = Plan(
            loss=_loss,
            temperature=chosen.temperature,
            learning_rate=chosen.learning_rate,
            batch_size=chosen.batch_size,
            seed=seed,
        )
        objects, mask, features = _tensors(events)
        return ContrastiveTraining(network, views, plan, (objects, mask, None), features=features)

    def _fit_settings(self, events: EventTable, seed: int) -> FitSettings:
        return FitSettings(
            epochs=self.settings.epochs,
            seed=seed,
            device="cuda" if on_cuda(self.runtime.device) else "cpu",
            checkpoint=self.runtime.checkpoint,
            identity=identity_of(self.name, self.runtime.identity, self.settings, events),
            progress=self.runtime.progress,
            label=self.name,
        )


def _loss(views: list[torch.Tensor], temperature: float) -> torch.Tensor:
    """Return Eq. 5 of arXiv:2301.04660."""
    return anomclr_plus(views[0], views[1], views[2], temperature)


def _tensors(events: EventTable) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return as_tensor(events.objects), as_tensor(events.mask), as_tensor(events.features)


def _evaluated(
    double: ProjectedParticles,
    inputs: DiphotonInputs,
    events: EventTable,
    function: Callable[[EventInputs], torch.Tensor],
) -> Iterator[torch.Tensor]:
    """Yield what a function of a network in float64 makes of events, on the network's device."""
    device = next(double.parameters()).device
    with torch.inference_mode():
        for part in Batches(_tensors(events), CHUNK):
            objects, mask, features = part
            check_finite(objects, mask, features)
            given = (objects.to(device).double(), mask.to(device), features.to(device).double())
            yield function(objects_alone(inputs.tensors(*given)))
