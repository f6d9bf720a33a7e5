from __future__ import annotations

import math
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmark.simulation.detector_card import CellBlock, load_detector
from benchmark.simulation.towers import Deposits, Segmentation, Towers, log_normal, measure
from tests.truths import no_chance, perfect

if TYPE_CHECKING:
    from benchmark.simulation.detector_card import CalorimeterCard

Hits = list[tuple[int, int, float]]  # event, cell, energy
Links = list[tuple[int, int, float, float]]  # event, cell, energy, relative resolution
Slow = dict[tuple[int, int], tuple[float, float]]


def calorimeter(detector: str, name: str) -> CalorimeterCard:
    card: CalorimeterCard = getattr(load_detector(detector), name)
    return card


CALORIMETERS = [(d, c) for d in ("atlas", "cms") for c in ("ecal", "hcal")]


def random_hits(cells: Segmentation, seed: int) -> tuple[Hits, Links]:
    """Few cells and many hits, so that particles and tracks share towers; some miss."""
    rng = np.random.default_rng(seed)
    busy = [-1, *rng.choice(cells.size, 12, replace=False).tolist()]
    hits = [(e, int(rng.choice(busy)), rng.exponential(8.0)) for e in range(20) for _ in range(9)]
    links = [
        (e, int(rng.choice(busy)), rng.exponential(8.0), rng.uniform(0.001, 0.3))
        for e in range(20)
        for _ in range(5)
    ]
    return hits, links


def deposits_of(hits: Hits, links: Links) -> Deposits:
    def column(rows: list[tuple[float, ...]], k: int, kind: type) -> np.ndarray:
        return np.array([row[k] for row in rows], dtype=kind)

    h: list[tuple[float, ...]] = [*hits]
    t: list[tuple[float, ...]] = [*links]
    return Deposits(
        event=column(h, 0, np.int64),
        cell=column(h, 1, np.int64),
        energy=column(h, 2, np.float64),
        track_event=column(t, 0, np.int64),
        track_cell=column(t, 1, np.int64),
        track_energy=column(t, 2, np.float64),
        track_resolution=column(t, 3, np.float64),
    )


def slow_sigma(card: CalorimeterCard, energy: float, eta: float) -> float:
    r = card.resolution
    for k in range(len(r.c)):
        low, high = r.eta_edges[k], r.eta_edges[k + 1]
        if low < abs(eta) <= high or abs(eta) == low == r.eta_edges[0]:
            return math.sqrt((r.c[k] * energy) ** 2 + r.s[k] ** 2 * energy + r.n[k] ** 2)
    return 0.0


def rings(card: CalorimeterCard) -> list[tuple[float, float, int]]:
    """(lower edge, upper edge, number of cells) of each eta bin."""
    found = []
    for block in card.cells:
        edges = block.edges
        if edges is None:
            assert block.start is not None
            assert block.stop is not None
            assert block.count is not None
            width = (block.stop - block.start) / block.count
            edges = [block.start + k * width for k in range(block.count + 1)]
        found += [(a, b, block.n_phi) for a, b in pairwise(edges)]
    return found


def slow_ring(card: CalorimeterCard, cell: int) -> tuple[float, float, int, int]:
    """Edges of a cell's ring, cells of the ring, and the cell's place in it."""
    for low, high, n_phi in rings(card):
        if cell < n_phi:
            return low, high, n_phi, cell
        cell -= n_phi
    raise IndexError(cell)


