# ruff: noqa: D101 (the fake speaks Pythia's own, documented there)
from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.simulation.generator import GeneratorRun, generate
from benchmark.simulation.redecay import RepeatedDecays, generate_redecayed
from benchmark.simulation.truth import FROM_HADRON, Truth
from tests.truths import same_truth

SETTINGS = Path(__file__).parents[4] / "datasets" / "cms_adc" / "pythia" / "qcd.cmnd"
# Loose cuts, so that a short run keeps many events.
OPTIONS = RepeatedDecays(
    tries=20,
    min_hadron_pt=5.0,
    min_lepton_pt=2.0,
    max_electron_eta=3.0,
    max_muon_eta=2.4,
    max_isolation=5.0,
    cone=0.4,
)
EVENTS = 80


def run(seed: int) -> Truth:
    return generate(
        GeneratorRun(SETTINGS, seed=seed, events=EVENTS, hook="hard_bottom", redecay=OPTIONS)
    ).truth


@pytest.fixture(scope="module")
def kept() -> Truth:
    return run(seed=11)


def test_the_seed_decides(kept: Truth) -> None:
    assert 10 < len(kept) < EVENTS
    assert same_truth(kept, run(seed=11))
    assert not same_truth(kept, run(seed=12))


def test_kept_events_have_a_lepton_that_passes(kept: Truth) -> None:
    pt = np.hypot(kept.px, kept.py)
    eta, pid = np.arcsinh(kept.pz / np.maximum(pt, 1e-9)), np.abs(kept.pid)
    reach = np.where(pid == 11, OPTIONS.max_electron_eta, OPTIONS.max_muon_eta)
    hard = np.isin(pid, (11, 13)) & (pt > OPTIONS.min_lepton_pt) & (np.abs(eta) < reach)
    assert set(kept.event[hard].tolist()) == set(range(len(kept)))
    # most are of b hadrons; others come of taus, photons and pions in the decay
    assert np.isin(FROM_HADRON, kept.origin[hard])
    # isolation of every candidate, by a loop over the event
    phi = np.arctan2(kept.py, kept.px)
    passing = set()
    for i in np.flatnonzero(hard).tolist():
        around = 0.0
        for j in range(kept.offsets[kept.event[i]], kept.offsets[kept.event[i] + 1]):
            d_phi = math.remainder(float(phi[i] - phi[j]), 2 * math.pi)
            if i != j and pt[j] > 0.5 and math.hypot(eta[i] - eta[j], d_phi) < OPTIONS.cone:
                around += float(pt[j])
        if around / pt[i] < OPTIONS.max_isolation * (1 + 1e-5):  # the record is single precision
            passing.add(int(kept.event[i]))
    assert passing == set(range(len(kept)))


def test_weights_are_shares_of_the_tries(kept: Truth) -> None:
    passes = kept.weight * OPTIONS.tries
    np.testing.assert_allclose(passes, np.round(passes), atol=1e-4)
    assert passes.min() >= 1 - 1e-4
    assert kept.weight.max() <= 1
    assert len(set(kept.weight.tolist())) > 3


def test_momentum_balances(kept: Truth) -> None:
    for axis in ("px", "py"):
        visible = np.bincount(kept.event, getattr(kept, axis), len(kept))
        total = visible + getattr(kept, f"invisible_{axis}")
        assert np.abs(total).max() < 0.1  # GeV; sums of single precision


