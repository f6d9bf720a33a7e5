"""The measurements against a slow reference with loops over events and objects."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np
import pytest

from benchmark.errors import DataError
from benchmark.fidelity import bins
from benchmark.fidelity.matching import nearest
from benchmark.fidelity.measure import measure
from benchmark.fidelity.sample import Sample
from benchmark.ragged import Ragged

if TYPE_CHECKING:
    import pandas as pd

EVENTS = 500


def random_sample(card: str, name: str, seed: int) -> Sample:
    """Return truth in a small patch, so that cones overlap, and a smeared copy of it."""
    rng = np.random.default_rng(seed)

    def objects(most: int, **more: Any) -> Any:
        counts = rng.integers(0, most + 1, EVENTS)
        n = int(counts.sum())
        columns = {
            "pt": rng.uniform(3, 120, n),
            "eta": rng.uniform(-1, 1, n),
            "phi": (rng.normal(np.pi, 0.3, n) + np.pi) % (2 * np.pi) - np.pi,
        }
        columns |= {key: rng.choice(values, n) for key, values in more.items()}
        return ak.zip({key: ak.unflatten(v, counts) for key, v in columns.items()})

    def near(truth: Any, **more: Any) -> Any:
        flat, counts = ak.flatten(truth), ak.num(truth)
        n = len(flat)
        columns = {
            "pt": ak.to_numpy(flat.pt) * rng.normal(1, 0.1, n),
            "eta": ak.to_numpy(flat.eta) + rng.normal(0, 0.06, n),
            "phi": ak.to_numpy(flat.phi) + rng.normal(0, 0.06, n),
        }
        columns |= {key: rng.choice(values, n) for key, values in more.items()}
        zipped = ak.zip({key: ak.unflatten(v, counts) for key, v in columns.items()})
        return zipped[ak.argsort(zipped.pt, ascending=False)]

    leptons = objects(4, pid=[-13, -11, 11, 13], cls=[1, 2, 3, 11])
    photons = objects(3, pid=[22], cls=[1, 3])
    gen_jets = objects(5)
    return Sample(
        card=card,
        name=name,
        leptons=leptons,
        photons=photons,
        gen_jets=gen_jets,
        electrons=near(leptons, charge=[-1, 1]),
        muons=near(leptons, charge=[-1, 1]),
        reco_photons=near(photons, charge=[0]),
        jets=near(gen_jets, flavour=[0, 4, 5], btag=[0.0, 1.0]),
        met=ak.zip({"px": rng.normal(0, 20, EVENTS), "py": rng.normal(0, 20, EVENTS)}),
        invisible=ak.zip({"px": rng.normal(0, 9, EVENTS), "py": rng.normal(0, 9, EVENTS)}),
    )


def distance(a: Any, b: Any) -> float:
    d_phi = abs(a["phi"] - b["phi"]) % (2 * math.pi)
    return math.hypot(a["eta"] - b["eta"], min(d_phi, 2 * math.pi - d_phi))


def prompt(event: Any) -> list[Any]:
    leptons = [x for x in event["leptons"] if x["cls"] in (1, 11) and x["pt"] > 5]
    return leptons + [x for x in event["photons"] if x["cls"] == 1 and x["pt"] > 5]


def as_events(sample: Sample) -> list[dict[str, Any]]:
    names = ("leptons", "photons", "gen_jets", "electrons", "muons", "reco_photons", "jets", "met")
    lists = {name: getattr(sample, name).to_list() for name in names}
    return [{name: lists[name][i] for name in names} for i in range(len(sample))]


def pick(rows: pd.DataFrame, quantity: str, what: str, eta: str, bin_: str) -> Any:
    mine = (rows["quantity"] == quantity) & (rows["object"] == what)
    found = rows[mine & (rows["eta"] == eta) & (rows["bin"] == bin_)]
    assert len(found) == 1
    return found.iloc[0]


@pytest.fixture(scope="module")
def atlas() -> dict[str, Sample]:
    return {name: random_sample("atlas", name, k) for k, name in enumerate(("tt", "ggh"))}


def slow_ratios(
    events: list[dict[str, Any]], what: str, low: float, high: float
) -> tuple[int, list[float]]:
    """Number of true leptons with low <= pT < high and |eta| < 1.5, and pT ratios of the found."""
    code, collection = {"electron": (11, "electrons"), "muon": (13, "muons")}[what]
    total, ratios = 0, []
    for event in events:
        for true in event["leptons"]:
            wanted = abs(true["pid"]) == code and true["cls"] in (1, 11)
            if not (wanted and low <= true["pt"] < high and abs(true["eta"]) < 1.5):
                continue
            total += 1
            charge = -1 if true["pid"] > 0 else 1
            partners = [
                (distance(true, x), x["pt"])
                for x in event[collection]
                if x["charge"] == charge and distance(true, x) < 0.1
            ]
            if partners:
                ratios.append(min(partners)[1] / true["pt"])
    return total, ratios


@pytest.mark.parametrize("what", ["electron", "muon"])
def test_lepton_rows(atlas: dict[str, Sample], what: str) -> None:
    rows = measure(atlas)
    total, ratios = slow_ratios(as_events(atlas["tt"]), what, 50, 75)
    found = pick(rows, "efficiency", what, "0-1.5", "50-75")
    assert len(ratios) > 10
    assert found["n"] == total
    assert found["value"] == pytest.approx(len(ratios) / total)
    median = pick(rows, "response median", what, "0-1.5", "50-75")
    assert median["value"] == pytest.approx(np.median(ratios))


def test_jet_multiplicity_away_from_leptons(atlas: dict[str, Sample]) -> None:
    rows = measure(atlas)
    rows = rows[rows["sample"] == "ggh"]
    for what, collection in (("jet", "jets"), ("true jet", "gen_jets")):
        counts, cleaned = [], []
        for event in as_events(atlas["ggh"]):
            hard = [jet for jet in event[collection] if jet["pt"] > 30]
            counts.append(len(hard))
            away = [j for j in hard if all(distance(j, x) >= 0.4 for x in prompt(event))]
            cleaned.append(len(away))
        assert pick(rows, "multiplicity", what, "all", ">30")["value"] == np.mean(counts)
        found = pick(rows, "multiplicity", f"{what} away from leptons", "all", ">30")
        assert found["value"] == np.mean(cleaned)


def test_b_tag_rows(atlas: dict[str, Sample]) -> None:
    rows = measure(atlas)
    tags = [
        jet["btag"]
        for event in as_events(atlas["tt"])
        for jet in event["jets"]
        if jet["flavour"] == 4
        and 50 <= jet["pt"] < 70
        and all(distance(jet, x) >= 0.4 for x in prompt(event))
    ]
    found = pick(rows, "b-tag efficiency", "c jet", "0-2.5", "50-70")
    assert found["n"] == len(tags)
    assert found["value"] == pytest.approx(np.mean(tags))


def test_photon_pair_rows(atlas: dict[str, Sample]) -> None:
    rows, two, inside = measure(atlas), 0, []
    for event in as_events(atlas["ggh"]):
        pair = event["reco_photons"][:2]
        if len(pair) < 2:
            continue
        two += 1
        vectors = [
            np.array(
                [math.cosh(p["eta"]), math.cos(p["phi"]), math.sin(p["phi"]), math.sinh(p["eta"])]
            )
            * p["pt"]
            for p in pair
        ]
        e, x, y, z = sum(vectors)
        mass = math.sqrt(max(e * e - x * x - y * y - z * z, 0.0))
        inside += [mass] if 115 < mass < 135 else []
    assert pick(rows, "fraction with two", "photon pair", "all", "all")["value"] == two / EVENTS
    found = pick(rows, "fraction in window", "photon pair", "all", "all")
    assert found["value"] == len(inside) / EVENTS


def test_met_component_width(atlas: dict[str, Sample]) -> None:
    sample = atlas["tt"]
    difference = [
        m - t
        for c in ("px", "py")
        for m, t in zip(sample.met[c].to_list(), sample.invisible[c].to_list(), strict=True)
    ]
    low, high = np.quantile(difference, [0.158655, 0.841345])
    rows = measure(atlas)
    rows = rows[rows["sample"] == "tt"]
    found = pick(rows, "component s68", "MET", "all", "all")
    assert found["value"] == pytest.approx((high - low) / 2)


def test_pools_need_all_their_samples(atlas: dict[str, Sample]) -> None:
    rows = measure({"tt": atlas["tt"]})
    assert set(rows["sample"]) == {"tt"}
    assert not (rows["object"] == "photon").any()


def test_nearest_takes_the_nearest_and_never_crosses_events() -> None:
    left = Ragged.of(
        ak.Array([[{"eta": 0.0, "phi": 3.1}], [{"eta": 0.0, "phi": 0.0}]]), ("eta", "phi")
    )
    right = Ragged.of(
        ak.Array([[{"eta": 0.05, "phi": 3.1}, {"eta": 0.0, "phi": -3.14}], []]), ("eta", "phi")
    )
    assert nearest(left, right, cone=0.1).tolist() == [1, -1]


def test_bins_hold_their_low_edge() -> None:
    inside = {
        (eta, pt): rows.tolist()
        for eta, pt, rows in bins.cells(
            np.array([-1.5, 1.0, 3.0]), np.array([30.0, 29.9, 30.0]), (0, 1.5, 2.5), (20, 30, 40)
        )
    }
    assert inside == {
        ("0-1.5", "20-30"): [1],
        ("0-1.5", "30-40"): [],
        ("1.5-2.5", "20-30"): [],
        ("1.5-2.5", "30-40"): [0],
    }


def test_samples_of_two_detectors_do_not_join(atlas: dict[str, Sample]) -> None:
    other = random_sample("cms", "tt", 5)
    with pytest.raises(DataError, match="atlas, cms"):
        Sample.concat([atlas["tt"], other])
