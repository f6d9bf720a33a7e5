"""Every bundled release: whole, of the promised size, and obeying the selection of its card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmark.cards import card_names, load_card
from benchmark.events import read_events
from benchmark.simulation.verify import read_manifest, verify_release
from benchmark.splits import Split

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.events import EventTable

BUNDLED_MIB = 45  # limit on all bundled data
ROUNDING = 2e-4  # relative: values are stored with 12 bits of mantissa
MASS_ROUNDING = 2e-3  # relative: six rounded numbers enter a recomputed mass
HEAVY_FLAVOUR = 0.02  # of W events: a leading lepton that is not isolated, beside another that is
SPLIT_SIGMA = 5  # of a binomial count: a false alarm in 1.7 million

Released = tuple[str, dict[str, Any], "EventTable"]


def _folder(dataset: str) -> Path:
    card = load_card(dataset)
    return card.folder / card.release.name


@pytest.fixture(scope="module", params=card_names())
def released(request: pytest.FixtureRequest) -> Released:
    folder = _folder(request.param)
    manifest = read_manifest(folder)
    return request.param, manifest, read_events([folder / f["file"] for f in manifest["files"]])


@pytest.mark.parametrize("dataset", card_names())
def test_every_check_passes(dataset: str) -> None:
    failed = [check for check in verify_release(_folder(dataset)) if not check.passed]
    assert not failed


def test_bundled_data_are_small() -> None:
    size = sum(p.stat().st_size for d in card_names() for p in _folder(d).rglob("*"))
    assert size < BUNDLED_MIB * 2**20


def test_sizes_are_those_of_the_card(released: Released) -> None:
    dataset, manifest, _ = released
    card = load_card(dataset)
    found = {(s["process"], s["point"]): s["events"] for s in manifest["samples"]}
    wanted = {
        (process.name, point.name): card.release.events[process.name]
        for process in card.processes
        for point in process.points
    }
    assert found == wanted


def test_weights_have_mean_one(released: Released) -> None:
    _, manifest, events = released
    for sample in manifest["samples"]:
        mine = (events.process == sample["process"]) & (events.point == sample["point"])
        assert events.weight[mine].mean(dtype=np.float64) == pytest.approx(1, abs=1e-5)
        assert sample["effective_events"] <= sample["events"] * (1 + 1e-9)


def test_splits_have_their_fractions(released: Released) -> None:
    dataset, _, events = released
    for split in load_card(dataset).splits:
        parts = Split(split.salt, dict(split.parts)).assign(events.event_id)
        for part, fraction in split.parts.items():
            count, n = np.count_nonzero(parts == part), len(events)
            assert abs(count - n * fraction) < SPLIT_SIGMA * np.sqrt(n * fraction * (1 - fraction))


def test_diphoton_events_obey_the_selection() -> None:
    folder, cuts = _folder("diphoton"), load_card("diphoton").selection
    assert cuts.kind == "diphoton"
    events = read_events([folder / "ggF.parquet", folder / "zprime.parquet"])
    column = dict(zip(events.schema.event_features, events.features.T, strict=True))
    mass = events.m_gg
    assert mass is not None
    low, high = cuts.mass_window.value
    assert ((mass > low * (1 - ROUNDING)) & (mass < high * (1 + ROUNDING))).all()
    pair = np.stack([column["pt_g1"], column["pt_g2"]])
    lead, sub = cuts.trigger_pair_pt.value
    both = (pair[0] >= lead) & (pair[1] >= sub)
    assert (both | (pair[0] >= cuts.trigger_single_pt.value)).all()
    for pt, share in zip(pair, cuts.relative_pt.value, strict=True):
        assert (pt / mass > share * (1 - 2 * ROUNDING)).all()
    d_eta, d_phi = column["eta_g1"] - column["eta_g2"], column["phi_g1"] - column["phi_g2"]
    recomputed = np.sqrt(2 * pair[0] * pair[1] * (np.cosh(d_eta) - np.cos(d_phi)))
    assert recomputed == pytest.approx(mass, rel=MASS_ROUNDING)


def test_adc_events_have_a_trigger_lepton() -> None:
    folder, cuts = _folder("cms_adc"), load_card("cms_adc").selection
    assert cuts.kind == "lepton"
    events = read_events(folder / "w.parquet")
    pt = events.objects[..., events.schema.feature_index("pt")]
    slots = (events.schema.type_slice(name) for name in ("electron", "muon"))
    leading = np.max([pt[:, slot].max(axis=1) for slot in slots], axis=0)
    assert (leading >= cuts.trigger_min_pt.value).all()


@pytest.mark.parametrize("flavour", ["electron", "muon"])
def test_isolated_leptons_are_no_jets(flavour: str) -> None:
    """In W events the leading lepton is isolated: a jet in the same place would be the lepton."""
    folder, cuts = _folder("cms_adc"), load_card("cms_adc").selection
    assert cuts.kind == "lepton"
    events = read_events(folder / "w.parquet")
    pt, eta, phi = (events.schema.feature_index(name) for name in ("pt", "eta", "phi"))
    lepton = events.objects[:, events.schema.type_slice(flavour).start]
    chosen = lepton[:, pt] > cuts.trigger_min_pt.value
    jets = events.objects[:, events.schema.type_slice("jet")][chosen]
    lepton = lepton[chosen, None]
    d_phi = (jets[..., phi] - lepton[..., phi] + np.pi) % (2 * np.pi) - np.pi
    near = np.hypot(jets[..., eta] - lepton[..., eta], d_phi) < cuts.jet_lepton_cleaning.value
    near &= jets[..., pt] > 0
    assert near.any(axis=1).mean() < HEAVY_FLAVOUR
