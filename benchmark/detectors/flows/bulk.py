"""Spline coupling flows, one or many trained together (arXiv:1906.04032)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import torch

from benchmark.detectors.flows.coupling import Coupling
from benchmark.detectors.flows.protocol import (
    CHUNK,
    MIN_EVENTS,
    FlowSettings,
    Scaling,
    checked_events,
    checked_mass,
)
from benchmark.detectors.flows.training import Member, held_out_rows, train
from benchmark.detectors.protocol import not_fitted
from benchmark.devices import on_cuda
from benchmark.errors import DataError, complaint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

Device = Literal["auto", "cpu", "cuda"]


class SplineFlow:
    """p(latents | m_gg) by rational-quadratic coupling layers.

    All randomness of the training (first weights, events held out, order) comes from the seed.

    Args:
        settings: See there.
        device: Where it trains; it is evaluated there too.

    Attributes:
        held_out_loss: Mean of -log p over the standardised events held out, at the best epoch.
        epochs: Epochs that it trained.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> mass = rng.uniform(100, 180, 200)
        >>> x = rng.normal(size=(200, 2)).astype(np.float32)
        >>> small = FlowSettings(layers=2, hidden=(8,), epochs=2)
        >>> flow = SplineFlow(small, device="cpu").fit(x, mass, seed=1)
        >>> flow.log_prob(x, mass).shape, flow.sample(mass[:5], rng=rng).shape
        ((200,), (5, 2))
    """

    name = "spline"

    def __init__(self, settings: FlowSettings | None = None, *, device: Device = "auto") -> None:
        """Keep the settings; nothing is built before `fit`."""
        self.settings = settings or FlowSettings()
        self.device: Device = device
        self.held_out_loss = float("nan")
        self.epochs = 0
        self._weights: Tensor | None = None
        self._scaling: Scaling | None = None

    def fit(self, latents: NDArray[np.float32], mass: NDArray[Any], *, seed: int) -> Self:
        """Train from scratch.

        Args:
            latents: (n, d) float32, the sideband's.
            mass: (n,), their masses in GeV.
            seed: Fixes everything random.

        Raises:
            DataError: The input does not fit, is constant in a dimension, or is too short.
            DiademError: No GPU where asked for one, or a loss that is not finite.
        """
        _fit([self], [(latents, mass)], seeds=[seed])
        return self

    def log_prob(self, latents: NDArray[np.float32], mass: NDArray[Any]) -> NDArray[np.float64]:
        """Return log p(latents | mass), (n,); the latents are in their own units.

        Raises:
            DiademError: Not fitted.
            DataError: The input does not fit.
        """
        weights, scaling, coupling = self._fitted()
        where = f"{self.name}.log_prob"
        mass = checked_events(latents, mass, where=where, columns=scaling.columns)
        found = np.empty(len(latents))
        with torch.inference_mode():
            for start in range(0, len(latents), CHUNK):
                part = slice(start, start + CHUNK)
                scaled = torch.from_numpy(scaling.scaled(latents[part], mass[part]).T.copy())
                both = scaled.unsqueeze(0).to(weights.device)
                found[part] = coupling.log_prob(weights, both)[0].cpu().numpy()
        return found - scaling.log_volume

    def sample(self, mass: NDArray[Any], *, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return latents (n, d), one drawn at each mass (n,) in GeV.

        Raises:
            DiademError: Not fitted.
            DataError: The masses do not fit.
        """
        weights, scaling, coupling = self._fitted()
        mass = checked_mass(mass, where=f"{self.name}.sample")
        found = np.empty((len(mass), scaling.columns), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(mass), CHUNK):
                part = slice(start, start + CHUNK)
                given = torch.from_numpy(scaling.scaled_mass(mass[part]))[None, None]
                normal = rng.standard_normal((len(mass[part]), scaling.columns), np.float32)
                z = torch.from_numpy(normal.T.copy()).unsqueeze(0)
                x = coupling.from_base(weights, z.to(weights), given.to(weights))
                found[part] = scaling.restored(x[0].T.cpu().numpy())
        return found

    def _fitted(self) -> tuple[Tensor, Scaling, Coupling]:
        if self._weights is None or self._scaling is None:
            raise not_fitted(self.name)
        coupling = Coupling.of(self._scaling.columns, self.settings)
        return self._weights.unsqueeze(0), self._scaling, coupling


