from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import CardError
from benchmark.simulation.detector_card import (
    CalorimeterResolution,
    CellBlock,
    EnergyResolution,
    GridResolution,
    QuadratureResolution,
    StepTable,
    load_detector,
    step,
)
from benchmark.simulation.towers import Segmentation

FIXTURES = Path(__file__).parents[3] / "fixtures" / "detectors"
SAID = {
    "unknown_key": r"magnet: .*Extra inputs",
    "shape": r"tracking_efficiency\.hadron: .*expected 2 rows \(pT\) of 2 numbers",
    "both_cells": r"hcal\.cells\.4: .*either edges, or start, stop and count",
    "no_cells": r"hcal\.cells\.4: .*either edges, or start, stop and count",
    "radius": r"cylinder\.radius: .*greater than 0",
    "kind": r"b_tagging: .*neural",
    "not_yaml": "not valid YAML",
    "not_a_mapping": "valid dictionary",
}


@pytest.mark.parametrize("fault", SAID)
def test_faults_are_named(fault: str) -> None:
    with pytest.raises(CardError, match=rf"(?s)bad_{fault}\.yaml: .*{SAID[fault]}"):
        load_detector(f"bad_{fault}", folder=FIXTURES)


def test_every_fixture_is_tested() -> None:
    assert {p.stem.removeprefix("bad_") for p in FIXTURES.glob("*.yaml")} == set(SAID)


def test_a_missing_card_names_the_others() -> None:
    with pytest.raises(CardError, match="no detector card 'lhcb'; cards there: atlas, cms"):
        load_detector("lhcb")


@pytest.mark.parametrize("name", ["atlas", "cms"])
def test_shipped_cards_are_consistent(name: str) -> None:
    card = load_detector(name)
    assert card.name == name
    for calorimeter in (card.ecal, card.hcal):
        blocks = [b.eta_edges() for b in calorimeter.cells]
        for before, after in pairwise(blocks):
            assert before[-1] == pytest.approx(after[0], abs=1e-9)
        assert np.all(np.diff(Segmentation(calorimeter).eta_edges) > 0)
        resolution = calorimeter.resolution
        numbers = {len(resolution.c), len(resolution.s), len(resolution.n)}
        assert numbers == {len(resolution.eta_edges) - 1}
    tables = [getattr(card.tracking_efficiency, k) for k in ("hadron", "electron", "muon")]
    tables += [getattr(card.identification, k) for k in ("photon", "electron", "muon")]
    pt, eta = (
        x.ravel() for x in np.meshgrid(np.geomspace(0.05, 3000, 60), np.linspace(-6, 6, 80))
    )
    for table in tables:
        assert np.all((table(pt, eta) >= 0) & (table(pt, eta) <= 1))
    for kind in ("hadron", "electron", "muon"):
        assert np.all(getattr(card.resolution, kind)(pt, eta) >= 0)
    for rule in (card.b_tagging.b, card.b_tagging.c):
        assert np.all((rule(pt, eta) >= 0) & (rule(pt, eta) <= 1))


def test_a_step_holds_up_to_its_upper_edge() -> None:
    found = step([0.0, 1.0, 2.5], np.array([0.0, 0.5, 1.0, 1.001, 2.5, 2.6, -0.1]))
    assert found.tolist() == [0, 0, 0, 1, 1, -1, -1]


def test_step_table() -> None:
    table = StepTable(
        eta_edges=[0, 1, 2],
        pt_edges=[10, 20, float("inf")],
        values=[[0.1, 0.2], [0.3, 0.4]],
        slopes=[[0.01, 0.0], [0.0, 0.0]],
    )
    cases = [
        (10.0, 0.0, 0.0),  # the lowest pT edge is outside
        (10.5, 0.0, 0.1 + 0.105),
        (20.0, -1.0, 0.1 + 0.2),
        (20.0, 1.5, 0.2),
        (20.1, -0.5, 0.3),
        (1e6, 2.0, 0.4),
        (50.0, 2.01, 0.0),
    ]
    pt, eta, expected = (np.array(c) for c in zip(*cases, strict=True))
    np.testing.assert_allclose(table(pt, eta), expected)