def slow_measure(card: CalorimeterCard, hits: Hits, links: Links) -> tuple[Slow, list[float]]:
    """Energy and neutral excess of each tower and the factor of each track, one by one."""
    deposited: dict[tuple[int, int], float] = defaultdict(float)
    tracks: dict[tuple[int, int], list[int]] = defaultdict(list)
    for event, cell, energy in hits:
        if cell >= 0:
            deposited[event, cell] += energy
    for k, (event, cell, _, _) in enumerate(links):
        if cell >= 0:
            tracks[event, cell].append(k)
    factors, towers = [1.0] * len(links), {}
    for key in deposited.keys() | tracks.keys():
        low, high, _, _ = slow_ring(card, key[1])
        eta, energy = (low + high) / 2, 0.0
        if deposited[key] > 0:
            mean = deposited[key]
            b2 = math.log(1 + (slow_sigma(card, mean, eta) / mean) ** 2)
            energy = mean * math.exp(-b2 / 2)  # log-normal of mean `mean` at its median
        sigma = slow_sigma(card, energy, eta)
        if energy < card.min_energy or energy < card.min_significance * sigma:
            energy = 0.0
        sum_tracks = sum(links[k][2] for k in tracks[key])
        variance = sum((links[k][2] * links[k][3]) ** 2 for k in tracks[key])
        excess = max(energy - sum_tracks, 0.0)
        floor = card.min_significance * math.sqrt(variance + sigma**2)
        if excess > card.min_energy and excess > floor:
            towers[key] = (energy, excess)
            continue
        towers[key] = (energy, 0.0)
        if tracks[key]:
            weights = (1 / variance, 1 / sigma**2 if sigma else 0.0)
            best = (weights[0] * sum_tracks + weights[1] * energy) / sum(weights)
            for k in tracks[key]:
                factors[k] = best / sum_tracks
    return towers, factors


@pytest.mark.parametrize(("detector", "name"), CALORIMETERS)
def test_towers_against_a_loop(detector: str, name: str) -> None:
    card = calorimeter(detector, name)
    cells = Segmentation(card)
    for seed in range(5):
        hits, links = random_hits(cells, seed)
        towers = measure(card, cells, deposits_of(hits, links), no_chance())
        expected, factors = slow_measure(card, hits, links)
        keys = [*zip(towers.event.tolist(), towers.cell.tolist(), strict=True)]
        assert keys == sorted(expected)
        np.testing.assert_allclose(towers.energy, [expected[k][0] for k in keys], rtol=1e-9)
        np.testing.assert_allclose(towers.neutral, [expected[k][1] for k in keys], rtol=1e-9)
        np.testing.assert_allclose(towers.track_scale, factors, rtol=1e-9)
        assert_links(towers, links)
        assert_lower_corners(card, towers)
        assert (towers.neutral > 0).any()
        assert (towers.energy == 0).any()


def assert_links(towers: Towers, links: Links) -> None:
    for (event, cell, _, _), tower in zip(links, towers.track_tower.tolist(), strict=True):
        assert (tower == -1) == (cell == -1)
        if tower >= 0:
            assert (towers.event[tower], towers.cell[tower]) == (event, cell)


def assert_lower_corners(card: CalorimeterCard, towers: Towers) -> None:
    for cell, eta, phi in zip(towers.cell.tolist(), towers.eta, towers.phi, strict=True):
        low, _, n_phi, place = slow_ring(card, cell)
        assert eta == pytest.approx(low)
        assert phi == pytest.approx(-math.pi + 2 * math.pi * place / n_phi)


@pytest.mark.parametrize(("detector", "name"), CALORIMETERS)
def test_a_perfect_calorimeter_keeps_the_energy(detector: str, name: str) -> None:
    card: CalorimeterCard = getattr(perfect(detector), name)
    cells = Segmentation(card)
    hits, links = random_hits(cells, seed=7)
    towers = measure(card, cells, deposits_of(hits, links), np.random.default_rng(0))
    deposited = sum(energy for _, cell, energy in hits if cell >= 0)
    assert towers.energy.sum() == pytest.approx(deposited)
    # where the tracks fit into the tower, tracks and neutral excess are the calorimeter
    linked = np.flatnonzero(towers.track_tower >= 0)
    energies = np.array([links[k][2] for k in linked])
    charged = np.bincount(towers.track_tower[linked], energies, len(towers.cell))
    fits = charged <= towers.energy
    assert fits.sum() > 20
    np.testing.assert_allclose((charged + towers.neutral)[fits], towers.energy[fits])


def test_perfect_tracks_in_a_perfect_calorimeter_keep_their_energy() -> None:
    card = perfect().hcal
    links: Links = [(0, 5, 3.0, 0.0), (0, 5, 4.0, 0.0), (1, 5, 2.0, 0.0)]
    hits: Hits = [(0, 5, 7.0), (1, 5, 3.0)]
    towers = measure(card, Segmentation(card), deposits_of(hits, links), no_chance())
    assert towers.track_scale.tolist() == [1.0, 1.0, 1.0]
    assert towers.neutral.tolist() == pytest.approx([0.0, 1.0])


