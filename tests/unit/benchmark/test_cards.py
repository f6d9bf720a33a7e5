from __future__ import annotations

import re
import shutil
from dataclasses import fields
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import pytest
from matplotlib.mathtext import MathTextParser

from benchmark.cards import (
    DatasetCard,
    DiphotonSelection,
    LeptonSelection,
    Process,
    Redecay,
    card_names,
    load_card,
)
from benchmark.errors import CardError
from benchmark.schema import SCHEMAS
from benchmark.simulation.hooks import HOOKS
from benchmark.simulation.redecay import RepeatedDecays
from benchmark.splits import Split

FIXTURES = Path(__file__).parents[2] / "fixtures" / "cards"
NAMES = ("diphoton", "cms_adc")

# Fault of the fixture -> key path, and what else the message must hold.
FAULTS = {
    "unknown_key": ("processes[2].lable", "unknown key", "Did you mean label?"),
    "duplicate_label": ("processes[1].label", "twice", "'first'", "processes[0].label"),
    "duplicate_name": ("processes[1].name", "twice", "'first'", "processes[0].name"),
    "duplicate_group": ("processes[1].group", "twice", "found 0", "processes[0].group"),
    "duplicate_key": ("'group'", "stands twice", "Remove one"),
    "missing_status": ("selection.jet_radius.status", "missing key", "Add `status: ...`"),
    "unknown_status": ("selection.isolation_cone.status", "'guessed'", "'authors_code'"),
    "missing_settings": ("processes[2].points[0].settings[1]", "absent.cmnd", "Put absent.cmnd"),
    "split_sum": ("splits[0].parts", "0.9", "expected a sum of 1"),
    "split_parent": ("splits[1].of", "whole/encoder", "whole/train, whole/test"),
    "unknown_hook": ("processes[2].generator.hook", "'hard_charm'", "'central_photons'"),
    "unexplained_hook": ("processes[2].generator.source", "needs its source"),
    "quoted_number": ("processes[1].generator.events_per_shard", "'10'", "integer"),
    "masses": ("processes[2].points[0].masses.X", "-100.0", "greater than or equal to 0"),
    "nan": ("energy.value", "nan", "finite"),
    "slots": ("slots", "'jet': 9", "'jet': 10"),
    "selection_kind": ("selection", "'leptons'", "'lepton'"),
    "no_cross_section": ("processes[1].cross_section_note", "no reason", "Give cross_section"),
    "group_sign": ("processes[2].group", "found 2", "negative for a signal"),
    "ungrouped": ("processes[1].group", "has none"),
    "release_process": ("release.events.signals", "no such process", "first, second, signal"),
    "not_yaml": ("not YAML", "bad_not_yaml.yaml:", "Mend the syntax"),
    "not_a_mapping": ("not a card", "found no mapping", "expected keys and values"),
}


def test_each_fault_has_its_fixture() -> None:
    assert {path.stem.removeprefix("bad_") for path in FIXTURES.glob("bad_*.yaml")} == set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_card_is_refused_with_place_and_remedy(fault: str) -> None:
    path = FIXTURES / f"bad_{fault}.yaml"
    with pytest.raises(CardError) as caught:
        load_card(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message, "one fault, one complaint"
    for part in FAULTS[fault]:
        assert part in message
    key = FAULTS[fault][0]
    if fault not in ("duplicate_key", "not_yaml", "not_a_mapping"):
        assert f": {key}: " in message


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"not_yaml", "not_a_mapping"}))
def test_the_line_named_is_the_line_of_the_fault(fault: str) -> None:
    bad = (FIXTURES / f"bad_{fault}.yaml").read_text().splitlines()
    good = (FIXTURES / "good.yaml").read_text().splitlines()[1:]
    first = next(i for i, (a, b) in enumerate(zip(bad, good, strict=False), 1) if a != b)
    with pytest.raises(CardError) as caught:
        load_card(FIXTURES / f"bad_{fault}.yaml")
    found = re.search(r"\.yaml:(\d+)", str(caught.value))
    assert found is not None
    # What is absent, or holds lines below it, is found at its parent's first line.
    slack = {"no_cross_section": 5, "unexplained_hook": 5, "ungrouped": 4, "slots": 4}
    slack |= {"selection_kind": 1, "duplicate_key": 0}
    assert 0 <= first - int(found.group(1)) <= slack.get(fault, 0)


