from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np
import pytest

from benchmark.cards import load_card
from benchmark.errors import CardError
from benchmark.ids import event_ids
from benchmark.reco import FIELDS, RecoObjects, collection
from benchmark.schema import CMS_ADC, DIPHOTON, SCHEMAS
from benchmark.selection import Selected, select
from tests.reco import random_objects

if TYPE_CHECKING:
    from benchmark.cards import DatasetCard

Event = dict[str, Any]
Row = dict[str, float]
# Both sides compute in double precision and end in float32.
TOLERANCE = 1e-6


def slow_mass(a: Row, b: Row) -> float:
    """Mass of two massless four-vectors, component by component."""
    p = [
        (
            x["pt"] * math.cosh(x["eta"]),
            x["pt"] * math.cos(x["phi"]),
            x["pt"] * math.sin(x["phi"]),
            x["pt"] * math.sinh(x["eta"]),
        )
        for x in (a, b)
    ]
    e, px, py, pz = (p[0][i] + p[1][i] for i in range(4))
    return math.sqrt(max(e * e - px * px - py * py - pz * pz, 0))


def slow_distance(a: Row, b: Row) -> float:
    dphi = abs(a["phi"] - b["phi"])
    return math.hypot(a["eta"] - b["eta"], min(dphi, 2 * math.pi - dphi))


def hard(rows: list[Row], min_pt: float, max_eta: float) -> list[Row]:
    return [x for x in rows if x["pt"] > min_pt and abs(x["eta"]) < max_eta]


def slow_diphoton(event: Event, cuts: Any) -> tuple[Event, Row] | None:
    """The diphoton selection of one event, by its words; None when it fails."""
    photons = [
        x for x in event["photons"] if abs(x["eta"]) < 2.37 and not 1.37 <= abs(x["eta"]) <= 1.52
    ]
    if len(photons) < 2:
        return None
    pairs = combinations(photons[:3], 2)
    first, second = min(pairs, key=lambda pair: abs(slow_mass(*pair) - 125))
    mass = slow_mass(first, second)
    fired = (first["pt"] > 35 and second["pt"] > 25) or first["pt"] > 140
    if not (fired and first["pt"] > 0.4 * mass and second["pt"] > 0.3 * mass and 105 < mass < 160):
        return None
    jets = hard(event["jets"], 20, cuts.jet_max_eta.value)
    px = sum(x["pt"] * math.cos(x["phi"]) for x in (first, second))
    py = sum(x["pt"] * math.sin(x["phi"]) for x in (first, second))
    features = {
        "m_gg": mass,
        "pt_gg": math.hypot(px, py),
        "dr_gg": slow_distance(first, second),
        "ht30": sum(x["pt"] for x in jets if x["pt"] > 30),
        "n_jets": len(jets),
        "n_bjets": sum(x["btag"] for x in jets),
        "n_photons": len(photons),
    }
    for k, photon in enumerate((first, second), start=1):
        features |= {f"{f}_g{k}": photon[f] for f in ("pt", "eta", "phi")}
    kept = {
        "jet": jets,
        "large_jet": hard(event["large_jets"], 200, cuts.large_jet_max_eta.value),
        "electron": hard(event["electrons"], 10, 2.47),
        "muon": hard(event["muons"], 10, 2.5),
    }
    return kept, features


def slow_lepton(event: Event, cuts: Any) -> tuple[Event, Row] | None:
    """The lepton selection of one event, by its words; None when it fails."""
    fired = [
        x
        for name, max_eta in (("electrons", 3.0), ("muons", 2.1))
        for x in hard(event[name], 23, max_eta)
        if x["iso"] < 0.45
    ]
    if not fired:
        return None
    electrons = hard(event["electrons"], 3, 3.0)
    leptons = [*event["electrons"], *event["muons"]]
    makers = [x for x in leptons if x["iso"] < 0.45 and x["pt"] > cuts.cleaning_min_pt.value]
    near = cuts.jet_lepton_cleaning.value
    jets = [
        jet
        for jet in hard(event["jets"], 15, 4.0)
        if all(slow_distance(jet, maker) >= near for maker in makers)
    ]
    return {"electron": electrons, "muon": hard(event["muons"], 3, 2.1), "jet": jets}, {}


