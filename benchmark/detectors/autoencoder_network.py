"""The network behind the autoencoder, its settings and its training.

What the ACLR paper (arXiv:2301.04660) states is marked (stated) in `AutoencoderSettings`, and
what it leaves open (assumed).
"""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import torch
from lightning.pytorch import LightningModule
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from benchmark.batches import Batches, as_tensor, checked_weight, epoch_order
from benchmark.detectors.protocol import CHUNK
from benchmark.errors import DataError, complaint
from benchmark.mixing import canonical_json
from benchmark.seeds import rng_for, seed_for

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_Width = Annotated[int, Field(ge=1)]


class AutoencoderSettings(BaseModel):
    """What can change a score.

    Attributes:
        hidden: Widths before the bottleneck, mirrored behind it (stated).
        bottleneck: Width of the bottleneck (stated).
        negative_slope: Of the LeakyReLU (its use is stated, the slope is assumed: torch's own).
            It follows each hidden layer, not the bottleneck nor the output (assumed).
        learning_rate: Of Adam (stated).
        batch_size: Events in a batch (stated).
        epochs: Passes over the events (stated).
        max_events: Of more events, so many are chosen at random by the seed (10^6 is stated).
        patience: Epochs without a better loss on held-out events before it stops early (assumed:
            None, never).
        held_out: Fraction of the events held out for `patience` (assumed); unused without it.
        scaling: "global" divides all inputs by one number, their root mean square in training, so
            that one learning rate suits embeddings of any scale; "none" does not (assumed). No
            feature gets a scale of its own, since the paper gives it none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    # A list will do: settings come from YAML files.
    hidden: tuple[_Width, ...] = Field(default=(256, 128, 64, 32, 16), strict=False)
    bottleneck: _Width = 5
    negative_slope: float = Field(default=0.01, ge=0, allow_inf_nan=False)
    learning_rate: float = Field(default=1e-3, gt=0, allow_inf_nan=False)
    batch_size: int = Field(default=4096, ge=1)
    epochs: int = Field(default=100, ge=1)
    max_events: int = Field(default=1_000_000, ge=2)
    patience: int | None = Field(default=None, ge=1)
    held_out: float = Field(default=0.1, gt=0, lt=1)
    scaling: Literal["none", "global"] = "global"

    def digest(self) -> str:
        """Return 64 hexadecimal digits that change with any setting."""
        return hashlib.sha256(canonical_json(self.model_dump()).encode()).hexdigest()


def build(columns: int, settings: AutoencoderSettings, *, seed: int) -> nn.Sequential:
    """Return the network with torch's usual first weights, drawn by the seed.

    Example:
        >>> network = build(57, AutoencoderSettings(), seed=1)
        >>> [layer.out_features for layer in network if isinstance(layer, nn.Linear)]
        [256, 128, 64, 32, 16, 5, 16, 32, 64, 128, 256, 57]
    """
    widths = [columns, *settings.hidden, settings.bottleneck, *settings.hidden[::-1], columns]
    bare = {len(settings.hidden), len(widths) - 2}  # the bottleneck and the output
    layers: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed_for("autoencoder", "weights", seed))
        for index, (before, after) in enumerate(itertools.pairwise(widths)):
            layers.append(nn.Linear(before, after))
            if index not in bare:
                layers.append(nn.LeakyReLU(settings.negative_slope))
    return nn.Sequential(*layers)


class ReconstructionTraining(LightningModule):
    """The network, its events (already scaled) and how they are offered."""

    def __init__(
        self,
        network: nn.Sequential,
        settings: AutoencoderSettings,
        data: tuple[Tensor, Tensor],
        *,
        seed: int,
    ) -> None:
        """Hold some events out, if they are wanted for early stopping."""
        super().__init__()
        self.network = network
        self._settings, self._seed = settings, seed
        # The events come in random order already, so the first ones are a fair sample.
        held = 0
        if settings.patience is not None:
            held = max(1, round(settings.held_out * len(data[0])))
        if held >= len(data[0]):
            message = complaint("too few events to hold some out", found=str(len(data[0])))
            raise DataError(message)
        self._held = tuple(part[:held] for part in data)
        self._data = tuple(part[held:] for part in data)

    def on_fit_start(self) -> None:
        """Hold the events where the network is: batches then cost no transfer."""
        self._held = tuple(part.to(self.device) for part in self._held)
        self._data = tuple(part.to(self.device) for part in self._data)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Fused: with networks this small, Adam's many small steps would take as long as they."""
        return torch.optim.Adam(
            self.network.parameters(), lr=self._settings.learning_rate, fused=True
        )

    def train_dataloader(self) -> Batches:
        """Return the batches of the current epoch."""
        order = epoch_order(len(self._data[0]), seed=self._seed, epoch=self.current_epoch)
        return Batches(self._data, self._settings.batch_size, order=order)

    def val_dataloader(self) -> Batches:
        """Return the events held out; asked for with early stopping only."""
        return Batches(self._held, CHUNK)

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        """Return the loss of a batch."""
        return _loss(self.network, *batch)

    def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        """Log the loss of a batch; lightning averages over batches by their size."""
        self.log("validation_loss", _loss(self.network, *batch), batch_size=len(batch[0]))


def squared_errors(network: nn.Module, x: Tensor) -> Tensor:
    """Return the mean squared difference of each event (n, d) and its image, (n,)."""
    difference: Tensor = network(x) - x
    return difference.square().mean(dim=1)


def _loss(network: nn.Module, x: Tensor, importance: Tensor) -> Tensor:
    """Return the mean over events; normalising the weights anew in each batch would bias it."""
    return (squared_errors(network, x) * importance).mean()


def chosen_events(
    latents: NDArray[np.float32], weight: NDArray[Any] | None, most: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return copies of at most so many events, in random order, and their weights of mean 1."""
    rng = rng_for("autoencoder", "events", seed)
    n = len(latents)
    if weight is not None:
        checked_weight(as_tensor(np.asarray(weight)), n)
    rows = rng.permutation(n)[:most]
    if weight is None:
        return latents[rows], np.ones(len(rows), dtype=np.float32)
    kept = np.asarray(weight)[rows].astype(np.float64)
    if not kept.sum() > 0:
        message = complaint("bad event weights", found="no positive one among those chosen")
        raise DataError(message)
    return latents[rows], (kept / kept.mean()).astype(np.float32)


def root_mean_square(x: NDArray[np.float32], importance: NDArray[np.float32]) -> float:
    """Return the root mean square of all values, 1 when they are all zero."""
    total = 0.0
    for start in range(0, len(x), CHUNK):
        part = x[start : start + CHUNK].astype(np.float64)
        total += float(importance[start : start + CHUNK] @ np.square(part).mean(axis=1))
    return float(np.sqrt(total / len(x))) or 1.0