class BulkFlow:
    """Many flows of the same settings, trained in one computation.

    Each is what `SplineFlow.fit` gives alone with its data and seed, up to roundings: a member's
    weights, order, events held out and early stopping are its own.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> mass = rng.uniform(100, 180, 200)
        >>> x = rng.normal(size=(200, 2)).astype(np.float32)
        >>> small = FlowSettings(layers=2, hidden=(8,), epochs=2)
        >>> bulk = BulkFlow(small, device="cpu").fit_many([(x, mass)] * 3, seeds=[1, 2, 3])
        >>> len(bulk.members), bulk.members[2].log_prob(x, mass).shape
        (3, (200,))
    """

    name = "bulk spline"

    def __init__(self, settings: FlowSettings | None = None, *, device: Device = "auto") -> None:
        """Keep the settings; nothing is built before `fit_many`."""
        self.settings = settings or FlowSettings()
        self.device: Device = device
        self._members: tuple[SplineFlow, ...] = ()

    def fit_many(
        self,
        events: Sequence[tuple[NDArray[np.float32], NDArray[Any]]],
        *,
        seeds: Sequence[int],
    ) -> Self:
        """Train one flow for each pair of events and seed.

        Args:
            events: Latents (n, d) and masses (n,) in GeV for each flow; n may differ, d may not.
                The same arrays for several flows are held once.
            seeds: One for each flow.

        Raises:
            DataError: The input of a flow does not fit; the message names it by its number.
            DiademError: No GPU where asked for one, or a loss that is not finite.
        """
        members = [SplineFlow(self.settings, device=self.device) for _ in events]
        _fit(members, events, seeds=seeds)
        self._members = tuple(members)
        return self

    @property
    def members(self) -> tuple[SplineFlow, ...]:
        """The flows, in the order of the events.

        Raises:
            DiademError: Not fitted.
        """
        if not self._members:
            raise not_fitted(self.name)
        return self._members


def _fit(
    flows: Sequence[SplineFlow],
    events: Sequence[tuple[NDArray[np.float32], NDArray[Any]]],
    *,
    seeds: Sequence[int],
) -> None:
    """Train flows of the same settings and device."""
    if not flows or len(seeds) != len(flows):
        message = complaint(
            "one seed a flow is needed", found=f"{len(seeds)} seeds", expected=f"{len(flows)} > 0"
        )
        raise DataError(message)
    settings = flows[0].settings
    place = torch.device("cuda" if on_cuda(flows[0].device) else "cpu")
    scalings, shared, starts = _scaled(events)
    members = []
    for number, (latents, _) in enumerate(events):
        rows, held = held_out_rows(len(latents), settings.held_out, seeds[number])
        start = starts[number]
        members.append(
            Member(
                number=number,
                seed=seeds[number],
                rows=rows + start,
                held=held + start,
                batch_size=settings.batch_size,
            )
        )
    train(Coupling.of(scalings[0].columns, settings), settings, shared.to(place), members)
    for flow, member, scaling in zip(flows, members, scalings, strict=True):
        flow._weights, flow._scaling = member.best_weights, scaling
        flow.held_out_loss, flow.epochs = member.best, member.epoch


def _scaled(
    events: Sequence[tuple[NDArray[np.float32], NDArray[Any]]],
) -> tuple[list[Scaling], Tensor, list[int]]:
    """Return each flow's scaling, all events (n, d + 1) and where each flow's begin."""
    known: dict[tuple[int, int], tuple[Scaling, int]] = {}
    parts: list[NDArray[np.float32]] = []
    found = []
    columns, filled = None, 0
    for number, (latents, mass) in enumerate(events):
        key = (id(latents), id(mass))
        if key not in known:
            where = f"flow {number}"
            checked = checked_events(latents, mass, where=where, columns=columns, least=MIN_EVENTS)
            columns = latents.shape[1]
            scaling = Scaling.fit(latents, checked, where=where)
            known[key] = scaling, filled
            parts.append(scaling.scaled(latents, checked))
            filled += len(latents)
        found.append(known[key])
    scalings, starts = [one for one, _ in found], [start for _, start in found]
    return scalings, torch.from_numpy(np.concatenate(parts)), starts
