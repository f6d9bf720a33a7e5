from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark.simulation.record import FIELDS, classify, to_truth
from benchmark.simulation.truth import FROM_HADRON, FROM_TAU, PROMPT, RADIATED

# Rows (PDG code, status, mother, px, py, pz, z of the vertex in mm); row 0 is the system, as in
# Pythia's record. The energy is that of a massless particle.
Row = tuple[int, int, int, float, float, float, float]
SYSTEM: Row = (90, -11, 0, 0.0, 0.0, 0.0, 0.0)


def row(pid: int, status: int, mother: int, px: float = 5.0, z: float = 0.0) -> Row:
    return pid, status, mother, px, 3.0, 1.0, z


def record_of(events: list[list[Row]]) -> dict[str, Any]:
    flat = [r for event in events for r in event]
    columns = {
        name: np.array([r[k] for r in flat], dtype=np.int64 if k < 3 else np.float64)
        for k, name in enumerate(("id", "status", "mother1", "px", "py", "pz", "vz"))
    }
    columns["e"] = np.sqrt(columns["px"] ** 2 + columns["py"] ** 2 + columns["pz"] ** 2)
    columns["vx"] = columns["vy"] = np.zeros(len(flat))
    assert set(columns) == set(FIELDS)
    columns["offsets"] = np.cumsum([0, *(len(event) for event in events)])
    return columns


CHAINS: dict[str, tuple[list[Row], int]] = {
    "W to mu": ([row(24, -22, 0), row(-13, 1, 1)], PROMPT),
    "Z to e that radiates": (
        [row(23, -22, 0), row(11, -23, 1), row(11, -51, 2), row(11, -52, 3), row(11, 1, 4)],
        PROMPT,
    ),
    "e of the hard process without a boson": (
        [row(1, -21, 0), row(11, -23, 1), row(11, 1, 2)],
        PROMPT,
    ),
    "W to tau to mu": ([row(24, -22, 0), row(-15, -23, 1), row(-15, -51, 2), row(-13, 1, 3)], 11),
    "Z to tau to e": ([row(23, -22, 0), row(15, -23, 1), row(11, 1, 2)], FROM_TAU),
    "tau of the hard process without a boson": (
        [row(1, -21, 0), row(15, -23, 1), row(11, 1, 2)],
        FROM_TAU,
    ),
    "b hadron to mu": ([row(5, -71, 0), row(-521, -83, 1), row(-13, 1, 2)], FROM_HADRON),
    "b hadron to tau to mu": ([row(521, -83, 0), row(-15, -91, 1), row(-13, 1, 2)], FROM_HADRON),
    "c hadron to e": ([row(421, -83, 0), row(-11, 1, 1)], FROM_HADRON),
    "pi0 to photon": ([row(2, -71, 0), row(111, -83, 1), row(22, 1, 2)], FROM_HADRON),
    "quark to photon": ([row(2, -23, 0), row(2, -51, 1), row(22, 1, 2)], RADIATED),
    "lepton to photon": ([row(23, -22, 0), row(11, -23, 1), row(22, 51, 2)], RADIATED),
    "H to photon": ([row(25, -22, 0), row(22, -23, 1), row(22, 1, 2)], PROMPT),
    "photon of the hard process": ([row(21, -21, 0), row(22, -23, 1), row(22, 1, 2)], PROMPT),
    "neutralino to photon": ([row(1000023, -22, 0), row(22, 1, 1)], PROMPT),
    "leptoquark to tau to e": ([row(42, -22, 0), row(-15, -23, 1), row(-11, 1, 2)], FROM_TAU),
}


@pytest.mark.parametrize("name", CHAINS)
def test_classes(name: str) -> None:
    chain, expected = CHAINS[name]
    record = record_of([[SYSTEM, *chain]])
    assert classify(record, np.array([len(chain)])).tolist() == [expected]


def test_classes_of_many_events_at_once() -> None:
    record = record_of([[SYSTEM, *chain] for chain, _ in CHAINS.values()])
    last = record["offsets"][1:] - 1
    assert classify(record, last).tolist() == [expected for _, expected in CHAINS.values()]
    assert classify(record, np.zeros(0, dtype=np.int64)).tolist() == []


def test_what_the_truth_record_holds() -> None:
    first = [
        SYSTEM,
        row(24, -22, 0),
        row(13, 1, 1, px=30.0),
        row(-14, 1, 1, px=-20.0),  # not seen
        row(5, -23, 0, px=40.0),
        row(5, -71, 4, px=39.0),
        row(211, 1, 4, px=1.0, z=0.5),
        row(-211, 1, 4, px=1.5, z=7.0),
    ]
    second = [SYSTEM, row(1000022, 1, 0, px=9.0), row(12, 1, 0, px=1.0), row(-4, -71, 0, px=0.1)]
    weight = np.array([0.25, 1.0], dtype=np.float32)
    truth = to_truth(record_of([first, second]), weight)
    assert truth.offsets.tolist() == [0, 3, 3]
    assert truth.pid.tolist() == [13, 211, -211]
    assert truth.vz.tolist() == [0.0, 0.0, 7.0]  # closer than 1 mm is the origin
    assert truth.origin.tolist() == [PROMPT, 0, 0]
    assert truth.invisible_px.tolist() == [-20.0, 10.0]
    assert truth.invisible_py.tolist() == [3.0, 6.0]
    assert truth.parton_offsets.tolist() == [0, 2, 3]
    assert truth.parton_pid.tolist() == [5, 5, -4]
    np.testing.assert_allclose(truth.parton_pt, np.hypot([40.0, 39.0, 0.1], 3.0), rtol=1e-6)
    np.testing.assert_allclose(truth.parton_phi, np.arctan2(3.0, [40.0, 39.0, 0.1]), rtol=1e-6)
    np.testing.assert_allclose(truth.parton_eta, np.arcsinh(1 / truth.parton_pt), rtol=1e-6)
    assert truth.weight.tolist() == [0.25, 1.0]
    assert to_truth(record_of([first])).weight.tolist() == [1.0]
