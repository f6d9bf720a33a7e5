"""Photons, electrons and muons: identification, isolation, and removal of double counting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.simulation.flow import ELECTRON, Flow, Vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.simulation.detector_card import DetectorCard, IsolationCard, StepTable


@dataclass(frozen=True)
class Candidates:
    """Objects of one kind.

    Attributes:
        momentum: four-momenta.
        calo_eta: pseudorapidity at the calorimeter, which efficiencies depend on.
        pid: PDG code (of the particle that made the track; 22 for photons).
        source: ECAL tower of a photon, ECAL cell of an electron, index of a muon track.
        isolation: pT sum in the cone over the candidate's pT.
    """

    momentum: Vectors
    calo_eta: NDArray[np.float64]
    pid: NDArray[np.int32]
    source: NDArray[np.int64]
    isolation: NDArray[np.float64]

    def take(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Candidates:
        """Chosen candidates."""
        return Candidates(
            self.momentum.take(index),
            self.calo_eta[index],
            self.pid[index],
            self.source[index],
            self.isolation[index],
        )


@dataclass(frozen=True)
class Identified:
    """Identified photons, electrons and muons of a batch."""

    photons: Candidates
    electrons: Candidates
    muons: Candidates


@dataclass(frozen=True)
class _Surroundings:
    """Energy-flow objects that count for isolation, and where photons stand among them."""

    objects: Vectors
    own: NDArray[np.int64]  # row of each energy-flow photon


def identify(
    flow: Flow,
    card: DetectorCard,
    rng: np.random.Generator,
    *,
    isolation: IsolationCard | None = None,
) -> Identified:
    """Identify and isolate objects, and drop those seen twice where the card asks for it.

    Args:
        flow: measured batch.
        card: detector card.
        rng: generator of the identification draws.
        isolation: use this cone for all three kinds instead of the card's.
    """
    around = _surroundings(flow)
    cones, tables = card.isolation, card.identification
    photons = _identified(_photons(flow), tables.photon, rng)
    electrons = _identified(_electrons(flow), tables.electron, rng)
    muons = _identified(_muons(flow), tables.muon, rng)
    towers = np.full(int(flow.ecal.cell.size), -1)
    towers[flow.photon_tower] = around.own
    found = Identified(
        photons=_isolated(
            photons, around.objects, isolation or cones.photon, towers[photons.source]
        ),
        electrons=_isolated(electrons, around.objects, isolation or cones.electron, None),
        muons=_isolated(muons, around.objects, isolation or cones.muon, None),
    )
    return _without_shared(flow, found) if card.jets.overlap_removal else found


def _surroundings(flow: Flow) -> _Surroundings:
    hadrons = flow.tracks.kind == 0
    charged = flow.tracks.momentum.take(hadrons)
    objects, place = Vectors.concat([charged, flow.photons, flow.neutral_hadrons])
    return _Surroundings(objects, place[len(charged) : len(charged) + len(flow.photons)])


def _photons(flow: Flow) -> Candidates:
    momentum = flow.photons
    return _candidates(
        momentum, momentum.eta, np.full(len(momentum), 22, np.int32), flow.photon_tower
    )


def _electrons(flow: Flow) -> Candidates:
    tracks = flow.tracks.take(np.flatnonzero(flow.tracks.kind == ELECTRON))
    return _candidates(tracks.momentum, tracks.calo_eta, tracks.pid, tracks.ecal_cell)


def _muons(flow: Flow) -> Candidates:
    tracks = flow.muons
    return _candidates(tracks.momentum, tracks.calo_eta, tracks.pid, np.arange(len(tracks.pid)))


def _candidates(
    momentum: Vectors,
    eta: NDArray[np.float64],
    pid: NDArray[np.int32],
    source: NDArray[np.int64],
) -> Candidates:
    return Candidates(momentum, eta, pid, source, np.zeros(len(momentum)))


def _identified(found: Candidates, table: StepTable, rng: np.random.Generator) -> Candidates:
    chance = table(found.momentum.pt, found.calo_eta)
    return found.take(rng.random(len(chance)) < chance)


def _isolated(
    found: Candidates, around: Vectors, cone: IsolationCard, own: NDArray[np.int64] | None
) -> Candidates:
    ratio = cone_sum(found.momentum, around, cone=cone.cone, min_pt=cone.min_pt, own=own)
    ratio = ratio / found.momentum.pt
    result = Candidates(found.momentum, found.calo_eta, found.pid, found.source, ratio)
    return result if cone.max_ratio is None else result.take(ratio <= cone.max_ratio)


def cone_sum(
    centres: Vectors,
    around: Vectors,
    *,
    cone: float,
    min_pt: float,
    own: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Scalar pT sum (GeV) of the objects of the same event inside a cone.

    Args:
        centres: cone axes.
        around: objects to sum, ordered by event.
        cone: radius in (eta, phi).
        min_pt: objects at or below it do not count, GeV.
        own: row in `around` of each centre itself (left out), or None.
    """
    left, right = pairs(centres.event, around.event)
    pt, eta, phi = around.pt, around.eta, around.phi
    d_eta = centres.eta[left] - eta[right]
    d_phi = wrap(centres.phi[left] - phi[right])
    inside = (d_eta**2 + d_phi**2 <= cone**2) & (pt[right] > min_pt)
    if own is not None:
        inside &= own[left] != right
    total = np.bincount(left[inside], pt[right[inside]], len(centres))
    return total.astype(np.float64)  # of nothing at all it would be whole numbers


def pairs(
    left_event: NDArray[np.int64], right_event: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All pairs (left row, right row) that share an event; `right_event` must be sorted."""
    start = np.searchsorted(right_event, left_event, side="left")
    stop = np.searchsorted(right_event, left_event, side="right")
    counts = stop - start
    left = np.repeat(np.arange(len(left_event)), counts)
    within = np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts)
    return left, np.repeat(start, counts) + within


def wrap(phi: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angle brought into [-pi, pi)."""
    return (phi + np.pi) % (2 * np.pi) - np.pi


def _without_shared(flow: Flow, found: Identified) -> Identified:
    """Drop electrons that share an ECAL tower with a selected photon.

    Photons come first, then electrons, then muons: a muon leaves nothing in a tower that a photon
    or an electron could be made of.
    """
    electrons = found.electrons
    key = flow.ecal.cell[found.photons.source], found.photons.momentum.event
    taken = _cell_key(key[1], key[0])
    mine = _cell_key(electrons.momentum.event, electrons.source)
    return Identified(found.photons, electrons.take(~np.isin(mine, taken)), found.muons)


def _cell_key(event: NDArray[np.int64], cell: NDArray[np.int64]) -> NDArray[np.int64]:
    return event * (1 << 32) + cell