def slow_select(objects: RecoObjects, card: DatasetCard) -> dict[int, tuple[Event, Row]]:
    """Event by event; returns the kept ones by number."""
    slow = slow_diphoton if card.event_schema == "diphoton" else slow_lepton
    columns = {name: ak.to_list(getattr(objects, name)) for name in FIELDS}
    kept = {}
    for number in range(len(objects)):
        event = {name: rows[number] for name, rows in columns.items()}
        found = slow(event, card.selection)
        if found is not None:
            kept[number] = ({**found[0], "met": [event["met"]]}, found[1])
    return kept


def slow_slots(schema_name: str, rows: Event) -> tuple[np.ndarray, list[bool]]:
    schema = SCHEMAS[schema_name]
    objects = np.zeros((schema.slots, len(schema.features)))
    mask = [False] * schema.slots
    for kind in schema.types:
        start = schema.type_slice(kind.name).start
        for k, row in enumerate(rows[kind.name][: kind.count]):
            mask[start + k] = True
            for feature in kind.features:
                value = max(row[feature], 0) if feature == "mass" else row[feature]
                objects[start + k, schema.feature_index(feature)] = value
    return objects, mask


@pytest.mark.parametrize("name", ["diphoton", "cms_adc"])
def test_agrees_with_the_selection_of_one_event_at_a_time(name: str) -> None:
    card, objects = load_card(name), random_objects(1500, seed=3)
    fast, slow = select(objects, card), slow_select(objects, card)
    assert len(slow) > 60  # else the comparison below says little
    assert np.flatnonzero(fast.keep).tolist() == sorted(slow)
    for row, (kept, features) in enumerate(slow.values()):
        expected, mask = slow_slots(name, kept)
        np.testing.assert_allclose(fast.objects[row], expected, rtol=TOLERANCE)
        assert fast.mask[row].tolist() == mask
        names = SCHEMAS[name].event_features
        wanted = [features[feature] for feature in names]
        np.testing.assert_allclose(fast.features[row], wanted, rtol=TOLERANCE, atol=1e-6)
        if fast.m_gg is not None:
            np.testing.assert_allclose(fast.m_gg[row], features["m_gg"], rtol=TOLERANCE)


@pytest.mark.parametrize("name", ["diphoton", "cms_adc"])
def test_the_selected_events_make_a_valid_table(name: str) -> None:
    selected = select(random_objects(800, seed=4), load_card(name))
    ids = event_ids(name, "p", "", 0, len(selected))
    table = selected.table(ids, process="p", weight=2.0, shard=3, seed=7)
    assert (len(table), table.weight[0], table.shard[0], table.seed[0]) == (len(ids), 2, 3, 7)


@pytest.mark.parametrize("name", ["diphoton", "cms_adc"])
def test_each_event_is_selected_for_itself(name: str) -> None:
    card, objects = load_card(name), random_objects(400, seed=5)
    whole = select(objects, card)
    parts = [select(objects[start : start + 7], card) for start in range(0, 400, 7)]
    assert np.array_equal(np.concatenate([part.keep for part in parts]), whole.keep)
    assert np.array_equal(np.concatenate([part.objects for part in parts]), whole.objects)
    assert np.array_equal(np.concatenate([part.features for part in parts]), whole.features)


@pytest.mark.parametrize("name", ["diphoton", "cms_adc"])
def test_events_without_any_object(name: str) -> None:
    for n in (0, 3):
        selected = select(event({}, copies=n), load_card(name))
        assert len(selected) == 0
        assert selected.keep.tolist() == [False] * n
        assert selected.objects.shape[1:] == (SCHEMAS[name].slots, len(SCHEMAS[name].features))


def event(rows: dict[str, list[Row]], *, copies: int = 1) -> RecoObjects:
    """Copies of one event; fields that are left out are zero."""
    held: dict[str, Any] = {"met": collection("met", pt=np.full(copies, 9.0), phi=0.0)}
    for name, fields in FIELDS.items():
        if name != "met":
            counts = np.full(copies, len(rows.get(name, [])))
            columns = {
                f: ak.unflatten(
                    np.array([row.get(f, 0.0) for row in rows.get(name, [])] * copies), counts
                )
                for f in fields
            }
            held[name] = collection(name, **columns)
    return RecoObjects(**held)


