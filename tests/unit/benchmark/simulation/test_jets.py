from __future__ import annotations

import math
import statistics
from typing import Any

import fastjet
import numpy as np
import pytest

from benchmark.simulation.detector_card import EnergyScale, PileupDensity, load_detector
from benchmark.simulation.flow import Vectors
from benchmark.simulation.identification import wrap
from benchmark.simulation.jets import (
    Jets,
    cluster,
    median_density,
    scale_energy,
    subjettiness,
    subtract_density,
    tag,
    without_members,
)
from tests.truths import Parton, no_chance, truth_of

EVENTS = 15
# FastJet sums constituents in the order of their merging.
TOLERANCE = 1e-9


def random_inputs(seed: int, events: int = EVENTS) -> Vectors:
    """Sprays of massless particles; events 0, 7 and the last are empty."""
    rng = np.random.default_rng(seed)
    rows = []
    for event in set(range(1, events - 1)) - {7}:
        for _ in range(rng.integers(1, 5)):
            axis = rng.normal(0, 1.2), rng.uniform(-np.pi, np.pi)
            for _ in range(rng.integers(1, 20)):
                eta, phi = rng.normal(axis[0], 0.2), rng.normal(axis[1], 0.2)
                rows.append((event, rng.exponential(12.0), eta, wrap(np.array(phi))))
    rows.sort(key=lambda row: row[0])
    table = np.array(rows, dtype=np.float64)
    pts, etas, phis = table[:, 1], table[:, 2], table[:, 3]
    return Vectors.massless(table[:, 0].astype(np.int64), pts * np.cosh(etas), etas, phis)


def classic(inputs: Vectors, event: int, definition: Any, min_pt: float) -> list[Any]:
    """Jets of one event by FastJet's own interface, hardest first, with input rows."""
    particles = []
    for row in np.flatnonzero(inputs.event == event).tolist():
        columns = (inputs.px, inputs.py, inputs.pz, inputs.e)
        particles.append(fastjet.PseudoJet(*(float(c[row]) for c in columns)))
        particles[-1].set_user_index(row)
    sequence = fastjet.ClusterSequence(particles, definition)
    found = fastjet.sorted_by_pt(sequence.inclusive_jets(min_pt))
    rows = [sorted(c.user_index() for c in jet.constituents()) for jet in found]
    return [(row, (j.px(), j.py(), j.pz(), j.e())) for row, j in zip(rows, found, strict=True)]


def four(jets: Jets, k: int) -> tuple[float, float, float, float]:
    p = jets.momentum
    return float(p.px[k]), float(p.py[k]), float(p.pz[k]), float(p.e[k])


def members(jets: Jets, k: int) -> list[int]:
    return sorted(jets.member[jets.member_jet == k].tolist())


@pytest.mark.parametrize("radius", [0.4, 1.0])
def test_clusters_as_fastjet_does_event_by_event(radius: float) -> None:
    inputs = random_inputs(1)
    jets = cluster(inputs, EVENTS, radius=radius, min_pt=20.0)
    assert np.all(np.diff(jets.momentum.event) >= 0)
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, radius)
    for event in range(EVENTS):
        mine = sorted(
            np.flatnonzero(jets.momentum.event == event).tolist(),
            key=lambda k: -jets.momentum.pt[k],
        )
        expected = classic(inputs, event, definition, 20.0)
        assert [members(jets, k) for k in mine] == [rows for rows, _ in expected]
        for k, (_, momentum) in zip(mine, expected, strict=True):
            assert four(jets, k) == pytest.approx(momentum, rel=TOLERANCE, abs=TOLERANCE)
    assert len(jets.flavour) > 15


def test_constituents_sum_to_the_jet() -> None:
    inputs = random_inputs(2)
    jets = cluster(inputs, EVENTS, radius=0.5, min_pt=5.0)
    for name in ("px", "py", "pz", "e"):
        sums = np.bincount(jets.member_jet, getattr(inputs, name)[jets.member], len(jets.flavour))
        np.testing.assert_allclose(sums, getattr(jets.momentum, name), rtol=1e-9, atol=1e-9)
    assert np.array_equal(inputs.event[jets.member], jets.momentum.event[jets.member_jet])
    assert len(set(jets.member.tolist())) == len(jets.member)


def test_nothing_to_cluster() -> None:
    none = random_inputs(1).take(np.zeros(0, dtype=np.int64))
    jets = cluster(none, 3, radius=0.4, min_pt=20.0)
    assert len(jets.flavour) == len(jets.member) == 0
    assert subjettiness(jets, none, beta=1.0, radius=1.0).tau.shape == (0, 4)