def test_quadrature_energy_and_calorimeter_resolution() -> None:
    eta = np.array([0.2, -1.0, 1.5, 2.1])
    track = QuadratureResolution(
        kind="quadrature", eta_edges=[0, 1, 2], a=[0.03, 0.1], b=[1e-3, 0]
    )
    np.testing.assert_allclose(track(np.full(4, 40.0), eta), [0.05, 0.05, 0.1, 0.0])
    energy = EnergyResolution(kind="energy", eta_edges=[0, 1, 2], values=[0.02, 0.05])
    np.testing.assert_allclose(energy(np.full(4, 40.0), eta), [0.02, 0.02, 0.05, 0.0])
    tower = CalorimeterResolution(eta_edges=[0, 1, 2], c=[0.1, 0], s=[0.5, 0], n=[2.0, 3.0])
    first = (10.0**2 + 0.25 * 100 + 4.0) ** 0.5
    np.testing.assert_allclose(tower(np.full(4, 100.0), eta), [first, first, 3.0, 0.0])


@pytest.mark.parametrize("rises", [False, True])
def test_grid_resolution_interpolates(rises: bool) -> None:
    grid = GridResolution(
        kind="grid",
        eta_points=[0.0, 1.0, 3.0],
        pt_points=[10, 20],
        rises=rises,
        values=[[0.1, 0.2, 0.4], [0.3, 0.4, 0.8]],
    )
    cases = [
        (10.0, 0.0, 0.1),
        (20.0, -3.0, 0.8),
        (10.0, 0.5, 0.15),
        (15.0, 1.0, 0.3),
        (15.0, 2.0, 0.45),  # the mean of four corners
        (1.0, 5.0, 0.4),  # flat outside
        (40.0, 0.0, 0.6 if rises else 0.3),
    ]
    pt, eta, expected = (np.array(c) for c in zip(*cases, strict=True))
    np.testing.assert_allclose(grid(pt, eta), expected)


def test_cells_of_both_forms() -> None:
    assert CellBlock(edges=[0, 1, 3], n_phi=4).eta_edges().tolist() == [0, 1, 3]
    assert CellBlock(start=-1, stop=1, count=4, n_phi=4).eta_edges().tolist() == [
        -1,
        -0.5,
        0,
        0.5,
        1,
    ]


# Efficiencies of the published ATLAS card's formulas at some pT, to three digits.
PT = (20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 500)
B = (0.529, 0.602, 0.646, 0.674, 0.694, 0.717, 0.728, 0.728, 0.708, 0.641, 0.494)
C = (0.071, 0.097, 0.117, 0.130, 0.138, 0.145, 0.144, 0.132, 0.119, 0.099, 0.074)
LIGHT = (0.0021, 0.0022, 0.0023, 0.0024, 0.0024, 0.0026, 0.0027, 0.0031, 0.0035, 0.0042, 0.0057)


def test_atlas_b_tagging() -> None:
    rule, pt = load_detector("atlas").b_tagging, np.array(PT, dtype=float)
    eta = np.full(len(pt), 1.0)
    np.testing.assert_allclose(rule.b(pt, eta), B, atol=6e-4)
    np.testing.assert_allclose(rule.c(pt, eta), C, atol=6e-4)
    np.testing.assert_allclose(rule.light.constant + rule.light.slope * pt, LIGHT, atol=6e-5)


def test_cms_b_tagging() -> None:
    rule = load_detector("cms").b_tagging
    pt, eta = (
        np.array([25.0, 30.0, 55.0, 110.0, 110, 19, 50]),
        np.array([1.0, 2, 3, 1, -2, 1, 3.6]),
    )
    np.testing.assert_allclose(rule.b(pt, eta), [0.72, 0.58, 0.49, 0.77, 0.63, 0, 0])
    np.testing.assert_allclose(rule.c(pt, eta), [0.24, 0.11, 0.10, 0.22, 0.12, 0, 0])
