"""Neural spline flows of zuko behind the interface, to compare with."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import torch
import zuko

from benchmark.batches import epoch_order
from benchmark.detectors.flows.protocol import (
    CHUNK,
    MIN_EVENTS,
    FlowSettings,
    Scaling,
    checked_events,
    checked_mass,
)
from benchmark.detectors.flows.training import held_out_rows
from benchmark.detectors.protocol import not_fitted
from benchmark.devices import on_cuda
from benchmark.errors import DiademError, complaint
from benchmark.seeds import seed_for

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

Device = Literal["auto", "cpu", "cuda"]


class ZukoAutoregressive:
    """p(latents | m_gg) by zuko's autoregressive neural spline flow.

    It trains as `SplineFlow` does: same scaling, events held out, order, learning rates and end.
    The splines end at 5 standard deviations, whatever the setting `bound`, since zuko's do.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> mass = rng.uniform(100, 180, 200)
        >>> x = rng.normal(size=(200, 2)).astype(np.float32)
        >>> small = FlowSettings(layers=2, hidden=(8,), epochs=2)
        >>> flow = ZukoAutoregressive(small, device="cpu").fit(x, mass, seed=1)
        >>> flow.sample(mass[:5], rng=rng).shape
        (5, 2)
    """

    name = "zuko_autoregressive"
    _passes: ClassVar[int | None] = None  # zuko: None is one pass a dimension to invert, 2 couples

    def __init__(self, settings: FlowSettings | None = None, *, device: Device = "auto") -> None:
        """Keep the settings; nothing is built before `fit`."""
        self.settings = settings or FlowSettings()
        self.device: Device = device
        self.held_out_loss = math.inf
        self.epochs = 0
        self._network: Any = None
        self._scaling: Scaling | None = None

    def fit(self, latents: NDArray[np.float32], mass: NDArray[Any], *, seed: int) -> Self:
        """Train from scratch; arguments and errors as those of `SplineFlow.fit`."""
        where = f"{self.name}.fit"
        checked = checked_events(latents, mass, where=where, least=MIN_EVENTS)
        scaling = Scaling.fit(latents, checked, where=where)
        place = torch.device("cuda" if on_cuda(self.device) else "cpu")
        events = torch.from_numpy(scaling.scaled(latents, checked)).to(place)
        rows, held = held_out_rows(len(latents), self.settings.held_out, seed)
        network = self._build(scaling.columns, seed).to(place)
        self._train(network, events[rows.to(place)], events[held.to(place)], seed)
        self._network, self._scaling = network, scaling
        return self

    def log_prob(self, latents: NDArray[np.float32], mass: NDArray[Any]) -> NDArray[np.float64]:
        """Return log p(latents | mass), (n,); errors as those of `SplineFlow.log_prob`."""
        scaling = self._fitted()
        where = f"{self.name}.log_prob"
        mass = checked_events(latents, mass, where=where, columns=scaling.columns)
        place = next(self._network.parameters()).device
        found = np.empty(len(latents))
        with torch.no_grad():
            for start in range(0, len(latents), CHUNK):
                part = slice(start, start + CHUNK)
                both = torch.from_numpy(scaling.scaled(latents[part], mass[part])).to(place)
                found[part] = _log_prob(self._network, both).cpu().numpy()
        return found - scaling.log_volume

    def sample(self, mass: NDArray[Any], *, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return latents (n, d), one at each mass; errors as those of `SplineFlow.sample`."""
        scaling = self._fitted()
        mass = checked_mass(mass, where=f"{self.name}.sample")
        place = next(self._network.parameters()).device
        found = np.empty((len(mass), scaling.columns), dtype=np.float32)
        with torch.no_grad():
            for start in range(0, len(mass), CHUNK):
                part = slice(start, start + CHUNK)
                given = torch.from_numpy(scaling.scaled_mass(mass[part]))[:, None].to(place)
                z = rng.standard_normal((len(given), scaling.columns), np.float32)
                x = self._network(given).transform.inv(torch.from_numpy(z).to(place))
                found[part] = scaling.restored(x.cpu().numpy())
        return found

    def _build(self, columns: int, seed: int) -> nn.Module:
        settings = self.settings
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed_for("flow", self.name, seed))
            network: nn.Module = zuko.flows.NSF(
                columns,
                context=1,
                bins=settings.bins,
                transforms=settings.layers,
                hidden_features=settings.hidden,
                passes=self._passes,
            )
        return network

    def _train(self, network: nn.Module, events: Tensor, held: Tensor, seed: int) -> None:
        """Train in place; the network ends with the weights of its best epoch."""
        settings = self.settings
        best, worse, kept = math.inf, 0, copy.deepcopy(network.state_dict())
        optimizer = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
        total = settings.epochs * math.ceil(len(events) / settings.batch_size)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total)
        for epoch in range(settings.epochs):
            order = epoch_order(len(events), seed=seed, epoch=epoch).to(events.device)
            for rows in torch.split(order, settings.batch_size):
                optimizer.zero_grad()
                loss = -_log_prob(network, events[rows]).mean()
                loss.backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)
                optimizer.step()
                schedule.step()
            judged, self.epochs = _held_out_loss(network, held), epoch + 1
            if not math.isfinite(judged):
                message = complaint("the held-out loss is not finite", where=self.name)
                raise DiademError(message)
            worse += 1
            if judged < best:
                best, worse, kept = judged, 0, copy.deepcopy(network.state_dict())
            if worse >= settings.patience:
                break
        network.load_state_dict(kept)
        self.held_out_loss = best

    def _fitted(self) -> Scaling:
        if self._scaling is None:
            raise not_fitted(self.name)
        return self._scaling


class ZukoCoupling(ZukoAutoregressive):
    """The same with coupling layers, which invert in one pass; it needs two dimensions or more."""

    name = "zuko_coupling"
    _passes: ClassVar[int | None] = 2


def _log_prob(network: Any, both: Tensor) -> Tensor:
    found: Tensor = network(both[:, -1:]).log_prob(both[:, :-1])
    return found


@torch.no_grad()
def _held_out_loss(network: nn.Module, held: Tensor) -> float:
    parts = [
        _log_prob(network, part).sum(dtype=torch.float64) for part in torch.split(held, CHUNK)
    ]
    return -float(torch.stack(parts).sum()) / len(held)
