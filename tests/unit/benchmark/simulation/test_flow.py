"""The measurement of tracks and energy flow. Statistical tests allow five standard deviations
each (false alarms 6e-7 for a Gaussian), and their seeds are fixed.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from benchmark.simulation.detector_card import (
    ByTrack,
    CalorimeterResolution,
    DetectorCard,
    GridResolution,
    QuadratureResolution,
    StepTable,
    load_detector,
)
from benchmark.simulation.flow import Flow, FlowBuilder, Vectors
from tests.truths import INFINITE, Particle, always, by_track, no_chance, perfect, truth_of

SIGMAS = 5.0
CELL_ETA, CELL_PHI = 0.35, 2 * math.pi / 18  # largest cells of both detectors' hadron calorimeters


def random_events(n: int, seed: int, codes: tuple[int, ...]) -> list[list[Particle]]:
    rng = np.random.default_rng(seed)
    return [
        [
            Particle(
                int(rng.choice(codes)),
                1.0 + rng.exponential(10.0),  # harder than a helix that never arrives
                rng.uniform(-2.4, 2.4),
                rng.uniform(-np.pi, np.pi),
            )
            for _ in range(rng.integers(0, 30))
        ]
        for _ in range(n)
    ]


def measure(
    card: DetectorCard, events: list[list[Particle]], rng: np.random.Generator | None = None
) -> Flow:
    return FlowBuilder(card).build(truth_of(events), rng or np.random.default_rng(0))


def energy_flow(flow: Flow) -> list[Vectors]:
    return [flow.tracks.momentum, flow.photons, flow.neutral_hadrons]


@pytest.mark.parametrize("name", ["atlas", "cms"])
def test_a_perfect_detector_sees_the_visible_momentum(name: str) -> None:
    events = random_events(40, 1, (11, -11, 13, 22, 130, 211, -321, 2212, 310, 3122))
    flow = measure(perfect(name), events)
    objects = energy_flow(flow)
    for number, event in enumerate(events):
        mine = [v.take(v.event == number) for v in objects]
        truth = truth_of([event])
        # exact for tracks; a neutral's direction may move by a cell
        smear = sum(p.pt * (CELL_ETA + CELL_PHI) for p in event if p.pid in (22, 130, 310, 3122))
        for axis in ("px", "py"):
            seen = sum(float(getattr(v, axis).sum()) for v in mine)
            assert abs(seen - getattr(truth, axis).sum()) <= smear + 1e-4 * len(event)
        assert sum(float(v.e.sum()) for v in mine) == pytest.approx(float(truth.e.sum()), rel=1e-5)


def test_a_perfect_detector_sees_each_charged_particle_exactly() -> None:
    events = random_events(20, 2, (11, -211, 13))
    flow, truth = measure(perfect(), events), truth_of(events)
    momentum = flow.tracks.momentum
    assert np.array_equal(momentum.event, truth.event)
    for axis in ("px", "py", "pz", "e"):
        # single precision of the record, and tower energies that are sums
        np.testing.assert_allclose(getattr(momentum, axis), getattr(truth, axis), rtol=1e-5)
    assert flow.photons.e.sum() + flow.neutral_hadrons.e.sum() < 1e-5 * truth.e.sum()


def test_muons_leave_nothing_in_the_calorimeters() -> None:
    events = random_events(20, 3, (13, -13))
    flow = measure(load_detector("cms"), events)
    assert len(flow.muons.pid) > 50
    assert flow.ecal.energy.sum() == flow.hcal.energy.sum() == 0
    assert len(flow.photons) == len(flow.neutral_hadrons) == 0


@pytest.mark.parametrize(
    ("pid", "electromagnetic"),
    [(22, 1.0), (11, 1.0), (130, 0.0), (211, 0.0), (2112, 0.0), (310, 0.3), (-3122, 0.3)],
)
def test_shares_of_the_calorimeters(pid: int, electromagnetic: float) -> None:
    flow = measure(perfect(), [[Particle(pid, 20.0, 0.3, 1.0)]])
    energy = 20.0 * math.cosh(0.3)  # and up to 2e-5 of mass
    assert flow.ecal.energy.sum() == pytest.approx(electromagnetic * energy, rel=1e-4)
    assert flow.hcal.energy.sum() == pytest.approx((1 - electromagnetic) * energy, rel=1e-4)


def test_particles_born_outside_or_beyond_the_cells_leave_nothing() -> None:
    outside = Particle(22, 20.0, 0.0, 0.0, vertex=(1200.0, 0.0, 0.0))  # mm
    forward = Particle(22, 5.0, 5.5, 0.0)
    flow = measure(perfect(), [[outside, forward]])
    assert flow.ecal.energy.sum() == 0
    inside = Particle(22, 20.0, 0.0, 0.0, vertex=(1100.0, 0.0, 0.0))
    assert measure(perfect(), [[inside]]).ecal.energy.sum() == pytest.approx(20.0)


def test_of_merged_tracks_the_hardest_is_kept() -> None:
    merged = load_detector("cms").merged_tracks
    assert merged is not None
    merged = merged.model_copy(update={"cell": 0.01, "max_eta": 2.0})
    card = perfect(field=0.0, merged_tracks=merged)
    events = [
        [Particle(211, pt, 0.505, 0.5) for pt in (5.0, 9.0, 7.0)],  # one cell
        [Particle(211, 3.0, 0.505, 0.5)],  # the same cell, another event
        [Particle(211, 5.0, 0.505, 0.5), Particle(-211, 6.0, 0.52, 0.5)],  # two cells
        [Particle(211, 5.0, 2.205, 0.5), Particle(211, 6.0, 2.205, 0.5)],  # beyond max_eta
        [Particle(13, 5.0, 0.505, 0.5), Particle(22, 50.0, 0.505, 0.5)],  # a neutral is no track
    ]
    found = measure(card, events).tracks.momentum
    kept = [sorted(round(p, 3) for p in found.pt[found.event == k]) for k in range(5)]
    assert kept == [[9.0], [3.0], [5.0, 6.0], [], [5.0]]
    # what merges is lost for the calorimeters too, and neutrals are not
    flow = measure(card, events[:1])
    assert flow.hcal.energy.sum() == pytest.approx(9.0 * math.cosh(0.505), rel=1e-3)
    assert measure(card, events[4:]).photons.e.sum() == pytest.approx(
        50 * math.cosh(0.505), rel=1e-5
    )


def test_merging_nothing() -> None:
    card = perfect(merged_tracks=load_detector("cms").merged_tracks)
    assert len(measure(card, [[Particle(22, 9.0, 0.1, 0.2)], []]).tracks.pid) == 0


def many(pid: int, pt: float, eta: float, n: int) -> list[list[Particle]]:
    angles = np.random.default_rng(9).uniform(-np.pi, np.pi, n)
    return [[Particle(pid, pt, eta, phi)] for phi in angles]


def tracks_only(card: DetectorCard) -> DetectorCard:
    """The card with calorimeters too poor to correct a track."""
    poor = CalorimeterResolution(eta_edges=[0, 100], c=[0], s=[0], n=[1e9])
    update: dict[str, Any] = {"resolution": poor, "min_significance": 1e9}
    changed: dict[str, Any] = {
        "tracking_efficiency": ByTrack[StepTable](
            hadron=always(), electron=always(), muon=always()
        ),
        "ecal": card.ecal.model_copy(update=update),
        "hcal": card.hcal.model_copy(update=update),
    }
    return card.model_copy(update=changed)


@pytest.mark.parametrize("name", ["atlas", "cms"])
@pytest.mark.parametrize("pid", [13, 11, 211])
@pytest.mark.parametrize(("pt", "eta"), [(5.0, 0.3), (60.0, 1.2), (60.0, -2.2)])
def test_momentum_resolution_is_the_card_s(name: str, pid: int, pt: float, eta: float) -> None:
    n, card = 4000, tracks_only(load_detector(name))
    flow = measure(card, many(pid, pt, eta, n))
    kind = {11: "electron", 13: "muon", 211: "hadron"}[pid]
    momentum = (flow.muons if pid == 13 else flow.tracks).momentum
    at = np.array([float(flow.tracks.calo_eta.mean())])  # resolutions depend on the arrival
    expected = float(getattr(card.resolution, kind)(np.array([pt]), at)[0])
    ratio = momentum.pt / pt
    assert len(ratio) == n
    assert abs(ratio.mean() - 1) < SIGMAS * expected / math.sqrt(n)
    # a log-normal of this width has a kurtosis that widens the error of its spread by up to 30 %;
    # and the beam spot moves the arrival in eta, along which a grid interpolates
    width = SIGMAS * 1.3 / math.sqrt(2 * n) + (0.03 if name == "cms" else 0.0)
    assert abs(ratio.std() / expected - 1) < width


@pytest.mark.parametrize("name", ["atlas", "cms"])
@pytest.mark.parametrize(("pid", "kind"), [(13, "muon"), (11, "electron"), (211, "hadron")])
@pytest.mark.parametrize(("pt", "eta"), [(0.9, 0.3), (5.0, 0.3), (50.0, 2.2), (50.0, 1.3)])
def test_tracking_efficiency_is_the_card_s(
    name: str, pid: int, kind: str, pt: float, eta: float
) -> None:
    n = 3000
    card = load_detector(name).model_copy(update={"merged_tracks": None, "vertex_z_sigma": 0.0})
    card = card.model_copy(update={"field": 0.0})  # arrival in the direction of the start
    flow = measure(card, many(pid, pt, eta, n))
    found = len(flow.muons.pid) if pid == 13 else len(flow.tracks.pid)
    chance = float(getattr(card.tracking_efficiency, kind)(np.array([pt]), np.array([eta]))[0])
    allowed = SIGMAS * math.sqrt(max(n * chance * (1 - chance), 1.0))
    assert 0 < chance <= 1
    assert abs(found - n * chance) <= allowed


def test_no_track_beyond_the_tracker() -> None:
    for name, edge in (("atlas", 2.5), ("cms", 4.0)):
        card = load_detector(name).model_copy(update={"field": 0.0, "vertex_z_sigma": 0.0})
        assert len(measure(card, many(211, 50.0, edge + 0.05, 200)).tracks.pid) == 0


def test_extra_smearing_of_photons() -> None:
    n = 4000
    flow = measure(perfect(photon_extra_smearing=0.05), many(22, 40.0, 0.2, n))
    ratio = flow.photons.e / (40.0 * math.cosh(0.2))
    assert abs(ratio.mean() - 1) < SIGMAS * 0.05 / math.sqrt(n)
    assert abs(ratio.std() - 0.05) < SIGMAS * 0.05 / math.sqrt(2 * n)


def test_the_beam_spot_moves_all_particles_of_an_event_together() -> None:
    card = perfect(vertex_z_sigma=0.2, field=0.0)
    events = [[Particle(211, 50.0, 0.0, 0.0), Particle(211, 50.0, 0.0, 2.0)] for _ in range(2000)]
    eta = measure(card, events).tracks.calo_eta.reshape(-1, 2)
    np.testing.assert_allclose(eta[:, 0], eta[:, 1], atol=1e-6)
    z = np.sinh(eta[:, 0]) * card.cylinder.radius
    assert abs(z.std() - 0.2) < SIGMAS * 0.2 / math.sqrt(2 * 2000)


def test_events_without_particles() -> None:
    for name in ("atlas", "cms"):
        flow = measure(load_detector(name), [[], []])
        assert flow.events == 2
        assert sum(len(v) for v in energy_flow(flow)) == 0


def test_joined_vectors_remember_their_place() -> None:
    a = Vectors.massless(
        *(np.array(x) for x in ([0, 2, 2], [1.0, 2, 3], [0.0, 1, 2], [0.0, 0, 1]))
    )
    b = Vectors.massless(*(np.array(x) for x in ([1, 2], [4.0, 5], [0.0, -1], [3.0, -3])))
    joined, place = Vectors.concat([a, b])
    assert joined.event.tolist() == [0, 1, 2, 2, 2]
    assert joined.e[place].tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_allclose(joined.eta[place], [0, 1, 2, 0, -1], atol=1e-12)
    np.testing.assert_allclose(joined.phi[place], [0, 0, 1, 3, -3], atol=1e-12)


def test_the_same_seed_gives_the_same_flow() -> None:
    card, events = load_detector("cms"), random_events(5, 8, (11, 22, 211, 130))
    one, two = (measure(card, events, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one.tracks.momentum.px, two.tracks.momentum.px)
    assert np.array_equal(one.ecal.energy, two.ecal.energy)
    known = measure(card, events, no_chance())
    assert len(known.tracks.pid) >= len(one.tracks.pid)  # a draw of 0 finds every track


def test_an_energy_smeared_below_zero_loses_the_track() -> None:
    wide = QuadratureResolution(kind="quadrature", eta_edges=[0, 9], a=[5.0], b=[0.0])
    assert isinstance(load_detector("cms").resolution.muon, GridResolution)
    flow = measure(perfect(resolution=by_track(wide)), many(13, 10.0, 0.1, 500))
    assert (flow.muons.momentum.pt > 0).all()
    assert INFINITE > flow.muons.resolution.max() == 1.0  # capped
