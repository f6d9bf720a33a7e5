from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from benchmark.cards import load_card
from benchmark.errors import DataError
from benchmark.events import EventTable
from benchmark.importers import delphes
from benchmark.importers.delphes import MissingBranchWarning, iter_delphes
from benchmark.reco import FIELDS, RecoObjects, collection
from benchmark.schema import CMS_ADC, DIPHOTON
from tests.unit.benchmark.test_selection import slow_select

REAL = Path(__file__).parents[3] / "fixtures" / "delphes" / "ggh_atlas.root"
ENTRIES = 60
NO_LARGE_JETS = pytest.mark.filterwarnings(
    "ignore::benchmark.importers.delphes.MissingBranchWarning"
)

Collections = dict[str, dict[str, Any]]


def read(path: Path, name: str = "diphoton", **options: Any) -> EventTable:
    tables = list(iter_delphes(path, card=load_card(name), process="ggF", **options))
    return EventTable.concat(tables)


def write(path: Path, tree: Collections, *, name: str = "Delphes") -> Path:
    """Write collections {"Jet": {"PT": [[...], ...]}} as Delphes would name them."""
    zipped = {key: ak.zip(leaves) for key, leaves in tree.items()}
    with uproot.recreate(path) as file:
        out = file.mktree(
            name,
            {key: array.type.content for key, array in zipped.items()},
            counter_name=lambda key: f"{key}_size",
            field_name=lambda outer, inner: f"{outer}.{inner}",
        )
        out.extend(zipped)
    return path


def lepton_tree() -> Collections:
    """Three events: an isolated electron that is a jet too, a soft one, a loose muon."""
    return {
        "Electron": {
            "PT": [[40.0], [10.0], []],
            "Eta": [[1.0], [0.0], []],
            "Phi": [[0.5], [0.0], []],
            "IsolationVar": [[0.1], [0.0], []],
        },
        "Muon": {
            "PT": [[], [], [30.0]],
            "Eta": [[], [], [1.0]],
            "Phi": [[], [], [2.0]],
            "IsolationVar": [[], [], [0.1]],
        },
        "Jet": {
            "PT": [[20.0, 60.0], [], []],
            "Eta": [[3.0, 1.0], [], []],
            "Phi": [[0.0, 0.5], [], []],
            "Mass": [[1.0, 2.0], [], []],
            "BTag": [np.array([1, 2]), np.zeros(0, int), np.zeros(0, int)],
        },
        "MissingET": {"MET": [[12.0], [3.0], [4.0]], "Phi": [[-1.0], [0.0], [0.0]]},
        "Event": {"Weight": [[1.0], [1.0], [1.0]]},
    }


@NO_LARGE_JETS
def test_a_real_file_gives_higgs_bosons() -> None:
    table = read(REAL)
    # 21 of 60: two identified photons of 0.9 efficiency each, in acceptance, above the thresholds.
    assert len(table) == 21
    assert table.m_gg is not None
    assert abs(float(np.median(table.m_gg)) - 125) < 1
    assert not table.mask[:, DIPHOTON.type_slice("large_jet")].any()
    assert set(table.process) == {"ggF"}
    assert (table.weight == 1).all()


@NO_LARGE_JETS
def test_the_table_is_what_the_branches_say() -> None:
    """Read the branches once more, plainly, and select event by event."""
    tree = uproot.open(REAL)["Delphes"]
    for name in ("diphoton", "cms_adc"):
        table = read(REAL, name)
        card = load_card(name)
        kept = sorted(slow_select(_plain_objects(tree), card))
        assert len(table) == len(kept)
        met = table.objects[:, table.schema.type_slice("met"), 0][:, 0]
        expected = ak.to_numpy(ak.firsts(tree["MissingET.MET"].array()))[kept]
        assert np.array_equal(met, expected)


