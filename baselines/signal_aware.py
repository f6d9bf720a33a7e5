"""The signal-aware contrastive encoder of arXiv:2603.25794, and what shares its network.

    encoder = SignalAware(width=64, layers=2, epochs=10)
    latents = encoder.fit(events, seed=1).transform(events)

`events` are labelled: `process` and `point` say what each one is. Which processes and points are
there is the regime's business; the encoder contrasts what it is given.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, PositiveInt
from torch.nn import functional

from baselines.development import development
from baselines.diphoton_inputs import DiphotonInputs
from baselines.diphoton_training import (
    LabelledTraining,
    Plan,
    SignalAwareObjective,
    SoftmaxObjective,
    labels_of,
    mean_and_log_variance,
)
from baselines.keeping import (
    checked,
    identity_of,
    not_fitted,
    read_network,
    readable,
    take_weights,
    write_network,
)
from baselines.method_card import defaults
from baselines.networks.particle_transformer import ParticleTransformer
from baselines.rounding import in_double, rounded
from benchmark.batches import Batches, as_tensor
from benchmark.cards import load_card
from benchmark.devices import on_cuda
from benchmark.embedding import Runtime
from benchmark.errors import DataError, complaint
from benchmark.noise import standard_normal
from benchmark.schema import DIPHOTON
from benchmark.seeds import seed_for
from benchmark.table import require_schema
from benchmark.training import FitSettings, fit_module

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from baselines.particle_inputs import ParticleInputs
    from benchmark.events import EventTable
    from benchmark.schema import EventSchema

CHUNK = 1024  # events embedded at once: more fall out of the caches
CARD = "signal_aware"


class EncoderSettings(BaseModel):
    """Settings of the encoders; values and their status stand in `signal_aware.yaml`.

    Attributes:
        width: Of the transformer.
        heads: Attention heads; divide the width.
        layers: Particle-attention blocks.
        class_layers: Class-attention blocks.
        pair_width: Width of the network on pairs of objects.
        dropout: Probability.
        latent: Dimensions of the latent.
        head_width: Width of the projection head.
        batch_size: Events a step.
        epochs: At most.
        warm_up: Epochs of linear warm-up.
        patience: Stop after so many epochs without a smaller loss on the validation part; None:
            never.
        temperature: Of the contrastive loss.
        learning_rate: Of Adam, after the warm-up.
        beta: Weight of the KL divergence where signals are among the training events.
        beta_background: The same where none is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    width: PositiveInt
    heads: PositiveInt
    layers: PositiveInt
    class_layers: PositiveInt
    pair_width: PositiveInt
    dropout: float = Field(ge=0, lt=1)
    latent: PositiveInt
    head_width: PositiveInt
    batch_size: PositiveInt
    epochs: PositiveInt
    warm_up: int = Field(ge=0)
    patience: PositiveInt | None
    temperature: PositiveFloat
    learning_rate: PositiveFloat
    beta: NonNegativeFloat
    beta_background: NonNegativeFloat


