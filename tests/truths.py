"""Truth records by hand, random generators without chance, and detectors without faults."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from benchmark.simulation.detector_card import (
    ByTrack,
    CalorimeterResolution,
    QuadratureResolution,
    StepTable,
    load_detector,
)
from benchmark.simulation.propagation import mass_of
from benchmark.simulation.truth import Truth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.simulation.detector_card import DetectorCard, Resolution

INFINITE = float("inf")


@dataclass(frozen=True)
class Particle:
    """A particle of its usual mass: pT (GeV), direction, production vertex (mm)."""

    pid: int
    pt: float
    eta: float
    phi: float
    vertex: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Parton:
    """A heavy quark: transverse momentum (GeV) and direction."""

    pid: int
    pt: float
    eta: float
    phi: float


def truth_of(events: list[list[Particle]], partons: list[list[Parton]] | None = None) -> Truth:
    """Return the record of some events; nothing invisible, all weights 1."""
    partons = partons or [[] for _ in events]
    flat = [p for event in events for p in event]
    quarks = [q for event in partons for q in event]
    pt, eta, phi = (np.array([getattr(p, c) for p in flat]) for c in ("pt", "eta", "phi"))
    pid = np.array([p.pid for p in flat], dtype=np.int32)
    vertex = np.array([p.vertex for p in flat], dtype=np.float32).reshape(-1, 3)
    single, count = np.float32, len(events)
    return Truth(
        offsets=offsets(events),
        pid=pid,
        px=(pt * np.cos(phi)).astype(single),
        py=(pt * np.sin(phi)).astype(single),
        pz=(pt * np.sinh(eta)).astype(single),
        e=np.hypot(pt * np.cosh(eta), mass_of(pid)).astype(single),
        vx=vertex[:, 0],
        vy=vertex[:, 1],
        vz=vertex[:, 2],
        origin=np.zeros(len(flat), dtype=np.int8),
        parton_offsets=offsets(partons),
        parton_pid=np.array([q.pid for q in quarks], dtype=np.int8),
        parton_pt=np.array([q.pt for q in quarks], dtype=single),
        parton_eta=np.array([q.eta for q in quarks], dtype=single),
        parton_phi=np.array([q.phi for q in quarks], dtype=single),
        invisible_px=np.zeros(count, dtype=single),
        invisible_py=np.zeros(count, dtype=single),
        weight=np.ones(count, dtype=single),
    )


def offsets(rows: list[Any]) -> NDArray[np.int64]:
    return np.cumsum([0, *(len(row) for row in rows)]).astype(np.int64)


def same_truth(a: Truth, b: Truth) -> bool:
    """Whether two records agree in every bit and type."""
    return all(
        getattr(a, f.name).dtype == getattr(b, f.name).dtype
        and np.array_equal(getattr(a, f.name), getattr(b, f.name))
        for f in fields(Truth)
    )


class _Constant:
    """Stands for a generator: normal draws are 0, uniform ones the lower edge."""

    def random(self, size: int) -> NDArray[np.float64]:
        return np.zeros(size)

    def standard_normal(self, size: int) -> NDArray[np.float64]:
        return np.zeros(size)

    def normal(self, mean: float, sigma: float, size: int) -> NDArray[np.float64]:  # noqa: ARG002
        return np.full(size, mean)


def no_chance() -> np.random.Generator:
    """Return a generator whose draws are known."""
    return cast("np.random.Generator", _Constant())


def always() -> StepTable:
    """Return an efficiency of 1 everywhere, but for what rounding errors leave in a tower."""
    return StepTable(eta_edges=[0, 100], pt_edges=[0.01, INFINITE], values=[[1.0]])


def perfect(name: str = "atlas", **changes: Any) -> DetectorCard:
    """Return a shipped card without losses, thresholds, smearing and displaced beam spot."""
    card = load_detector(name)
    exact = QuadratureResolution(kind="quadrature", eta_edges=[0, 100], a=[0], b=[0])
    blind: dict[str, Any] = {"min_energy": 0.0, "min_significance": 0.0}
    blind["resolution"] = CalorimeterResolution(eta_edges=[0, 100], c=[0], s=[0], n=[0])
    table = always()
    updates: dict[str, Any] = {
        "tracking_efficiency": ByTrack[StepTable](hadron=table, electron=table, muon=table),
        "resolution": by_track(exact),
        "ecal": card.ecal.model_copy(update=blind),
        "hcal": card.hcal.model_copy(update=blind),
        "merged_tracks": None,
        "vertex_z_sigma": 0.0,
        "photon_extra_smearing": 0.0,
    }
    return card.model_copy(update=updates | changes)


def by_track(resolution: Resolution) -> Any:
    """Return one resolution for hadrons, electrons and muons."""
    entries: dict[str, Any] = dict.fromkeys(("hadron", "electron", "muon"), resolution)
    return ByTrack[Any](**entries)
