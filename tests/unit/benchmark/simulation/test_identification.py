from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from benchmark.simulation.detector_card import (
    ByLepton,
    DetectorCard,
    IsolationCard,
    StepTable,
    load_detector,
)
from benchmark.simulation.flow import FlowBuilder, Vectors
from benchmark.simulation.identification import Identified, cone_sum, identify, pairs, wrap
from tests.truths import Particle, always, perfect, truth_of

SIGMAS = 5.0  # false alarms 6e-7 a Gaussian test; seeds are fixed


def random_vectors(n: int, seed: int, events: int = 12) -> Vectors:
    rng = np.random.default_rng(seed)
    return Vectors.massless(
        np.sort(rng.integers(0, events, n)),
        rng.exponential(5.0, n) + 0.1,
        rng.normal(0, 1.0, n),
        rng.uniform(-np.pi, np.pi, n),
    )


def slow_distance(a: Vectors, i: int, b: Vectors, j: int) -> float:
    d_phi = abs(float(a.phi[i] - b.phi[j]))
    return math.hypot(a.eta[i] - b.eta[j], min(d_phi, 2 * math.pi - d_phi))


@pytest.mark.parametrize("own", [False, True])
def test_cone_sum_against_a_double_loop(own: bool) -> None:
    around = random_vectors(150, 1)
    rows = np.arange(0, 150, 3)
    centres = around.take(rows) if own else random_vectors(50, 2)
    left_out = rows if own else None
    found = cone_sum(centres, around, cone=0.8, min_pt=2.0, own=left_out)
    for i in range(len(centres)):
        expected = 0.0
        for j in range(len(around)):
            same = around.event[j] == centres.event[i]
            mine = own and j == rows[i]
            near = slow_distance(centres, i, around, j) <= 0.8
            if same and near and not mine and around.pt[j] > 2.0:
                expected += around.pt[j]
        assert found[i] == pytest.approx(expected, abs=1e-12)
    assert found.max() > 0
    assert found.dtype == np.float64


def test_cone_sum_of_nothing_is_zero() -> None:
    none = random_vectors(0, 0)
    found = cone_sum(random_vectors(3, 1), none, cone=0.5, min_pt=0.0)
    assert found.tolist() == [0.0, 0.0, 0.0]
    assert found.dtype == np.float64
    assert len(cone_sum(none, random_vectors(3, 1), cone=0.5, min_pt=0.0)) == 0


def test_pairs_against_a_double_loop() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        left = rng.integers(0, 6, rng.integers(0, 12))
        right = np.sort(rng.integers(0, 6, rng.integers(0, 12)))
        found = list(zip(*(x.tolist() for x in pairs(left, right)), strict=True))
        expected = [
            (i, j) for i in range(len(left)) for j in range(len(right)) if left[i] == right[j]
        ]
        assert found == expected


def test_wrap() -> None:
    rng = np.random.default_rng(4)
    phi = rng.uniform(-40, 40, 500)
    wrapped = wrap(phi)
    np.testing.assert_allclose(np.exp(1j * wrapped), np.exp(1j * phi), atol=1e-12)
    assert ((wrapped >= -np.pi) & (wrapped < np.pi)).all()
    assert wrap(np.array([np.pi, -np.pi, 0.0])).tolist() == [-np.pi, -np.pi, 0.0]


def everything(card: DetectorCard, **changes: Any) -> DetectorCard:
    """The card with identification and isolation of all kinds by one efficiency and cone."""
    cone = IsolationCard(cone=0.4, min_pt=0.5, max_ratio=0.1)
    open_cones = ByLepton[IsolationCard](photon=cone, electron=cone, muon=cone)
    tables = ByLepton[StepTable](photon=always(), electron=always(), muon=always())
    update: dict[str, Any] = {"isolation": open_cones, "identification": tables}
    return card.model_copy(update=update | changes)


def found_in(card: DetectorCard, events: list[list[Particle]], **options: Any) -> Identified:
    rng = np.random.default_rng(5)
    return identify(FlowBuilder(card).build(truth_of(events), rng), card, rng, **options)