def test_all_b_hadrons_are_decayed(kept: Truth) -> None:
    code = np.abs(kept.pid)
    assert not ((code // 100 == 5) | (code // 1000 == 5)).any()


class FakeParticle:
    """A particle with the methods that the code asks of Pythia's."""

    def __init__(self, pid: int, status: int, mother: int, pt: float, eta: float) -> None:
        self.values = {"id": pid, "status": status, "mother1": mother, "pT": pt, "eta": eta}
        self.values |= {"px": pt, "py": 0.0, "pz": pt * math.sinh(eta), "phi": 0.0}
        self.values |= {"e": pt * math.cosh(eta), "xProd": 0.0, "yProd": 0.0, "zProd": 0.0}

    def __getattr__(self, name: str) -> Any:
        values = self.__dict__["values"]
        if name not in values:
            raise AttributeError(name)
        return lambda: values[name]

    def statusPos(self) -> None:
        self.values["status"] = abs(self.values["status"])


class FakeEvent(list[FakeParticle]):
    """An event record of Pythia's kind."""

    saved = 0

    def size(self) -> int:
        return len(self)

    def saveSize(self) -> None:
        self.saved = len(self)

    def restoreSize(self) -> None:
        del self[self.saved :]


class FakeData:
    def __init__(self) -> None:
        self.decays = True

    def isParticle(self, code: int) -> bool:
        return code == 511

    def mayDecay(self, code: int, to: bool | None = None) -> bool:
        assert code == 511
        if to is not None:
            self.decays = to
        return self.decays


class FakePythia:
    """Events with one b hadron that decays to a passing muon with a chance of its own."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.particleData, self.event = FakeData(), FakeEvent()
        self.chance, self.tries, self.chances = 0.0, 0, [0.0]

    def next(self) -> bool:
        assert not self.particleData.decays, "b hadrons must be kept"
        self.chance = float(self.rng.choice([0.02, 0.2, 0.7]))
        self.chances.append(self.chance)
        rows = [(90, -11, 0, 0.0, 0.0), (511, 83, 0, 40.0, 0.5), (211, 84, 0, 9.0, -0.5)]
        self.event[:] = [FakeParticle(*row) for row in rows]
        return True

    def moreDecays(self) -> None:
        assert self.particleData.decays
        assert [p.status() for p in self.event] == [-11, 83, 84], "the event was not restored"
        self.tries += 1
        self.event[1].values["status"] = -83
        pid = 13 if self.rng.random() < self.chance else 211
        self.event.append(FakeParticle(pid, 91, 1, 30.0, 0.5))


def test_weights_are_unbiased() -> None:
    n, pythia = 3000, FakePythia(seed=5)
    truth = generate_redecayed(pythia, n, OPTIONS)
    assert pythia.tries == n * OPTIONS.tries
    chances = np.array(pythia.chances[1:])
    # variance of the mean of `tries` draws, summed over events: the chance of each is known.
    # Five standard deviations: a false alarm in 2e6 with other seeds
    sigma = math.sqrt(float((chances * (1 - chances)).sum()) / OPTIONS.tries)
    assert abs(float(truth.weight.sum()) - chances.sum()) < 5 * sigma
    kept = 1 - (1 - chances) ** OPTIONS.tries
    assert abs(len(truth) - kept.sum()) < 5 * math.sqrt(float((kept * (1 - kept)).sum()))


def test_the_first_passing_decay_is_kept_once() -> None:
    truth = generate_redecayed(FakePythia(seed=6), 300, OPTIONS)
    for event in range(len(truth)):
        mine = truth.pid[truth.event == event].tolist()
        assert sorted(mine) == [13, 211]  # one muon, the pion; the hadron is decayed
    assert len(truth) > 100  # more than one batch is joined


def test_events_without_a_hard_hadron_are_not_tried() -> None:
    pythia = FakePythia(seed=7)
    demanding = RepeatedDecays(**{**vars(OPTIONS), "min_hadron_pt": 50.0})
    assert len(generate_redecayed(pythia, 50, demanding)) == 0
    assert pythia.tries == 0


def test_leptons_in_company_do_not_pass() -> None:
    strict = RepeatedDecays(**{**vars(OPTIONS), "cone": 2.0, "max_isolation": 0.2})
    assert len(generate_redecayed(FakePythia(seed=8), 50, strict)) == 0  # the pion, 9 of 30 GeV
    loose = RepeatedDecays(**{**vars(OPTIONS), "cone": 2.0, "max_isolation": 0.4})
    assert len(generate_redecayed(FakePythia(seed=8), 50, loose)) > 0