def test_tracks_better_than_the_calorimeter_count_for_more() -> None:
    card = calorimeter("atlas", "hcal")
    cells = Segmentation(card)
    cell = int(cells.cell(np.array([0.5]), np.array([0.0]))[0])
    scales = [
        measure(card, cells, deposits_of([(0, cell, 20.0)], [(0, cell, 30.0, r)]), no_chance())
        for r in (1e-6, 0.1, 10.0)
    ]
    first, second, third = (float(s.track_scale[0]) for s in scales)
    assert first == pytest.approx(1.0, abs=1e-6)
    assert first > second > third > 0.5


def test_towers_of_nothing() -> None:
    card = calorimeter("atlas", "ecal")
    towers = measure(card, Segmentation(card), deposits_of([], []), np.random.default_rng(0))
    assert len(towers.event) == len(towers.energy) == len(towers.track_scale) == 0


@pytest.mark.parametrize(("detector", "name"), CALORIMETERS)
def test_cells_against_a_search(detector: str, name: str) -> None:
    card = calorimeter(detector, name)
    cells, rng = Segmentation(card), np.random.default_rng(3)
    eta, phi = rng.uniform(-5.5, 5.5, 400), rng.uniform(-np.pi, np.pi, 400)
    found = cells.cell(eta, phi)
    ring_list = rings(card)
    firsts = np.cumsum([0, *(n for _, _, n in ring_list)])
    for e, p, cell in zip(eta, phi, found.tolist(), strict=True):
        expected = [
            int(first) + math.floor((p + math.pi) / (2 * math.pi) * n)
            for (low, high, n), first in zip(ring_list, firsts, strict=False)
            if low < e <= high
        ]
        assert cell == (expected[0] if expected else -1)
    assert (found == -1).any()


def test_edges_of_cells() -> None:
    card = calorimeter("atlas", "hcal").model_copy(
        update={"cells": [CellBlock(edges=[-1, 0, 1], n_phi=4), CellBlock(edges=[1, 2], n_phi=2)]}
    )
    cells = Segmentation(card)
    assert cells.size == 10
    eta = np.array([-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.1, np.nan])
    # lower < eta <= upper; the calorimeter's own lower edge is outside
    assert cells.cell(eta, np.full(9, -3.0)).tolist() == [-1, 0, 0, 4, 4, 8, 8, -1, -1]
    phi = np.array([-np.pi, -np.pi / 2, 0.0, np.pi / 2, 3.14, np.pi])
    assert cells.cell(np.full(6, 0.5), phi).tolist() == [4, 5, 6, 7, 7, 4]


def test_spread_stays_in_the_cell_and_fills_it() -> None:
    cells = Segmentation(calorimeter("cms", "hcal"))
    rng = np.random.default_rng(4)
    number = rng.integers(0, cells.size, 2000)
    eta, phi = cells.spread(number, rng)
    assert np.array_equal(cells.cell(eta, phi), number)
    one = np.full(4000, number[0])
    eta, phi = cells.spread(one, rng)
    low, high = cells.eta_edges[cells.ring(one[:1]) + np.array([0, 1])]
    # mean of 4000 uniform draws: 5 standard deviations, false alarms 6e-7
    assert abs(eta.mean() - (low + high) / 2) < 5 * (high - low) / math.sqrt(12 * 4000)


def test_log_normal_has_the_mean_and_spread_asked_for() -> None:
    n, rng = 200_000, np.random.default_rng(5)
    draws = log_normal(np.full(n, 20.0), np.full(n, 3.0), rng)
    # five standard errors of mean and spread (nearly Gaussian): false alarms 1e-6
    assert abs(draws.mean() - 20.0) < 5 * 3.0 / math.sqrt(n)
    assert abs(draws.std() - 3.0) < 5 * 3.0 * 1.1 / math.sqrt(2 * n)
    assert log_normal(np.array([0.0, 4.0]), np.array([1.0, 0.0]), rng).tolist() == pytest.approx(
        [0.0, 4.0]
    )
