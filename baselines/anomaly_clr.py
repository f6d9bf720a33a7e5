"""CLR, AnomCLR and AnomCLR+: the encoders of arXiv:2301.04660.

encoder = AnomClrPlus(dimension=160, augmentations=("add", "split", "scale"))
latents = encoder.fit(background, seed=1).transform(events)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch

from baselines.augmentations import AnomalyAugmentation, PhysicalAugmentation
from baselines.contrastive_settings import ContrastiveSettings
from baselines.contrastive_training import ContrastiveTraining, Plan, Views, batched
from baselines.inputs import FEATURES, AdcInputs
from baselines.keeping import (
    checked,
    identity_of,
    not_fitted,
    read_network,
    readable,
    take_weights,
    write_network,
)
from baselines.losses import anomclr, anomclr_plus, clr
from baselines.networks.transformer import EventTransformer
from baselines.rounding import in_double
from benchmark.batches import as_tensor
from benchmark.cards import LeptonSelection, load_card
from benchmark.devices import on_cuda
from benchmark.embedding import Runtime
from benchmark.errors import DataError, DiademError, complaint
from benchmark.schema import CMS_ADC
from benchmark.seeds import seed_for
from benchmark.splits import Split
from benchmark.table import require_schema
from benchmark.training import FitSettings, fit_module

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmark.events import EventTable

CHUNK = 1024  # events embedded at once: more fall out of the caches


class _Encoder:
    """What a transformer over the objects of an event gives, trained or not.

    Args:
        settings: Fields of `ContrastiveSettings`.

    Raises:
        DiademError: A setting is unknown or impossible.
    """

    name: ClassVar[str]

    def __init__(self, **settings: Any) -> None:
        """Check the settings."""
        self.settings = checked(ContrastiveSettings, self.name, settings)
        self.runtime = Runtime()
        self._fitted: tuple[EventTransformer, AdcInputs] | None = None
        self._encoder(seed=0)  # sizes that do not fit together are an error now, not in an hour

    def transform(self, events: EventTable) -> NDArray[np.float32]:
        """Return the representations, float32 (n, dimension): rounded from float64.

        Raises:
            DiademError: Not fitted.
        """
        require_schema(events, CMS_ADC)
        encoder, inputs = self._require_fitted()
        device = torch.device("cuda" if on_cuda(self.runtime.device) else "cpu")
        encoder = in_double(encoder, device)
        found = np.empty((len(events), self.settings.dimension), dtype=np.float32)
        start = 0
        tensors = as_tensor(events.objects), as_tensor(events.mask)
        for part in batched(encoder, inputs, tensors, size=CHUNK, device=device):
            found[start : start + len(part)] = part.numpy()
            start += len(part)
        return found

    def save(self, folder: Path) -> None:
        """Write weights and settings.

        Raises:
            DiademError: Not fitted, or the folder cannot be written.
        """
        encoder, inputs = self._require_fitted()
        note = {
            "name": self.name,
            "settings": self.settings.model_dump(mode="json"),
            "mean_pt": inputs.mean_pt,
        }
        write_network(folder, encoder, note, CMS_ADC)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the encoder that `save` wrote.

        Raises:
            DiademError: The folder holds another encoder, or is damaged.
        """
        weights, note = read_network(folder, cls.name, CMS_ADC)
        with readable(folder):
            made = cls(**note["settings"])
            encoder = made._encoder(seed=0)
            take_weights(encoder, weights, folder)
            made._fitted = encoder.eval(), AdcInputs(mean_pt=note["mean_pt"])
        return made

    def _require_fitted(self) -> tuple[EventTransformer, AdcInputs]:
        if self._fitted is None:
            raise not_fitted(self.name)
        return self._fitted

    def _encoder(self, seed: int) -> EventTransformer:
        chosen = self.settings
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed_for("encoder weights", seed))
            return EventTransformer(
                features=FEATURES,
                dimension=chosen.dimension,
                heads=chosen.heads,
                layers=chosen.layers,
                head_layers=chosen.head_layers,
                dropout=chosen.dropout,
            )