def test_a_good_card() -> None:
    card = load_card(FIXTURES / "good.yaml")
    first, second, signal = card.processes
    assert first.physical_cross_section(99.0) == pytest.approx(0.5)  # 2.0 pb x 0.25
    assert second.physical_cross_section(4.0) == pytest.approx(2.0)  # x 0.5
    assert signal.physical_cross_section(4.0) is None
    assert signal.point("100") is signal.points[0]
    assert signal.point("") is None
    assert card.settings_path("plain.cmnd") == FIXTURES / "pythia" / "plain.cmnd"
    with pytest.raises(CardError, match=r"no such process.*'third'.*first, second, signal"):
        card.process("third")


def test_cards_cannot_be_changed() -> None:
    card = load_card(FIXTURES / "good.yaml")
    with pytest.raises(ValueError, match="frozen"):
        card.energy.value = 14000.0


def test_two_faults_give_two_lines(tmp_path: Path) -> None:
    text = (FIXTURES / "bad_unknown_key.yaml").read_text()
    (tmp_path / "two.yaml").write_text(text.replace("status: inferred", "status: guessed", 1))
    with pytest.raises(CardError) as caught:
        load_card(tmp_path / "two.yaml")
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"a: &b [*b]", b"a: 2026-13-45"])
def test_odd_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.yaml"
    path.write_bytes(content)
    with pytest.raises(CardError, match=re.escape(str(path))):
        load_card(path)


def test_an_absent_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"no such dataset.*'diphotons'.*cms_adc, diphoton"):
        load_card("diphotons")
    for place in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(CardError, match=r"cannot read the card.*Give the name of a dataset"):
            load_card(place)


