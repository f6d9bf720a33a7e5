"""A variational autoencoder of a few numbers, and how it is trained."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from baselines.balanced_order import balanced_order
from baselines.losses_supervised import unit_gaussian_kl
from benchmark.batches import Batches
from benchmark.seeds import seed_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from baselines.balanced_order import Strata

# exp(+-10) are widths far from any that a trained network gives; they keep the loss finite.
LOG_VARIANCE = 10.0


class Vae(nn.Module):
    """Two fully connected networks with a Gaussian latent between them.

    Args:
        features: Numbers of an event.
        hidden: Widths of the encoder's layers; the decoder has them the other way round.
        latent: Dimensions of the latent.
    """

    def __init__(self, *, features: int, hidden: Sequence[int], latent: int) -> None:
        """Draw the weights from torch's global generator."""
        super().__init__()
        self.encoder = _layers([features, *hidden, 2 * latent])
        self.decoder = _layers([latent, *reversed(hidden), features])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance of the latent, each (n, latent), of x (n, features)."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean, log_variance.clamp(-LOG_VARIANCE, LOG_VARIANCE)

    def loss(self, x: Tensor, beta: float, *, generator: torch.Generator) -> Tensor:
        """Return the mean over events of the squared error, summed over features, plus beta KL."""
        mean, log_variance = self(x)
        noise = torch.randn(mean.shape, generator=generator, device=x.device, dtype=x.dtype)
        back = self.decoder(mean + torch.exp(log_variance / 2) * noise)
        error: Tensor = (back - x).square().sum(dim=1).mean()
        return error + beta * unit_gaussian_kl(mean, log_variance)


@dataclass(frozen=True, kw_only=True)
class VaePlan:
    """Numbers of a training.

    Attributes:
        beta: Weight of the KL divergence.
        learning_rate: Of Adam.
        batch_size: Events a step.
        seed: Of the order of events and of the latents' noise.
    """

    beta: float
    learning_rate: float
    batch_size: int
    seed: int


class VaeTraining(LightningModule):
    """Trains a network on batches that hold every process, and each of its points, equally.

    An epoch draws as many events as there are. Every random choice is a function of the seed and
    the epoch, so that a training that was killed and resumed gives what an uninterrupted one
    gives.

    Args:
        network: Trained in place.
        plan: Numbers.
        events: Features (n, f) to train on, and their strata.
        held_out: The same of the events whose loss is watched; None for none.
    """

    def __init__(
        self,
        network: Vae,
        plan: VaePlan,
        events: tuple[Tensor, Strata],
        held_out: tuple[Tensor, Strata] | None = None,
    ) -> None:
        """Keep references to the events; nothing is copied."""
        super().__init__()
        self.network, self._plan = network, plan
        # Buffers move to the device with the module; these are no part of its state.
        self.events: Tensor
        self.held_events: Tensor
        self.register_buffer("events", events[0], persistent=False)
        self.register_buffer("held_events", None if held_out is None else held_out[0], False)
        self._strata, self._held = events[1], None if held_out is None else held_out[1]
        self._noise = self._held_noise = torch.Generator()

    def configure_optimizers(self) -> torch.optim.Adam:
        """Return Adam."""
        rate = self._plan.learning_rate
        return torch.optim.Adam(self.network.parameters(), lr=rate, fused=True)

    def on_train_epoch_start(self) -> None:
        """Draw this epoch's noise from a generator of its own."""
        self._noise = self._fresh("latent noise", self.current_epoch)

    def on_validation_epoch_start(self) -> None:
        """Give the held-out events the same noise in every epoch."""
        self._held_noise = self._fresh("held-out latent noise")

    def train_dataloader(self) -> Batches:
        """Return this epoch's batches, all of one size."""
        return self._batches(self.events, self._strata, self.current_epoch)

    def val_dataloader(self) -> Batches | list[Any]:
        """Return batches of the held-out events, the same at each call."""
        return [] if self._held is None else self._batches(self.held_events, self._held, 0)

    def training_step(self, batch: tuple[Tensor]) -> Tensor:
        """Return the loss of a batch of features."""
        return self.network.loss(batch[0], self._plan.beta, generator=self._noise)

    def validation_step(self, batch: tuple[Tensor]) -> None:
        """Log the loss of a batch of held-out events."""
        loss = self.network.loss(batch[0], self._plan.beta, generator=self._held_noise)
        self.log("validation_loss", loss, batch_size=len(batch[0]))

    def _batches(self, events: Tensor, strata: Strata, epoch: int) -> Batches:
        # With few events a batch holds as many as there are.
        size = max(len(strata.groups), min(self._plan.batch_size, len(events)))
        steps, seed = max(1, round(len(events) / size)), self._plan.seed
        order = balanced_order(strata, steps=steps, batch_size=size, seed=seed, epoch=epoch)
        return Batches((events,), size, order=order)

    def _fresh(self, *names: str | int) -> torch.Generator:
        generator = torch.Generator(device=self.device)
        return generator.manual_seed(seed_for(*names, self._plan.seed))


def _layers(widths: list[int]) -> nn.Sequential:
    """Return fully connected layers with ReLU between them."""
    found = nn.Sequential()
    for before, after in itertools.pairwise(widths):
        if found:
            found.append(nn.ReLU())
        found.append(nn.Linear(before, after))
    return found
