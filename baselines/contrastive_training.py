"""How a contrastive encoder is trained: views, loss and order of batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor

from baselines.rounding import rounded
from benchmark.batches import Batches, epoch_order
from benchmark.seeds import seed_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from baselines.augmentations import AnomalyAugmentation, PhysicalAugmentation
    from baselines.inputs import AdcInputs
    from baselines.networks.projected import ProjectedParticles
    from baselines.networks.transformer import EventTransformer

MakeViews = Callable[..., tuple[tuple[Any, ...], int]]
"""Of the tensors of a batch: what the encoder takes of all views, one after the other, and v."""
Loss = Callable[[list[Tensor], float], Tensor]
"""Of the projected views (n, d), original, physical and, if asked for, anomalous; temperature."""

VALIDATION_BATCH = 1024


@dataclass(frozen=True, kw_only=True)
class Views:
    """What an event becomes: itself, a physical view and, if wanted, an anomalous one.

    Attributes:
        inputs: Normalisation.
        physical: Makes the positive.
        anomaly: Makes the negative; None for none.
    """

    inputs: AdcInputs
    physical: PhysicalAugmentation
    anomaly: AnomalyAugmentation | None

    def __call__(
        self, objects: Tensor, mask: Tensor, *, generator: torch.Generator
    ) -> tuple[tuple[Tensor, Tensor], int]:
        """Return features (v n, slots, f) and masks (v n, slots) of all views; and v."""
        views = [(objects, mask), self.physical(objects, mask, generator=generator)]
        if self.anomaly is not None:
            views.append(self.anomaly(objects, mask, generator=generator))
        together = torch.cat([view for view, _ in views])
        masks = torch.cat([kept for _, kept in views])
        return (self.inputs.features(together, masks), masks), len(views)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Numbers of a training.

    Attributes:
        loss: Of the projected views.
        temperature: Of the loss.
        learning_rate: Of Adam.
        batch_size: Events a step.
        seed: Of the order of events and of the augmentations.
    """

    loss: Loss
    temperature: float
    learning_rate: float
    batch_size: int
    seed: int


class ContrastiveTraining(LightningModule):
    """Trains an encoder on events that are held once, on the device.

    Every random choice is a function of the seed and the epoch, so that a training that was
    killed and resumed gives what an uninterrupted one gives.

    Args:
        encoder: Trained in place.
        views: What is made of an event.
        plan: Numbers.
        events: Objects (n, slots, f), mask (n, slots) and weights (n,) or None.
        held_out: Objects and mask of the events whose loss is watched; None for none.
        features: Of the events, (n, k), for views that take them, without `held_out`; or None.
    """

    def __init__(
        self,
        encoder: EventTransformer | ProjectedParticles,
        views: MakeViews,
        plan: Plan,
        events: tuple[Tensor, Tensor, Tensor | None],
        held_out: tuple[Tensor, Tensor] | None = None,
        *,
        features: Tensor | None = None,
    ) -> None:
        """Keep references to the events; nothing is copied."""
        super().__init__()
        self.encoder = encoder
        self._views, self._plan = views, plan
        objects, mask, self._weight = events
        # Buffers move to the device with the module; these are no part of its state.
        self.objects: Tensor
        self.mask: Tensor
        self.held_objects: Tensor
        self.held_mask: Tensor
        self.features: Tensor | None
        self.register_buffer("objects", objects, persistent=False)
        self.register_buffer("mask", mask, persistent=False)
        self.register_buffer("features", features, persistent=False)
        self.watched = held_out is not None
        if held_out is not None:
            self.register_buffer("held_objects", held_out[0], persistent=False)
            self.register_buffer("held_mask", held_out[1], persistent=False)
        self._generator = self._held_generator = torch.Generator()

    def configure_optimizers(self) -> torch.optim.Adam:
        """Return the paper's optimiser."""
        return torch.optim.Adam(
            self.encoder.parameters(),
            lr=self._plan.learning_rate,
            betas=(0.9, 0.999),
            fused=True,  # the same numbers to rounding, in one pass
        )

    def on_train_epoch_start(self) -> None:
        """Draw this epoch's augmentations from a generator of its own."""
        self._generator = self._fresh("augmentations", self.current_epoch)

    def on_validation_epoch_start(self) -> None:
        """Give the held-out events the same views in every epoch."""
        self._held_generator = self._fresh("held-out augmentations")

    def train_dataloader(self) -> Batches:
        """Return this epoch's batches; a rest that is smaller than a batch is left out."""
        order = epoch_order(
            len(self.objects),
            seed=self._plan.seed,
            epoch=self.current_epoch,
            weight=self._weight,
        )
        further = () if self.features is None else (self.features,)
        tensors = (self.objects, self.mask, *further)
        return Batches(tensors, self._plan.batch_size, order=order, drop_last=True)

    def val_dataloader(self) -> Batches | list[Any]:
        """Return the batches of the held-out events."""
        if not self.watched:
            return []
        return Batches((self.held_objects, self.held_mask), VALIDATION_BATCH, drop_last=True)

    def training_step(self, batch: tuple[Tensor, ...]) -> Tensor:
        """Return the loss of a batch of objects, masks and, where given, features."""
        return self._loss(batch, self._generator)

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> None:
        """Log the loss of a batch of held-out events."""
        loss = self._loss(batch, self._held_generator)
        self.log("validation_loss", loss, batch_size=len(batch[0]))

    def _loss(self, batch: tuple[Tensor, ...], generator: torch.Generator) -> Tensor:
        inputs, count = self._views(*batch, generator=generator)
        projected = self.encoder.head(self.encoder(*inputs))
        return self._plan.loss(list(projected.chunk(count)), self._plan.temperature)

    def _fresh(self, *names: str | int) -> torch.Generator:
        generator = torch.Generator(device=self.device)
        return generator.manual_seed(seed_for(*names, self._plan.seed))


def batched(
    encoder: EventTransformer,
    inputs: AdcInputs,
    events: tuple[Tensor, Tensor],
    *,
    size: int,
    device: torch.device,
) -> Iterator[Tensor]:
    """Yield the representations (k, d) of events, float32 on the CPU, `size` events at a time.

    Args:
        encoder: In float64 and on the device; see `in_double`.
        inputs: Normalisation.
        events: Objects and mask.
        size: Events at a time.
        device: Where it works.
    """
    with torch.inference_mode():
        for objects, mask in Batches(events, size):
            there, kept = objects.to(device), mask.to(device)
            yield rounded(encoder(inputs.features(there.double(), kept), kept)).cpu()
