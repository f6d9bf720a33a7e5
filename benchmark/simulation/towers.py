"""Calorimeter towers and energy flow, as Delphes defines them, for a batch of events at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.simulation.detector_card import CalorimeterCard


class Segmentation:
    """Cells of a calorimeter: finds the cell of a direction, and a cell's edges."""

    def __init__(self, card: CalorimeterCard) -> None:
        """Lay out the cells of a card; its blocks must follow each other in eta."""
        edges = [block.eta_edges() for block in card.cells]
        self.eta_edges: NDArray[np.float64] = np.concatenate(
            [edges[0][:1], *[e[1:] for e in edges]]
        )
        counts = [np.full(len(e) - 1, b.n_phi) for e, b in zip(edges, card.cells, strict=True)]
        self.n_phi = np.concatenate(counts)
        self.first = np.concatenate([[0], np.cumsum(self.n_phi)])
        self.size = int(self.first[-1])

    def cell(self, eta: NDArray[np.float64], phi: NDArray[np.float64]) -> NDArray[np.int64]:
        """Cell number of each direction, -1 outside the calorimeter."""
        ring = np.searchsorted(self.eta_edges, eta, side="left") - 1
        inside = (ring >= 0) & (ring < len(self.n_phi))
        ring = np.where(inside, ring, 0)
        n_phi = self.n_phi[ring]
        segment = np.floor((phi + np.pi) / (2 * np.pi) * n_phi).astype(np.int64) % n_phi
        return np.where(inside, self.first[ring] + segment, -1)

    def ring(self, cell: NDArray[np.int64]) -> NDArray[np.int64]:
        """Ring (eta bin) of each cell."""
        return np.searchsorted(self.first, cell, side="right") - 1

    def centre_eta(self, ring: NDArray[np.int64]) -> NDArray[np.float64]:
        """Pseudorapidity of the middle of each ring."""
        return np.asarray(0.5 * (self.eta_edges[ring] + self.eta_edges[ring + 1]))

    def spread(
        self, cell: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """A direction (eta, phi), uniform inside each cell."""
        ring = self.ring(cell)
        low, high = self.eta_edges[ring], self.eta_edges[ring + 1]
        eta = low + (high - low) * rng.random(len(cell))
        segment = cell - self.first[ring] + rng.random(len(cell))
        return eta, segment / self.n_phi[ring] * 2 * np.pi - np.pi


@dataclass(frozen=True)
class Deposits:
    """What enters a calorimeter, flat over events.

    Attributes:
        event: event number of each particle that reaches the calorimeter.
        cell: its cell (see `Segmentation.cell`), -1 outside.
        energy: deposited energy, GeV.
        track_event, track_cell: the same for tracks that deposit here.
        track_energy: measured energy of the track, GeV.
        track_resolution: its relative resolution.
    """

    event: NDArray[np.int64]
    cell: NDArray[np.int64]
    energy: NDArray[np.float64]
    track_event: NDArray[np.int64]
    track_cell: NDArray[np.int64]
    track_energy: NDArray[np.float64]
    track_resolution: NDArray[np.float64]


@dataclass(frozen=True)
class Towers:
    """Measured towers, and what remains of them once tracks are taken off.

    Attributes:
        event, cell: int64 (t,).
        eta, phi: direction, uniform inside the cell (rad).
        energy: measured energy, GeV; 0 below threshold.
        neutral: energy of the neutral energy-flow object, GeV; 0 where there is none.
        track_tower: tower of each track of the deposits, -1 for none.
        track_scale: factor on each track's momentum (weighted mean with the calorimeter).
    """

    event: NDArray[np.int64]
    cell: NDArray[np.int64]
    eta: NDArray[np.float64]
    phi: NDArray[np.float64]
    energy: NDArray[np.float64]
    neutral: NDArray[np.float64]
    track_tower: NDArray[np.int64]
    track_scale: NDArray[np.float64]


def measure(
    card: CalorimeterCard, cells: Segmentation, deposits: Deposits, rng: np.random.Generator
) -> Towers:
    """Smear towers, apply thresholds, and split them into tracks and neutral excess.

    The tower energy is log-normal around the deposited energy. A neutral excess over the tracks
    makes an energy-flow object where it is above threshold and significant; otherwise the tracks
    of the tower are scaled to the inverse-variance mean of track and calorimeter energy.
    """
    hit, track = deposits.cell >= 0, deposits.track_cell >= 0
    keys = np.concatenate(
        [
            deposits.event[hit] * cells.size + deposits.cell[hit],
            deposits.track_event[track] * cells.size + deposits.track_cell[track],
        ]
    )
    unique, tower = np.unique(keys, return_inverse=True)
    count, n_hits = len(unique), int(hit.sum())
    cell = unique % cells.size
    deposited = np.bincount(tower[:n_hits], deposits.energy[hit], count).astype(np.float64)
    track_tower = np.full(len(track), -1)
    track_tower[track] = tower[n_hits:]
    centre = cells.centre_eta(cells.ring(cell))
    energy = log_normal(deposited, card.resolution(deposited, centre), rng)
    sigma = card.resolution(energy, centre)
    energy[(energy < card.min_energy) | (energy < card.min_significance * sigma)] = 0.0
    eta, phi = cells.spread(cell, rng)
    neutral, scale = _flow(card, deposits, track_tower, energy, sigma)
    return Towers(
        event=unique // cells.size,
        cell=cell,
        eta=eta,
        phi=phi,
        energy=energy,
        neutral=neutral,
        track_tower=track_tower,
        track_scale=scale,
    )


def _flow(
    card: CalorimeterCard,
    deposits: Deposits,
    track_tower: NDArray[np.int64],
    energy: NDArray[np.float64],
    sigma: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Neutral energy of each tower and momentum scale of each track."""
    linked = track_tower >= 0
    where = track_tower[linked]
    measured = deposits.track_energy[linked]
    variance = (deposits.track_resolution[linked] * measured) ** 2
    track_energy = np.bincount(where, measured, len(energy))
    track_variance = np.bincount(where, variance, len(energy)).astype(np.float64)
    excess = np.maximum(energy - track_energy, 0.0)
    noise = np.sqrt(track_variance + sigma**2)
    significant = (excess > card.min_energy) & (excess > card.min_significance * noise)
    w_track = _inverse(track_variance)
    w_calo = _inverse(sigma**2)
    total = w_track + w_calo
    mean = (w_track * track_energy + w_calo * energy) / np.where(total > 0, total, 1.0)
    best = np.where(total > 0, mean, track_energy)  # a faultless detector: nothing to weigh
    factor = np.where(significant, 1.0, best / np.maximum(track_energy, 1e-12))
    scale = np.ones(len(track_tower))
    scale[linked] = factor[where]
    return np.where(significant, excess, 0.0), scale


def _inverse(variance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(variance > 0, 1.0 / np.where(variance > 0, variance, 1.0), 0.0)


def log_normal(
    mean: NDArray[np.float64], sigma: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Log-normal draws of given mean and standard deviation; 0 where the mean is 0."""
    safe = np.where(mean > 0, mean, 1.0)
    b = np.sqrt(np.log1p((sigma / safe) ** 2))
    draws = np.exp(np.log(safe) - 0.5 * b**2 + b * rng.standard_normal(len(mean)))
    return np.where(mean > 0, draws, 0.0)
