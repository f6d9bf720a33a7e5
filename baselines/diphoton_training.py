"""How an encoder of labelled diphoton events is trained: objectives, batches, schedule."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.nn import functional

from baselines.balanced_order import Strata, balanced_order
from baselines.losses_supervised import supervised_contrastive, unit_gaussian_kl
from baselines.networks.compiling import compiled
from benchmark.batches import Batches, as_tensor
from benchmark.errors import DataError, complaint
from benchmark.seeds import seed_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from baselines.networks.particle_transformer import ParticleTransformer
    from baselines.particle_inputs import ParticleInputs
    from benchmark.events import EventTable

# exp(5) is a width of 12: nothing that a latent near the unit Gaussian needs is cut.
LARGEST_LOG_VARIANCE = 5.0


def labels_of(events: EventTable) -> tuple[str, ...]:
    """Return the processes that events are labelled with, sorted."""
    return tuple(np.unique(events.process).tolist())


def label_codes(events: EventTable, names: tuple[str, ...]) -> Tensor:
    """Return the number of each event's process among `names`, int64 (n,).

    Raises:
        DataError: An event is of another process.
    """
    codes = np.searchsorted(np.array(names), events.process).clip(max=len(names) - 1)
    other = np.array(names)[codes] != events.process
    if other.any():
        found = str(events.process[int(np.argmax(other))])
        message = complaint("a process without a label", found=found, expected=", ".join(names))
        raise DataError(message)
    return as_tensor(codes.astype(np.int64))


def mean_and_log_variance(outputs: Tensor) -> tuple[Tensor, Tensor]:
    """Return the two halves of the Gaussian block's outputs (n, 2 d), each (n, d)."""
    # Not in bfloat16, and in float64 where that is given.
    outputs = outputs.to(torch.promote_types(outputs.dtype, torch.float32))
    mean, log_variance = outputs.chunk(2, dim=1)
    bound = LARGEST_LOG_VARIANCE
    return mean, bound * torch.tanh(log_variance / bound)


class SignalAwareObjective(nn.Module):
    """Supervised contrastive loss of the projected latent, plus beta times the KL divergence.

    The latent is drawn from the Gaussian that the network predicts (reparameterised); a
    two-layer head projects it for the loss and is not used afterwards.

    Args:
        latent: Dimensions of the latent.
        head_width: Width of the head.
        temperature: Of the contrastive loss.
        beta: Weight of the divergence.

    References:
        arXiv:2603.25794; the loss is L_out of arXiv:2004.11362 with one view an event.
    """

    def __init__(self, *, latent: int, head_width: int, temperature: float, beta: float) -> None:
        """Draw the weights of the head."""
        super().__init__()
        self.temperature, self.beta = temperature, beta
        self.head = nn.Sequential(
            nn.Linear(latent, head_width), nn.GELU(), nn.Linear(head_width, head_width)
        )

    def forward(self, outputs: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        """Return the loss of a batch of outputs (n, 2 latent) with labels int64 (n,)."""
        mean, log_variance = mean_and_log_variance(outputs)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device)
        latent = mean + torch.exp(log_variance / 2) * noise
        contrast = supervised_contrastive(self.head(latent), labels, self.temperature)
        return contrast + self.beta * unit_gaussian_kl(mean, log_variance)