def _plain_objects(tree: Any) -> Any:
    """Objects of the real file, branch by branch."""
    held: dict[str, Any] = {"large_jets": collection("large_jets", events=ENTRIES)}
    leaf = {"pt": "PT", "eta": "Eta", "phi": "Phi", "iso": "IsolationVar"}
    leaf |= {"mass": "Mass", "btag": "BTag"}
    for name in ("photons", "electrons", "muons", "jets"):
        branch = name[:-1].capitalize()
        held[name] = collection(
            name, **{f: tree[f"{branch}.{leaf[f]}"].array() for f in FIELDS[name]}
        )
    pt, phi = (ak.firsts(tree[f"MissingET.{x}"].array()) for x in ("MET", "Phi"))
    return RecoObjects(met=collection("met", pt=pt, phi=phi), **held)


@NO_LARGE_JETS
def test_the_chunk_does_not_matter() -> None:
    assert read(REAL, chunk=7).digest() == read(REAL).digest()


@NO_LARGE_JETS
def test_a_second_file_of_a_process_gets_other_ids() -> None:
    again = read(REAL, first_row=ENTRIES)
    assert len(EventTable.concat([read(REAL), again])) == 2 * len(again)


def test_absent_large_jets_are_told() -> None:
    with pytest.warns(MissingBranchWarning, match="no branch FatJet"):
        read(REAL)


def test_lepton_events_by_hand(tmp_path: Path) -> None:
    table = read(write(tmp_path / "a.root", lepton_tree()), "cms_adc", point="x")
    assert table.point.tolist() == ["x", "x"]
    pt = CMS_ADC.feature_index("pt")
    assert table.objects[:, CMS_ADC.type_slice("electron"), pt][:, 0].tolist() == [40, 0]
    assert table.objects[:, CMS_ADC.type_slice("muon"), pt][:, 0].tolist() == [0, 30]
    # The hardest jet is the electron itself.
    assert table.objects[0, CMS_ADC.type_slice("jet"), pt].tolist()[:2] == [20, 0]
    assert table.objects[:, CMS_ADC.type_slice("met"), pt][:, 0].tolist() == [12, 4]


def test_tight_muons_are_preferred(tmp_path: Path) -> None:
    tree = lepton_tree()
    none = ak.values_astype(ak.Array([[], [], []]), np.float64)
    tree["MuonTight"] = dict.fromkeys(tree["Muon"], none)
    path = write(tmp_path / "a.root", tree)
    assert len(read(path, "cms_adc")) == 1
    assert len(read(path, "cms_adc", branches={"muons": "Muon"})) == 2


class FakeTree:
    """The branches that uproot cannot write: a fixed-size array in each object."""

    path = "fake.root"

    def leaf(self, name: str, start: int, stop: int) -> Any:
        """Return a leaf of two events: two jets, the softer first, and none."""
        pt = ak.Array([[250.0, 300.0], []])
        special = {
            "FatJet.PT": pt,
            "FatJet.Tau": ak.Array([[[0.5, 0.4, 0.3, 0.2, 0.1], [0.9, 0.8, 0.7, 0.6, 0.5]], []]),
            "Jet.PT": pt,
            "Jet.BTag": ak.Array([[2, 3], []]),
            "MissingET.MET": ak.Array([[5.0], [6.0]]),
            "MissingET.Phi": ak.Array([[0.0], [0.0]]),
        }
        return special.get(name, ak.zeros_like(pt))[start:stop]


def test_tau_of_large_jets_follows_their_order() -> None:
    tree: Any = FakeTree()
    chosen = {"large_jets": "FatJet", "met": "MissingET"}
    large = delphes._objects(tree, chosen, 0, 2).large_jets
    assert large.pt.tolist() == [[300.0, 250.0], []]
    assert large.tau1.tolist() == [[0.9, 0.5], []]
    assert large.tau4.tolist() == [[0.6, 0.2], []]


def test_only_the_lowest_bit_tags() -> None:
    tree: Any = FakeTree()
    jets = delphes._objects(tree, {"jets": "Jet", "met": "MissingET"}, 0, 2).jets
    assert jets.btag.tolist() == [[1, 0], []]  # the harder jet is the second


