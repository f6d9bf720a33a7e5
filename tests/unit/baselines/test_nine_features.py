"""The nine features, and the scaling of `raw9`."""

from __future__ import annotations

import functools
import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from baselines.nine_features import NINE, Standard, nine_features
from baselines.raw9 import Raw9
from baselines.rounding import GRID
from benchmark.errors import DataError, DiademError
from benchmark.events import EventTable, read_events
from benchmark.paths import datasets_root
from benchmark.schema import CMS_ADC, DIPHOTON
from benchmark.tasks.collect import hidden
from benchmark.tasks.diphoton_events import in_part
from tests.tables import random_arrays, random_table

if TYPE_CHECKING:
    from pathlib import Path

# Relative. The mass of two jets is a small difference of large numbers, of energies of up to 1000
# times the mass: a million times 1e-16, and a sum of a dozen of these.
ROUNDING = 1e-9
SINGLE = 1e-6  # angles that are written into float32 columns
WIDTH = 1e-5  # of means and widths of values that are about 1 and rounded to 1.5e-5


@functools.cache
def events() -> EventTable:
    """Events with and without jets and leptons."""
    folder = datasets_root() / "diphoton" / "v1"
    names = ("continuum", "chargino_neutralino", "stop", "x_to_sh")
    parts = [read_events(folder / f"{name}.parquet").select(slice(0, 150)) for name in names]
    return EventTable.concat(parts)


def vector(pt: float, eta: float, phi: float, mass: float) -> list[float]:
    px, py, pz = pt * math.cos(phi), pt * math.sin(phi), pt * math.sinh(eta)
    return [math.sqrt(px**2 + py**2 + pz**2 + mass**2), px, py, pz]


def mass_of(vectors: list[list[float]]) -> float:
    e, px, py, pz = (sum(column) for column in zip(*vectors, strict=True))
    return math.sqrt(max(e**2 - px**2 - py**2 - pz**2, 0))


def distance(first: dict[str, float], second: dict[str, float]) -> float:
    angle = abs(first["phi"] - second["phi"])
    return math.hypot(first["eta"] - second["eta"], min(angle, 2 * math.pi - angle))


def by_event(table: EventTable, row: int) -> list[float]:
    """The features from their definitions, one event at a time."""
    event = dict(zip(DIPHOTON.event_features, map(float, table.features[row]), strict=True))
    photons = [
        {name: event[f"{name}_g{k}"] for name in ("pt", "eta", "phi")} | {"mass": 0.0}
        for k in (1, 2)
    ]
    objects: dict[str, list[dict[str, float]]] = {}
    for slot, kind in enumerate(DIPHOTON.slot_types):
        if table.mask[row, slot]:
            values = map(float, table.objects[row, slot])
            objects.setdefault(kind, []).append(dict(zip(DIPHOTON.features, values, strict=True)))
    jets = [{name: jet[name] for name in photons[0]} for jet in objects.get("jet", [])[:2]]
    pair = len(jets) == 2
    mass = mass_of([vector(**photon) for photon in photons])
    return [
        photons[0]["pt"] / mass,
        photons[1]["pt"] / mass,
        event["dr_gg"],
        mass_of([vector(**jet) for jet in jets]) if pair else 0,
        distance(*jets) if pair else 0,
        event["ht30"],
        float("electron" in objects or "muon" in objects),
        objects["met"][0]["pt"],
        event["n_jets"],
    ]


def test_a_loop_over_events() -> None:
    found = nine_features(events())
    assert found.dtype == np.float64
    assert found.shape == (len(events()), 9)
    wanted = np.array([by_event(events(), row) for row in range(len(events()))])
    np.testing.assert_allclose(found, wanted, rtol=ROUNDING, atol=ROUNDING)
    for name in ("m_jj", "dr_jj", "has_lepton"):
        column = found[:, NINE.index(name)]
        assert (column == 0).any(), name
        assert (column > 0).any(), name