def photon_pair(pt_1: float, pt_2: float, *, mass: float = 125.0) -> list[Row]:
    """Two photons back to back in phi with the given mass."""
    eta = math.acosh(mass**2 / (2 * pt_1 * pt_2) - 1) / 2
    return [{"pt": pt_1, "eta": eta}, {"pt": pt_2, "eta": -eta, "phi": math.pi}]


def kept(photons: list[Row]) -> bool:
    return bool(select(event({"photons": photons}), load_card("diphoton")).keep[0])


@pytest.mark.parametrize(
    ("pt_1", "pt_2", "mass", "passes"),
    [
        (60.0, 50.0, 125.0, True),
        (49.0, 48.0, 125.0, False),  # leading below 0.4 m
        (60.0, 37.0, 125.0, False),  # subleading below 0.3 m
        (52.0, 45.0, 104.9, False),
        (52.0, 45.0, 105.1, True),
        (75.0, 65.0, 159.9, True),
        (75.0, 65.0, 160.1, False),
    ],
)
def test_diphoton_thresholds(pt_1: float, pt_2: float, mass: float, passes: bool) -> None:
    assert kept(photon_pair(pt_1, pt_2, mass=mass)) is passes


def test_a_photon_in_the_crack_is_no_candidate() -> None:
    pair = photon_pair(60, 50)
    crack = [{"pt": 200.0 + k, "eta": 1.45} for k in range(3)]
    assert kept([*pair, *crack])
    assert not kept([*pair, *[{**photon, "eta": 1.3} for photon in crack]])


def lepton_event(**rows: list[Row]) -> Selected:
    return select(event(rows), load_card("cms_adc"))


@pytest.mark.parametrize(
    ("name", "row", "passes"),
    [
        ("electrons", {"pt": 24.0, "eta": 2.9, "iso": 0.44}, True),
        ("electrons", {"pt": 24.0, "eta": 2.9, "iso": 0.46}, False),
        ("electrons", {"pt": 22.9, "eta": 0.0, "iso": 0.0}, False),
        ("electrons", {"pt": 24.0, "eta": 3.1, "iso": 0.0}, False),
        ("muons", {"pt": 24.0, "eta": 2.0, "iso": 0.0}, True),
        ("muons", {"pt": 24.0, "eta": 2.2, "iso": 0.0}, False),
    ],
)
def test_lepton_trigger(name: str, row: Row, passes: bool) -> None:
    assert lepton_event(**{name: [row]}).keep[0] == passes


@pytest.mark.parametrize("name", ["electrons", "muons"])
def test_only_jets_of_isolated_leptons_are_dropped(name: str) -> None:
    lepton = {"pt": 40.0, "eta": 0.0, "phi": 3.1}
    jets = [
        {"pt": 60.0, "phi": -3.1},  # beside the lepton, across the edge of phi
        {"pt": 50.0, "eta": 0.31, "phi": 3.1},
        {"pt": 40.0, "eta": 1.0},
    ]
    pt = CMS_ADC.feature_index("pt")
    slots = CMS_ADC.type_slice("jet")
    trigger = [{"pt": 30.0, "eta": -1.5}]
    other = {"electrons": "muons", "muons": "electrons"}[name]
    clean = lepton_event(**{name: [lepton], other: trigger}, jets=jets)
    assert clean.objects[0, slots, pt].tolist()[:3] == [50, 40, 0]
    loose = lepton_event(**{name: [{**lepton, "iso": 0.5}], other: trigger}, jets=jets)
    assert loose.objects[0, slots, pt].tolist()[:3] == [60, 50, 40]
    soft = lepton_event(**{name: [{**lepton, "pt": 9.0}], other: trigger}, jets=jets)
    assert soft.objects[0, slots, pt].tolist()[:3] == [60, 50, 40]


def test_a_mass_below_zero_by_rounding_becomes_zero() -> None:
    jets = [{"pt": 50.0, "mass": -1e-4}]
    selected = select(event({"photons": photon_pair(60, 50), "jets": jets}), load_card("diphoton"))
    first = DIPHOTON.type_slice("jet").start
    assert selected.mask[0, first]
    assert selected.objects[0, first, DIPHOTON.feature_index("mass")] == 0


def test_a_selection_of_another_schema_is_refused() -> None:
    card = load_card("diphoton")
    wrong = card.model_copy(update={"event_schema": "cms_adc"})
    with pytest.raises(CardError, match=r"selection\.kind.*diphoton with cms_adc"):
        select(random_objects(2), wrong)
