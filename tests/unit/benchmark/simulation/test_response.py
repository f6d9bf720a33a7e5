"""The whole response on generated events: what went in must come out."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import awkward as ak
import numpy as np
import pytest

from benchmark.simulation.detector_card import DetectorCard, load_detector
from benchmark.simulation.flow import FlowBuilder
from benchmark.simulation.generator import GeneratorRun, generate
from benchmark.simulation.response import Reconstruction, Response
from benchmark.simulation.truth import PROMPT, Truth
from tests.truths import perfect, truth_of

if TYPE_CHECKING:
    from benchmark.reco import RecoObjects

TTBAR = Path(__file__).parents[4] / "datasets" / "cms_adc" / "pythia" / "ttbar.cmnd"
OPTIONS = Reconstruction(jet_radius=0.4, large_jet_radius=1.0)
CARDS = {"atlas": OPTIONS, "cms": Reconstruction(jet_radius=0.4)}


@pytest.fixture(scope="module")
def events() -> Truth:
    return generate(GeneratorRun(TTBAR, seed=2, events=100)).truth


def measured(
    card: DetectorCard, options: Reconstruction, truth: Truth, seed: int = 1
) -> RecoObjects:
    objects, keep = Response(card, options)(truth, np.random.default_rng(seed))
    assert keep.all()
    return objects


@pytest.mark.parametrize("name", CARDS)
def test_missing_momentum_is_that_of_the_invisible(name: str, events: Truth) -> None:
    met = measured(load_detector(name), CARDS[name], events).met
    for axis, turn in (("px", np.cos), ("py", np.sin)):
        difference = ak.to_numpy(met.pt * turn(met.phi)) - getattr(events, f"invisible_{axis}")
        spread = difference.std()
        # the mean of 100 events: five standard errors (false alarms 1e-6 with other seeds)
        assert abs(difference.mean()) < 5 * spread / math.sqrt(100)
        assert spread < 40.0  # GeV: far below the momenta of top quarks
    strong = np.hypot(events.invisible_px, events.invisible_py) > 60
    assert strong.sum() > 10
    angle = ak.to_numpy(met.phi) - np.arctan2(events.invisible_py, events.invisible_px)
    assert np.cos(angle[strong]).mean() > 0.8


@pytest.mark.parametrize("name", CARDS)
def test_towers_hold_the_energy_of_the_truth(name: str, events: Truth) -> None:
    pt = np.hypot(events.px, events.py)
    eta = np.arcsinh(events.pz / np.maximum(pt, 1e-9))
    wall = load_detector(name).cylinder
    absorbed = np.hypot(events.vx, events.vy) < 1000 * wall.radius  # mm; else born outside
    absorbed &= np.abs(events.vz) < 1000 * wall.half_length
    absorbed &= (np.abs(eta) < 2.9) & (np.abs(events.pid) != 13)
    transverse = float((events.e / np.cosh(eta))[absorbed].sum())
    seen = []
    for card in (load_detector(name), perfect(name, field=0.0)):
        flow = FlowBuilder(card).build(events, np.random.default_rng(1))
        total = 0.0
        for towers in (flow.ecal, flow.hcal):
            central = np.abs(towers.eta) < 2.9
            total += float((towers.energy / np.cosh(towers.eta))[central].sum())
        seen.append(total / transverse)
    # Without a field only decays in flight move energy across the edge. With one, soft particles
    # curl up and end forward; towers below threshold and merged tracks are lost.
    assert seen[1] == pytest.approx(1.0, abs=0.01)
    assert 0.75 < seen[0] < 1.0
    assert seen[0] < seen[1]


@pytest.mark.parametrize("name", CARDS)
def test_hard_prompt_leptons_are_found(name: str, events: Truth) -> None:
    objects = measured(load_detector(name), CARDS[name], events)
    pt = np.hypot(events.px, events.py)
    eta = np.arcsinh(events.pz / np.maximum(pt, 1e-9))
    for code, found in ((11, objects.electrons), (13, objects.muons)):
        true = (np.abs(events.pid) == code) & (events.origin == PROMPT)
        true &= (pt > 25) & (np.abs(eta) < 2.0)
        count = int(ak.sum(ak.num(found[found.pt > 20])))
        assert 0.4 * true.sum() < count < 2.0 * true.sum() + 10


def test_jets_follow_the_quarks(events: Truth) -> None:
    objects = measured(load_detector("atlas"), OPTIONS, events)
    jets = objects.jets
    assert 3.5 < ak.mean(ak.num(jets[jets.pt > 25])) < 9
    tagged = jets[(jets.btag == 1) & (jets.flavour == 5)]
    assert 0.5 < ak.mean(ak.num(tagged)) < 2.0  # two b quarks, three of four in reach, 70 %
    large = objects.large_jets
    assert ak.all(large.pt > 200 * 0.999)
    assert ak.all((large.tau1 >= large.tau4) & (large.tau4 >= 0))


@pytest.mark.parametrize("name", CARDS)
def test_preselection_drops_only_jets_of_others(name: str, events: Truth) -> None:
    card, options = load_detector(name), CARDS[name]
    wanted = np.arange(100) % 3 == 0
    rng = np.random.default_rng(1)
    some, keep = Response(card, options)(events, rng, preselect=lambda _: wanted)
    every = measured(card, options, events)
    assert np.array_equal(keep, wanted)
    assert len(some) == wanted.sum()
    for kind in ("photons", "electrons", "muons", "met"):
        assert ak.array_equal(getattr(some, kind).pt, getattr(every, kind).pt[wanted])
    # b-tags are drawn for fewer jets; the jets themselves are the same
    np.testing.assert_allclose(
        ak.flatten(some.jets.pt), ak.flatten(every.jets.pt[wanted]), rtol=1e-9
    )


@pytest.mark.parametrize("name", CARDS)
def test_the_seed_decides(name: str, events: Truth) -> None:
    part = events.slice(0, 10)
    one, two, three = (measured(load_detector(name), CARDS[name], part, s) for s in (1, 1, 2))
    assert ak.array_equal(one.met.pt, two.met.pt)
    assert ak.array_equal(one.jets.btag, two.jets.btag)
    assert not ak.array_equal(one.met.pt, three.met.pt)


@pytest.mark.parametrize("name", CARDS)
def test_events_of_nothing(name: str) -> None:
    objects = measured(load_detector(name), CARDS[name], truth_of([[], [], []]))
    assert len(objects) == 3
    assert ak.all(ak.num(objects.jets) == 0)
    assert objects.met.pt.tolist() == [0.0] * 3