@pytest.mark.parametrize("pid", [22, 11, -13])
def test_an_object_does_not_spoil_its_own_isolation(pid: int) -> None:
    found = found_in(everything(perfect()), [[Particle(pid, 30.0, 0.5, 1.0)]])
    mine = {22: found.photons, 11: found.electrons, -13: found.muons}[pid]
    assert mine.isolation.tolist() == pytest.approx([0.0], abs=1e-5)
    assert mine.pid.tolist() == [pid]
    assert mine.momentum.pt.tolist() == pytest.approx([30.0], rel=0.02)  # a photon's eta: its cell


@pytest.mark.parametrize("pid", [22, 11, 13])
def test_isolation_counts_what_is_around(pid: int) -> None:
    lead = Particle(pid, 30.0, 0.5, 1.0)
    near = [Particle(211, 2.0, 0.6, 1.0), Particle(-211, 0.45, 0.5, 1.1)]
    event = [lead, *near, Particle(211, 9.0, 1.5, 1.0)]
    options = IsolationCard(cone=0.4, min_pt=0.5, max_ratio=None)
    found = found_in(everything(perfect(field=0.0)), [event, [lead]], isolation=options)
    mine = {22: found.photons, 11: found.electrons, 13: found.muons}[pid]
    assert mine.isolation.tolist() == pytest.approx([2.0 / 30.0, 0.0], rel=0.02, abs=1e-5)


def test_what_is_not_isolated_is_dropped() -> None:
    near = [Particle(211, 4.0, 0.6, 1.0)]
    events = [
        [Particle(pid, 30.0, 0.5, 1.0), *extra] for pid in (22, 11, 13) for extra in ([], near)
    ]
    found = found_in(everything(perfect(field=0.0)), events)
    assert found.photons.momentum.event.tolist() == [0]
    assert found.electrons.momentum.event.tolist() == [2]
    assert found.muons.momentum.event.tolist() == [4]


@pytest.mark.parametrize("name", ["atlas", "cms"])
@pytest.mark.parametrize(("pid", "kind"), [(22, "photon"), (11, "electron"), (13, "muon")])
@pytest.mark.parametrize("eta", [0.4, 1.8])
def test_identification_efficiency_is_the_card_s(
    name: str, pid: int, kind: str, eta: float
) -> None:
    n, card = 3000, load_detector(name)
    # the detector itself perfect, so that only the identification loses objects
    card = everything(perfect(name, field=0.0), identification=card.identification)
    angles = np.random.default_rng(1).uniform(-np.pi, np.pi, n)
    found = found_in(card, [[Particle(pid, 45.0, eta, phi)] for phi in angles])
    table = getattr(card.identification, kind)
    chance = float(table(np.array([45.0]), np.array([eta]))[0])
    count = len(
        {"photon": found.photons, "electron": found.electrons, "muon": found.muons}[kind].pid
    )
    assert 0.5 < chance <= 1
    assert abs(count - n * chance) <= SIGMAS * math.sqrt(max(n * chance * (1 - chance), 1.0))


def test_an_electron_in_the_tower_of_a_photon_is_dropped() -> None:
    card = everything(perfect(field=0.0))
    twins = [Particle(22, 40.0, 0.5, 1.0), Particle(11, 30.0, 0.5, 1.0)]
    loose = IsolationCard(cone=0.4, min_pt=0.5, max_ratio=None)
    apart = [Particle(22, 40.0, 0.5, 1.0), Particle(11, 30.0, 1.5, 1.0)]
    found = found_in(card, [twins, apart, [twins[1]]], isolation=loose)
    assert found.photons.momentum.event.tolist() == [0, 1]
    assert found.electrons.momentum.event.tolist() == [1, 2]
    kept = everything(perfect("cms", field=0.0))  # this card removes nothing
    assert not kept.jets.overlap_removal
    found = found_in(kept, [twins, apart, [twins[1]]], isolation=loose)
    assert found.electrons.momentum.event.tolist() == [0, 1, 2]


def test_no_objects_at_all() -> None:
    for name in ("atlas", "cms"):
        found = found_in(load_detector(name), [[], []])
        assert len(found.photons.pid) == len(found.electrons.pid) == len(found.muons.pid) == 0