def test_a_binary_file_is_no_card(tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_bytes(b"\x89HDF\r\n")
    with pytest.raises(CardError, match=r"a\.h5: not YAML.*A card is a text file"):
        load_card(tmp_path / "a.h5")


def test_a_copied_folder_needs_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(FIXTURES / "pythia", tmp_path / "copy" / "pythia")
    shutil.copy(FIXTURES / "good.yaml", tmp_path / "copy" / "card.yaml")
    monkeypatch.setenv("DIADEM_DATASETS", str(tmp_path))
    assert card_names() == ["copy"]
    with pytest.raises(CardError, match="another name than its folder; found small; expected"):
        load_card("copy")
    assert load_card(tmp_path / "copy").name == "small"


def test_cards_can_be_sent_to_worker_processes() -> None:
    for card in map(load_card, NAMES):
        copy = ForkingPickler.loads(ForkingPickler.dumps(card))
        assert copy == card
        assert copy.folder == card.folder


# What follows holds the two cards of the repository to what they name.


@pytest.fixture(scope="module", params=NAMES)
def card(request: pytest.FixtureRequest) -> DatasetCard:
    return load_card(request.param)


def _settings(process: Process) -> list[str]:
    return [file for point in process.points for file in point.settings]


def test_all_settings_files_are_used(card: DatasetCard) -> None:
    others = [f for p in card.processes for files in p.alternatives.values() for f in files]
    used = [file for process in card.processes for file in _settings(process)] + others
    assert sorted(used) == sorted(p.name for p in (card.folder / "pythia").glob("*.cmnd"))


def test_labels_can_be_drawn(card: DatasetCard) -> None:
    for process in card.processes:
        drawn = MathTextParser("path").parse(process.label)
        assert drawn.width > 0, process.label


def test_energy_is_that_of_the_settings(card: DatasetCard) -> None:
    for process in card.processes:
        for file in _settings(process):
            lines = card.settings_path(file).read_text()
            assert f"Beams:eCM = {card.energy.value:.0f}." in lines, file


def test_the_one_higgs_hook_goes_with_the_raised_branching(card: DatasetCard) -> None:
    for process in card.processes:
        hooked = process.generator.hook == "one_diphoton_higgs"
        for file in _settings(process):
            raised = "25:10:bRatio" in card.settings_path(file).read_text()
            assert raised == hooked, file


def test_release_and_slots_are_complete(card: DatasetCard) -> None:
    assert list(card.release.events) == [process.name for process in card.processes]
    assert list(card.slots) == [kind.name for kind in SCHEMAS[card.event_schema].types]


def test_splits_can_be_made(card: DatasetCard) -> None:
    for split in card.splits:
        assert set(Split(split.salt, split.parts).parts) == set(split.parts)


CODES = {
    "C1": 1000024,
    "N2": 1000023,
    "N1": 1000022,
    "b1": 1000005,
    "t1": 1000006,
    "t2": 2000006,
    "X": 35,
    "S": 36,
    "Zprime": 4900023,
    "LQ": 42,
    "A": 36,
    "h0": 25,
    "hplus": 37,
}


def test_masses_are_those_of_the_settings(card: DatasetCard) -> None:
    for process in card.processes:
        for point in process.points:
            for file in point.settings:
                path = card.settings_path(file)
                text = path.read_text()
                slha = path.with_suffix(".slha")
                if slha.exists():
                    assert f"SLHA:file = {slha.name}" in text
                    text = slha.read_text()
                for particle, mass in point.masses.items():
                    code = CODES[particle]
                    pattern = rf"^\s*{code}(?::m0 =)?\s+(\S+)"
                    found = re.search(pattern, text, flags=re.MULTILINE)
                    assert found is not None, (file, particle)
                    assert float(found.group(1)) == mass, (file, particle)


def _kinds(card: DatasetCard, kind: str) -> list[Process]:
    return [process for process in card.processes if process.kind == kind]


def test_diphoton_processes() -> None:
    card = load_card("diphoton")
    assert isinstance(card.selection, DiphotonSelection)
    assert [p.group for p in _kinds(card, "background")] == [0, 1, 2, 3, 4]
    assert [p.group for p in _kinds(card, "signal")] == [-1, -2, -3, -4, -5, -6, -7, -8]
    assert sum(len(p.points) for p in _kinds(card, "signal")) == 26
    held_out = {(p.name, q.name) for p in card.processes for q in p.points if q.held_out}
    assert held_out == {("zprime", "400"), ("chargino_neutralino", "200")}
    # Gluon fusion times H -> gamma gamma: 48.58 pb x 0.00227.
    assert card.process("ggF").physical_cross_section(0.06) == pytest.approx(0.1103, rel=1e-3)


def test_adc_mixture_is_that_of_the_release() -> None:
    card = load_card("cms_adc")
    assert isinstance(card.selection, LeptonSelection)
    events = {p.name: card.release.events[p.name] for p in _kinds(card, "background")}
    total = sum(events.values())
    for process in _kinds(card, "background"):
        assert process.fraction is not None
        # Whole events; a total of them may be off by the roundings of four processes.
        assert abs(events[process.name] - process.fraction.value * total) < 2


def test_adc_background_has_its_full_size() -> None:
    card = load_card("cms_adc")
    assert sum(card.release.events[p.name] for p in _kinds(card, "background")) == 40_000


def test_qcd_is_generated_more_loosely_than_selected() -> None:
    card = load_card("cms_adc")
    redecay = card.process("qcd").generator.redecay
    cuts: Any = card.selection
    assert redecay is not None
    assert redecay.min_lepton_pt < cuts.trigger_min_pt.value
    assert redecay.max_electron_eta > cuts.electron_trigger_max_eta.value
    assert redecay.max_muon_eta > cuts.muon_trigger_max_eta.value
    assert redecay.max_isolation > cuts.max_isolation.value
    assert redecay.cone == cuts.isolation_cone.value


def test_hooks_and_repeated_decays_are_those_of_the_simulation() -> None:
    assert {p.generator.hook for n in NAMES for p in load_card(n).processes} == {None, *HOOKS}
    assert list(Redecay.model_fields) == [field.name for field in fields(RepeatedDecays)]