def test_weights_are_kept_when_they_differ(tmp_path: Path) -> None:
    tree = lepton_tree()
    tree["Event"]["Weight"] = [[2.0], [1.0], [3.0]]
    assert read(write(tmp_path / "a.root", tree), "cms_adc").weight.tolist() == [2, 3]
    tree["Event"]["Weight"] = [[2.0], [-1.0], [3.0]]
    with pytest.raises(DataError, match=r"Event\.Weight, entry 1: negative event weight"):
        read(write(tmp_path / "b.root", tree), "cms_adc")


def without(branch: str, leaf: str = "") -> Collections:
    tree = lepton_tree()
    if leaf:
        del tree[branch][leaf]
    else:
        del tree[branch]
    return tree


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (without("Jet", "Mass"), r"no branch Jet\.Mass; found Jet\.BTag, Jet\.Eta, Jet\.PT"),
        (without("Jet"), r"no branch Jet\.PT; found Electron, Event, MissingET, Muon; expected"),
        (without("MissingET"), r"no branch MissingET\.MET"),
        (without("Electron", "IsolationVar"), r"no branch Electron\.IsolationVar"),
    ],
)
def test_a_missing_branch_is_named(tmp_path: Path, tree: Collections, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(write(tmp_path / "a.root", tree), "cms_adc")


def test_a_value_that_is_not_a_number_is_found(tmp_path: Path) -> None:
    tree = lepton_tree()
    tree["Muon"]["Eta"] = [[], [], [float("nan")]]
    with pytest.raises(DataError, match=r"Muon\.Eta, entry 2: not a finite number"):
        read(write(tmp_path / "a.root", tree), "cms_adc", chunk=1)


@pytest.mark.parametrize(
    ("branch", "leaf"), [("Muon", "PT"), ("Jet", "Mass"), ("MissingET", "MET")]
)
def test_more_than_the_collision_energy_is_found(tmp_path: Path, branch: str, leaf: str) -> None:
    tree = lepton_tree()
    held = [[min(len(v), 1) * 1e300] * len(v) for v in tree[branch][leaf]]
    tree[branch][leaf] = held
    entry = next(k for k, values in enumerate(held) if values)
    words = (
        rf"a\.root, {branch}\.{leaf}, entry {entry}: value out of range; found 1e\+300; .*13000"
    )
    with pytest.raises(DataError, match=words):
        read(write(tmp_path / "a.root", tree), "cms_adc", chunk=1)


def test_two_met_are_refused(tmp_path: Path) -> None:
    tree = lepton_tree()
    tree["MissingET"] = {"MET": [[1.0], [1.0, 2.0], []], "Phi": [[0.0], [0.0, 0.0], []]}
    with pytest.raises(DataError, match=r"MissingET, entry 1: not one MET.*found 2"):
        read(write(tmp_path / "a.root", tree), "cms_adc")


def test_an_unknown_collection_is_refused() -> None:
    with pytest.raises(DataError, match="no such collection; found jet; expected photons"):
        read(REAL, branches={"jet": "Jet"})


def test_files_that_are_no_delphes_trees(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "absent.root")
    for content in (b"", b"PAR1 not root"):
        (tmp_path / "a.root").write_bytes(content)
        with pytest.raises(DataError, match="not a ROOT file"):
            read(tmp_path / "a.root")
    write(tmp_path / "b.root", lepton_tree(), name="Events")
    with pytest.raises(DataError, match=r"no tree Delphes; found Events \(T"):
        read(tmp_path / "b.root")


def test_an_empty_tree_is_refused(tmp_path: Path) -> None:
    tree = {key: {k: ak.Array(v)[:0] for k, v in x.items()} for key, x in lepton_tree().items()}
    with pytest.raises(DataError, match="tree Delphes: no events"):
        read(write(tmp_path / "a.root", tree), "cms_adc")


@NO_LARGE_JETS
@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.root"
    shutil.copy(REAL, path)
    with path.open("r+b") as stream:
        stream.truncate(int(REAL.stat().st_size * share))
    with pytest.raises(DataError, match=r"a\.root.*(damaged|truncated)"):
        read(path)