class _Encoder(ABC):
    """What the encoders share: settings, normalisation, network, files.

    Args:
        settings: Fields of `EncoderSettings`, in place of the method card's values.

    Raises:
        DiademError: A setting is unknown or impossible.
    """

    name: ClassVar[str]
    schema: ClassVar[EventSchema] = DIPHOTON
    inputs: ClassVar[type[ParticleInputs]] = DiphotonInputs

    def __init__(self, **settings: Any) -> None:
        """Check the settings."""
        self.settings = checked(EncoderSettings, self.name, {**defaults(CARD), **settings})
        self.runtime = Runtime()
        self.classes: tuple[str, ...] = ()
        self._fitted: tuple[ParticleTransformer, ParticleInputs] | None = None
        self._network(1, seed=0)  # sizes that do not fit together are an error now

    @abstractmethod
    def _outputs(self) -> int:
        """Return how many numbers the network gives for an event."""

    def _latents(self, outputs: Tensor, noise: Tensor) -> Tensor:
        """Return the latents (n, d) of the network's outputs and normal numbers (n, latent)."""
        del noise
        return mean_and_log_variance(outputs)[0]

    def transform(self, events: EventTable) -> NDArray[np.float32]:
        """Return the latents, float32 (n, d): computed in float64, and rounded to a grid.

        Raises:
            DataError: An event holds a number that is not finite.
            DiademError: Not fitted.
        """
        require_schema(events, self.schema)
        network, inputs = self._require_fitted()
        device = torch.device("cuda" if on_cuda(self.runtime.device) else "cpu")
        network = in_double(network, device)
        # The event's own noise: its latent never depends on what is embedded beside it.
        normal = standard_normal(events.event_id, "latent noise", self.settings.latent)
        noise = as_tensor(normal.astype(np.float32))
        held = (as_tensor(events.objects), as_tensor(events.mask), as_tensor(events.features))
        found = [np.zeros((0, self._dimensions()), dtype=np.float32)]
        with torch.inference_mode():
            for *part, own in Batches((*held, noise), CHUNK):
                inputs.check(*part)
                objects, mask, features = (tensor.to(device) for tensor in part)
                outputs = network(inputs.tensors(objects.double(), mask, features.double()))
                latents = self._latents(outputs, own.to(device).double())
                found.append(rounded(latents).cpu().numpy())
        return np.concatenate(found)

    def save(self, folder: Path) -> None:
        """Write weights and settings.

        Raises:
            DiademError: Not fitted, or the folder cannot be written.
        """
        network, inputs = self._require_fitted()
        note = {
            "name": self.name,
            "settings": self.settings.model_dump(mode="json"),
            "inputs": inputs.state(),
            "classes": list(self.classes),
        }
        write_network(folder, network, note, self.schema)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the encoder that `save` wrote.

        Raises:
            DiademError: The folder holds another encoder, or is damaged.
        """
        weights, note = read_network(folder, cls.name, cls.schema)
        with readable(folder):
            made = cls(**note["settings"])
            made.classes = tuple(map(str, note["classes"]))
            network = made._network(made._outputs(), seed=0)
            take_weights(network, weights, folder)
            made._fitted = network.eval(), cls.inputs.from_state(note["inputs"])
        return made

    def _dimensions(self) -> int:
        return self.settings.latent

    def _require_fitted(self) -> tuple[ParticleTransformer, Any]:
        """Return the network and its `inputs`."""
        if self._fitted is None:
            raise not_fitted(self.name)
        return self._fitted

    def _network(self, outputs: int, seed: int) -> ParticleTransformer:
        chosen = self.settings
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed_for("encoder weights", seed))
            return ParticleTransformer(
                outputs=outputs,
                features=self.inputs.object_numbers,
                event_features=self.inputs.event_numbers,
                width=chosen.width,
                heads=chosen.heads,
                layers=chosen.layers,
                class_layers=chosen.class_layers,
                pair_width=chosen.pair_width,
                dropout=chosen.dropout,
            )


class _Trained(_Encoder):
    """An encoder that learns from labelled events."""

    @abstractmethod
    def _objective(self, *, signals: bool) -> nn.Module:
        """Return what the network is trained for; `signals`: whether any signal is there."""

    def fit(self, events: EventTable, *, seed: int) -> Self:
        """Train on labelled events; the checkpoint of `runtime` is resumed from.

        Events of the task's part "train" are trained on; those of "validation" are watched for
        early stopping, and neither trained on nor normalised with.

        Args:
            events: Of the schema diphoton, with `process` and `point` as labels.
            seed: Of the weights, the order of events, dropout and the latents' noise.

        Raises:
            DataError: No event to train on, or fewer than two processes.
            DiademError: The training fails, or the checkpoint is of another one: another task,
                other settings, events or seed.
        """
        require_schema(events, self.schema)
        fitted, held = self._development(events)
        self._require_contrast(fitted)
        self.classes = self._classes_of(fitted)
        network = self._network(self._outputs(), seed)
        inputs = self.inputs.fit(fitted)
        module = LabelledTraining(
            network,
            self._seeded_objective(fitted, seed),
            inputs,
            self._plan(seed),
            fitted,
            held_out=held,
        )
        fit_module(module, self._fit_settings(events, seed))
        self._fitted = network.eval(), inputs
        return self

    def _development(self, events: EventTable) -> tuple[EventTable, EventTable | None]:
        """Return the events to train on, and those whose loss is watched; None where none is."""
        return development(events, self.name, watched=self.settings.patience is not None)

    def _classes_of(self, events: EventTable) -> tuple[str, ...]:
        del events
        return ()

    def _seeded_objective(self, events: EventTable, seed: int) -> nn.Module:
        processes = load_card(self.schema.name).processes
        backgrounds = [p.name for p in processes if p.kind == "background"]
        signals = not set(labels_of(events)) <= set(backgrounds)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed_for("head weights", seed))
            return self._objective(signals=signals)

    def _require_contrast(self, events: EventTable) -> None:
        processes = labels_of(events)
        if len(processes) < 2:
            message = complaint(
                "nothing to tell apart",
                where=f"{self.name}.fit",
                found=f"{len(events)} events to train on, of {', '.join(processes) or 'none'}",
                expected="events of two processes or more in the task's part 'train'",
            )
            raise DataError(message)

    def _plan(self, seed: int) -> Plan:
        chosen = self.settings
        return Plan(
            learning_rate=chosen.learning_rate,
            batch_size=chosen.batch_size,
            epochs=chosen.epochs,
            warm_up=chosen.warm_up,
            seed=seed,
        )

    def _fit_settings(self, events: EventTable, seed: int) -> FitSettings:
        return FitSettings(
            epochs=self.settings.epochs,
            seed=seed,
            device="cuda" if on_cuda(self.runtime.device) else "cpu",
            patience=self.settings.patience,
            checkpoint=self.runtime.checkpoint,
            identity=identity_of(self.name, self.runtime.identity, self.settings, events),
            progress=self.runtime.progress,
            label=self.name,
        )


class SignalAware(_Trained):
    """The particle transformer with a Gaussian latent, trained to tell processes apart.

    The latent of an event is drawn from the Gaussian that the network predicts, with a noise that
    is a function of the event's id. The predicted mean alone lies on surfaces of few dimensions,
    where events hold few objects: no flow learns its density.

    References:
        arXiv:2603.25794.
    """

    name = "signal_aware"

    def _latents(self, outputs: Tensor, noise: Tensor) -> Tensor:
        mean, log_variance = mean_and_log_variance(outputs)
        return mean + torch.exp(log_variance / 2) * noise

    def _outputs(self) -> int:
        return 2 * self.settings.latent

    def _objective(self, *, signals: bool) -> nn.Module:
        chosen = self.settings
        return SignalAwareObjective(
            latent=chosen.latent,
            head_width=chosen.head_width,
            temperature=chosen.temperature,
            beta=chosen.beta if signals else chosen.beta_background,
        )


class Supervised(_Trained):
    """The same transformer with a softmax over the processes: the ceiling of Fig. 8.

    The latents are the log-probabilities of `classes`, the processes that it was trained on, each
    as frequent as the others.
    """

    name = "supervised"

    def _outputs(self) -> int:
        return len(self.classes)

    def _dimensions(self) -> int:
        return len(self.classes)

    def _classes_of(self, events: EventTable) -> tuple[str, ...]:
        return labels_of(events)

    def _objective(self, *, signals: bool) -> nn.Module:
        del signals
        return SoftmaxObjective()

    def _latents(self, outputs: Tensor, noise: Tensor) -> Tensor:
        del noise
        return functional.log_softmax(outputs, dim=1)


class RandomEncoder(_Encoder):
    """The transformer with its first weights: what the architecture gives without training.

    Training settings are accepted and unused.
    """

    name = "random"

    def _outputs(self) -> int:
        return 2 * self.settings.latent

    def fit(self, events: EventTable, *, seed: int) -> Self:
        """Fit the normalisation on the task's part "train" and draw the weights.

        Raises:
            DataError: There is no event of it.
        """
        require_schema(events, self.schema)
        fitted, _ = development(events, self.name, watched=False)
        self._fitted = self._network(self._outputs(), seed).eval(), self.inputs.fit(fitted)
        return self
