from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import SimulationError
from benchmark.simulation import generator
from benchmark.simulation.generator import (
    GeneratorRun,
    generate,
    read_settings,
    slha_files,
    start_pythia,
)
from benchmark.simulation.hooks import CentralPhotons, HardBottom, make_hook
from benchmark.simulation.truth import PROMPT, Truth
from tests.truths import same_truth

DATASETS = Path(__file__).parents[4] / "datasets"
W = DATASETS / "cms_adc" / "pythia" / "w.cmnd"
QCD = DATASETS / "cms_adc" / "pythia" / "qcd.cmnd"
DIPHOTON = DATASETS / "diphoton" / "pythia"
RUN = GeneratorRun(W, seed=5, events=30)


@pytest.fixture(scope="module")
def events() -> Truth:
    return generate(RUN).truth


def test_the_seed_decides(events: Truth) -> None:
    assert len(events) == 30
    assert same_truth(events, generate(RUN).truth)
    other = generate(replace(RUN, seed=6)).truth
    assert not np.array_equal(events.pid, other.pid)


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_batches_do_not_matter(events: Truth, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator, "_BATCH", batch)
    assert same_truth(events, generate(RUN).truth)


def test_momentum_balances(events: Truth) -> None:
    for axis in ("px", "py"):
        visible = np.bincount(events.event, getattr(events, axis), len(events))
        total = visible + getattr(events, f"invisible_{axis}")
        assert np.abs(total).max() < 0.1  # GeV; sums of single precision


def test_the_record_is_physical(events: Truth) -> None:
    p2 = sum(getattr(events, c).astype(float) ** 2 for c in ("px", "py", "pz"))
    assert np.all(events.e.astype(float) ** 2 - p2 > -1e-5 * p2 - 1e-6)
    assert not np.isin(np.abs(events.pid), (12, 14, 16)).any()
    assert (np.hypot(events.invisible_px, events.invisible_py) > 1).mean() > 0.9
    leptons = np.isin(np.abs(events.pid), (11, 13)) & (events.origin == PROMPT)
    assert leptons.sum() > 10
    far = np.sqrt(sum(getattr(events, f"v{a}").astype(float) ** 2 for a in "xyz"))
    assert np.all((far == 0) | (far > 0.999))
    assert far.max() > 1  # decays in flight are there
    assert np.isin(np.abs(events.parton_pid), (4, 5)).all()
    assert events.weight.tolist() == [1.0] * 30


def test_cross_section_is_in_picobarn() -> None:
    result = generate(replace(RUN, events=100))
    # W to three leptons at 13 TeV, leading order: about 5e4 pb
    assert 2e4 < result.cross_section < 1e5
    assert 0 < result.cross_section_error < 0.2 * result.cross_section
    assert result.tried == 100


def settings(folder: Path, text: str) -> GeneratorRun:
    path = folder / "mine.cmnd"
    path.write_text(text)
    return GeneratorRun(path, seed=1, events=1)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("line", ["WeakSingleBoson:nonsense = on", "Nonsense and more"])
def test_a_refused_line_is_named(tmp_path: Path, line: str) -> None:
    run = settings(tmp_path, f"! comment\nPrint:quiet = on\n\n{line}   ! why\n")
    with pytest.raises(
        SimulationError, match=r"mine\.cmnd:4: Pythia .* refuses the line"
    ) as error:
        start_pythia(run)
    assert line.split()[0] in str(error.value)


def test_a_refused_extra_line_is_named(tmp_path: Path) -> None:
    run = replace(settings(tmp_path, "Print:quiet = on\n"), extra=("No:such = 1",))
    with pytest.raises(SimulationError, match=r"added line.*No:such"):
        start_pythia(run)


def test_missing_settings_are_named(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match=r"nothing\.cmnd.*No such file"):
        read_settings(tmp_path / "nothing.cmnd")


def test_no_process_cannot_start(tmp_path: Path) -> None:
    run = settings(tmp_path, "Print:quiet = on\n")
    with pytest.raises(SimulationError, match=r"mine\.cmnd: .*cannot initialise"):
        start_pythia(run)