class SoftmaxObjective(nn.Module):
    """Cross entropy of a softmax over the processes."""

    def forward(self, outputs: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        """Return the loss of a batch of logits (n, classes) with labels int64 (n,)."""
        del generator  # nothing is drawn
        return functional.cross_entropy(outputs.float(), labels)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Numbers of a training.

    Attributes:
        learning_rate: Of Adam, after the warm-up.
        batch_size: Events a step.
        epochs: At most; the cosine ends there.
        warm_up: Epochs of linear warm-up.
        seed: Of the order of events and of the latents' noise.
    """

    learning_rate: float
    batch_size: int
    epochs: int
    warm_up: int
    seed: int


class LabelledTraining(LightningModule):
    """Trains a network on labelled events that are held once, on the device.

    Every batch holds equally many events of every process, and of every mass point of a process;
    an epoch draws as many events as there are. Every random choice is a function of the seed and
    the epoch, so that a training that was killed and resumed gives what an uninterrupted one
    gives.

    Args:
        network: Trained in place.
        objective: What it is trained for; its weights are trained too.
        inputs: Normalisation.
        plan: Numbers.
        events: To train on.
        held_out: Events whose loss is watched; None for none.
    """

    def __init__(
        self,
        network: ParticleTransformer,
        objective: nn.Module,
        inputs: ParticleInputs,
        plan: Plan,
        events: EventTable,
        *,
        held_out: EventTable | None = None,
    ) -> None:
        """Keep references to the events; nothing is copied."""
        super().__init__()
        self.train_labels: Tensor
        self.held_labels: Tensor
        self.network, self.objective = network, objective
        self._inputs, self._plan = inputs, plan
        self._names = labels_of(events)
        self._strata = Strata.of(events.process, events.point)
        self._hold("train", events)
        self.held_strata = None
        if held_out is not None:
            self.held_strata = Strata.of(held_out.process, held_out.point)
            self._hold("held", held_out)
        self._noise = self._held_noise = torch.Generator()
        # A method, not the module: that must not be registered twice.
        self._call: Callable[[Any], Tensor] = network.__call__

    def configure_optimizers(self) -> Any:
        """Return Adam with a linear warm-up and a cosine after it, step by step."""
        plan = self._plan
        optimizer = torch.optim.Adam(self.parameters(), lr=plan.learning_rate, fused=True)
        rise, total = (epochs * self._steps() for epochs in (plan.warm_up, plan.epochs))
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: _rate(step, rise=rise, total=total)
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def on_fit_start(self) -> None:
        """Compile the network where that pays, on one batch of the training."""
        size = self._size(self.train_labels)
        objects, mask, features, _ = (held[:size] for held in self._held("train"))
        inputs = self._inputs.tensors(objects, mask, features)
        self._call = compiled(self.network, inputs, device=self.device)

    def on_train_epoch_start(self) -> None:
        """Draw this epoch's noise from a generator of its own."""
        self._noise = self._fresh("latent noise", self.current_epoch)

    def on_validation_epoch_start(self) -> None:
        """Give the held-out events the same noise in every epoch."""
        self._held_noise = self._fresh("held-out latent noise")

    def train_dataloader(self) -> Batches:
        """Return this epoch's batches, all of one size."""
        order = balanced_order(
            self._strata,
            steps=self._steps(),
            batch_size=self._size(self.train_labels),
            seed=self._plan.seed,
            epoch=self.current_epoch,
        )
        return Batches(self._held("train"), self._size(self.train_labels), order=order)

    def val_dataloader(self) -> Batches | list[Any]:
        """Return the same balanced batches of the held-out events at each call."""
        if self.held_strata is None:
            return []
        size = self._size(self.held_labels)
        steps = max(1, len(self.held_labels) // size)
        order = balanced_order(
            self.held_strata, steps=steps, batch_size=size, seed=self._plan.seed, epoch=0
        )
        return Batches(self._held("held"), size, order=order)

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        """Return the loss of a batch of objects, masks, event features and labels."""
        return self._loss(batch, self._noise)

    def validation_step(self, batch: tuple[Tensor, Tensor, Tensor, Tensor]) -> None:
        """Log the loss of a batch of held-out events."""
        self.log("validation_loss", self._loss(batch, self._held_noise), batch_size=len(batch[0]))

    def _loss(self, batch: tuple[Tensor, ...], generator: torch.Generator) -> Tensor:
        objects, mask, features, labels = batch
        outputs = self._call(self._inputs.tensors(objects, mask, features))
        loss: Tensor = self.objective(outputs, labels, generator)
        return loss

    def _steps(self) -> int:
        labels = self.train_labels
        return max(1, round(len(labels) / self._size(labels)))

    def _size(self, labels: Tensor) -> int:
        """Return the events in a batch: with few events at most as many as there are."""
        return max(len(self._names), min(self._plan.batch_size, len(labels)))

    def _hold(self, name: str, events: EventTable) -> None:
        # Buffers move to the device with the module; these are no part of its state.
        self.register_buffer(f"{name}_objects", as_tensor(events.objects), persistent=False)
        self.register_buffer(f"{name}_mask", as_tensor(events.mask), persistent=False)
        self.register_buffer(f"{name}_features", as_tensor(events.features), persistent=False)
        self.register_buffer(f"{name}_labels", label_codes(events, self._names), persistent=False)

    def _held(self, name: str) -> tuple[Tensor, ...]:
        parts = ("objects", "mask", "features", "labels")
        return tuple(getattr(self, f"{name}_{part}") for part in parts)

    def _fresh(self, *names: str | int) -> torch.Generator:
        generator = torch.Generator(device=self.device)
        return generator.manual_seed(seed_for(*names, self._plan.seed))


def _rate(step: int, *, rise: int, total: int) -> float:
    """Return the share of the learning rate at a step: linear rise, then half a cosine to 0."""
    if step < rise:
        return (step + 1) / rise
    done = (step - rise) / max(1, total - rise)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
