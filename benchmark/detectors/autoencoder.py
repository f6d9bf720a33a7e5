"""The autoencoder of the ACLR paper (arXiv:2301.04660): score = reconstruction error."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from benchmark.batches import as_tensor
from benchmark.detectors.autoencoder_network import (
    AutoencoderSettings,
    ReconstructionTraining,
    build,
    chosen_events,
    root_mean_square,
    squared_errors,
)
from benchmark.detectors.protocol import CHUNK, checked_latents, not_fitted
from benchmark.devices import on_cuda
from benchmark.errors import DataError, complaint
from benchmark.files import atomic_path, sha256
from benchmark.training import FitSettings, fit_module

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pydantic import BaseModel
    from torch import nn

__all__ = ["Autoencoder", "AutoencoderSettings"]

WEIGHTS, FACTS = "autoencoder.safetensors", "autoencoder.json"
# What reading a damaged file can raise; pydantic's errors are ValueErrors.
_BROKEN = (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError)


class Autoencoder:
    """Scores events by how badly a narrow network gives them back.

    The loss is the mean over events and features of the squared difference, each event times its
    weight over the mean weight. All randomness (choice of events, first weights, order) comes from
    the seed.

    References:
        arXiv:2301.04660, section on the autoencoder.

    Args:
        settings: See there.
        device: Where it trains and scores; scores on a GPU agree with those on a CPU to single
            precision only.
        progress: Show a bar while it trains.
        checkpoint: Folder of the state of one training; a fit with other settings, seed or data
            refuses it.

    Example:
        >>> x = np.random.default_rng(1).normal(size=(64, 3)).astype(np.float32)
        >>> small = AutoencoderSettings(hidden=(8,), bottleneck=2, batch_size=16, epochs=2)
        >>> Autoencoder(small, device="cpu").fit(x, seed=1).score_samples(x[:5]).shape
        (5,)
    """

    name = "autoencoder"
    settings_type: type[BaseModel] = AutoencoderSettings

    def __init__(
        self,
        settings: AutoencoderSettings | None = None,
        *,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        progress: bool = False,
        checkpoint: Path | None = None,
    ) -> None:
        """Keep the settings; nothing is built before `fit`."""
        self.settings = settings or AutoencoderSettings()
        self.device: Literal["auto", "cpu", "cuda"] = device
        self.progress = progress
        self.checkpoint = checkpoint
        self._network: nn.Sequential | None = None
        self._columns = 0
        self._scale = 1.0

    def fit(
        self, latents: NDArray[np.float32], *, seed: int, weight: NDArray[Any] | None = None
    ) -> Self:
        """Train from scratch.

        Args:
            latents: (n, d) float32; a memory map is fine, only the chosen events are copied.
            seed: Fixes everything random.
            weight: (n,), not negative; None: all the same.

        Raises:
            DataError: The input does not fit.
            DiademError: No GPU where asked for one, a loss that is not finite, or a checkpoint of
                another training.
        """
        checked_latents(latents, where=f"{self.name}.fit")
        chosen, importance = chosen_events(latents, weight, self.settings.max_events, seed)
        scale = root_mean_square(chosen, importance) if self.settings.scaling == "global" else 1.0
        identity = ""
        if self.checkpoint is not None:
            identity = self._identity(chosen, importance, seed)
        chosen *= np.float32(1 / scale)
        data = (torch.from_numpy(chosen), torch.from_numpy(importance))
        network = build(latents.shape[1], self.settings, seed=seed)
        module = ReconstructionTraining(network, self.settings, data, seed=seed)
        fit_module(module, self._fit_settings(seed, identity))
        self._network = network.cpu().eval()
        self._columns, self._scale = latents.shape[1], scale
        return self

    def score_samples(self, latents: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the mean squared reconstruction error (n,), in units of the scale squared.

        Raises:
            DiademError: Not fitted.
            DataError: The input does not fit, or is so large that the error overflows.
        """
        if self._network is None:
            raise not_fitted(self.name)
        where = f"{self.name}.score_samples"
        checked_latents(latents, where=where, columns=self._columns)
        place = torch.device("cuda" if on_cuda(self.device) else "cpu")
        network = self._network.to(place)
        scores = np.empty(len(latents), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(latents), CHUNK):
                part = slice(start, start + CHUNK)
                x = as_tensor(np.ascontiguousarray(latents[part])).to(place) * (1 / self._scale)
                scores[part] = squared_errors(network, x).cpu().numpy()
        network.cpu()
        if not np.isfinite(scores).all():
            row = int(np.argmin(np.isfinite(scores)))
            message = complaint("the reconstruction overflows", where=f"{where}, row {row}")
            raise DataError(message)
        return scores

    def save(self, folder: Path) -> None:
        """Write the weights (safetensors) and the facts (JSON).

        Raises:
            DiademError: Not fitted, or the folder takes no files.
        """
        if self._network is None:
            raise not_fitted(self.name)
        with atomic_path(folder / WEIGHTS) as temporary:
            save_file(self._network.state_dict(), temporary)
        facts = {
            "detector": self.name,
            "settings": self.settings.model_dump(),
            "settings_digest": self.settings.digest(),
            "columns": self._columns,
            "scale": self._scale,
            "weights_sha256": sha256(folder / WEIGHTS),
        }
        with atomic_path(folder / FACTS) as temporary:
            temporary.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, *, device: Literal["auto", "cpu", "cuda"] = "auto") -> Self:
        """Return what `save` wrote; on a CPU its scores are the same, bit for bit.

        Raises:
            DataError: A file is missing, broken, or does not belong to the other.
        """
        try:
            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            # JSON has no tuples, so the strict model is asked in its JSON mode.
            settings = AutoencoderSettings.model_validate_json(json.dumps(facts["settings"]))
            loaded = cls(settings, device=device)
            same = facts["weights_sha256"] == sha256(folder / WEIGHTS)
            same &= facts["settings_digest"] == settings.digest()
            network = build(int(facts["columns"]), settings, seed=0)
            network.load_state_dict(load_file(folder / WEIGHTS))
            loaded._columns, loaded._scale = int(facts["columns"]), float(facts["scale"])
        except _BROKEN as error:
            found = f"{type(error).__name__}: {error}"
            message = complaint("not a saved autoencoder", where=str(folder), found=found)
            raise DataError(message) from error
        if not same:
            message = complaint("the digests of a saved autoencoder differ", where=str(folder))
            raise DataError(message)
        loaded._network = network.eval()
        return loaded

    def _fit_settings(self, seed: int, identity: str) -> FitSettings:
        return FitSettings(
            epochs=self.settings.epochs,
            seed=seed,
            device=self.device,
            # The score is a small difference, and a small network gains no speed by bfloat16.
            precision="32-true",
            patience=self.settings.patience,
            checkpoint=self.checkpoint,
            identity=identity,
            progress=self.progress,
            label=self.name,
        )

    def _identity(
        self, chosen: NDArray[np.float32], importance: NDArray[np.float32], seed: int
    ) -> str:
        data = hashlib.sha256(chosen.data)
        data.update(importance.data)
        parts = [f"settings {self.settings.digest()[:12]}", f"seed {seed}"]
        return f"{self.name}, {', '.join(parts)}, data {data.hexdigest()[:12]}"