class AnomalyClr(_Encoder, ABC):
    """What the three trained encoders share; they differ in the loss and the views that it takes.

    Args:
        settings: Fields of `ContrastiveSettings`.
    """

    anomalous: ClassVar[bool] = True
    """Whether anomaly-augmented views are made."""

    @staticmethod
    @abstractmethod
    def loss(views: list[torch.Tensor], temperature: float) -> torch.Tensor:
        """Return the loss of the projected views."""

    def fit(self, events: EventTable, *, seed: int) -> Self:
        """Train on background; the checkpoint of `runtime` is resumed from.

        Args:
            events: Of the schema cms_adc. Weights are expected counts: heavier events come more
                often.
            seed: Of the weights, the order of events, dropout and the augmentations.

        Raises:
            DataError: No event.
            DiademError: The training fails, or the checkpoint is of another one: another task,
                other settings, events or seed.
        """
        require_schema(events, CMS_ADC)
        if len(events) < 2:
            message = complaint(
                "too few events to contrast", found=str(len(events)), expected="two or more"
            )
            raise DataError(message)
        encoder = self._encoder(seed)
        inputs = AdcInputs.fit(events.objects, events.mask, events.weight)
        module = self._training(encoder, inputs, events, seed)
        fit_module(module, self._fit_settings(events, seed))
        self._fitted = encoder.eval(), inputs
        return self

    def _training(
        self, encoder: EventTransformer, inputs: AdcInputs, events: EventTable, seed: int
    ) -> ContrastiveTraining:
        selection = load_card("cms_adc").selection
        if not isinstance(selection, LeptonSelection):
            raise DiademError(complaint("the card of cms_adc has another kind of selection"))
        chosen = self.settings
        views = Views(
            inputs=inputs,
            physical=PhysicalAugmentation.from_card(selection),
            anomaly=AnomalyAugmentation.from_card(selection, kinds=chosen.augmentations)
            if self.anomalous
            else None,
        )
        plan = Plan(
            loss=self.loss,
            temperature=chosen.temperature,
            learning_rate=chosen.learning_rate,
            batch_size=chosen.batch_size,
            seed=seed,
        )
        if chosen.patience is None:
            return ContrastiveTraining(encoder, views, plan, _tensors(events))
        held = Split("encoder validation", {"fit": 0.9, "held": 0.1})
        watched = held.select(events.event_id, "held")
        fitted, kept = _tensors(events.select(~watched)), _tensors(events.select(watched))
        return ContrastiveTraining(encoder, views, plan, fitted, kept[:2])

    def _fit_settings(self, events: EventTable, seed: int) -> FitSettings:
        device = self.runtime.device
        return FitSettings(
            epochs=self.settings.epochs,
            seed=seed,
            device="cuda" if on_cuda(device) else "cpu",
            patience=self.settings.patience,
            checkpoint=self.runtime.checkpoint,
            identity=identity_of(self.name, self.runtime.identity, self.settings, events),
            progress=self.runtime.progress,
            label=self.name,
        )


class Clr(AnomalyClr):
    """Contrastive learning with physical views alone (Eq. 2)."""

    name = "clr"
    anomalous = False

    @staticmethod
    def loss(views: list[torch.Tensor], temperature: float) -> torch.Tensor:
        """Return Eq. 2."""
        return clr(views[0], views[1], temperature)


class AnomClr(AnomalyClr):
    """With anomaly-augmented views as further negatives (Eq. 4)."""

    name = "anomclr"

    @staticmethod
    def loss(views: list[torch.Tensor], temperature: float) -> torch.Tensor:
        """Return Eq. 4."""
        return anomclr(views[0], views[1], views[2], temperature)


class AnomClrPlus(AnomalyClr):
    """With anomaly-augmented views as the only negatives (Eq. 5): no sum over pairs."""

    name = "anomclr_plus"

    @staticmethod
    def loss(views: list[torch.Tensor], temperature: float) -> torch.Tensor:
        """Return Eq. 5."""
        return anomclr_plus(views[0], views[1], views[2], temperature)


class Untrained(_Encoder):
    """The transformer with its first weights: what the architecture gives without training.

    Training settings are accepted and unused.
    """

    name = "untrained"

    def fit(self, events: EventTable, *, seed: int) -> Self:
        """Fit the normalisation and draw the weights."""
        require_schema(events, CMS_ADC)
        inputs = AdcInputs.fit(events.objects, events.mask, events.weight)
        self._fitted = self._encoder(seed).eval(), inputs
        return self


def _tensors(events: EventTable) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Return objects, mask and, where they differ, weights, on the table's own memory."""
    plain = bool((events.weight == events.weight[0]).all())
    weight = None if plain else as_tensor(events.weight)
    return as_tensor(events.objects), as_tensor(events.mask), weight
