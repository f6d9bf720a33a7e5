"""The variational autoencoder of HAXAD (arXiv:2508.13566) on its nine features.

encoder = HaxadVae(epochs=30)
latents = encoder.fit(events, seed=1).transform(events)
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, PositiveInt

from baselines.balanced_order import Strata
from baselines.development import development
from baselines.keeping import (
    checked,
    identity_of,
    not_fitted,
    read_network,
    readable,
    take_weights,
    write_network,
)
from baselines.networks.vae import Vae, VaePlan, VaeTraining
from baselines.nine_features import NINE, Standard, nine_features
from baselines.rounding import in_double, rounded
from benchmark.batches import as_tensor
from benchmark.devices import on_cuda
from benchmark.embedding import Runtime
from benchmark.noise import standard_normal
from benchmark.schema import DIPHOTON
from benchmark.seeds import seed_for
from benchmark.table import require_schema
from benchmark.training import FitSettings, fit_module

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmark.events import EventTable

CHUNK = 65_536  # events embedded at once
STEEP = ("m_jj", "ht30", "met")
"""Features, falling steeply, of which log(1 + x) is taken before they are scaled (assumed)."""


class VaeSettings(BaseModel):
    """Settings of the autoencoder. Its paper's text was not at hand: all are assumed.

    Attributes:
        hidden: Widths of the encoder's layers, and reversed of the decoder's (assumed).
        latent: Dimensions of the latent (assumed: as of the other embeddings).
        beta: Weight of the KL divergence (assumed: the largest of 0.01, 0.1, 0.3 and 1 that leaves
            every dimension of the latent in use).
        learning_rate: Of Adam (assumed).
        batch_size: Events a step (assumed).
        epochs: Passes over the training events (assumed).
        patience: Stop after so many epochs without a smaller loss on the task's validation part;
            None trains all epochs (assumed).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    hidden: tuple[PositiveInt, ...] = Field(default=(64, 64), min_length=1)
    latent: PositiveInt = 6
    beta: NonNegativeFloat = 0.1
    learning_rate: PositiveFloat = 1e-3
    batch_size: PositiveInt = 1024
    epochs: PositiveInt = 30
    patience: PositiveInt | None = None


class HaxadVae:
    """The latent of a variational autoencoder of the nine features.

    It is drawn from the Gaussian that the network predicts, with a noise that is a function of the
    event's id, as that of the signal-aware encoder is.

    The loss is the mean over events of the squared error, summed over the standardised features,
    plus beta times the KL divergence of the latent to the unit Gaussian. It uses no label, but
    labels say which events come how often: every process in equal parts (assumed).

    Args:
        settings: Fields of `VaeSettings`.

    Raises:
        DiademError: A setting is unknown or impossible.
    """

    name = "haxad_vae"

    def __init__(self, **settings: Any) -> None:
        """Check the settings."""
        self.settings = checked(VaeSettings, self.name, settings)
        self.runtime = Runtime()
        self._fitted: tuple[Vae, Standard] | None = None

    def fit(self, events: EventTable, *, seed: int) -> Self:
        """Train; the checkpoint of `runtime` is resumed from.

        Args:
            events: Of the schema diphoton.
            seed: Of the weights, the order of events and the noise.

        Raises:
            DataError: Events of another schema, or none in a part that is needed.
            DiademError: The training fails, or the checkpoint is of another one: another task,
                other settings, events or seed.
        """
        require_schema(events, DIPHOTON)
        fitted, held = development(events, self.name, watched=self.settings.patience is not None)
        values = _flattened(fitted)
        scale = Standard.fit(values)
        network = self._network(seed)
        chosen = self.settings
        plan = VaePlan(
            beta=chosen.beta,
            learning_rate=chosen.learning_rate,
            batch_size=chosen.batch_size,
            seed=seed,
        )
        watched = None if held is None else (_tensor(scale, _flattened(held)), _strata(held))
        module = VaeTraining(network, plan, (_tensor(scale, values), _strata(fitted)), watched)
        fit_module(module, self._fit_settings(events, seed))
        self._fitted = network.eval(), scale
        return self

    def transform(self, events: EventTable) -> NDArray[np.float32]:
        """Return the latents, float32 (n, latent): rounded from float64.

        Raises:
            DataError: Events of another schema.
            DiademError: Not fitted.
        """
        require_schema(events, DIPHOTON)
        network, scale = self._require_fitted()
        device = torch.device("cuda" if on_cuda(self.runtime.device) else "cpu")
        network = in_double(network, device)
        columns = self.settings.latent
        # Those that encoders of others get, which are float32.
        noise = standard_normal(events.event_id, "latent noise", columns).astype(np.float32)
        found = np.empty((len(events), columns), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(events), CHUNK):
                rows = slice(start, start + CHUNK)
                x = as_tensor(scale.of(_flattened(events.select(rows)))).to(device)
                mean, log_variance = network(x)
                normal = as_tensor(noise[rows]).to(device).double()
                latents = mean + torch.exp(log_variance / 2) * normal
                found[rows] = rounded(latents).cpu().numpy()
        return found

    def save(self, folder: Path) -> None:
        """Write weights and settings.

        Raises:
            DiademError: Not fitted, or the folder cannot be written.
        """
        network, scale = self._require_fitted()
        settings = self.settings.model_dump(mode="json")
        note = {"name": self.name, "settings": settings, **asdict(scale)}
        write_network(folder, network, note, DIPHOTON)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the embedding that `save` wrote.

        Raises:
            DiademError: The folder holds another encoder, or is damaged.
        """
        weights, note = read_network(folder, cls.name, DIPHOTON)
        with readable(folder):
            made = cls(**note["settings"])
            network = made._network(seed=0)
            take_weights(network, weights, folder)
            made._fitted = network.eval(), Standard.from_note(note, str(folder))
        return made

    def _require_fitted(self) -> tuple[Vae, Standard]:
        if self._fitted is None:
            raise not_fitted(self.name)
        return self._fitted

    def _network(self, seed: int) -> Vae:
        chosen = self.settings
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed_for("vae weights", seed))
            return Vae(features=len(NINE), hidden=chosen.hidden, latent=chosen.latent)

    def _fit_settings(self, events: EventTable, seed: int) -> FitSettings:
        return FitSettings(
            epochs=self.settings.epochs,
            seed=seed,
            device=self.runtime.device,
            # A network this small gains no speed by bfloat16.
            precision="32-true",
            patience=self.settings.patience,
            checkpoint=self.runtime.checkpoint,
            identity=identity_of(self.name, self.runtime.identity, self.settings, events),
            progress=self.runtime.progress,
            label=self.name,
        )


def _flattened(events: EventTable) -> NDArray[np.float64]:
    """Return the nine features with the steep ones on a logarithmic scale."""
    values = nine_features(events)
    steep = [NINE.index(name) for name in STEEP]
    values[:, steep] = np.log1p(values[:, steep])
    return values


def _tensor(scale: Standard, values: NDArray[np.float64]) -> torch.Tensor:
    return as_tensor(scale.of(values).astype(np.float32))


def _strata(events: EventTable) -> Strata:
    return Strata.of(events.process, events.point)