def test_a_missing_spectrum_is_an_error(tmp_path: Path) -> None:
    text = "Print:quiet = on\nSUSY:gg2squarkantisquark = on\nSLHA:file = gone.slha\n"
    run = settings(tmp_path, text)
    assert slha_files(run.settings) == [tmp_path / "gone.slha"]
    with pytest.raises(SimulationError, match=r"mine\.cmnd|gone\.slha"):
        start_pythia(run)


def test_the_digest_knows_all_inputs(tmp_path: Path) -> None:
    (tmp_path / "a.slha").write_text("masses 1")
    run = settings(tmp_path, "SLHA:file = a.slha\nBeams:eCM = 13000.\n")
    first = run.digest()
    assert run.digest() == first
    others = [replace(run, seed=2), replace(run, events=2), replace(run, extra=("a = b",))]
    others.append(replace(run, hook="hard_bottom"))
    digests = {first, *(r.digest() for r in others)}
    (tmp_path / "a.slha").write_text("masses 2")
    digests.add(run.digest())
    (tmp_path / "a.slha").write_text("masses 1")
    settings(tmp_path, "SLHA:file = a.slha\nBeams:eCM = 14000.\n")
    digests.add(run.digest())
    assert len(digests) == 7
    settings(tmp_path, "! said better\nSLHA:file = a.slha ! beside\n\nBeams:eCM = 13000.\n")
    assert run.digest() == first  # comments change nothing


def photon_pairs(process: object) -> int:
    """Higgs bosons of a Pythia record that decay to two photons."""
    rows = list(range(process.size()))  # type: ignore[attr-defined]
    decays = 0
    for i in rows:
        if process[i].id() == 25:  # type: ignore[index]
            children = [process[j].id() for j in rows if process[j].mother1() == i]  # type: ignore[index]
            decays += children == [22, 22]
    return decays


@pytest.mark.parametrize("name", ["vh.cmnd", "stop_600_190_60.cmnd", "xsh_500_100.cmnd"])
def test_exactly_one_higgs_boson_decays_to_photons(name: str) -> None:
    fast = ("PartonLevel:all = off",)
    run = GeneratorRun(DIPHOTON / name, seed=3, events=1, hook="one_diphoton_higgs", extra=fast)
    pythia, hook = start_pythia(run)
    found: list[int] = []
    while len(found) < 30:
        if pythia.next():
            found.append(photon_pairs(pythia.process))
    assert found == [1] * 30
    del hook


def test_photons_of_the_hard_process_are_central() -> None:
    fast = ("PartonLevel:all = off",)
    run = GeneratorRun(
        DIPHOTON / "continuum.cmnd", seed=3, events=1, hook="central_photons", extra=fast
    )
    pythia, hook = start_pythia(run)
    seen = 0
    while seen < 60:
        if not pythia.next():
            continue
        for i in range(pythia.process.size()):
            photon = pythia.process[i]
            if photon.id() == 22 and photon.status() > 0:
                seen += 1
                assert abs(photon.eta()) <= CentralPhotons.max_abs_eta
                assert photon.pT() >= CentralPhotons.min_pt
    del hook


def test_showers_have_a_hard_bottom_quark() -> None:
    truth = generate(GeneratorRun(QCD, seed=4, events=15, hook="hard_bottom")).truth
    b = np.abs(truth.parton_pid) == 5
    hard = b & (truth.parton_pt > HardBottom.min_pt)
    assert set(truth.parton_event[hard].tolist()) == set(range(15))


def test_an_unknown_hook_is_named() -> None:
    with pytest.raises(SimulationError, match="unknown generator hook 'no'; known hooks: central"):
        make_hook("no")


def test_a_generator_that_gives_nothing_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    class Empty:
        def nextBatch(self, number: int) -> list[int]:
            assert number == 30
            return []

    monkeypatch.setattr(generator, "start_pythia", lambda run: (Empty(), run.hook))
    with pytest.raises(SimulationError, match=r"w\.cmnd: Pythia gave no event"):
        generate(RUN)