def slow_taus(inputs: Vectors, rows: list[int], beta: float, radius: float) -> list[float]:
    """tau1 to tau4 of a jet, with FastJet's exclusive kT jets of its constituents as axes."""
    columns = (inputs.px, inputs.py, inputs.pz, inputs.e)
    particles = [fastjet.PseudoJet(*(float(c[r]) for c in columns)) for r in rows]
    sequence = fastjet.ClusterSequence(
        particles, fastjet.JetDefinition(fastjet.kt_algorithm, 1000.0)
    )
    taus = []
    for n in range(1, 5):
        if len(particles) < n:
            taus.append(0.0)
            continue
        axes = [(a.rap(), a.phi()) for a in sequence.exclusive_jets(n)]
        total = scale = 0.0
        for p in particles:
            near = min(
                math.hypot(p.rap() - rap, math.remainder(p.phi() - phi, 2 * math.pi))
                for rap, phi in axes
            )
            total += p.pt() * near**beta
            scale += p.pt() * radius**beta
        taus.append(total / scale)
    return taus


@pytest.mark.parametrize("beta", [1.0, 2.0])
def test_subjettiness_against_a_loop(beta: float) -> None:
    inputs = random_inputs(3)
    jets = cluster(inputs, EVENTS, radius=0.4, min_pt=3.0)
    found = subjettiness(jets, inputs, beta=beta, radius=1.0).tau
    expected = [slow_taus(inputs, members(jets, k), beta, 1.0) for k in range(len(found))]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
    sizes = np.bincount(jets.member_jet)
    assert (sizes == 1).any()
    assert (found[sizes == 1] < 1e-9).all()
    assert (found[sizes > 4] > 0).all()


def test_more_axes_fit_better() -> None:
    inputs = random_inputs(4)
    jets = cluster(inputs, EVENTS, radius=1.0, min_pt=20.0)
    tau = subjettiness(jets, inputs, beta=1.0, radius=1.0).tau
    # kT axes are not the best ones, so that a rise is possible, but rare and small
    assert np.mean(np.diff(tau, axis=1) <= 1e-12) > 0.97
    assert (tau[:, 3] <= tau[:, 0]).all()
    assert ((tau >= 0) & (tau <= 1)).all()


CMS = load_detector("cms").jets.pileup_density


def density_card() -> PileupDensity:
    assert CMS is not None
    return CMS


def test_median_density_against_a_loop() -> None:
    card, inputs = density_card(), random_inputs(5)
    # many soft particles besides, so that medians are not all zero
    rng = np.random.default_rng(6)
    n = 6000
    eta = rng.uniform(-4.9, 4.9, n)
    soft = Vectors.massless(
        np.sort(rng.integers(0, EVENTS - 1, n)),
        rng.exponential(0.5, n) * np.cosh(eta),
        eta,
        rng.uniform(-np.pi, np.pi, n),
    )
    inputs, _ = Vectors.concat([inputs, soft])
    found = median_density(inputs, EVENTS, card)
    columns = round(2 * math.pi / card.cell)
    for event in range(EVENTS):
        for k, (low, high) in enumerate(zip(card.eta_edges[:-1], card.eta_edges[1:], strict=True)):
            rows = math.floor((high - low) / card.cell + 0.5)  # FastJet rounds halves up
            sums = {(r, c): 0.0 for r in range(rows) for c in range(columns)}
            for i in np.flatnonzero(inputs.event == event).tolist():
                y = math.atanh(inputs.pz[i] / inputs.e[i])
                if low < y < high:
                    row = int((y - low) * rows / (high - low))
                    column = int((inputs.phi[i] + math.pi) * columns / (2 * math.pi)) % columns
                    sums[row, column] += float(inputs.pt[i])
            area = (high - low) / rows * 2 * math.pi / columns
            expected = statistics.median(sums.values()) / area
            assert found[event, k] == pytest.approx(expected, abs=1e-9)
    assert (found[1:-1] > 0).all()
    assert (found[-1] == 0).all()


def made(pt: list[float], eta: list[float], event: list[int]) -> Jets:
    n, angle = len(pt), np.linspace(-3, 3, len(pt))
    energy = np.array(pt) * np.cosh(eta)
    momentum = Vectors.massless(np.array(event), energy, np.array(eta), angle)
    zero = np.zeros(n, dtype=np.int64)
    return Jets(momentum, np.arange(n), np.arange(n), zero, zero > 0, np.zeros((n, 4)))


