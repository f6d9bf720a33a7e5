"""Repeated heavy-flavour decays: QCD events with an isolated lepton, at a bearable cost.

Only one QCD event in about 15,000 has an isolated lepton above 23 GeV. Nearly all such leptons
come from b hadrons, so the b hadrons of an event are kept undecayed by the generator, then
decayed K times over. One passing decay is kept, the first, and the event gets the weight
n_pass / K.
That is an unbiased estimate (an event is never used twice, and its expected weight is its chance
to pass); stopping at the first pass without the weight would under-represent, by up to 70 %, the
events with the largest chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.errors import SimulationError
from benchmark.simulation.record import FIELDS, INVISIBLE, Record, to_truth
from benchmark.simulation.truth import Truth

if TYPE_CHECKING:
    from numpy.typing import NDArray

_B_HADRON_CODES = (*range(500, 600), *range(5000, 5600))
_NOT_COUNTED = (*INVISIBLE, 11, 13)
_BATCH = 100  # kept events turned into a truth record at a time
_MAX_FAILURES = 100


@dataclass(frozen=True)
class RepeatedDecays:
    """How decays are repeated, and which decay passes.

    The lepton cuts must be looser than the analysis selection: what fails them never reaches the
    detector response.

    Attributes:
        tries: decays of each event (K).
        min_hadron_pt: GeV; only events with a b hadron above it are tried.
        min_lepton_pt: GeV.
        max_electron_eta, max_muon_eta: acceptance in |eta|.
        max_isolation: pT sum of visible particles above 0.5 GeV in the cone over lepton pT; as in
            the detector's isolation, electrons and muons do not count.
        cone: radius of the isolation cone in (eta, phi).
    """

    tries: int
    min_hadron_pt: float
    min_lepton_pt: float
    max_electron_eta: float
    max_muon_eta: float
    max_isolation: float
    cone: float


def generate_redecayed(pythia: Any, events: int, options: RepeatedDecays) -> Truth:
    """Generate `events` events, keep those with a passing decay, weighted by n_pass / K."""
    codes = _decaying_b_hadrons(pythia)
    kept: list[tuple[dict[str, list[float]], float]] = []
    parts: list[Truth] = []
    for _ in range(events):
        _next_undecayed(pythia, codes)
        found = _try_decays(pythia, codes, options)
        if found is not None:
            kept.append(found)
        if len(kept) == _BATCH:
            parts.append(_to_truth(kept))
            kept = []
    return Truth.concat([*parts, _to_truth(kept)])


def _decaying_b_hadrons(pythia: Any) -> frozenset[int]:
    data = pythia.particleData
    return frozenset(c for c in _B_HADRON_CODES if data.isParticle(c) and data.mayDecay(c))


def _next_undecayed(pythia: Any, codes: frozenset[int]) -> None:
    for code in codes:
        pythia.particleData.mayDecay(code, False)
    for _ in range(_MAX_FAILURES):
        if pythia.next():
            break
    else:
        msg = f"Pythia failed {_MAX_FAILURES} times in a row; check the QCD settings"
        raise SimulationError(msg)
    for code in codes:
        pythia.particleData.mayDecay(code, True)


def _try_decays(
    pythia: Any,
    codes: frozenset[int],
    options: RepeatedDecays,
) -> tuple[dict[str, list[float]], float] | None:
    event = pythia.event
    final = [i for i in range(event.size()) if event[i].status() > 0]
    hadrons = [i for i in final if abs(event[i].id()) in codes]
    undecayed = set(hadrons)
    if not any(_candidate(event[i], options) for i in hadrons):
        return None
    others = [i for i in final if i not in undecayed]
    rest: NDArray[np.float64] | None = None  # few events ever need it
    first, passes = None, 0
    event.saveSize()
    start = event.size()
    for _ in range(options.tries):
        pythia.moreDecays()
        leptons = _hard_leptons(event, start, options)
        if leptons:
            rest = _visible(event, others) if rest is None else rest
            if _passes(event, start, leptons, rest, options):
                passes += 1
                first = _copy(event) if first is None else first
        event.restoreSize()
        for i in hadrons:
            event[i].statusPos()
    return None if first is None else (first, passes / options.tries)


def _candidate(hadron: Any, options: RepeatedDecays) -> bool:
    reach = max(options.max_electron_eta, options.max_muon_eta) + options.cone / 2
    return bool(hadron.pT() > options.min_hadron_pt and abs(hadron.eta()) < reach)


def _visible(event: Any, index: list[int]) -> NDArray[np.float64]:
    """Rows (pT, eta, phi) of the particles above 0.5 GeV that count for isolation."""
    particles = (event[i] for i in index)
    rows = [
        (q.pT(), q.eta(), q.phi())
        for q in particles
        if q.pT() > 0.5 and abs(q.id()) not in _NOT_COUNTED
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def _hard_leptons(event: Any, start: int, options: RepeatedDecays) -> list[int]:
    new = range(start, event.size())
    return [i for i in new if abs(event[i].id()) in (11, 13) and _hard(event[i], options)]


def _passes(
    event: Any,
    start: int,
    leptons: list[int],
    rest: NDArray[np.float64],
    options: RepeatedDecays,
) -> bool:
    new = [i for i in range(start, event.size()) if event[i].status() > 0]
    around = np.concatenate([rest, _visible(event, new)])
    return any(_isolation(event[i], around, options.cone) < options.max_isolation for i in leptons)


def _hard(lepton: Any, options: RepeatedDecays) -> bool:
    electron = abs(lepton.id()) == 11
    reach = options.max_electron_eta if electron else options.max_muon_eta
    hard = lepton.status() > 0 and lepton.pT() > options.min_lepton_pt
    return bool(hard and abs(lepton.eta()) < reach)


def _isolation(lepton: Any, around: NDArray[np.float64], cone: float) -> float:
    d_eta = around[:, 1] - lepton.eta()
    d_phi = (around[:, 2] - lepton.phi() + np.pi) % (2 * np.pi) - np.pi
    inside = d_eta**2 + d_phi**2 < cone**2
    return float(around[inside, 0].sum() / lepton.pT())


def _copy(event: Any) -> dict[str, list[float]]:
    particles = [event[i] for i in range(event.size())]
    columns: dict[str, list[float]] = {
        name: [getattr(p, name)() for p in particles]
        for name in FIELDS
        if not name.startswith("v")
    }
    for axis in "xyz":
        columns[f"v{axis}"] = [getattr(p, f"{axis}Prod")() for p in particles]
    return columns


def _to_truth(kept: list[tuple[dict[str, list[float]], float]]) -> Truth:
    integers = {"id", "status", "mother1"}
    columns: Record = {
        name: np.array(
            [value for event, _ in kept for value in event[name]],
            dtype=np.int64 if name in integers else np.float64,
        )
        for name in FIELDS
    }
    counts = np.array([len(event["id"]) for event, _ in kept], dtype=np.int64)
    columns["offsets"] = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return to_truth(columns, np.array([weight for _, weight in kept], dtype=np.float32))