def test_one_event_by_hand() -> None:
    """Photons back to back at eta = 0: the mass is 2 sqrt(pT1 pT2), here 120 GeV."""
    arrays = random_arrays(DIPHOTON, 1)
    arrays["objects"][:], arrays["mask"][:] = 0, False
    features = dict.fromkeys(DIPHOTON.event_features, 0.0)
    features |= {"pt_g1": 90, "pt_g2": 40, "phi_g1": math.pi / 2, "phi_g2": -math.pi / 2}
    features |= {"dr_gg": math.pi, "ht30": 160, "n_jets": 3}
    arrays["features"][0] = [features[name] for name in DIPHOTON.event_features]
    met, muon = DIPHOTON.slots - 1, DIPHOTON.type_slice("muon").start
    arrays["objects"][0, 0, :4] = 100, 0, 3.0, 0
    arrays["objects"][0, 1, :4] = 60, 0, 3.0 - math.pi, 0
    arrays["objects"][0, 2, :4] = 20, 2, 0, 5
    arrays["objects"][0, muon, 0], arrays["objects"][0, met, 0] = 25, 33
    arrays["mask"][0, [0, 1, 2, muon, met]] = True
    found = nine_features(EventTable(schema=DIPHOTON, **arrays))[0]
    wanted = [90 / 120, 40 / 120, math.pi, 2 * math.sqrt(100 * 60), math.pi, 160, 1, 33, 3]
    np.testing.assert_allclose(found, wanted, rtol=SINGLE)


def test_the_hidden_mass_and_labels_are_not_looked_at() -> None:
    blind = hidden(events())
    arrays = {name: getattr(blind, name) for name in random_arrays(DIPHOTON, 1)}
    arrays["m_gg"] = np.full(len(blind), np.nan, dtype=np.float32)
    blind = EventTable.unchecked(DIPHOTON, arrays)
    np.testing.assert_array_equal(nine_features(blind), nine_features(events()))


def test_what_has_no_mass_and_no_event() -> None:
    table = random_table(DIPHOTON, 200)  # among them photons of no pT
    assert (table.features[:, DIPHOTON.event_features.index("pt_g1")] == 0).any()
    assert np.isfinite(nine_features(table)).all()
    assert nine_features(table.select(slice(0, 0))).shape == (0, 9)
    with pytest.raises(DataError, match="schema"):
        nine_features(random_table(CMS_ADC, 3))


def test_raw9_scales_the_features_and_nothing_else() -> None:
    made = Raw9().fit(events(), seed=1)
    latents = made.transform(events().select(in_part(events(), "train")))
    np.testing.assert_allclose(latents.mean(axis=0), 0, atol=WIDTH)
    np.testing.assert_allclose(latents.std(axis=0), 1, atol=WIDTH)
    assert made.scale is not None
    latents = made.transform(events())
    back = latents * np.array(made.scale.width) + np.array(made.scale.mean)
    # Half a step, and a quarter for float32 of large latents.
    off = np.abs(back - nine_features(events())) / made.scale.width
    assert off.max() < 0.75 * GRID
    assert made.transform(events().select(slice(0, 0))).shape == (0, 9)


def test_a_constant_feature_stays_finite() -> None:
    table = events().select(events().features[:, DIPHOTON.event_features.index("n_jets")] == 1)
    latents = Raw9().fit(table, seed=1).transform(table)
    np.testing.assert_array_equal(latents[:, NINE.index("n_jets")], 0)
    assert np.isfinite(latents).all()


def test_raw9_is_kept_and_refuses_what_it_cannot_use(tmp_path: Path) -> None:
    made = Raw9().fit(events(), seed=1)
    made.save(tmp_path)
    np.testing.assert_array_equal(
        Raw9.load(tmp_path).transform(events()), made.transform(events())
    )
    assert [path.name for path in tmp_path.iterdir()] == ["raw9.json"]
    for text in ("{", "[]", json.dumps({"mean": [1]}), json.dumps({"mean": [1], "width": ["a"]})):
        (tmp_path / "raw9.json").write_text(text)
        with pytest.raises(DiademError, match="no embedding can be read"):
            Raw9.load(tmp_path)
    with pytest.raises(DiademError, match="not fitted"):
        Raw9().transform(events())
    with pytest.raises(DiademError, match="not fitted"):
        Raw9().save(tmp_path)
    with pytest.raises(DataError, match="no event"):
        Raw9().fit(events().select(slice(0, 0)), seed=1)
    with pytest.raises(DataError, match="schema"):
        Raw9().fit(random_table(CMS_ADC, 3), seed=1)


def test_widths_are_those_of_numpy() -> None:
    values = np.random.default_rng(1).normal(3, [1, 5, 9], (100, 3))
    scale = Standard.fit(values)
    np.testing.assert_allclose(scale.mean, values.mean(axis=0))
    np.testing.assert_allclose(scale.width, values.std(axis=0))
    assert scale.of(values).dtype == np.float64
