"""From truth to measured tracks, towers and energy-flow objects."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Self, TypeVar

import numpy as np

from benchmark.simulation.propagation import charge_of, mass_of, propagate
from benchmark.simulation.towers import Deposits, Segmentation, Towers, log_normal, measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.simulation.detector_card import ByTrack, DetectorCard, MergedTracks
    from benchmark.simulation.truth import Truth

T = TypeVar("T")
ELECTRON, MUON, PHOTON = 11, 13, 22
_MM = 1e-3  # truth vertices are in mm, the detector in m
_HADRONIC_SHARE = {310: 0.7, 3122: 0.7}  # K0S and Lambda that reach the calorimeter undecayed
_MIN_RELATIVE_E = 1e-3  # an energy smeared below this share is lost, as one below zero is


@dataclass(frozen=True)
class Vectors:
    """Four-momenta (GeV) of objects, with the event that each belongs to; ordered by event."""

    event: NDArray[np.int64]
    px: NDArray[np.float64]
    py: NDArray[np.float64]
    pz: NDArray[np.float64]
    e: NDArray[np.float64]

    def __len__(self) -> int:
        """Number of objects."""
        return len(self.event)

    @property
    def pt(self) -> NDArray[np.float64]:
        """Transverse momentum, GeV."""
        return np.hypot(self.px, self.py)

    @property
    def eta(self) -> NDArray[np.float64]:
        """Pseudorapidity."""
        return np.arcsinh(self.pz / np.maximum(self.pt, 1e-12))

    @property
    def phi(self) -> NDArray[np.float64]:
        """Azimuth, rad."""
        return np.arctan2(self.py, self.px)

    def take(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Vectors:
        """Chosen objects."""
        return Vectors(
            self.event[index], self.px[index], self.py[index], self.pz[index], self.e[index]
        )

    def scaled(self, factor: NDArray[np.float64]) -> Vectors:
        """All components times a factor."""
        return Vectors(
            self.event, self.px * factor, self.py * factor, self.pz * factor, self.e * factor
        )

    @classmethod
    def massless(
        cls,
        event: NDArray[np.int64],
        energy: NDArray[np.float64],
        eta: NDArray[np.float64],
        phi: NDArray[np.float64],
    ) -> Self:
        """Massless vectors from energy and direction."""
        pt = energy / np.cosh(eta)
        return cls(event, pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), energy)

    @classmethod
    def concat(cls, parts: list[Vectors]) -> tuple[Self, NDArray[np.int64]]:
        """Join, ordered by event; also the place in the joined list of each input row."""
        event = np.concatenate([p.event for p in parts])
        order = np.argsort(event, kind="stable")
        columns = [
            np.concatenate([getattr(p, c) for p in parts])[order] for c in ("px", "py", "pz", "e")
        ]
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        return cls(event[order], *columns), place


@dataclass(frozen=True)
class Tracks:
    """Measured tracks.

    Attributes:
        momentum: four-momenta; after the calorimeters, combined with their energy.
        kind: 11, 13, or 0 for hadrons.
        pid: PDG code of the particle.
        calo_eta: pseudorapidity of the arrival at the calorimeter.
        resolution: relative momentum resolution.
        ecal_cell, hcal_cell: cells hit, -1 for none.
    """

    momentum: Vectors
    kind: NDArray[np.int64]
    pid: NDArray[np.int32]
    calo_eta: NDArray[np.float64]
    resolution: NDArray[np.float64]
    ecal_cell: NDArray[np.int64]
    hcal_cell: NDArray[np.int64]

    def take(self, index: NDArray[np.int64]) -> Tracks:
        """Chosen tracks."""
        columns = {f.name: getattr(self, f.name)[index] for f in fields(self)[1:]}
        return Tracks(self.momentum.take(index), **columns)


@dataclass(frozen=True)
class Flow:
    """What a detector measures of a batch, before objects are identified.

    Attributes:
        events: number of events.
        tracks: tracks inside the calorimeters' acceptance, combined with the calorimeters.
        muons: muon tracks as the tracker measures them.
        ecal, hcal: towers.
        photons: neutral excesses in the electromagnetic calorimeter.
        photon_tower: the ECAL tower of each.
        neutral_hadrons: neutral excesses in the hadronic calorimeter.
    """

    events: int
    tracks: Tracks
    muons: Tracks
    ecal: Towers
    hcal: Towers
    photons: Vectors
    photon_tower: NDArray[np.int64]
    neutral_hadrons: Vectors


class FlowBuilder:
    """Tracks and towers of a detector card; holds the laid-out cells."""

    def __init__(self, card: DetectorCard) -> None:
        """Lay out the calorimeter cells of a card."""
        self.card = card
        self.ecal_cells = Segmentation(card.ecal)
        self.hcal_cells = Segmentation(card.hcal)

    def build(self, truth: Truth, rng: np.random.Generator) -> Flow:
        """Measure a batch of events."""
        momentum = np.stack([truth.px, truth.py, truth.pz]).astype(np.float64)
        vertex = np.stack([truth.vx, truth.vy, truth.vz]).astype(np.float64) * _MM
        if self.card.vertex_z_sigma:
            z = rng.normal(0.0, self.card.vertex_z_sigma, len(truth))
            vertex[2] += np.repeat(z, np.diff(truth.offsets))
        charge = charge_of(truth.pid)
        alive = np.ones(len(charge), dtype=bool)
        if self.card.merged_tracks is not None:
            card = self.card.merged_tracks
            alive = self._unmerged(card, momentum, vertex, charge, truth.event)
        arrival = propagate(
            momentum, vertex, charge, cylinder=self.card.cylinder, field=self.card.field
        )
        alive &= arrival.inside
        ecal_cell = np.where(alive, self.ecal_cells.cell(arrival.eta, arrival.phi), -1)
        hcal_cell = np.where(alive, self.hcal_cells.cell(arrival.eta, arrival.phi), -1)
        seen = np.flatnonzero(alive & (charge != 0))
        energy = np.sqrt((momentum[:, seen] ** 2).sum(axis=0) + mass_of(truth.pid[seen]) ** 2)
        px, py, pz = momentum[:, seen]
        charged = Vectors(truth.event[seen], px, py, pz, energy)
        cells = (ecal_cell, hcal_cell)
        tracks = self._track(charged, truth.pid[seen], arrival.eta[seen], cells, seen, rng=rng)
        return self._calorimetry(truth, tracks, cells, rng)

    def _unmerged(
        self,
        card: MergedTracks,
        momentum: NDArray[np.float64],
        vertex: NDArray[np.float64],
        charge: NDArray[np.int64],
        event: NDArray[np.int64],
    ) -> NDArray[np.bool_]:
        """Particles that leave the inner cylinder.

        Of the charged particles in one cell only the hardest survives, and none beyond the
        cells. As in Delphes, the others are lost for the calorimeters too, and so is every
        particle that is born outside the inner cylinder.
        """
        at = propagate(momentum, vertex, charge, cylinder=card, field=self.card.field)
        neutral = charge == 0
        candidates = np.flatnonzero(at.inside & ~neutral & (np.abs(at.eta) < card.max_eta))
        columns = round(2 * np.pi / card.cell)
        rows = int(np.ceil(2 * card.max_eta / card.cell))
        row = np.floor((at.eta[candidates] + card.max_eta) / card.cell).astype(np.int64)
        column = np.floor((at.phi[candidates] + np.pi) / (2 * np.pi) * columns).astype(np.int64)
        key = (event[candidates] * rows + row) * columns + column % columns
        pt = np.hypot(momentum[0, candidates], momentum[1, candidates])
        order = np.lexsort((-pt, key))
        first = np.concatenate([[True], np.diff(key[order]) != 0])[: len(order)]
        alive: NDArray[np.bool_] = at.inside & neutral
        alive[candidates[order[first]]] = True
        return alive

    def _track(
        self,
        true: Vectors,
        pid: NDArray[np.int32],
        eta: NDArray[np.float64],
        cells: tuple[NDArray[np.int64], NDArray[np.int64]],
        row: NDArray[np.int64],
        *,
        rng: np.random.Generator,
    ) -> Tracks:
        """Find and measure charged particles; `row` is their place among all particles."""
        pt, kind = true.pt, _kind(pid)
        efficiency = np.zeros(len(true))
        for code, table in _by_kind(self.card.tracking_efficiency):
            rows = kind == code
            efficiency[rows] = table(pt[rows], eta[rows])
        found = np.flatnonzero(rng.random(len(true)) < efficiency)
        mass = mass_of(pid[found])
        momentum, resolution, kept = self._smear(
            true.take(found), mass, kind[found], eta[found], rng=rng
        )
        found = found[kept]
        return Tracks(
            momentum.take(kept),
            kind[found],
            pid[found],
            eta[found],
            resolution[kept],
            cells[0][row[found]],
            cells[1][row[found]],
        )

    def _smear(
        self,
        true: Vectors,
        mass: NDArray[np.float64],
        kind: NDArray[np.int64],
        eta: NDArray[np.float64],
        *,
        rng: np.random.Generator,
    ) -> tuple[Vectors, NDArray[np.float64], NDArray[np.bool_]]:
        """Smear momenta: log-normal in pT, or Gaussian in E for cards that say so."""
        pt, resolution, gaussian = true.pt, np.zeros(len(true)), np.zeros(len(true), dtype=bool)
        for code, formula in _by_kind(self.card.resolution):
            rows = kind == code
            resolution[rows] = np.minimum(formula(pt[rows], eta[rows]), 1.0)
            gaussian[rows] = formula.kind == "energy"
        ratio = log_normal(np.ones(len(true)), resolution, rng)
        ratio = np.where(gaussian, 1.0 + resolution * rng.standard_normal(len(true)), ratio)
        px, py, pz = true.px * ratio, true.py * ratio, true.pz * ratio
        energy = np.sqrt(px**2 + py**2 + pz**2 + mass**2)
        return Vectors(true.event, px, py, pz, energy), resolution, ratio > _MIN_RELATIVE_E

    def _calorimetry(
        self,
        truth: Truth,
        tracks: Tracks,
        cells: tuple[NDArray[np.int64], NDArray[np.int64]],
        rng: np.random.Generator,
    ) -> Flow:
        """Measure towers and combine tracks with them, first in the ECAL, then in the HCAL."""
        electromagnetic, hadronic = _shares(truth.pid)
        in_both = (tracks.ecal_cell >= 0) & (tracks.hcal_cell >= 0)
        muons = tracks.take(np.flatnonzero(tracks.kind == MUON))
        tracks = tracks.take(np.flatnonzero(in_both))
        ecal = measure(
            self.card.ecal,
            self.ecal_cells,
            _deposits(
                truth, electromagnetic, cells[0], tracks, tracks.kind == ELECTRON, tracks.ecal_cell
            ),
            rng,
        )
        tracks = _rescaled(tracks, ecal)
        hcal = measure(
            self.card.hcal,
            self.hcal_cells,
            _deposits(truth, hadronic, cells[1], tracks, tracks.kind == 0, tracks.hcal_cell),
            rng,
        )
        tracks = _rescaled(tracks, hcal)
        photon_tower = np.flatnonzero(ecal.neutral > 0)
        photons = _excess(ecal, photon_tower)
        if self.card.photon_extra_smearing:
            spread = self.card.photon_extra_smearing * rng.standard_normal(len(photons))
            photons = photons.scaled(np.maximum(1.0 + spread, _MIN_RELATIVE_E))
        neutral = _excess(hcal, np.flatnonzero(hcal.neutral > 0))
        return Flow(len(truth), tracks, muons, ecal, hcal, photons, photon_tower, neutral)


def _kind(pid: NDArray[np.int32]) -> NDArray[np.int64]:
    code = np.abs(pid).astype(np.int64)
    return np.where((code == ELECTRON) | (code == MUON), code, 0)


def _by_kind(table: ByTrack[T]) -> tuple[tuple[int, T], ...]:
    return ((0, table.hadron), (ELECTRON, table.electron), (MUON, table.muon))


def _shares(pid: NDArray[np.int32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares of a particle's energy that the ECAL and the HCAL absorb."""
    code = np.abs(pid)
    electromagnetic = np.isin(code, (ELECTRON, PHOTON, 111)).astype(np.float64)
    hadronic = np.where((electromagnetic > 0) | (code == MUON), 0.0, 1.0)
    for special, share in _HADRONIC_SHARE.items():
        hadronic[code == special] = share
        electromagnetic[code == special] = 1.0 - share
    return electromagnetic, hadronic


def _deposits(
    truth: Truth,
    share: NDArray[np.float64],
    cell: NDArray[np.int64],
    tracks: Tracks,
    depositing: NDArray[np.bool_],
    track_cell: NDArray[np.int64],
) -> Deposits:
    return Deposits(
        event=truth.event,
        cell=np.where(share > 0, cell, -1),
        energy=truth.e.astype(np.float64) * share,
        track_event=tracks.momentum.event,
        track_cell=np.where(depositing, track_cell, -1),
        track_energy=tracks.momentum.e,
        track_resolution=tracks.resolution,
    )


def _rescaled(tracks: Tracks, towers: Towers) -> Tracks:
    return replace(tracks, momentum=tracks.momentum.scaled(towers.track_scale))


def _excess(towers: Towers, index: NDArray[np.int64]) -> Vectors:
    return Vectors.massless(
        towers.event[index], towers.neutral[index], towers.eta[index], towers.phi[index]
    )