def test_subtracted_density() -> None:
    card = density_card()
    edges = card.eta_edges
    jets = made([50.0, 21.0, 40.0, 3.0], [0.0, 0.0, edges[-2] + 0.1, 0.0], [0, 0, 1, 1])
    density = np.zeros((2, len(edges) - 1))
    middle = next(k for k in range(len(edges) - 1) if edges[k] < 0 < edges[k + 1])
    density[0, middle], density[1, middle], density[1, -1] = 4.0, 50.0, 10.0
    kept = subtract_density(jets, density, card, radius=0.5, min_pt=20.0)
    area = math.pi * 0.25
    assert kept.momentum.pt.tolist() == pytest.approx([50 - 4 * area, 40 - 10 * area])
    np.testing.assert_allclose(kept.momentum.eta, [0.0, edges[-2] + 0.1], atol=1e-9)
    assert kept.member.tolist() == [0, 2]
    assert kept.member_jet.tolist() == [0, 1]


def test_energy_scale() -> None:
    jets = made([20.0, 50.0, 100.0], [0.0, -1.5, 4.0], [0, 0, 1])
    scaled = scale_energy(jets, EnergyScale(constant=3.0, slope=0.2))
    for k, (pt, eta) in enumerate([(20.0, 0.0), (50.0, 1.5), (100.0, 4.0)]):
        factor = math.sqrt((3.0 - 0.2 * eta) ** 2 / pt + 1.0)
        assert four(scaled, k) == pytest.approx(tuple(factor * x for x in four(jets, k)))


def test_flavour_is_the_heaviest_quark_in_the_cone() -> None:
    card = load_detector("atlas")
    rules, phi = card.flavour, np.linspace(-3, 3, 6)
    soft, far = rules.min_parton_pt * 0.9, rules.cone * 1.05
    jets = made([50.0] * 6, [0.0] * 5 + [rules.max_parton_eta], [0] * 6)
    partons = [
        Parton(-4, 30, 0.1, phi[0]),
        Parton(5, 10, -0.2, phi[0]),  # b over c, whatever the order and pT
        Parton(5, 30, far, phi[1]),  # outside the cone
        Parton(4, 30, 0.0, phi[2] + 0.9 * rules.cone),
        Parton(-5, soft, 0.0, phi[3]),  # too soft
        Parton(5, 30, rules.max_parton_eta + 0.01, phi[5]),  # too forward
    ]
    tagged = tag(jets, truth_of([[]], [partons]), card, no_chance())
    assert tagged.flavour.tolist() == [5, 0, 4, 0, 0, 0]
    other = tag(jets, truth_of([[], []], [[], partons]), card, no_chance())
    assert other.flavour.tolist() == [0] * 6  # another event's quarks
    turned = [Parton(5, 30, 0.0, phi[0] - 0.1 + 2 * math.pi)]
    assert tag(jets, truth_of([[]], [turned]), card, no_chance()).flavour[0] == 5


@pytest.mark.parametrize(("name", "eta"), [("atlas", 0.5), ("cms", 0.5), ("cms", 2.0)])
@pytest.mark.parametrize("flavour", [5, 4, 0])
def test_tagging_rates_are_the_card_s(name: str, eta: float, flavour: int) -> None:
    card, n, pt = load_detector(name), 40_000, 60.0
    jets = made([pt] * n, [eta] * n, list(range(n)))
    partons = [[Parton(flavour, 40, eta, p)] if flavour else [] for p in jets.momentum.phi]
    tagged = tag(jets, truth_of([[]] * n, partons), card, np.random.default_rng(1))
    rule, at = card.b_tagging, (np.array([pt]), np.array([eta]))
    light = rule.light.constant + rule.light.slope * pt
    chance = {5: float(rule.b(*at)[0]), 4: float(rule.c(*at)[0]), 0: light}[flavour]
    assert (tagged.flavour == flavour).all()
    # five standard deviations: a false alarm in 1e6 with other seeds (light: Poisson, 1e-5)
    assert abs(tagged.b_tag.sum() - n * chance) < 5 * math.sqrt(n * chance * (1 - chance))


def test_jets_of_used_inputs_are_dropped() -> None:
    inputs = random_inputs(8)
    jets = cluster(inputs, EVENTS, radius=0.5, min_pt=5.0)
    taken = np.zeros(len(inputs), dtype=bool)
    taken[members(jets, 3)[:1]] = True
    taken[members(jets, 5)] = True
    kept = without_members(jets, taken)
    assert len(kept.flavour) == len(jets.flavour) - 2
    expected = [members(jets, k) for k in range(len(jets.flavour)) if k not in (3, 5)]
    assert [members(kept, k) for k in range(len(kept.flavour))] == expected
    assert not taken[kept.member].any()
    free = np.zeros(len(inputs), dtype=bool)
    assert len(without_members(jets, free).flavour) == len(jets.flavour)
